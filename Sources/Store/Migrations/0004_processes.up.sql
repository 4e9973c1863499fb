-- Who is there: replicas, executors, and the messages to people that stand for a workflow.

CREATE TABLE baton.replicas (
    id text PRIMARY KEY,
    kind text NOT NULL,
    version text,
    started_at timestamptz NOT NULL DEFAULT now(),
    seen_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT replicas_kind_is_known CHECK (kind IN ('dispatcher', 'gatherer'))
) WITH (fillfactor = 50);

CREATE TABLE baton.executors (
    id text PRIMARY KEY,
    domain text NOT NULL,
    skills text[] NOT NULL DEFAULT '{}',
    concurrency integer NOT NULL,
    running integer NOT NULL,
    version text,
    started_at timestamptz NOT NULL DEFAULT now(),
    seen_at timestamptz NOT NULL DEFAULT now(),
    extra json,
    CONSTRAINT executors_load_is_not_negative CHECK (concurrency >= 0 AND running >= 0)
) WITH (fillfactor = 50);

CREATE TABLE baton.notifications (
    workflow_id text NOT NULL,
    channel text NOT NULL,
    address json,
    revision integer NOT NULL DEFAULT 0,
    attempts integer NOT NULL DEFAULT 0,
    due_at timestamptz,
    ended boolean NOT NULL DEFAULT false,
    state json,
    error text,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workflow_id, channel),
    CONSTRAINT notifications_counters_are_not_negative CHECK (revision >= 0 AND attempts >= 0)
) WITH (fillfactor = 70);
CREATE INDEX notifications_due ON baton.notifications (due_at) WHERE due_at IS NOT NULL;
