-- The ledger. A level is the sum of its movements; movements are numbered within their level and never change.

-- Nothing references levels: a foreign key to a row that is updated all the time collapses under contention.
CREATE TABLE levels (
    product_id BLOB NOT NULL CHECK (length(product_id) = 16),
    location_id BLOB NOT NULL CHECK (length(location_id) = 16),
    on_hand INTEGER NOT NULL CHECK (on_hand >= 0),
    reserved INTEGER NOT NULL CHECK (reserved >= 0),
    seq INTEGER NOT NULL CHECK (seq >= 0),
    counted_at INTEGER,
    recorded_at INTEGER,
    PRIMARY KEY (product_id, location_id),
    CHECK ((seq = 0) = (recorded_at IS NULL)),
    CHECK (seq > 0 OR (on_hand = 0 AND reserved = 0))
) STRICT, WITHOUT ROWID;

CREATE INDEX levels_location ON levels (location_id);

CREATE TABLE movements (
    id BLOB NOT NULL CHECK (length(id) = 16),
    product_id BLOB NOT NULL CHECK (length(product_id) = 16),
    location_id BLOB NOT NULL CHECK (length(location_id) = 16),
    seq INTEGER NOT NULL CHECK (seq > 0),
    kind TEXT NOT NULL CHECK (kind IN ('received', 'sold', 'corrected', 'refunded', 'voided', 'reserved', 'released',
        'shipped', 'returned', 'adjusted', 'counted', 'transferred_out', 'transferred_in', 'pos')),
    on_hand_change INTEGER NOT NULL,
    reserved_change INTEGER NOT NULL,
    on_hand_after INTEGER NOT NULL CHECK (on_hand_after >= 0),
    reserved_after INTEGER NOT NULL CHECK (reserved_after >= 0),
    reason TEXT CHECK (length(reason) <= 500),
    source_type TEXT,
    source_id BLOB CHECK (length(source_id) = 16),
    actor_type TEXT NOT NULL CHECK (actor_type IN ('user', 'connection', 'system')),
    actor_id BLOB CHECK (length(actor_id) = 16),
    occurred_at INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (product_id, location_id, seq),
    CHECK ((source_type IS NULL) = (source_id IS NULL)),
    CHECK ((actor_type = 'system') = (actor_id IS NULL)),
    CHECK (on_hand_after - on_hand_change >= 0 AND reserved_after - reserved_change >= 0)
) STRICT;
CREATE UNIQUE INDEX movements_id ON movements (id);
CREATE INDEX movements_recorded ON movements (recorded_at, id);
CREATE INDEX movements_source ON movements (source_id) WHERE source_id IS NOT NULL;
CREATE TRIGGER movements_never_change_update BEFORE UPDATE ON movements
BEGIN SELECT RAISE(ABORT, 'UPDATE of movements refused: its rows are kept for ever'); END;
CREATE TRIGGER movements_never_change_delete BEFORE DELETE ON movements
BEGIN SELECT RAISE(ABORT, 'DELETE of movements refused: its rows are kept for ever'); END;
