-- Heartbeats: extends the leases of the runs that hold their attempt, and returns which those are.
-- $1 workflow ids text[], $2 task ids text[], $3 attempts int8[], $4 executors text[], $5 until timestamptz[]
UPDATE baton.tasks t
SET lease_until = greatest(t.lease_until, h.lease_until)
FROM unnest($1::text[], $2::text[], $3::int8[], $4::text[], $5::timestamptz[])
    AS h (workflow_id, task_id, attempt, executor, lease_until)
WHERE t.workflow_id = h.workflow_id AND t.task_id = h.task_id
    AND t.status = 'running' AND t.attempt = h.attempt AND t.executor = h.executor
RETURNING t.workflow_id, t.task_id, t.attempt, t.executor
