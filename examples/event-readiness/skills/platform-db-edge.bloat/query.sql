-- More dead rows than live ones: the vacuum does not come, or not often enough.
SELECT 'bloat-' || s.relname AS id, 'database' AS area, 'medium' AS severity,
       s.relname || ' holds more dead rows than live ones' AS title, s.n_dead_tup AS count,
       json_build_array(s.relname) AS evidence,
       'VACUUM ' || s.relname || ', and see why its autovacuum is '
           || CASE WHEN 'autovacuum_enabled=false' = ANY (c.reloptions) THEN 'switched off' ELSE 'late' END AS next
  FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid
 WHERE s.n_dead_tup > 1000 AND s.n_dead_tup > s.n_live_tup ORDER BY s.relname
