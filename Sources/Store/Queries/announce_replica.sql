-- $1 id, $2 kind, $3 version
INSERT INTO baton.replicas (id, kind, version)
VALUES ($1::text, $2::text, $3::text)
ON CONFLICT (id) DO UPDATE SET seen_at = now(), version = excluded.version
