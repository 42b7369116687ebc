-- Tills and POS accounts, and the inbox of what they reported.

CREATE TABLE pos_connections (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    name_key TEXT NOT NULL,
    dialect TEXT NOT NULL DEFAULT 'standard' CHECK (dialect IN ('standard')),
    location_id BLOB CHECK (length(location_id) = 16),
    on_shortage TEXT NOT NULL CHECK (on_shortage IN ('refuse', 'hold')),
    -- Needed to verify signatures, so it cannot be hashed; forgotten when the connection is removed.
    secret TEXT,
    removed_at INTEGER,
    version INTEGER NOT NULL CHECK (version > 0),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CHECK (secret IS NULL OR removed_at IS NULL)
) STRICT;
CREATE UNIQUE INDEX pos_connections_name_key ON pos_connections (name_key) WHERE removed_at IS NULL;
CREATE TRIGGER pos_connections_are_kept BEFORE DELETE ON pos_connections
BEGIN SELECT RAISE(ABORT, 'DELETE of pos_connections refused: its rows are kept for ever'); END;

CREATE TABLE pos_products (
    connection_id BLOB NOT NULL CHECK (length(connection_id) = 16) REFERENCES pos_connections (id),
    external_id TEXT NOT NULL CHECK (length(external_id) BETWEEN 1 AND 64),
    product_id BLOB NOT NULL CHECK (length(product_id) = 16),
    PRIMARY KEY (connection_id, external_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE pos_events (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    connection_id BLOB NOT NULL CHECK (length(connection_id) = 16) REFERENCES pos_connections (id),
    webhook_id TEXT NOT NULL CHECK (length(webhook_id) BETWEEN 1 AND 255),
    body_hash BLOB NOT NULL CHECK (length(body_hash) = 32),
    body BLOB NOT NULL,
    headers TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('received', 'applied', 'refused', 'held', 'dismissed')),
    reason_code TEXT,
    reason TEXT CHECK (length(reason) <= 500),
    received_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    CHECK ((reason_code IS NULL) = (reason IS NULL))
) STRICT;
CREATE UNIQUE INDEX pos_events_webhook_id ON pos_events (connection_id, webhook_id);
CREATE INDEX pos_events_waiting ON pos_events (connection_id, status, received_at);
CREATE INDEX pos_events_received ON pos_events (received_at, id);
CREATE TRIGGER pos_events_are_kept BEFORE DELETE ON pos_events
BEGIN SELECT RAISE(ABORT, 'DELETE of pos_events refused: its rows are kept for ever'); END;

CREATE TABLE pos_event_lines (
    event_id BLOB NOT NULL CHECK (length(event_id) = 16) REFERENCES pos_events (id),
    position INTEGER NOT NULL CHECK (position >= 0),
    ref_kind TEXT NOT NULL CHECK (ref_kind IN ('product_id', 'sku', 'external_id')),
    ref_value TEXT NOT NULL,
    change INTEGER,
    counted INTEGER CHECK (counted >= 0),
    counted_at INTEGER,
    occurred_at INTEGER,
    reason TEXT CHECK (length(reason) <= 500),
    PRIMARY KEY (event_id, position),
    CHECK ((change IS NULL) <> (counted IS NULL)),
    CHECK (counted IS NOT NULL OR counted_at IS NULL)
) STRICT, WITHOUT ROWID;
CREATE INDEX pos_event_lines_reference ON pos_event_lines (ref_kind, ref_value);
