-- The latest version of every skill, or of these.
-- $1 workspace or NULL, $2 ids text[] or NULL
SELECT DISTINCT ON (workspace, id) * FROM baton.skills
WHERE ($1::text IS NULL OR workspace = $1::text) AND ($2::text[] IS NULL OR id = ANY ($2::text[]))
ORDER BY workspace, id, version DESC
