-- Whom workflows tell.
-- $1 workflow ids text[]
SELECT id, name, notify FROM baton.workflows WHERE id = ANY ($1::text[])
