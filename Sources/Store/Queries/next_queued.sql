-- The workflow that is next in line for each of these concurrency keys.
-- $1 keys text[]
SELECT DISTINCT ON (w.concurrency_key) w.concurrency_key AS key, w.id
FROM baton.workflows w
WHERE w.status = 'queued' AND w.concurrency_key = ANY ($1::text[])
ORDER BY w.concurrency_key, w.priority DESC, w.created_at, w.id
