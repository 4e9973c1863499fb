-- Tasks whose wake-up is overdue, the longest first; marked, so that nobody takes them again for a while.
-- $1 overdue by at least (interval), $2 not swept for (interval), $3 at most so many
WITH due AS MATERIALIZED (
    SELECT workflow_id, task_id
    FROM baton.tasks
    WHERE wake_at <= now() - $1::interval AND (swept_at IS NULL OR swept_at < now() - $2::interval)
    ORDER BY wake_at
    LIMIT $3::int8
    FOR UPDATE SKIP LOCKED
)
UPDATE baton.tasks t
SET swept_at = now()
FROM due
WHERE t.workflow_id = due.workflow_id AND t.task_id = due.task_id
RETURNING t.workflow_id, t.task_id, t.attempt, t.wake_at
