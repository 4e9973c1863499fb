-- More tickets than seats: somebody will stand outside.
SELECT 'oversold-' || e.slug AS id, 'events' AS area, 'high' AS severity,
       e.slug || ' is sold beyond its capacity' AS title, count(t.id) - e.capacity AS count,
       json_build_array(e.slug) AS evidence, 'Stop sales of ' || e.slug || ' and move or refund the last orders' AS next
  FROM events e JOIN tickets t ON t.event_id = e.id AND t.status = 'sold'
 GROUP BY e.id HAVING count(t.id) > e.capacity ORDER BY e.slug
