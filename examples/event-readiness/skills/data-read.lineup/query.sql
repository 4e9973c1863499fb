-- Painters on the poster who have not said yes.
SELECT 'unconfirmed-' || e.slug AS id, 'events' AS area, 'high' AS severity,
       e.slug || ' has painters who are not confirmed' AS title, count(*) AS count,
       json_agg(json_build_array(e.slug, x.artist_id) ORDER BY x.artist_id) AS evidence,
       'Call the painters of ' || e.slug AS next
  FROM events e JOIN event_artists x ON x.event_id = e.id AND NOT x.confirmed
 GROUP BY e.id ORDER BY e.slug
