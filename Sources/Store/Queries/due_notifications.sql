-- Takes what is due, the longest due first, for half a minute: whoever dies over it leaves it to the next.
-- $1 at most so many
WITH due AS MATERIALIZED (
    SELECT workflow_id, channel
    FROM baton.notifications
    WHERE due_at <= now()
    ORDER BY due_at
    LIMIT $1::int8
    FOR UPDATE SKIP LOCKED
)
UPDATE baton.notifications n
SET due_at = now() + interval '30 seconds', attempts = n.attempts + 1
FROM due
WHERE n.workflow_id = due.workflow_id AND n.channel = due.channel
RETURNING n.*
