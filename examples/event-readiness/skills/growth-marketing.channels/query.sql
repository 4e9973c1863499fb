-- Spend, clicks and attributed orders of each channel.
SELECT c.channel, sum(c.spend_cents) AS spend_cents, sum(k.clicks) AS clicks, sum(o.orders) AS orders,
       round(sum(c.spend_cents)::numeric / nullif(sum(o.orders), 0), 2) AS cents_per_order
  FROM campaigns c
       CROSS JOIN LATERAL (SELECT count(*) AS clicks FROM campaign_clicks k WHERE k.campaign_id = c.id) k
       CROSS JOIN LATERAL (SELECT count(*) AS orders FROM orders o WHERE o.campaign_id = c.id) o
 GROUP BY c.channel ORDER BY c.channel
