-- What can be run: versions of definitions and of skills. A version never changes.

CREATE TABLE baton.definitions (
    workspace text NOT NULL,
    name text NOT NULL,
    version integer NOT NULL,
    digest text NOT NULL,
    definition json NOT NULL,
    source text,
    actor text,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace, name, version),
    CONSTRAINT definitions_version_counts_from_1 CHECK (version >= 1)
);

CREATE TABLE baton.skills (
    workspace text NOT NULL,
    id text NOT NULL,
    version integer NOT NULL,
    domain text NOT NULL,
    digest text NOT NULL,
    skill json NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace, id, version),
    CONSTRAINT skills_version_counts_from_1 CHECK (version >= 1),
    CONSTRAINT skills_domain_fits_a_routing_key CHECK (domain ~ '^[a-z0-9-]{1,63}$')
);
