DROP TABLE baton.notifications;
DROP TABLE baton.executors;
DROP TABLE baton.replicas;
