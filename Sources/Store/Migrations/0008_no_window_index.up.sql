-- Tasks that wait for room in their domain's window have no rows.

DROP INDEX baton.tasks_held_by_window;
