DROP TABLE baton.progress;
DROP TABLE baton.artifacts;
DROP TABLE baton.gathering_tasks;
DROP TABLE baton.gatherings;
