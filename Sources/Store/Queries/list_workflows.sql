-- Workflows without their documents, the newest first.
-- A task of the plan has no row while it is pending.
-- $1 workspace or NULL, $2 statuses text[] or NULL, $3 begun before this time or NULL, $4 at most so many
SELECT w.id, w.workspace, w.request_id, w.name, w.version, w.status, w.status_reason, w.priority, w.parent_id,
    w.created_at, w.ended_at,
    (SELECT count(*) FROM baton.tasks t WHERE t.workflow_id = w.id)
        + (SELECT count(*) FROM json_object_keys(w.plan -> 'tasks') AS planned (key)
           WHERE NOT EXISTS (SELECT FROM baton.tasks t WHERE t.workflow_id = w.id AND t.task_id = planned.key)) AS tasks,
    (SELECT count(*) FROM baton.tasks t WHERE t.workflow_id = w.id AND t.ended_at IS NOT NULL) AS tasks_ended
FROM baton.workflows w
WHERE ($1::text IS NULL OR w.workspace = $1::text) AND ($2::text[] IS NULL OR w.status = ANY ($2::text[]))
    AND ($3::timestamptz IS NULL OR w.created_at < $3::timestamptz)
ORDER BY w.created_at DESC, w.id
LIMIT $4::int8
