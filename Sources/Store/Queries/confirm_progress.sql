-- The broker has these revisions.
-- $1 workflow ids text[], $2 revisions int8[]
UPDATE baton.progress p
SET confirmed_at = now()
FROM unnest($1::text[], $2::int8[]) AS c (workflow_id, revision)
WHERE p.workflow_id = c.workflow_id AND p.revision = c.revision AND p.confirmed_at IS NULL
