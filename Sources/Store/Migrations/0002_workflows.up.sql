-- What runs: workflows, their tasks, and the history that both are the sum of. A workflow's `seq` is that of its
-- last event; its `revision` grows with every commit, and guards it.

CREATE TABLE baton.workflows (
    id text PRIMARY KEY,
    workspace text NOT NULL,
    request_id text NOT NULL,
    request_digest text NOT NULL,
    name text NOT NULL,
    version integer,
    status text NOT NULL,
    status_reason text,
    priority integer NOT NULL DEFAULT 0,
    concurrency_key text,
    parent_id text,
    parent_task text,
    parent_attempt integer,
    seq integer NOT NULL,
    revision bigint NOT NULL DEFAULT 1,
    wake_at timestamptz,
    swept_at timestamptz,
    created_at timestamptz NOT NULL,
    started_at timestamptz,
    ended_at timestamptz,
    month date NOT NULL GENERATED ALWAYS AS (date_trunc('month', created_at AT TIME ZONE 'UTC')::date) STORED,
    plan json NOT NULL,
    input json,
    output json,
    error json,
    actor json,
    reply json,
    notify json,
    gather json,
    extra json,
    CONSTRAINT workflows_status_is_known
        CHECK (status IN ('queued', 'running', 'paused', 'succeeded', 'failed', 'cancelled')),
    CONSTRAINT workflows_ended_at_iff_terminal
        CHECK ((status IN ('succeeded', 'failed', 'cancelled')) = (ended_at IS NOT NULL)),
    CONSTRAINT workflows_never_wake_when_terminal CHECK (ended_at IS NULL OR wake_at IS NULL),
    CONSTRAINT workflows_parent_is_whole_or_absent
        CHECK (num_nonnulls(parent_id, parent_task, parent_attempt) IN (0, 3)),
    CONSTRAINT workflows_counters_only_grow_from_0 CHECK (seq >= 0 AND revision >= 1)
) WITH (fillfactor = 70);

