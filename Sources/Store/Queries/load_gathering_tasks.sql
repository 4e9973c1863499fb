-- $1 workflow ids text[]
SELECT * FROM baton.gathering_tasks WHERE workflow_id = ANY ($1::text[]) ORDER BY workflow_id, plan_index NULLS LAST, task_id
