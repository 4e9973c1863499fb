-- Reference columns of tables with many rows that no index begins with.
SELECT 'missing-index-' || c.relname || '-' || a.attname AS id, 'database' AS area,
       CASE WHEN s.seq_tup_read > 100 * c.reltuples THEN 'high' ELSE 'low' END AS severity,
       c.relname || '.' || a.attname || ' is joined on without an index' AS title, c.reltuples::bigint AS count,
       json_build_array(c.relname || '(' || a.attname || ')') AS evidence,
       'CREATE INDEX CONCURRENTLY ON ' || c.relname || ' (' || a.attname || ')' AS next
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
       JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attname LIKE '%\_id'
       JOIN pg_stat_user_tables s ON s.relid = c.oid
 WHERE c.relkind = 'r' AND c.reltuples > 4000
       AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indkey[0] = a.attnum)
 ORDER BY c.relname, a.attname
