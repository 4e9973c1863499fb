-- Also forgets those that have not been seen for a day.
-- $1 id
DELETE FROM baton.replicas WHERE id = $1::text OR seen_at < now() - interval '1 day'
