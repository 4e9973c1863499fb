-- Batches of log lines; one that is there already is left alone.
-- $1 days text[], $2 workflow ids text[], $3 task ids text[], $4 attempts int8[], $5 message ids text[],
-- $6 times timestamptz[], $7 lines json[]
INSERT INTO baton.task_logs (day, workflow_id, task_id, attempt, id, recorded_at, lines)
SELECT day::date, workflow_id, task_id, attempt, id, recorded_at, lines
FROM unnest($1::text[], $2::text[], $3::text[], $4::int8[], $5::text[], $6::timestamptz[], $7::json[])
    AS l (day, workflow_id, task_id, attempt, id, recorded_at, lines)
ON CONFLICT DO NOTHING
