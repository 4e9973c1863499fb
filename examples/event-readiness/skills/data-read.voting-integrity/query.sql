-- Votes nobody cast, bids below the one before them, and paintings that show another bid than their highest.
WITH ordered AS (
    SELECT b.id, b.artwork_id, b.amount_cents,
           max(b.amount_cents) OVER (PARTITION BY b.artwork_id ORDER BY b.placed_at, b.id
                                     ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
      FROM bids b),
faults AS (
    SELECT 1 AS n, 'votes-from-unknown-profiles' AS id, 'high' AS severity,
           'Votes from profiles that do not exist' AS title, v.id AS what,
           'Void them before the round closes, and see which client sent them' AS next
      FROM votes v LEFT JOIN profiles p ON p.id = v.profile_id WHERE p.id IS NULL
    UNION ALL
    SELECT 2, 'bids-below-the-one-before', 'medium', 'Bids that were accepted although they were too low', o.id,
           'Check the bid guard of the auction' FROM ordered o WHERE o.amount_cents <= o.before
    UNION ALL
    SELECT 3, 'artworks-with-wrong-bid', 'high', 'Paintings that show another bid than their highest', a.id,
           'Recompute current_bid_cents before the auction opens'
      FROM artworks a
     WHERE a.current_bid_cents <> coalesce((SELECT max(b.amount_cents) FROM bids b WHERE b.artwork_id = a.id), 0))
SELECT id, 'auction' AS area, severity, title, count(*) AS count, json_agg(what ORDER BY what) AS evidence, next
  FROM faults GROUP BY n, id, severity, title, next ORDER BY n
