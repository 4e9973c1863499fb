-- How much there is.
SELECT (SELECT count(*) FROM baton.workflows) AS workflows,
    (SELECT count(*) FROM baton.tasks) AS tasks,
    (SELECT count(*) FROM baton.tasks WHERE wake_at IS NOT NULL) AS wakeups,
    (SELECT count(*) FROM baton.tasks WHERE lease_until IS NOT NULL) AS leases
