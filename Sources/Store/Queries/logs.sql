-- What the tasks of a workflow, or one of them, said, in order of arrival.
-- $1 workflow id, $2 task id or NULL, $3 after this time, $4 at most so many batches
SELECT task_id, attempt, id, recorded_at, lines
FROM baton.task_logs
WHERE workflow_id = $1::text AND ($2::text IS NULL OR task_id = $2::text) AND recorded_at > $3::timestamptz
ORDER BY recorded_at, id
LIMIT $4::int8
