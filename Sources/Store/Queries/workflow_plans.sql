-- What the merge needs of these workflows: their gather blocks.
-- $1 ids text[]
SELECT w.id, w.gather FROM baton.workflows w WHERE w.id = ANY ($1::text[])
