-- $1 workspace, $2 actor, $3 action, $4 subject, $5 details json
INSERT INTO baton.audit (workspace, actor, action, subject, details)
VALUES ($1::text, $2::text, $3::text, $4::text, $5::json)
