-- Who logs in, who buys, and what the shop is called. Texts that are unique or sorted without regard to case have a
-- key column that the program folds; it is compared bytewise, as on SQLite.

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % refused: its rows are kept for ever', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE TABLE settings (
    id integer PRIMARY KEY CHECK (id = 1),
    shop_name text NOT NULL CHECK (char_length(shop_name) BETWEEN 1 AND 200),
    currency text COLLATE "C" NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    created_at timestamptz NOT NULL
);

CREATE TABLE users (
    id uuid PRIMARY KEY,
    username text CHECK (char_length(username) BETWEEN 1 AND 64),
    username_key text COLLATE "C",
    email text NOT NULL CHECK (char_length(email) BETWEEN 1 AND 254),
    email_key text COLLATE "C" NOT NULL,
    password_hash text,
    first_name text NOT NULL CHECK (char_length(first_name) <= 200),
    last_name text NOT NULL CHECK (char_length(last_name) <= 200),
    phone text CHECK (char_length(phone) BETWEEN 1 AND 64),
    date_of_birth text CHECK (date_of_birth ~ '^\d{4}-\d{2}-\d{2}$'),
    role text NOT NULL CHECK (role IN ('shopper', 'employee', 'admin', 'owner')),
    permissions text NOT NULL DEFAULT '',
    active boolean NOT NULL DEFAULT true,
    search_text text COLLATE "C" NOT NULL,
    version bigint NOT NULL CHECK (version > 0),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    erased_at timestamptz,
    CHECK ((username IS NULL) = (username_key IS NULL))
);
CREATE UNIQUE INDEX users_username_key ON users (username_key);
CREATE UNIQUE INDEX users_email_key ON users (email_key);
CREATE INDEX users_created ON users (created_at, id) WHERE erased_at IS NULL;
CREATE INDEX users_owners ON users (id) WHERE role = 'owner' AND active AND erased_at IS NULL;
CREATE TRIGGER users_are_kept BEFORE DELETE ON users FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- A revoked token is a deleted row.
CREATE TABLE tokens (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id),
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    last_used_at timestamptz
);
CREATE UNIQUE INDEX tokens_hash ON tokens (hash);
CREATE INDEX tokens_user ON tokens (user_id);
CREATE INDEX tokens_expiry ON tokens (expires_at);

-- In the database, so that replicas count together.
CREATE TABLE login_failures (
    subject text COLLATE "C" PRIMARY KEY,
    failures integer NOT NULL CHECK (failures > 0),
    last_at timestamptz NOT NULL
);
CREATE INDEX login_failures_age ON login_failures (last_at);

-- Accepted answers only, each written in the transaction of its effect.
CREATE TABLE idempotency_keys (
    principal text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL CHECK (char_length(key) BETWEEN 1 AND 255),
    fingerprint bytea NOT NULL CHECK (octet_length(fingerprint) = 32),
    status integer NOT NULL CHECK (status BETWEEN 100 AND 599),
    body bytea NOT NULL,
    location text,
    version bigint,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (principal, key)
);
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);

CREATE TABLE customers (
    id uuid PRIMARY KEY,
    code text NOT NULL CHECK (char_length(code) BETWEEN 1 AND 64),
    code_key text COLLATE "C" NOT NULL,
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
    name_key text COLLATE "C" NOT NULL,
    phone text CHECK (char_length(phone) BETWEEN 1 AND 64),
    email text CHECK (char_length(email) BETWEEN 1 AND 254),
    email_key text COLLATE "C",
    user_id uuid REFERENCES users (id),
    search_text text COLLATE "C" NOT NULL,
    version bigint NOT NULL CHECK (version > 0),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    erased_at timestamptz,
    CHECK ((email IS NULL) = (email_key IS NULL))
);
CREATE UNIQUE INDEX customers_code_key ON customers (code_key);
CREATE UNIQUE INDEX customers_user_id ON customers (user_id);
CREATE INDEX customers_name ON customers (name_key, id) WHERE erased_at IS NULL;
CREATE INDEX customers_email ON customers (email_key) WHERE email_key IS NOT NULL;
CREATE TRIGGER customers_are_kept BEFORE DELETE ON customers FOR EACH ROW EXECUTE FUNCTION refuse_change();
