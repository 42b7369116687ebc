-- What is to be told and what was done, written in the transaction of the decision it comes from.

-- Messages that are to be delivered.
CREATE TABLE messages (
    id uuid PRIMARY KEY,
    name text COLLATE "C" NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
    order_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    occurred_at timestamptz NOT NULL
);

-- Who did what to which thing, where no document and no movement says so.
CREATE TABLE audit_log (
    id uuid PRIMARY KEY,
    actor_type text COLLATE "C" NOT NULL CHECK (actor_type IN ('user', 'connection', 'system')),
    actor_id uuid,
    action text COLLATE "C" NOT NULL CHECK (char_length(action) BETWEEN 1 AND 100),
    subject_type text COLLATE "C" NOT NULL CHECK (char_length(subject_type) BETWEEN 1 AND 100),
    subject_id uuid NOT NULL,
    at timestamptz NOT NULL,
    CHECK ((actor_type = 'system') = (actor_id IS NULL))
);
CREATE INDEX audit_log_at ON audit_log (at, id);
CREATE TRIGGER audit_log_never_changes BEFORE UPDATE OR DELETE ON audit_log FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_log_never_vanishes BEFORE TRUNCATE ON audit_log FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
