-- Approvals that were not decided close all the same: they expire, or are cancelled or asked anew.

ALTER TABLE baton.approvals ADD COLUMN closed_at timestamptz;
ALTER TABLE baton.approvals ADD CONSTRAINT approvals_decided_are_closed
    CHECK (decision IS NULL OR closed_at IS NOT NULL);
DROP INDEX baton.approvals_open;
CREATE INDEX approvals_open ON baton.approvals (asked_at) WHERE closed_at IS NULL;
