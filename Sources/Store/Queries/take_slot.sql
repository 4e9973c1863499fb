-- Takes the lowest free slot of a concurrency key for a queued workflow that is next in line; a holder keeps the one it has.
-- $1 key, $2 how many slots there are, $3 workflow id
WITH me AS (
    SELECT w.id, w.priority, w.created_at
    FROM baton.workflows w
    WHERE w.id = $3::text AND w.status = 'queued'
    FOR NO KEY UPDATE
), held AS (
    SELECT slot FROM baton.slots WHERE key = $1::text AND workflow_id = $3::text
), taken AS (
    INSERT INTO baton.slots (key, slot, workflow_id)
    SELECT $1::text, free.slot, me.id
    FROM me, generate_series(1, $2::int) AS free (slot)
    WHERE NOT EXISTS (SELECT FROM held)
        AND NOT EXISTS (SELECT FROM baton.slots s WHERE s.key = $1::text AND s.slot = free.slot)
        -- Nobody goes before those that have waited longer.
        AND NOT EXISTS (
            SELECT
            FROM baton.workflows w
            WHERE w.concurrency_key = $1::text AND w.status = 'queued'
                AND (-w.priority, w.created_at, w.id) < (-me.priority, me.created_at, me.id)
                AND NOT EXISTS (SELECT FROM baton.slots s WHERE s.workflow_id = w.id AND s.key = $1::text))
    ORDER BY free.slot
    LIMIT 1
    ON CONFLICT DO NOTHING
    RETURNING slot
)
SELECT slot FROM held UNION ALL SELECT slot FROM taken
