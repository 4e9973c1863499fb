-- What a message has caused in a workflow, to be published again, in the order of the history.
-- $1 workflow ids text[], $2 the causations text[], one for each
SELECT e.*
FROM unnest($1::text[], $2::text[]) AS asked (workflow_id, causation)
JOIN baton.workflows w ON w.id = asked.workflow_id
JOIN baton.events e ON e.month = w.month AND e.workflow_id = w.id AND e.causation = asked.causation
ORDER BY e.workflow_id, e.seq
