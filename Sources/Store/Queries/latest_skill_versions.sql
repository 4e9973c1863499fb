-- The latest version of every skill of a workspace.
-- $1 workspace
SELECT DISTINCT ON (id) id, version FROM baton.skills WHERE workspace = $1::text ORDER BY id, version DESC
