-- Begins gatherings; one that is there already is left alone, with its tasks.
-- $1 workflow ids text[], $2 definitions json[];
-- their tasks: $3 workflow ids text[], $4 task ids text[], $5 plan indices int8[], $6 weights int8[], $7 domains text[]
WITH made AS (
    INSERT INTO baton.gatherings (workflow_id, definition)
    SELECT g.workflow_id, g.definition
    FROM unnest($1::text[], $2::json[]) AS g (workflow_id, definition)
    ORDER BY g.workflow_id
    ON CONFLICT DO NOTHING
    RETURNING workflow_id
), tasks AS (
    INSERT INTO baton.gathering_tasks (workflow_id, task_id, plan_index, weight, domain)
    SELECT t.workflow_id, t.task_id, t.plan_index, t.weight, t.domain
    FROM unnest($3::text[], $4::text[], $5::int8[], $6::int8[], $7::text[])
        AS t (workflow_id, task_id, plan_index, weight, domain)
    WHERE (t.workflow_id IN (SELECT workflow_id FROM made)) IS TRUE
)
SELECT workflow_id FROM made
