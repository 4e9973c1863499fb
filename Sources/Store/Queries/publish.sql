-- Makes the newest state of these workflows a revision, where nobody has moved them on; returns which those are.
-- $1 workflow ids text[], $2 their revisions int8[], $3 their ingest_seq int8[], $4 whether this closes boolean[],
-- $5 snapshot boolean[], $6 events bytea[], $7 message ids text[], $8 exchanges text[], $9 routing keys text[],
-- $10 extra json[]
WITH won AS (
    UPDATE baton.gatherings g
    SET revision = g.revision + 1, published_seq = g.ingest_seq, dirty_since = NULL, extra = c.extra,
        closed_revision = CASE WHEN c.closes THEN coalesce(g.closed_revision, g.revision + 1) ELSE g.closed_revision END,
        close_at = CASE WHEN c.closes THEN NULL ELSE g.close_at END
    FROM unnest($1::text[], $2::int8[], $3::int8[], $4::boolean[], $10::json[])
        AS c (workflow_id, revision, ingest_seq, closes, extra)
    WHERE g.workflow_id = c.workflow_id AND g.revision = c.revision AND g.ingest_seq = c.ingest_seq
    RETURNING g.workflow_id, g.revision
), written AS (
    INSERT INTO baton.progress (workflow_id, revision, snapshot, event, id, exchange, routing_key)
    SELECT p.workflow_id, p.revision + 1, p.snapshot, p.event, p.id, p.exchange, p.routing_key
    FROM unnest($1::text[], $2::int8[], $5::boolean[], $6::bytea[], $7::text[], $8::text[], $9::text[])
        AS p (workflow_id, revision, snapshot, event, id, exchange, routing_key)
    WHERE (p.workflow_id IN (SELECT workflow_id FROM won)) IS TRUE
)
SELECT workflow_id, revision FROM won
