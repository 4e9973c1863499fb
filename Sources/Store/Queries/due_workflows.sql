-- Workflows that are to be woken soon, whoever has that in mind.
-- $1 within (interval), $2 at most so many
SELECT id FROM baton.workflows WHERE wake_at <= now() + $1::interval ORDER BY wake_at LIMIT $2::int8
