-- A row as wide as one of a history, with as many indexes.
DROP TABLE IF EXISTS ceiling_events;
CREATE TABLE ceiling_events (
    workflow bigint NOT NULL,
    seq bigserial NOT NULL,
    causation uuid NOT NULL DEFAULT gen_random_uuid(),
    created timestamptz NOT NULL DEFAULT now(),
    body json NOT NULL,
    PRIMARY KEY (workflow, seq)
);
CREATE INDEX ON ceiling_events (causation);
