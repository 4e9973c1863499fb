-- What the box office says each event took: tickets sold, at the door for cash too, and prints.
SELECT e.slug, (SELECT coalesce(sum(t.price_cents), 0) FROM tickets t WHERE t.event_id = e.id AND t.status = 'sold')
     + (SELECT coalesce(sum(l.amount_cents), 0) FROM order_lines l JOIN orders o ON o.id = l.order_id
         WHERE o.event_id = e.id AND l.item = 'print') AS revenue_cents
  FROM events e ORDER BY e.slug
