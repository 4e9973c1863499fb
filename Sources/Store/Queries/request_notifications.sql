-- Something new is to be told. A first message that is on its way is not asked for twice.
-- $1 workflow ids text[], $2 channels text[]
INSERT INTO baton.notifications AS n (workflow_id, channel, due_at)
SELECT r.workflow_id, r.channel, now() FROM unnest($1::text[], $2::text[]) AS r (workflow_id, channel)
ORDER BY r.workflow_id, r.channel
ON CONFLICT (workflow_id, channel) DO UPDATE
    SET due_at = CASE WHEN n.address IS NULL AND n.attempts > 0 THEN n.due_at ELSE least(n.due_at, excluded.due_at) END
