-- What tasks said while they ran, in batches as they arrived; whole days are dropped.

CREATE TABLE baton.task_logs (
    day date NOT NULL,
    workflow_id text NOT NULL,
    task_id text NOT NULL,
    attempt integer NOT NULL,
    id text NOT NULL,
    recorded_at timestamptz NOT NULL,
    lines json NOT NULL,
    PRIMARY KEY (day, workflow_id, task_id, attempt, id)
) PARTITION BY RANGE (day);

CREATE FUNCTION baton.ensure_task_logs_of(days date[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = baton, pg_temp AS $$
DECLARE
    day date;
    name text;
BEGIN
    FOREACH day IN ARRAY days LOOP
        name := 'task_logs_' || to_char(day, 'YYYY_MM_DD');
        CONTINUE WHEN to_regclass('baton.' || name) IS NOT NULL;
        PERFORM pg_advisory_xact_lock(hashtext('baton.' || name));
        CONTINUE WHEN to_regclass('baton.' || name) IS NOT NULL;
        EXECUTE format('CREATE TABLE baton.%I (LIKE baton.task_logs INCLUDING CONSTRAINTS)', name);
        EXECUTE format('ALTER TABLE baton.task_logs ATTACH PARTITION baton.%I FOR VALUES FROM (%L) TO (%L)',
            name, day, day + 1);
    END LOOP;
END $$;
REVOKE EXECUTE ON FUNCTION baton.ensure_task_logs_of FROM PUBLIC;
