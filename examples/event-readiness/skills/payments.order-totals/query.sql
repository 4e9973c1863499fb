-- While the bookkeeping close holds the lines, this waits and runs into its statement timeout.
WITH sums AS (SELECT order_id, sum(amount_cents) AS lines FROM order_lines GROUP BY order_id)
SELECT 'orders-whose-total-disagrees' AS id, 'payments' AS area, 'medium' AS severity,
       'Orders whose total is not the sum of their lines' AS title, count(*) AS count,
       json_agg(o.id ORDER BY o.id) AS evidence,
       'Correct them before the payout run; see who wrote totals by hand' AS next
  FROM orders o JOIN sums s ON s.order_id = o.id WHERE o.total_cents <> s.lines HAVING count(*) > 0
