-- What a dead owner left: dirty for long, past the time to close, or with a payload to fetch again.
-- $1 dirty for (interval), $2 overdue for (interval), $3 at most so many
SELECT workflow_id FROM (
    (SELECT workflow_id FROM baton.gatherings
     WHERE dirty_since < now() - $1::interval ORDER BY dirty_since LIMIT $3::int8)
    UNION
    (SELECT workflow_id FROM baton.gatherings
     WHERE close_at < now() - $2::interval ORDER BY close_at LIMIT $3::int8)
    UNION
    (SELECT workflow_id FROM baton.artifacts
     WHERE retry_at < now() - $2::interval ORDER BY retry_at LIMIT $3::int8)
) AS abandoned
LIMIT $3::int8
