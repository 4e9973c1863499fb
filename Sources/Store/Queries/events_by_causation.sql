-- What messages have caused, to be published again, in the order of the histories. One that made room for orders of other
-- workflows has caused those too.
-- $1 the causations text[]
SELECT e.*
FROM baton.events e
WHERE e.causation = ANY ($1::text[])
ORDER BY e.workflow_id, e.seq
