-- What the merge needs of the tasks of these workflows, in the order of the plan; those added later included.
-- $1 workflow ids text[]
WITH weights AS MATERIALIZED (
    SELECT w.id, planned.key, planned.value ->> 'weight' AS weight
    FROM baton.workflows w, json_each(w.plan -> 'tasks') AS planned
    WHERE w.id = ANY ($1::text[])
)
SELECT t.workflow_id, t.task_id, t.position, t.domain, t.status, t.attempt, coalesce(p.weight::int8, 1) AS weight
FROM baton.tasks t
LEFT JOIN weights p ON p.id = t.workflow_id AND p.key = t.key
WHERE t.workflow_id = ANY ($1::text[])
ORDER BY t.workflow_id, t.position, t.task_id
