DROP FUNCTION baton.ensure_task_logs_of;
DROP TABLE baton.task_logs;
