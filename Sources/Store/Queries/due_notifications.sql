-- $1 at most so many
SELECT * FROM baton.notifications WHERE due_at <= now() ORDER BY due_at LIMIT $1::int8
