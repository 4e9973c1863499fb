-- The rows of these workflows, with the database's clock.
-- $1 ids text[]
SELECT w.*, clock_timestamp() AS clock
FROM baton.workflows w
WHERE w.id = ANY ($1::text[])
