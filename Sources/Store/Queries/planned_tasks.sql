-- What the merge needs of the tasks of these workflows, in the order of the plan; those added later included.
-- A task of the plan has no row while it is pending.
-- $1 workflow ids text[]
WITH planned AS MATERIALIZED (
    SELECT w.id AS workflow_id, plan.key, plan.value ->> 'weight' AS weight, plan.value ->> 'domain' AS domain,
        plan.ordinality - 1 AS position
    FROM baton.workflows w, json_each(w.plan -> 'tasks') WITH ORDINALITY AS plan
    WHERE w.id = ANY ($1::text[])
), present AS MATERIALIZED (
    SELECT t.workflow_id, t.task_id, t.key, t.position, t.domain, t.status, t.attempt
    FROM baton.tasks t
    WHERE t.workflow_id = ANY ($1::text[])
)
SELECT t.workflow_id, t.task_id, t.position, t.domain, t.status, t.attempt, coalesce(p.weight::int8, 1) AS weight
FROM present t
LEFT JOIN planned p ON p.workflow_id = t.workflow_id AND p.key = t.key
UNION ALL
SELECT p.workflow_id, p.key, p.position, p.domain, 'pending', 0, coalesce(p.weight::int8, 1)
FROM planned p
LEFT JOIN present t ON t.workflow_id = p.workflow_id AND t.task_id = p.key
WHERE t.task_id IS NULL
ORDER BY workflow_id, position, task_id
