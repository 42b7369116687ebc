-- What is to be told and what was done, written in the transaction of the decision it comes from.

-- Messages that are to be delivered.
CREATE TABLE messages (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    order_id BLOB NOT NULL CHECK (length(order_id) = 16),
    customer_id BLOB NOT NULL CHECK (length(customer_id) = 16),
    occurred_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Who did what to which thing, where no document and no movement says so.
CREATE TABLE audit_log (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    actor_type TEXT NOT NULL CHECK (actor_type IN ('user', 'connection', 'system')),
    actor_id BLOB CHECK (length(actor_id) = 16),
    action TEXT NOT NULL CHECK (length(action) BETWEEN 1 AND 100),
    subject_type TEXT NOT NULL CHECK (length(subject_type) BETWEEN 1 AND 100),
    subject_id BLOB NOT NULL CHECK (length(subject_id) = 16),
    at INTEGER NOT NULL,
    CHECK ((actor_type = 'system') = (actor_id IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX audit_log_at ON audit_log (at, id);
CREATE TRIGGER audit_log_never_changes_update BEFORE UPDATE ON audit_log
BEGIN SELECT RAISE(ABORT, 'UPDATE of audit_log refused: its rows are kept for ever'); END;
CREATE TRIGGER audit_log_never_changes_delete BEFORE DELETE ON audit_log
BEGIN SELECT RAISE(ABORT, 'DELETE of audit_log refused: its rows are kept for ever'); END;
