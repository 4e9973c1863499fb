-- Heartbeats of executors, one for each id.
-- $1 ids text[], $2 domains text[], $3 skills json[] (arrays of ids), $4 concurrency int8[], $5 running int8[],
-- $6 versions text[], $7 extra json[]
INSERT INTO baton.executors (id, domain, skills, concurrency, running, version, extra)
SELECT e.id, e.domain, ARRAY(SELECT json_array_elements_text(e.skills)), e.concurrency, e.running, e.version, e.extra
FROM unnest($1::text[], $2::text[], $3::json[], $4::int8[], $5::int8[], $6::text[], $7::json[])
    AS e (id, domain, skills, concurrency, running, version, extra)
ON CONFLICT (id) DO UPDATE SET
    domain = excluded.domain, skills = excluded.skills, concurrency = excluded.concurrency,
    running = excluded.running, version = excluded.version, extra = excluded.extra, seen_at = now()
