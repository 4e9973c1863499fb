-- Adds a version of a definition; without a number the next one, unless the latest is the same already.
-- $1 workspace, $2 name, $3 version or NULL, $4 digest, $5 definition json, $6 source, $7 actor
WITH latest AS (
    SELECT version, digest FROM baton.definitions
    WHERE workspace = $1::text AND name = $2::text ORDER BY version DESC LIMIT 1
)
INSERT INTO baton.definitions (workspace, name, version, digest, definition, source, actor)
SELECT $1::text, $2::text, coalesce($3::int8, (SELECT version FROM latest) + 1, 1), $4::text, $5::json, $6::text, $7::text
WHERE $3::int8 IS NOT NULL OR NOT EXISTS (SELECT FROM latest WHERE digest = $4::text)
ON CONFLICT DO NOTHING
RETURNING version
