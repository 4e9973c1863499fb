-- $1 workflow ids text[]
SELECT *, clock_timestamp() AS clock FROM baton.notifications WHERE workflow_id = ANY ($1::text[]) ORDER BY workflow_id, channel
