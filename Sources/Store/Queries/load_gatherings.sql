-- $1 workflow ids text[]
SELECT *, clock_timestamp() AS clock FROM baton.gatherings WHERE workflow_id = ANY ($1::text[])
