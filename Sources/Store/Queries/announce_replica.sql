-- $1 id, $2 kind, $3 version, $4 whether its process has just begun
INSERT INTO baton.replicas (id, kind, version)
VALUES ($1::text, $2::text, $3::text)
ON CONFLICT (id) DO UPDATE SET seen_at = now(), version = excluded.version,
    started_at = CASE WHEN $4::boolean THEN now() ELSE replicas.started_at END
