-- One version of a definition, or the latest.
-- $1 workspace, $2 name, $3 version or NULL
SELECT * FROM baton.definitions
WHERE workspace = $1::text AND name = $2::text AND ($3::int8 IS NULL OR version = $3::int8)
ORDER BY version DESC
LIMIT 1
