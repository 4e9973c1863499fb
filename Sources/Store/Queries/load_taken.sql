-- The ids of the messages that each of these workflows has taken: every id and causation of its history.
-- $1 workflow ids text[]
SELECT w.id AS workflow_id, array_agg(DISTINCT taken.id) AS ids
FROM baton.workflows w
JOIN baton.events e ON e.month = w.month AND e.workflow_id = w.id
CROSS JOIN LATERAL (VALUES (e.id), (e.causation)) AS taken (id)
WHERE w.id = ANY ($1::text[]) AND taken.id IS NOT NULL
GROUP BY w.id
