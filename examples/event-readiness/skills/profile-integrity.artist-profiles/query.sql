-- On the poster, but nobody can be paid or called.
SELECT 'artists-without-profile' AS id, 'profiles' AS area, 'high' AS severity,
       'Confirmed painters who have no profile' AS title, count(*) AS count,
       json_agg(json_build_array(e.slug, a.id) ORDER BY e.slug, a.id) AS evidence,
       'Ask them to sign up, or link the profile they have' AS next
  FROM event_artists x JOIN events e ON e.id = x.event_id JOIN artists a ON a.id = x.artist_id
 WHERE x.confirmed AND a.profile_id IS NULL HAVING count(*) > 0
