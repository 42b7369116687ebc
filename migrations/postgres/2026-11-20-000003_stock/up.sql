-- The ledger. A level is the sum of its movements; movements are numbered within their level and never change.

-- Nothing references levels: a foreign key to a row that is updated all the time collapses under contention. Half-empty
-- pages leave room for new versions of a row beside the old one.
CREATE TABLE levels (
    product_id uuid NOT NULL,
    location_id uuid NOT NULL,
    on_hand bigint NOT NULL CHECK (on_hand >= 0),
    reserved bigint NOT NULL CHECK (reserved >= 0),
    seq bigint NOT NULL CHECK (seq >= 0),
    counted_at timestamptz,
    recorded_at timestamptz,
    PRIMARY KEY (product_id, location_id),
    CHECK ((seq = 0) = (recorded_at IS NULL)),
    CHECK (seq > 0 OR (on_hand = 0 AND reserved = 0))
) WITH (fillfactor = 50);

CREATE INDEX levels_location ON levels (location_id);

CREATE TABLE movements (
    id uuid NOT NULL,
    product_id uuid NOT NULL,
    location_id uuid NOT NULL,
    seq bigint NOT NULL CHECK (seq > 0),
    kind text COLLATE "C" NOT NULL CHECK (kind IN ('received', 'sold', 'corrected', 'refunded', 'voided', 'reserved', 'released',
        'shipped', 'returned', 'adjusted', 'counted', 'transferred_out', 'transferred_in', 'pos')),
    on_hand_change bigint NOT NULL,
    reserved_change bigint NOT NULL,
    on_hand_after bigint NOT NULL CHECK (on_hand_after >= 0),
    reserved_after bigint NOT NULL CHECK (reserved_after >= 0),
    reason text CHECK (char_length(reason) <= 500),
    source_type text COLLATE "C",
    source_id uuid,
    actor_type text COLLATE "C" NOT NULL CHECK (actor_type IN ('user', 'connection', 'system')),
    actor_id uuid,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (product_id, location_id, seq),
    CHECK ((source_type IS NULL) = (source_id IS NULL)),
    CHECK ((actor_type = 'system') = (actor_id IS NULL)),
    CHECK (on_hand_after - on_hand_change >= 0 AND reserved_after - reserved_change >= 0)
);
CREATE UNIQUE INDEX movements_id ON movements (id);
CREATE INDEX movements_recorded ON movements (recorded_at, id);
CREATE INDEX movements_source ON movements (source_id) WHERE source_id IS NOT NULL;
CREATE TRIGGER movements_never_change BEFORE UPDATE OR DELETE ON movements FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER movements_never_vanish BEFORE TRUNCATE ON movements FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
