-- The history of one workflow.
-- $1 workflow id, $2 only what comes after this seq, $3 at most so many
SELECT e.*
FROM baton.workflows w
JOIN baton.events e ON e.month = w.month AND e.workflow_id = w.id
WHERE w.id = $1::text AND e.seq > $2::int8
ORDER BY e.seq
LIMIT $3::int8
