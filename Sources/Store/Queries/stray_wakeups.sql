-- Wake-ups of what has ended, and leases of what does not run: there should be none.
-- $1 at most so many
SELECT 'task' AS what, workflow_id, task_id, status, wake_at IS NOT NULL AS wakes, lease_until IS NOT NULL AS leased
FROM baton.tasks
WHERE (wake_at IS NOT NULL AND ended_at IS NOT NULL) OR (lease_until IS NOT NULL AND status <> 'running')
UNION ALL
SELECT 'workflow', id, NULL, status, true, false
FROM baton.workflows
WHERE wake_at IS NOT NULL AND ended_at IS NOT NULL
LIMIT $1::int8
