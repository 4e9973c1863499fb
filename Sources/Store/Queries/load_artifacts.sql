-- $1 workflow ids text[]
SELECT * FROM baton.artifacts WHERE workflow_id = ANY ($1::text[]) ORDER BY workflow_id, task_id, name, attempt, seq, digest
