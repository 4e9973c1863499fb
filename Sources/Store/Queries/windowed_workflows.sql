-- Workflows with tasks that wait for their domain's window, in the order in which they are to run: by priority, then
-- by age.
-- $1 domains text[], $2 at most so many
SELECT w.id
FROM baton.workflows w
WHERE w.ended_at IS NULL AND w.id IN (
    SELECT t.workflow_id FROM baton.tasks t
    WHERE t.status_reason = 'window' AND t.domain = ANY ($1::text[]))
ORDER BY w.priority DESC, w.created_at, w.id
LIMIT $2::int8
