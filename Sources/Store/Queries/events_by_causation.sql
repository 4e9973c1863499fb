-- What messages have caused, to be published again, in the order of the histories. One that made room for orders of other
-- workflows has caused those too. Left out are orders whose attempt no longer waits to start: nobody wants that work now.
-- The row says so, because a copy of the workflow in some dispatcher's memory may be behind it.
-- $1 the causations text[]
SELECT e.*
FROM baton.events e
LEFT JOIN baton.tasks t ON e.type = 'task.dispatched' AND t.workflow_id = e.workflow_id AND t.task_id = e.task_id
WHERE e.causation = ANY ($1::text[])
    AND (e.type <> 'task.dispatched' OR t.status = 'dispatched' AND t.attempt = e.attempt)
ORDER BY e.workflow_id, e.seq
