-- One version of a skill, or the latest.
-- $1 workspace, $2 id, $3 version or NULL
SELECT * FROM baton.skills
WHERE workspace = $1::text AND id = $2::text AND ($3::int8 IS NULL OR version = $3::int8)
ORDER BY version DESC
LIMIT 1
