-- One login role a domain, each reading only what its checks need. Passwords come from the environment.
\getenv data_read data_read_password
\getenv profile_integrity profile_integrity_password
\getenv payments payments_password
\getenv growth_marketing growth_marketing_password
\getenv platform_db_edge platform_db_edge_password
CREATE ROLE readiness_data_read LOGIN PASSWORD :'data_read';
CREATE ROLE readiness_profile_integrity LOGIN PASSWORD :'profile_integrity';
CREATE ROLE readiness_payments LOGIN PASSWORD :'payments';
CREATE ROLE readiness_growth_marketing LOGIN PASSWORD :'growth_marketing';
CREATE ROLE readiness_platform_db_edge LOGIN PASSWORD :'platform_db_edge';
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT SELECT ON events TO readiness_data_read, readiness_profile_integrity, readiness_payments, readiness_growth_marketing;
GRANT SELECT ON event_artists, artworks, bids, votes, tickets, orders, order_lines TO readiness_data_read;
GRANT SELECT (id) ON profiles TO readiness_data_read;
GRANT SELECT ON profiles, artists, event_artists TO readiness_profile_integrity;
GRANT SELECT ON orders, order_lines, payments TO readiness_payments;
GRANT SELECT ON campaigns, campaign_clicks, orders TO readiness_growth_marketing;
GRANT SELECT ON edge_requests TO readiness_platform_db_edge;
