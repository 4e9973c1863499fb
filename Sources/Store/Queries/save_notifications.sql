-- One row for each workflow and channel; a revision never goes back.
-- $1 workflow ids text[], $2 channels text[], $3 addresses json[], $4 revisions int8[], $5 attempts int8[],
-- $6 due_at timestamptz[], $7 ended boolean[], $8 states json[], $9 errors text[]
INSERT INTO baton.notifications AS n
    (workflow_id, channel, address, revision, attempts, due_at, ended, state, error)
SELECT s.workflow_id, s.channel, s.address, s.revision, s.attempts, s.due_at, s.ended, s.state, s.error
FROM unnest($1::text[], $2::text[], $3::json[], $4::int8[], $5::int8[], $6::timestamptz[], $7::boolean[], $8::json[],
        $9::text[])
    AS s (workflow_id, channel, address, revision, attempts, due_at, ended, state, error)
ORDER BY s.workflow_id, s.channel
ON CONFLICT (workflow_id, channel) DO UPDATE SET
    address = coalesce(excluded.address, n.address), revision = excluded.revision, attempts = excluded.attempts,
    due_at = excluded.due_at, ended = excluded.ended OR n.ended, state = excluded.state, error = excluded.error,
    updated_at = now()
    WHERE n.revision <= excluded.revision
