-- Who logs in, who buys, and what the shop is called. Texts that are unique or sorted without regard to case have a
-- key column that the program folds; it is compared bytewise, as on PostgreSQL.

CREATE TABLE settings (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    shop_name TEXT NOT NULL CHECK (length(shop_name) BETWEEN 1 AND 200),
    currency TEXT NOT NULL CHECK (currency GLOB '[A-Z][A-Z][A-Z]'),
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE users (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    username TEXT CHECK (length(username) BETWEEN 1 AND 64),
    username_key TEXT,
    email TEXT NOT NULL CHECK (length(email) BETWEEN 1 AND 254),
    email_key TEXT NOT NULL,
    password_hash TEXT,
    first_name TEXT NOT NULL CHECK (length(first_name) <= 200),
    last_name TEXT NOT NULL CHECK (length(last_name) <= 200),
    phone TEXT CHECK (length(phone) BETWEEN 1 AND 64),
    date_of_birth TEXT CHECK (date_of_birth GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
    role TEXT NOT NULL CHECK (role IN ('shopper', 'employee', 'admin', 'owner')),
    permissions TEXT NOT NULL DEFAULT '',
    active INTEGER NOT NULL CHECK (active IN (0, 1)) DEFAULT true,
    search_text TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    erased_at INTEGER,
    CHECK ((username IS NULL) = (username_key IS NULL))
) STRICT;
CREATE UNIQUE INDEX users_username_key ON users (username_key);
CREATE UNIQUE INDEX users_email_key ON users (email_key);
CREATE INDEX users_created ON users (created_at, id) WHERE erased_at IS NULL;
CREATE INDEX users_owners ON users (id) WHERE role = 'owner' AND active AND erased_at IS NULL;
CREATE TRIGGER users_are_kept BEFORE DELETE ON users
BEGIN SELECT RAISE(ABORT, 'DELETE of users refused: its rows are kept for ever'); END;

-- A revoked token is a deleted row.
CREATE TABLE tokens (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    user_id BLOB NOT NULL CHECK (length(user_id) = 16) REFERENCES users (id),
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    last_used_at INTEGER
) STRICT;
CREATE UNIQUE INDEX tokens_hash ON tokens (hash);
CREATE INDEX tokens_user ON tokens (user_id);
CREATE INDEX tokens_expiry ON tokens (expires_at);

-- In the database, so that replicas count together.
CREATE TABLE login_failures (
    subject TEXT NOT NULL PRIMARY KEY,
    failures INTEGER NOT NULL CHECK (failures > 0),
    last_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX login_failures_age ON login_failures (last_at);

-- Accepted answers only, each written in the transaction of its effect.
CREATE TABLE idempotency_keys (
    principal TEXT NOT NULL,
    key TEXT NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    fingerprint BLOB NOT NULL CHECK (length(fingerprint) = 32),
    status INTEGER NOT NULL CHECK (status BETWEEN 100 AND 599),
    body BLOB NOT NULL,
    location TEXT,
    version INTEGER,
    created_at INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000000 AS INTEGER)),
    PRIMARY KEY (principal, key)
) STRICT;
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);

CREATE TABLE customers (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    code TEXT NOT NULL CHECK (length(code) BETWEEN 1 AND 64),
    code_key TEXT NOT NULL,
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    name_key TEXT NOT NULL,
    phone TEXT CHECK (length(phone) BETWEEN 1 AND 64),
    email TEXT CHECK (length(email) BETWEEN 1 AND 254),
    email_key TEXT,
    user_id BLOB CHECK (length(user_id) = 16) REFERENCES users (id),
    search_text TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    erased_at INTEGER,
    CHECK ((email IS NULL) = (email_key IS NULL))
) STRICT;
CREATE UNIQUE INDEX customers_code_key ON customers (code_key);
CREATE UNIQUE INDEX customers_user_id ON customers (user_id);
CREATE INDEX customers_name ON customers (name_key, id) WHERE erased_at IS NULL;
CREATE INDEX customers_email ON customers (email_key) WHERE email_key IS NOT NULL;
CREATE TRIGGER customers_are_kept BEFORE DELETE ON customers
BEGIN SELECT RAISE(ABORT, 'DELETE of customers refused: its rows are kept for ever'); END;
