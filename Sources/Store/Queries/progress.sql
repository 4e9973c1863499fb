-- The revisions of a workflow from the last snapshot at or before one on; from the very last snapshot when none is named.
-- $1 workflow id, $2 after this revision or NULL
SELECT workflow_id, revision, snapshot, event, id, exchange, routing_key, created_at, confirmed_at
FROM baton.progress
WHERE workflow_id = $1::text AND revision >= coalesce(
    $2::int8 + 1,
    (SELECT max(revision) FROM baton.progress WHERE workflow_id = $1::text AND snapshot), 0)
ORDER BY revision
