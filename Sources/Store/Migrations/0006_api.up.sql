-- Who may do what over HTTP, who is told, and who did what.

CREATE TABLE baton.policies (
    workspace text NOT NULL,
    name text NOT NULL,
    policy json NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace, name)
);

CREATE TABLE baton.api_keys (
    id text PRIMARY KEY,
    workspace text NOT NULL,
    name text NOT NULL,
    digest bytea NOT NULL,
    roles text[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    revoked_at timestamptz,
    CONSTRAINT api_keys_digest_is_unique UNIQUE (digest)
);

CREATE TABLE baton.webhooks (
    id text PRIMARY KEY,
    workspace text NOT NULL,
    url text NOT NULL,
    types text[] NOT NULL DEFAULT '{}',
    secret bytea,
    created_at timestamptz NOT NULL DEFAULT now(),
    disabled_at timestamptz
);

CREATE TABLE baton.audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    workspace text,
    actor text NOT NULL,
    action text NOT NULL,
    subject text,
    details json
);
CREATE INDEX audit_by_age ON baton.audit (workspace, at DESC);
