DROP TABLE baton.skills;
DROP TABLE baton.definitions;
