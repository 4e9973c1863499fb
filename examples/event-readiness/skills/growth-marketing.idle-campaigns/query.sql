-- Clicks and cost, but not one order.
SELECT 'campaigns-without-conversions' AS id, 'marketing' AS area, 'medium' AS severity,
       'Campaigns with spend and clicks but no order' AS title, count(*) AS count,
       json_agg(c.id ORDER BY c.id) AS evidence,
       'Check their links and tracking, then stop or fix them; they cost '
           || (sum(c.spend_cents) / 100) || ' so far' AS next
  FROM campaigns c WHERE NOT EXISTS (SELECT FROM orders o WHERE o.campaign_id = c.id) HAVING count(*) > 0
