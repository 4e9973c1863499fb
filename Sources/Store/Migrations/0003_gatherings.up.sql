-- What came out: artifacts, where their merge stands, and the revisions that were published of it.

CREATE TABLE baton.gatherings (
    workflow_id text PRIMARY KEY,
    definition json NOT NULL,
    status text NOT NULL DEFAULT 'running',
    ingest_seq bigint NOT NULL DEFAULT 0,
    published_seq bigint NOT NULL DEFAULT 0,
    revision integer NOT NULL DEFAULT 0,
    closed_revision integer,
    dirty_since timestamptz,
    close_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    extra json,
    CONSTRAINT gatherings_status_is_known
        CHECK (status IN ('running', 'succeeded', 'failed', 'cancelled')),
    CONSTRAINT gatherings_publish_only_what_came CHECK (published_seq BETWEEN 0 AND ingest_seq),
    CONSTRAINT gatherings_close_at_a_revision_they_have CHECK (closed_revision BETWEEN 1 AND revision),
    CONSTRAINT gatherings_dirty_since_iff_dirty CHECK ((dirty_since IS NOT NULL) = (ingest_seq > published_seq)),
    CONSTRAINT gatherings_close_only_once CHECK (closed_revision IS NULL OR close_at IS NULL)
) WITH (fillfactor = 70);
CREATE INDEX gatherings_closing ON baton.gatherings (close_at) WHERE close_at IS NOT NULL;
CREATE INDEX gatherings_dirty ON baton.gatherings (dirty_since) WHERE dirty_since IS NOT NULL;

CREATE TABLE baton.gathering_tasks (
    workflow_id text NOT NULL REFERENCES baton.gatherings ON DELETE CASCADE,
    task_id text NOT NULL,
    plan_index integer,
    weight integer NOT NULL DEFAULT 1,
    domain text,
    epoch integer NOT NULL DEFAULT 1,
    end_state text,
    manifest text[] NOT NULL DEFAULT '{}',
    extra json,
    PRIMARY KEY (workflow_id, task_id),
    CONSTRAINT gathering_tasks_end_state_is_known
        CHECK (end_state IN ('succeeded', 'failed', 'cancelled', 'skipped')),
    CONSTRAINT gathering_tasks_numbers_are_not_negative CHECK (weight >= 0 AND plan_index >= 0 AND epoch >= 0)
) WITH (fillfactor = 70);

CREATE TABLE baton.artifacts (
    workflow_id text NOT NULL REFERENCES baton.gatherings ON DELETE CASCADE,
    task_id text NOT NULL,
    name text NOT NULL,
    attempt integer NOT NULL,
    seq integer NOT NULL,
    digest bytea NOT NULL,
    domain text NOT NULL,
    skill_id text NOT NULL,
    confidence numeric,
    summary text,
    kind text,
    media_type text,
    bytes bigint,
    sha256 text,
    started_at timestamptz,
    finished_at timestamptz,
    payload_ref text,
    -- Not json: jsonb refuses \u0000, and one that was rejected may be no JSON at all.
    payload bytea,
    rejected text,
    retry_at timestamptz,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workflow_id, task_id, name, attempt, seq, digest),
    CONSTRAINT artifacts_attempt_counts_from_1 CHECK (attempt >= 1)
);
CREATE INDEX artifacts_to_fetch ON baton.artifacts (retry_at) WHERE retry_at IS NOT NULL;

-- History and outbox in one.
CREATE TABLE baton.progress (
    workflow_id text NOT NULL REFERENCES baton.gatherings ON DELETE CASCADE,
    revision integer NOT NULL,
    snapshot boolean NOT NULL,
    event bytea NOT NULL,
    id text NOT NULL,
    exchange text NOT NULL,
    routing_key text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    confirmed_at timestamptz,
    PRIMARY KEY (workflow_id, revision),
    CONSTRAINT progress_revision_counts_from_1 CHECK (revision >= 1)
) WITH (fillfactor = 90);
CREATE INDEX progress_unconfirmed ON baton.progress (created_at) WHERE confirmed_at IS NULL;
