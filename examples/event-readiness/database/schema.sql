-- A city event season of live art competitions: artists paint in rounds, the audience votes and bids.
-- There are no foreign keys on the tables that outside systems fill (payments, votes, edge requests): real life.

CREATE TABLE events (
    id integer PRIMARY KEY, slug text NOT NULL UNIQUE, city text NOT NULL, venue text NOT NULL,
    starts_at timestamptz NOT NULL, capacity integer NOT NULL, easels integer NOT NULL, status text NOT NULL);

CREATE TABLE profiles (
    id integer PRIMARY KEY, display_name text NOT NULL, email text, phone text, city text, created_at timestamptz NOT NULL);

CREATE TABLE artists (
    id integer PRIMARY KEY, name text NOT NULL, profile_id integer, city text NOT NULL);

CREATE TABLE event_artists (
    event_id integer NOT NULL REFERENCES events, artist_id integer NOT NULL REFERENCES artists,
    round integer NOT NULL, easel integer NOT NULL, confirmed boolean NOT NULL, PRIMARY KEY (event_id, artist_id));

CREATE TABLE artworks (
    id integer PRIMARY KEY, event_id integer NOT NULL REFERENCES events, artist_id integer NOT NULL REFERENCES artists,
    round integer NOT NULL, current_bid_cents integer NOT NULL DEFAULT 0);

CREATE TABLE bids (
    id integer PRIMARY KEY, artwork_id integer NOT NULL, profile_id integer NOT NULL, amount_cents integer NOT NULL,
    placed_at timestamptz NOT NULL);

CREATE TABLE votes (
    id integer PRIMARY KEY, artwork_id integer NOT NULL, profile_id integer NOT NULL, cast_at timestamptz NOT NULL);
CREATE INDEX votes_artwork ON votes (artwork_id);

CREATE TABLE orders (
    id integer PRIMARY KEY, event_id integer NOT NULL REFERENCES events, profile_id integer NOT NULL,
    total_cents integer NOT NULL, status text NOT NULL, campaign_id integer, placed_at timestamptz NOT NULL);
CREATE INDEX orders_event ON orders (event_id);

CREATE TABLE order_lines (
    order_id integer NOT NULL, line integer NOT NULL, item text NOT NULL, quantity integer NOT NULL,
    amount_cents integer NOT NULL, PRIMARY KEY (order_id, line));

-- What the box office sold, at the door for cash too.
CREATE TABLE tickets (
    id integer PRIMARY KEY, event_id integer NOT NULL REFERENCES events, order_id integer, tier text NOT NULL,
    price_cents integer NOT NULL, channel text NOT NULL, status text NOT NULL, sold_at timestamptz NOT NULL);
CREATE INDEX tickets_event ON tickets (event_id);

-- What the payment processor captured, and what was charged back.
CREATE TABLE payments (
    id integer PRIMARY KEY, order_id integer, event_id integer NOT NULL, processor_reference text NOT NULL,
    amount_cents integer NOT NULL, status text NOT NULL, captured_at timestamptz NOT NULL);

CREATE TABLE campaigns (
    id integer PRIMARY KEY, event_id integer NOT NULL REFERENCES events, channel text NOT NULL, name text NOT NULL,
    spend_cents integer NOT NULL, started_at timestamptz NOT NULL, ended_at timestamptz NOT NULL);

CREATE TABLE campaign_clicks (
    id integer PRIMARY KEY, campaign_id integer NOT NULL, clicked_at timestamptz NOT NULL);

-- Updated with each check-in; the vacuum was switched off "for a night" and stayed so.
CREATE TABLE check_ins (
    ticket_id integer PRIMARY KEY, state text NOT NULL, updated_at timestamptz NOT NULL)
    WITH (autovacuum_enabled = false);

CREATE TABLE edge_requests (
    id integer PRIMARY KEY, route text NOT NULL, region text NOT NULL, status integer NOT NULL,
    milliseconds integer NOT NULL, at timestamptz NOT NULL);
