-- Revisions that the broker may not have, to be sent again in order.
-- $1 unconfirmed for (interval), $2 at most so many
SELECT workflow_id, revision, snapshot, event, id, exchange, routing_key, created_at, confirmed_at
FROM baton.progress
WHERE confirmed_at IS NULL AND created_at < now() - $1::interval
ORDER BY created_at, workflow_id, revision
LIMIT $2::int8
