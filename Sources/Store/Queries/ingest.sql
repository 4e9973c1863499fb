-- Takes artifacts and endings in, for the workflows whose numbers are still those of the copy that decided it; returns
-- which those are. The others have another owner: read them anew.
-- $1 workflow ids text[], $2 their revisions int8[], $3 their ingest_seq int8[], $4 how many were taken in int8[],
-- $5 statuses text[], $6 close_at timestamptz[], $7 extra json[];
-- tasks: $8 workflow ids, $9 task ids, $10 plan indices int8[], $11 weights int8[], $12 domains, $13 epochs int8[],
-- $14 end states, $15 manifests json[] (arrays of names), $16 extra json[];
-- artifacts: $17 workflow ids, $18 task ids, $19 names, $20 attempts int8[], $21 seqs int8[], $22 digests bytea[],
-- $23 domains, $24 skills, $25 confidences text[], $26 summaries, $27 kinds, $28 media types, $29 bytes int8[],
-- $30 sha256, $31 started timestamptz[], $32 finished timestamptz[], $33 payload refs, $34 payloads bytea[],
-- $35 rejections, $36 retry_at timestamptz[];
-- $37 for each workflow whether what is taken in changes nothing that is shown boolean[]: then it is clean at once
WITH won AS (
    UPDATE baton.gatherings g
    SET ingest_seq = g.ingest_seq + c.taken, status = c.status, close_at = c.close_at, extra = c.extra,
        published_seq = CASE WHEN c.clean THEN g.ingest_seq + c.taken ELSE g.published_seq END,
        dirty_since = CASE
            WHEN NOT c.clean AND g.ingest_seq + c.taken > g.published_seq THEN coalesce(g.dirty_since, now()) END
    FROM unnest($1::text[], $2::int8[], $3::int8[], $4::int8[], $5::text[], $6::timestamptz[], $7::json[],
            $37::boolean[])
        AS c (workflow_id, revision, ingest_seq, taken, status, close_at, extra, clean)
    WHERE g.workflow_id = c.workflow_id AND g.revision = c.revision AND g.ingest_seq = c.ingest_seq
    RETURNING g.workflow_id, g.ingest_seq, g.dirty_since
), tasks AS (
    INSERT INTO baton.gathering_tasks
        (workflow_id, task_id, plan_index, weight, domain, epoch, end_state, manifest, extra)
    SELECT t.workflow_id, t.task_id, t.plan_index, t.weight, t.domain, t.epoch, t.end_state,
        ARRAY(SELECT json_array_elements_text(t.manifest)), t.extra
    FROM unnest($8::text[], $9::text[], $10::int8[], $11::int8[], $12::text[], $13::int8[], $14::text[], $15::json[],
            $16::json[])
        AS t (workflow_id, task_id, plan_index, weight, domain, epoch, end_state, manifest, extra)
    WHERE (t.workflow_id IN (SELECT workflow_id FROM won)) IS TRUE
    ON CONFLICT (workflow_id, task_id) DO UPDATE SET
        plan_index = excluded.plan_index, weight = excluded.weight, domain = excluded.domain, epoch = excluded.epoch,
        end_state = excluded.end_state, manifest = excluded.manifest, extra = excluded.extra
), artifacts AS (
    INSERT INTO baton.artifacts
        (workflow_id, task_id, name, attempt, seq, digest, domain, skill_id, confidence, summary, kind, media_type,
         bytes, sha256, started_at, finished_at, payload_ref, payload, rejected, retry_at)
    SELECT a.workflow_id, a.task_id, a.name, a.attempt, a.seq, a.digest, a.domain, a.skill_id, a.confidence::numeric,
        a.summary, a.kind, a.media_type, a.bytes, a.sha256, a.started_at, a.finished_at, a.payload_ref, a.payload,
        a.rejected, a.retry_at
    FROM unnest($17::text[], $18::text[], $19::text[], $20::int8[], $21::int8[], $22::bytea[], $23::text[],
            $24::text[], $25::text[], $26::text[], $27::text[], $28::text[], $29::int8[], $30::text[],
            $31::timestamptz[], $32::timestamptz[], $33::text[], $34::bytea[], $35::text[], $36::timestamptz[])
        AS a (workflow_id, task_id, name, attempt, seq, digest, domain, skill_id, confidence, summary, kind, media_type,
            bytes, sha256, started_at, finished_at, payload_ref, payload, rejected, retry_at)
    WHERE (a.workflow_id IN (SELECT workflow_id FROM won)) IS TRUE
    -- One whose payload has been fetched meanwhile, or is to be tried again later.
    ON CONFLICT (workflow_id, task_id, name, attempt, seq, digest) DO UPDATE SET
        payload = excluded.payload, rejected = excluded.rejected, retry_at = excluded.retry_at
        WHERE artifacts.retry_at IS NOT NULL
)
SELECT workflow_id, ingest_seq, dirty_since FROM won