CREATE INDEX workflows_by_age ON baton.workflows (workspace, created_at DESC, id);
CREATE INDEX workflows_active ON baton.workflows (priority DESC, created_at, id) WHERE ended_at IS NULL;
CREATE INDEX workflows_queued ON baton.workflows (concurrency_key, priority DESC, created_at) WHERE status = 'queued';
CREATE INDEX workflows_overdue ON baton.workflows (wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX workflows_children ON baton.workflows (parent_id) WHERE parent_id IS NOT NULL;

CREATE TABLE baton.tasks (
    workflow_id text NOT NULL REFERENCES baton.workflows ON DELETE CASCADE,
    task_id text NOT NULL,
    key text NOT NULL,
    instance integer,
    position integer NOT NULL,
    kind text NOT NULL,
    skill text,
    domain text,
    status text NOT NULL,
    status_reason text,
    attempt integer NOT NULL DEFAULT 0,
    unmet integer NOT NULL DEFAULT 0,
    executor text,
    delivery integer,
    lease_until timestamptz,
    wake_at timestamptz,
    swept_at timestamptz,
    created_at timestamptz NOT NULL,
    dispatched_at timestamptz,
    started_at timestamptz,
    ended_at timestamptz,
    deadline timestamptz,
    retry_at timestamptz,
    input json,
    output json,
    error json,
    artifacts json,
    items json,
    extra json,
    PRIMARY KEY (workflow_id, task_id),
    CONSTRAINT tasks_kind_is_known CHECK (kind IN ('skill', 'approval', 'gate', 'workflow', 'wait')),
    CONSTRAINT tasks_status_is_known
        CHECK (status IN ('pending', 'dispatched', 'running', 'awaiting_approval', 'retry_wait',
                          'succeeded', 'failed', 'cancelled', 'skipped')),
    CONSTRAINT tasks_ended_at_iff_terminal
        CHECK ((status IN ('succeeded', 'failed', 'cancelled', 'skipped')) = (ended_at IS NOT NULL)),
    CONSTRAINT tasks_never_wake_when_terminal CHECK (ended_at IS NULL OR wake_at IS NULL),
    CONSTRAINT tasks_lease_only_while_running CHECK (lease_until IS NULL OR status = 'running'),
    CONSTRAINT tasks_counters_are_not_negative CHECK (attempt >= 0 AND unmet >= 0 AND position >= 0),
    CONSTRAINT tasks_skill_has_a_domain CHECK (kind <> 'skill' OR (skill IS NOT NULL AND domain IS NOT NULL))
) WITH (fillfactor = 70);

CREATE INDEX tasks_overdue ON baton.tasks (wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX tasks_held_by_window ON baton.tasks (domain, workflow_id) WHERE status_reason = 'window';

-- A unique key must hold the partition's column: the month in which the workflow began.
CREATE TABLE baton.events (
    month date NOT NULL,
    workflow_id text NOT NULL,
    seq integer NOT NULL,
    id text NOT NULL,
    type text NOT NULL,
    task_id text,
    attempt integer,
    causation text,
    actor text,
    recorded_at timestamptz NOT NULL,
    stale boolean NOT NULL DEFAULT false,
    exchange text,
    routing_key text,
    correlation_id text,
    mandatory boolean NOT NULL DEFAULT true,
    data json NOT NULL,
    PRIMARY KEY (month, workflow_id, seq),
    CONSTRAINT events_month_is_a_first CHECK (extract(day FROM month) = 1),
    CONSTRAINT events_seq_counts_from_1 CHECK (seq >= 1)
) PARTITION BY RANGE (month);

CREATE INDEX events_by_causation ON baton.events (causation) WHERE causation IS NOT NULL;

-- Those who write need not own the schema to begin a month.
CREATE FUNCTION baton.ensure_events_of(months date[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = baton, pg_temp AS $$
DECLARE
    first date;
    name text;
BEGIN
    FOREACH first IN ARRAY months LOOP
        first := date_trunc('month', first)::date;
        name := 'events_' || to_char(first, 'YYYY_MM');
        CONTINUE WHEN to_regclass('baton.' || name) IS NOT NULL;
        PERFORM pg_advisory_xact_lock(hashtext('baton.' || name));
        CONTINUE WHEN to_regclass('baton.' || name) IS NOT NULL;
        -- Attaching lets others read and write meanwhile; PARTITION OF would not.
        EXECUTE format('CREATE TABLE baton.%I (LIKE baton.events INCLUDING CONSTRAINTS)', name);
        EXECUTE format('ALTER TABLE baton.events ATTACH PARTITION baton.%I FOR VALUES FROM (%L) TO (%L)',
            name, first, (first + interval '1 month')::date);
    END LOOP;
END $$;
REVOKE EXECUTE ON FUNCTION baton.ensure_events_of FROM PUBLIC;

CREATE TABLE baton.slots (
    key text NOT NULL,
    slot integer NOT NULL,
    workflow_id text NOT NULL REFERENCES baton.workflows ON DELETE CASCADE,
    taken_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (key, slot),
    CONSTRAINT slots_are_held_once UNIQUE (workflow_id, key),
    CONSTRAINT slots_count_from_1 CHECK (slot >= 1)
);

CREATE TABLE baton.approvals (
    workflow_id text NOT NULL REFERENCES baton.workflows ON DELETE CASCADE,
    task_id text NOT NULL,
    attempt integer NOT NULL,
    asked json NOT NULL,
    asked_at timestamptz NOT NULL,
    expires_at timestamptz,
    decision text,
    decided_by text,
    decided_at timestamptz,
    comment text,
    modifications json,
    PRIMARY KEY (workflow_id, task_id, attempt),
    CONSTRAINT approvals_decision_is_known CHECK (decision IN ('continue', 'retry', 'abort')),
    CONSTRAINT approvals_decided_by_somebody
        CHECK ((decision IS NULL) = (decided_at IS NULL) AND (decision IS NULL) = (decided_by IS NULL))
);
CREATE INDEX approvals_open ON baton.approvals (asked_at) WHERE decision IS NULL;
