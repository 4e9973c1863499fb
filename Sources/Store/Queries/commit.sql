-- Writes what a batch of messages has led to. One statement: all that hangs on a workflow's row is written only where
-- its `revision` is still the one that was decided on, or where the row is new. Returns the workflows that were written.
--
-- Workflows: $1 id, $2 the revision that the change builds on (0: new), $3 workspace, $4 request id, $5 request digest,
-- $6 name, $7 version, $8 status, $9 status reason, $10 priority, $11 concurrency key, $12 parent id, $13 parent task,
-- $14 parent attempt, $15 seq, $16 wake_at, $17 created_at, $18 started_at, $19 ended_at,
-- $20 plan (NULL: unchanged), $21 input, $22 output, $23 error, $24 actor, $25 reply, $26 notify, $27 gather, $28 extra.
-- Of a row that is there already, what never changes is not looked at; input and concurrency key are, where given.
-- Tasks: $29 workflow id, $30 task id, $31 key, $32 instance, $33 position, $34 kind, $35 skill, $36 domain, $37 status,
-- $38 status reason, $39 attempt, $40 unmet, $41 executor, $42 delivery, $43 lease_until, $44 wake_at, $45 created_at,
-- $46 dispatched_at, $47 started_at, $48 ended_at, $49 deadline, $50 retry_at, $51 input, $52 output, $53 error,
-- $54 artifacts, $55 items, $56 extra.
-- Events: $57 month, $58 workflow id, $59 seq, $60 id, $61 type, $62 task id, $63 attempt, $64 causation, $65 actor,
-- $66 recorded_at, $67 stale, $68 exchange, $69 routing key, $70 correlation id, $71 mandatory, $72 data.
-- Slots: $73 the workflows that give theirs back.
-- Approvals: $74 workflow id, $75 task id, $76 attempt, $77 asked, $78 asked_at, $79 expires_at, $80 decision,
-- $81 decided by, $82 decided_at, $83 comment, $84 modifications, $85 closed_at.
-- Audit: $86 workflow id, $87 actor, $88 action, $89 subject, $90 details.
WITH changes AS MATERIALIZED (
    SELECT * FROM unnest(
        $1::text[], $2::int8[], $3::text[], $4::text[], $5::text[], $6::text[], $7::int8[], $8::text[], $9::text[],
        $10::int8[], $11::text[], $12::text[], $13::text[], $14::int8[], $15::int8[], $16::timestamptz[],
        $17::timestamptz[], $18::timestamptz[], $19::timestamptz[], $20::json[], $21::json[], $22::json[], $23::json[],
        $24::json[], $25::json[], $26::json[], $27::json[], $28::json[])
        AS c (id, base, workspace, request_id, request_digest, name, version, status, status_reason, priority,
            concurrency_key, parent_id, parent_task, parent_attempt, seq, wake_at, created_at, started_at, ended_at,
            plan, input, output, error, actor, reply, notify, gather, extra)
), won AS (
    UPDATE baton.workflows w
    SET status = c.status, status_reason = c.status_reason, priority = c.priority, seq = c.seq, wake_at = c.wake_at,
        swept_at = CASE WHEN w.wake_at IS NOT DISTINCT FROM c.wake_at THEN w.swept_at END,
        started_at = c.started_at, ended_at = c.ended_at, plan = coalesce(c.plan, w.plan), input = coalesce(c.input, w.input),
        concurrency_key = coalesce(c.concurrency_key, w.concurrency_key), output = c.output,
        error = c.error, extra = c.extra, revision = w.revision + 1
    FROM changes c
    WHERE w.id = c.id AND w.revision = c.base AND c.base > 0
    RETURNING w.id, w.revision, w.workspace
), made AS (
    INSERT INTO baton.workflows
        (id, workspace, request_id, request_digest, name, version, status, status_reason, priority, concurrency_key,
         parent_id, parent_task, parent_attempt, seq, wake_at, created_at, started_at, ended_at, plan, input, output,
         error, actor, reply, notify, gather, extra)
    SELECT c.id, c.workspace, c.request_id, c.request_digest, c.name, c.version, c.status, c.status_reason, c.priority,
        c.concurrency_key, c.parent_id, c.parent_task, c.parent_attempt, c.seq, c.wake_at, c.created_at,
        c.started_at, c.ended_at, c.plan, c.input, c.output, c.error, c.actor, c.reply, c.notify, c.gather, c.extra
    FROM changes c
    WHERE c.base = 0
    ON CONFLICT (id) DO NOTHING
    RETURNING id, revision, workspace
), written AS MATERIALIZED (
    SELECT id, revision FROM won UNION ALL SELECT id, revision FROM made
), tasks AS (
    INSERT INTO baton.tasks AS t
        (workflow_id, task_id, key, instance, position, kind, skill, domain, status, status_reason, attempt, unmet,
         executor, delivery, lease_until, wake_at, created_at, dispatched_at, started_at, ended_at, deadline, retry_at,
         input, output, error, artifacts, items, extra)
    SELECT n.workflow_id, n.task_id, n.key, n.instance, n.position, n.kind, n.skill, n.domain, n.status, n.status_reason,
        n.attempt, n.unmet, n.executor, n.delivery, n.lease_until, n.wake_at, n.created_at, n.dispatched_at,
        n.started_at, n.ended_at, n.deadline, n.retry_at, n.input, n.output, n.error, n.artifacts, n.items, n.extra
    FROM unnest(
        $29::text[], $30::text[], $31::text[], $32::int8[], $33::int8[], $34::text[], $35::text[], $36::text[],
        $37::text[], $38::text[], $39::int8[], $40::int8[], $41::text[], $42::int8[], $43::timestamptz[],
        $44::timestamptz[], $45::timestamptz[], $46::timestamptz[], $47::timestamptz[], $48::timestamptz[],
        $49::timestamptz[], $50::timestamptz[], $51::json[], $52::json[], $53::json[], $54::json[], $55::json[],
        $56::json[])
        AS n (workflow_id, task_id, key, instance, position, kind, skill, domain, status, status_reason, attempt, unmet,
            executor, delivery, lease_until, wake_at, created_at, dispatched_at, started_at, ended_at, deadline,
            retry_at, input, output, error, artifacts, items, extra)
    -- Not a join: the planner knows nothing of the arrays' sizes, and would loop over one for each of the other.
    WHERE (n.workflow_id IN (SELECT id FROM written)) IS TRUE
    ON CONFLICT (workflow_id, task_id) DO UPDATE SET
        status = excluded.status, status_reason = excluded.status_reason, attempt = excluded.attempt,
        unmet = excluded.unmet, executor = excluded.executor, delivery = excluded.delivery,
        -- Heartbeats extend it without moving the revision.
        lease_until = CASE
            WHEN excluded.lease_until IS NULL THEN NULL
            WHEN t.attempt = excluded.attempt AND t.executor IS NOT DISTINCT FROM excluded.executor
            THEN greatest(t.lease_until, excluded.lease_until)
            ELSE excluded.lease_until END,
        wake_at = excluded.wake_at,
        swept_at = CASE WHEN t.wake_at IS NOT DISTINCT FROM excluded.wake_at THEN t.swept_at END,
        dispatched_at = excluded.dispatched_at, started_at = excluded.started_at, ended_at = excluded.ended_at,
        deadline = excluded.deadline, retry_at = excluded.retry_at, input = excluded.input, output = excluded.output,
        error = excluded.error, artifacts = excluded.artifacts, items = excluded.items, extra = excluded.extra
), events AS (
    INSERT INTO baton.events
        (month, workflow_id, seq, id, type, task_id, attempt, causation, actor, recorded_at, stale, exchange, routing_key,
         correlation_id, mandatory, data)
    SELECT e.month::date, e.workflow_id, e.seq, e.id, e.type, e.task_id, e.attempt, e.causation, e.actor, e.recorded_at,
        e.stale, e.exchange, e.routing_key, e.correlation_id, e.mandatory, e.data
    FROM unnest(
        $57::text[], $58::text[], $59::int8[], $60::text[], $61::text[], $62::text[], $63::int8[], $64::text[],
        $65::text[], $66::timestamptz[], $67::boolean[], $68::text[], $69::text[], $70::text[], $71::boolean[],
        $72::json[])
        AS e (month, workflow_id, seq, id, type, task_id, attempt, causation, actor, recorded_at, stale, exchange,
            routing_key, correlation_id, mandatory, data)
    WHERE (e.workflow_id IN (SELECT id FROM written)) IS TRUE
), freed AS (
    DELETE FROM baton.slots s
    WHERE s.workflow_id = ANY ($73::text[]) AND s.workflow_id IN (SELECT id FROM written)
    RETURNING s.key
), approvals AS (
    INSERT INTO baton.approvals AS a
        (workflow_id, task_id, attempt, asked, asked_at, expires_at, decision, decided_by, decided_at, comment,
         modifications, closed_at)
    SELECT p.workflow_id, p.task_id, p.attempt, p.asked, p.asked_at, p.expires_at, p.decision, p.decided_by,
        p.decided_at, p.comment, p.modifications, p.closed_at
    FROM unnest(
        $74::text[], $75::text[], $76::int8[], $77::json[], $78::timestamptz[], $79::timestamptz[], $80::text[],
        $81::text[], $82::timestamptz[], $83::text[], $84::json[], $85::timestamptz[])
        AS p (workflow_id, task_id, attempt, asked, asked_at, expires_at, decision, decided_by, decided_at, comment,
            modifications, closed_at)
    WHERE (p.workflow_id IN (SELECT id FROM written)) IS TRUE
    ON CONFLICT (workflow_id, task_id, attempt) DO UPDATE SET
        decision = excluded.decision, decided_by = excluded.decided_by, decided_at = excluded.decided_at,
        comment = excluded.comment, modifications = excluded.modifications, closed_at = excluded.closed_at
), audit AS (
    INSERT INTO baton.audit (workspace, actor, action, subject, details)
    SELECT o.workspace, d.actor, d.action, d.subject, d.details
    FROM unnest($86::text[], $87::text[], $88::text[], $89::text[], $90::json[])
        AS d (workflow_id, actor, action, subject, details)
    -- Also of a workflow that is new: somebody may speak of it in the batch that makes it.
    JOIN (SELECT id, workspace FROM won UNION ALL SELECT id, workspace FROM made) o ON o.id = d.workflow_id
)
SELECT w.id, w.revision, clock_timestamp() AS clock, (SELECT array_agg(DISTINCT key) FROM freed) AS freed FROM written w
