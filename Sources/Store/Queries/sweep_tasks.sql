-- Tasks whose wake-up is overdue, the longest first; marked, so that nobody takes them again for a while.
-- $1 overdue by at least (interval), $2 not swept for (interval), $3 at most so many
WITH due AS MATERIALIZED (
    -- By its place: whatever number of rows the planner expects, it then looks at no others.
    SELECT ctid
    FROM baton.tasks
    WHERE wake_at <= now() - $1::interval AND (swept_at IS NULL OR swept_at < now() - $2::interval)
    ORDER BY wake_at
    LIMIT $3::int8
    FOR UPDATE SKIP LOCKED
)
UPDATE baton.tasks t
SET swept_at = now()
WHERE t.ctid = ANY (ARRAY(SELECT ctid FROM due))
RETURNING t.workflow_id, t.task_id, t.attempt, t.wake_at
