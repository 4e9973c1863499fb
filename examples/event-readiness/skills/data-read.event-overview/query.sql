-- Each event with its seats and what the box office has sold of them.
SELECT e.slug, e.city, to_char(e.starts_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS starts_at, e.capacity,
       count(t.id) FILTER (WHERE t.status = 'sold') AS seats_sold
  FROM events e LEFT JOIN tickets t ON t.event_id = e.id
 GROUP BY e.id ORDER BY e.starts_at
