\set w random(1, 1000000)
INSERT INTO ceiling_events (workflow, body) VALUES (:w, json_build_object('pad', repeat('x', 480)));
