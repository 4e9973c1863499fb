-- $1 seen within (interval)
SELECT * FROM baton.executors WHERE seen_at > now() - $1::interval ORDER BY domain, id
