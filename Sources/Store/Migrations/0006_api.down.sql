DROP TABLE baton.audit;
DROP TABLE baton.webhooks;
DROP TABLE baton.api_keys;
DROP TABLE baton.policies;
