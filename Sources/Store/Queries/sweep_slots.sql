-- The queued workflow that is next in line for each concurrency key that has one; slots of workflows that have ended are
-- given back first, in case somebody took one at the very moment of the end.
WITH freed AS (
    DELETE FROM baton.slots s
    USING baton.workflows w
    WHERE w.id = s.workflow_id AND w.ended_at IS NOT NULL
)
SELECT DISTINCT ON (w.concurrency_key) w.id
FROM baton.workflows w
WHERE w.status = 'queued' AND w.concurrency_key IS NOT NULL
ORDER BY w.concurrency_key, w.priority DESC, w.created_at, w.id
