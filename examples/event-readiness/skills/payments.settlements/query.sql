-- What the processor has captured for each event and not given back. Cash never passes here.
SELECT e.slug, coalesce(sum(p.amount_cents) FILTER (WHERE p.status = 'captured'), 0) AS revenue_cents
  FROM events e LEFT JOIN payments p ON p.event_id = e.id
        AND EXISTS (SELECT FROM orders o WHERE o.id = p.order_id)
 GROUP BY e.id ORDER BY e.slug
