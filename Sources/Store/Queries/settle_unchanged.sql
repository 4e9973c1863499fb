-- What was taken in changed nothing that is shown: clean again, without a revision. Guarded as publish.sql.
-- $1 workflow ids text[], $2 their revisions int8[], $3 their ingest_seq int8[]
UPDATE baton.gatherings g
SET published_seq = g.ingest_seq, dirty_since = NULL
FROM unnest($1::text[], $2::int8[], $3::int8[]) AS c (workflow_id, revision, ingest_seq)
WHERE g.workflow_id = c.workflow_id AND g.revision = c.revision AND g.ingest_seq = c.ingest_seq
RETURNING g.workflow_id
