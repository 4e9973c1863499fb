-- Workflows whose wake-up is overdue; as sweep_tasks.sql.
-- $1 overdue by at least (interval), $2 not swept for (interval), $3 at most so many
WITH due AS MATERIALIZED (
    SELECT ctid
    FROM baton.workflows
    WHERE wake_at <= now() - $1::interval AND (swept_at IS NULL OR swept_at < now() - $2::interval)
    ORDER BY wake_at
    LIMIT $3::int8
    FOR UPDATE SKIP LOCKED
)
UPDATE baton.workflows w
SET swept_at = now()
WHERE w.ctid = ANY (ARRAY(SELECT ctid FROM due))
RETURNING w.id AS workflow_id, w.wake_at
