-- $1 kind, $2 seen within (interval)
SELECT id, started_at::text AS started_at FROM baton.replicas WHERE kind = $1::text AND seen_at > now() - $2::interval ORDER BY id
