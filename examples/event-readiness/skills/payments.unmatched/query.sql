-- Money that came in for nothing we know of.
SELECT 'payments-without-orders' AS id, 'payments' AS area, 'high' AS severity,
       'Captured payments that belong to no order' AS title, count(*) AS count,
       json_agg(p.id ORDER BY p.id) AS evidence,
       'Match them by the processor''s reference, or refund them' AS next
  FROM payments p LEFT JOIN orders o ON o.id = p.order_id
 WHERE o.id IS NULL AND p.status = 'captured' HAVING count(*) > 0
