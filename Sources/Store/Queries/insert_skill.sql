-- Adds a version of a skill; as insert_definition.sql.
-- $1 workspace, $2 id, $3 version or NULL, $4 domain, $5 digest, $6 skill json
WITH latest AS (
    SELECT version, digest FROM baton.skills
    WHERE workspace = $1::text AND id = $2::text ORDER BY version DESC LIMIT 1
)
INSERT INTO baton.skills (workspace, id, version, domain, digest, skill)
SELECT $1::text, $2::text, coalesce($3::int8, (SELECT version FROM latest) + 1, 1), $4::text, $5::text, $6::json
WHERE $3::int8 IS NOT NULL OR NOT EXISTS (SELECT FROM latest WHERE digest = $5::text)
ON CONFLICT DO NOTHING
RETURNING version
