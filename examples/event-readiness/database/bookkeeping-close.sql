-- The bookkeeping close: nobody else may look at the order lines while it renumbers them.
BEGIN;
LOCK TABLE order_lines IN ACCESS EXCLUSIVE MODE;
UPDATE order_lines SET line = line;
SELECT pg_sleep(:seconds);
COMMIT;
