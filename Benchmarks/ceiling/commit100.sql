\set w random(1, 1000000)
INSERT INTO ceiling_events (workflow, body)
SELECT :w, json_build_object('pad', repeat('x', 480)) FROM generate_series(1, 100);
