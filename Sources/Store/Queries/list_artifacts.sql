-- The artifacts of a workflow, every version, in order of arrival.
-- $1 workflow id
SELECT * FROM baton.artifacts WHERE workflow_id = $1::text ORDER BY received_at, task_id, name, attempt, seq
