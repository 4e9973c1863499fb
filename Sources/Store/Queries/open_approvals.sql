-- What waits for a decision, the oldest first. $1 workflow id (NULL: of all), $2 limit.
SELECT workflow_id, task_id, attempt, asked, asked_at, expires_at
FROM baton.approvals
WHERE closed_at IS NULL AND ($1::text IS NULL OR workflow_id = $1::text)
ORDER BY asked_at, workflow_id, task_id
LIMIT $2::int8
