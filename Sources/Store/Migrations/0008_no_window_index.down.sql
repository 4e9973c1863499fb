CREATE INDEX tasks_held_by_window ON baton.tasks (domain, workflow_id) WHERE status_reason = 'window';
