-- Tills and POS accounts, and the inbox of what they reported.

CREATE TABLE pos_connections (
    id uuid PRIMARY KEY,
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
    name_key text COLLATE "C" NOT NULL,
    dialect text COLLATE "C" NOT NULL DEFAULT 'standard' CHECK (dialect IN ('standard')),
    location_id uuid,
    on_shortage text COLLATE "C" NOT NULL CHECK (on_shortage IN ('refuse', 'hold')),
    -- Needed to verify signatures, so it cannot be hashed; forgotten when the connection is removed.
    secret text,
    removed_at timestamptz,
    version bigint NOT NULL CHECK (version > 0),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CHECK (secret IS NULL OR removed_at IS NULL)
);
CREATE UNIQUE INDEX pos_connections_name_key ON pos_connections (name_key) WHERE removed_at IS NULL;
CREATE TRIGGER pos_connections_are_kept BEFORE DELETE ON pos_connections FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE pos_products (
    connection_id uuid NOT NULL REFERENCES pos_connections (id),
    external_id text COLLATE "C" NOT NULL CHECK (char_length(external_id) BETWEEN 1 AND 64),
    product_id uuid NOT NULL,
    PRIMARY KEY (connection_id, external_id)
);

CREATE TABLE pos_events (
    id uuid PRIMARY KEY,
    connection_id uuid NOT NULL REFERENCES pos_connections (id),
    webhook_id text COLLATE "C" NOT NULL CHECK (char_length(webhook_id) BETWEEN 1 AND 255),
    body_hash bytea NOT NULL CHECK (octet_length(body_hash) = 32),
    body bytea NOT NULL,
    headers text NOT NULL,
    status text COLLATE "C" NOT NULL CHECK (status IN ('received', 'applied', 'refused', 'held', 'dismissed')),
    reason_code text COLLATE "C",
    reason text CHECK (char_length(reason) <= 500),
    received_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL CHECK (version > 0),
    CHECK ((reason_code IS NULL) = (reason IS NULL))
);
CREATE UNIQUE INDEX pos_events_webhook_id ON pos_events (connection_id, webhook_id);
CREATE INDEX pos_events_waiting ON pos_events (connection_id, status, received_at);
CREATE INDEX pos_events_received ON pos_events (received_at, id);
CREATE TRIGGER pos_events_are_kept BEFORE DELETE ON pos_events FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE pos_event_lines (
    event_id uuid NOT NULL REFERENCES pos_events (id),
    position integer NOT NULL CHECK (position >= 0),
    ref_kind text COLLATE "C" NOT NULL CHECK (ref_kind IN ('product_id', 'sku', 'external_id')),
    ref_value text COLLATE "C" NOT NULL,
    change bigint,
    counted bigint CHECK (counted >= 0),
    counted_at timestamptz,
    occurred_at timestamptz,
    reason text CHECK (char_length(reason) <= 500),
    PRIMARY KEY (event_id, position),
    CHECK ((change IS NULL) <> (counted IS NULL)),
    CHECK (counted IS NOT NULL OR counted_at IS NULL)
);
CREATE INDEX pos_event_lines_reference ON pos_event_lines (ref_kind, ref_value);
