-- The latest version of every definition.
-- $1 workspace or NULL
SELECT DISTINCT ON (workspace, name) * FROM baton.definitions
WHERE $1::text IS NULL OR workspace = $1::text
ORDER BY workspace, name, version DESC
