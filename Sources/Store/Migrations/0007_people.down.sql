DROP INDEX baton.approvals_open;
CREATE INDEX approvals_open ON baton.approvals (asked_at) WHERE decision IS NULL;
ALTER TABLE baton.approvals DROP CONSTRAINT approvals_decided_are_closed;
ALTER TABLE baton.approvals DROP COLUMN closed_at;
