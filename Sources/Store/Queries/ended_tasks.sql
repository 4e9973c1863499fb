-- How the tasks of these workflows ended; those that have not are left out.
-- $1 workflow ids text[]
SELECT t.workflow_id, t.task_id, t.position, t.domain, t.status, t.attempt
FROM baton.tasks t
WHERE t.workflow_id = ANY ($1::text[]) AND t.ended_at IS NOT NULL
ORDER BY t.workflow_id, t.position, t.task_id
