DROP TABLE baton.approvals;
DROP TABLE baton.slots;
DROP FUNCTION baton.ensure_events_of;
DROP TABLE baton.events;
DROP TABLE baton.tasks;
DROP TABLE baton.workflows;
