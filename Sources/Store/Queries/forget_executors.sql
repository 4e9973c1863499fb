-- $1 not seen for (interval)
DELETE FROM baton.executors WHERE seen_at < now() - $1::interval
