-- The secret before stays good for a day beside a new one; deliveries that were not let in are counted.

-- `secret` is sealed with a key that is not in the database.
ALTER TABLE pos_connections ADD COLUMN secret_before TEXT CHECK (secret_before IS NULL OR secret IS NOT NULL);
ALTER TABLE pos_connections ADD COLUMN secret_before_until INTEGER
    CHECK ((secret_before_until IS NULL) = (secret_before IS NULL));

CREATE TABLE pos_refusals (
    connection_id BLOB NOT NULL CHECK (length(connection_id) = 16) REFERENCES pos_connections (id),
    reason TEXT NOT NULL CHECK (reason IN ('incomplete', 'malformed', 'clock_off', 'no_signature_matches')),
    count INTEGER NOT NULL CHECK (count > 0),
    last_at INTEGER NOT NULL,
    seconds_off INTEGER,
    PRIMARY KEY (connection_id, reason),
    CHECK ((seconds_off IS NULL) = (reason <> 'clock_off'))
) STRICT, WITHOUT ROWID;
