-- The secret before stays good for a day beside a new one; deliveries that were not let in are counted.

-- `secret` is sealed with a key that is not in the database.
ALTER TABLE pos_connections ADD COLUMN secret_before text CHECK (secret_before IS NULL OR secret IS NOT NULL);
ALTER TABLE pos_connections ADD COLUMN secret_before_until timestamptz
    CHECK ((secret_before_until IS NULL) = (secret_before IS NULL));

CREATE TABLE pos_refusals (
    connection_id uuid NOT NULL REFERENCES pos_connections (id),
    reason text COLLATE "C" NOT NULL
        CHECK (reason IN ('incomplete', 'malformed', 'clock_off', 'no_signature_matches')),
    count bigint NOT NULL CHECK (count > 0),
    last_at timestamptz NOT NULL,
    seconds_off bigint,
    PRIMARY KEY (connection_id, reason),
    CHECK ((seconds_off IS NULL) = (reason <> 'clock_off'))
);
