-- :workflows workflows with ten tasks and ten events each, and what was gathered of them: one in twenty runs and waits to
-- be woken, one holds a task back, one is queued; the others have ended. Documents have the size of `baton bench`'s.
SELECT baton.ensure_events_of(ARRAY['2026-01-01', '2026-02-01']::date[]);
INSERT INTO baton.workflows
    (id, workspace, request_id, request_digest, name, status, concurrency_key, seq, wake_at, created_at, ended_at, input, plan)
SELECT 'w' || n, 'default', 'r' || n, 'd', 'n', CASE WHEN n % 20 = 0 THEN 'queued' WHEN n % 20 < 3 THEN 'running' ELSE 'succeeded' END,
    'key' || n % 100, 10, CASE WHEN n % 20 = 1 THEN now() + interval '1 h' END,
    '2026-01-05'::timestamptz + n % 2 * interval '28 days' + n * interval '1 s', CASE WHEN n % 20 >= 3 THEN now() END,
    json_build_object('wf', 'w' || n, 'k', 't1', 'at', '2026-01-05T09:00:00.000Z', 'pad', repeat('x', 190)),
    (SELECT json_build_object('tasks', json_object_agg('t' || t, json_build_object('skill', 'bench.echo', 'domain', 'data-read',
        'with', json_build_object('wf', '${{ input.wf }}', 'k', 't' || t, 'pad', '${{ input.pad }}'))))
     FROM generate_series(1, 10) t)
FROM generate_series(1, :workflows) n;
INSERT INTO baton.tasks (workflow_id, task_id, key, position, kind, skill, domain, status, status_reason, attempt, wake_at, created_at, ended_at, input, output)
SELECT 'w' || n, 't' || t, 't' || t, t, 'skill', 's', 'domain' || t % 5,
    CASE WHEN n % 20 < 3 THEN 'pending' ELSE 'succeeded' END, CASE WHEN n % 20 = 2 AND t = 9 THEN 'window' END, 1,
    CASE WHEN n % 20 = 1 THEN now() + interval '1 h' END, now(), CASE WHEN n % 20 >= 3 THEN now() END,
    json_build_object('wf', 'w' || n, 'k', 't1', 'at', '2026-01-05T09:00:00.000Z', 'pad', repeat('x', 190)),
    CASE WHEN n % 20 >= 3 THEN json_build_object('wf', 'w' || n, 'k', 't1', 'at', '2026-01-05T09:00:00.000Z', 'pad', repeat('x', 190)) END
FROM generate_series(1, :workflows) n, generate_series(1, 10) t;
INSERT INTO baton.events (month, workflow_id, seq, id, type, causation, recorded_at, data)
SELECT CASE WHEN n % 2 = 0 THEN '2026-01-01' ELSE '2026-02-01' END::date, 'w' || n, s, n || '/' || s, 'task.completed', 'm' || n || '/' || s / 3, now(),
    json_build_object('workflow_id', 'w' || n, 'task_id', 't' || s, 'attempt', 1, 'output', json_build_object('wf', 'w' || n, 'k', 't1', 'at', '2026-01-05T09:00:00.000Z', 'pad', repeat('x', 190)), 'pad', repeat('x', 250))
FROM generate_series(1, :workflows) n, generate_series(1, 10) s;
INSERT INTO baton.gatherings (workflow_id, definition, ingest_seq, published_seq, dirty_since, close_at, revision)
SELECT 'w' || n, '{}', 10, CASE WHEN n % 50 = 0 THEN 9 ELSE 10 END, CASE WHEN n % 50 = 0 THEN now() END,
    CASE WHEN n % 50 = 1 THEN now() END, 3
FROM generate_series(1, :workflows) n;
INSERT INTO baton.gathering_tasks (workflow_id, task_id)
SELECT 'w' || n, 't' || t FROM generate_series(1, :workflows) n, generate_series(1, 5) t;
INSERT INTO baton.artifacts (workflow_id, task_id, name, attempt, seq, digest, domain, skill_id, payload, retry_at)
SELECT 'w' || n, 't' || t, 'result', 1, 1000, 'x', 'data-read', 'bench.echo',
    convert_to(repeat('x', 256), 'UTF8'), CASE WHEN n % 100 = 0 THEN now() END
FROM generate_series(1, :workflows) n, generate_series(1, 5) t;
INSERT INTO baton.progress (workflow_id, revision, snapshot, event, id, exchange, routing_key, confirmed_at)
SELECT 'w' || n, r, r = 1, convert_to(repeat('x', 800), 'UTF8'), 'x', 'x', 'x', CASE WHEN n % 100 > 0 THEN now() END
FROM generate_series(1, :workflows) n, generate_series(1, 3) r;
INSERT INTO baton.slots (key, slot, workflow_id) SELECT 'key' || n, 1, 'w' || n FROM generate_series(1, :workflows) n;
ANALYZE;
