-- All tasks of these workflows, in the order of the plan.
-- $1 workflow ids text[]
SELECT t.*
FROM baton.tasks t
WHERE t.workflow_id = ANY ($1::text[])
ORDER BY t.workflow_id, t.position, t.task_id
