-- Takes the lowest free slot of a concurrency key; a holder keeps the one it has.
-- $1 key, $2 how many slots there are, $3 workflow id
WITH held AS (
    SELECT slot FROM baton.slots WHERE key = $1::text AND workflow_id = $3::text
), taken AS (
    INSERT INTO baton.slots (key, slot, workflow_id)
    SELECT $1::text, free.slot, $3::text
    FROM generate_series(1, $2::int) AS free (slot)
    WHERE NOT EXISTS (SELECT FROM held)
        AND NOT EXISTS (SELECT FROM baton.slots s WHERE s.key = $1::text AND s.slot = free.slot)
    ORDER BY free.slot
    LIMIT 1
    ON CONFLICT DO NOTHING
    RETURNING slot
)
SELECT slot FROM held UNION ALL SELECT slot FROM taken
