-- Promo codes, carts and customers' orders. Money is in minor units, quantities are in hundred-thousandths, percentages in hundredths.

-- `times_used` counts the rows of redemptions. It may be above `usage_limit`: a limit can be lowered afterwards.
CREATE TABLE promo_codes (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    code TEXT NOT NULL CHECK (length(code) BETWEEN 1 AND 64),
    code_key TEXT NOT NULL,
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    name_key TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('fixed', 'percentage')),
    amount INTEGER CHECK (amount > 0),
    percentage_hundredths INTEGER CHECK (percentage_hundredths BETWEEN 1 AND 10000),
    max_discount INTEGER CHECK (max_discount > 0),
    minimum_subtotal INTEGER CHECK (minimum_subtotal > 0),
    valid_from INTEGER NOT NULL,
    valid_until INTEGER NOT NULL,
    active INTEGER NOT NULL CHECK (active IN (0, 1)),
    usage_limit INTEGER CHECK (usage_limit BETWEEN 1 AND 4294967295),
    per_customer_limit INTEGER CHECK (per_customer_limit BETWEEN 1 AND 4294967295),
    times_used INTEGER NOT NULL DEFAULT 0 CHECK (times_used >= 0),
    removed_at INTEGER,
    search_text TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CHECK ((kind = 'fixed') = (amount IS NOT NULL)),
    CHECK ((kind = 'percentage') = (percentage_hundredths IS NOT NULL)),
    CHECK (valid_from <= valid_until)
) STRICT;
CREATE UNIQUE INDEX promo_codes_code_key ON promo_codes (code_key) WHERE removed_at IS NULL;
CREATE INDEX promo_codes_created ON promo_codes (created_at, id) WHERE removed_at IS NULL;
CREATE TRIGGER promo_codes_are_kept BEFORE DELETE ON promo_codes
BEGIN SELECT RAISE(ABORT, 'DELETE of promo_codes refused: its rows are kept for ever'); END;

-- One row for each order that holds a code; what is given back is deleted. No foreign key to orders, for the reason given there.
CREATE TABLE redemptions (
    order_id BLOB NOT NULL PRIMARY KEY CHECK (length(order_id) = 16),
    promo_id BLOB NOT NULL CHECK (length(promo_id) = 16) REFERENCES promo_codes (id),
    customer_id BLOB NOT NULL CHECK (length(customer_id) = 16) REFERENCES customers (id),
    redeemed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX redemptions_promo ON redemptions (promo_id, customer_id);
CREATE INDEX redemptions_customer ON redemptions (customer_id);

CREATE TABLE carts (
    user_id BLOB NOT NULL PRIMARY KEY CHECK (length(user_id) = 16) REFERENCES users (id),
    promo_code TEXT CHECK (length(promo_code) BETWEEN 1 AND 64),
    version INTEGER NOT NULL CHECK (version >= 0),
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE cart_items (
    user_id BLOB NOT NULL CHECK (length(user_id) = 16) REFERENCES carts (user_id),
    product_id BLOB NOT NULL CHECK (length(product_id) = 16),
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    price_seen INTEGER NOT NULL CHECK (price_seen > 0),
    added_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, product_id)
) STRICT, WITHOUT ROWID;

INSERT INTO counters (name, next) VALUES ('order', 1);

-- The terms of its promo code stay as they were promised, whatever becomes of the code. Locations and products are named without a
-- foreign key, as everywhere.
CREATE TABLE orders (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    number INTEGER NOT NULL CHECK (number > 0),
    status TEXT NOT NULL CHECK (status IN ('pending', 'accepted', 'rejected', 'cancelled', 'shipped', 'delivered')),
    customer_id BLOB NOT NULL CHECK (length(customer_id) = 16) REFERENCES customers (id),
    placed_by BLOB CHECK (length(placed_by) = 16),
    subtotal INTEGER NOT NULL CHECK (subtotal >= 0),
    discount INTEGER NOT NULL CHECK (discount >= 0 AND discount <= subtotal),
    total INTEGER NOT NULL CONSTRAINT orders_total CHECK (total = subtotal - discount),
    promo_id BLOB CHECK (length(promo_id) = 16) REFERENCES promo_codes (id),
    promo_code TEXT CHECK (length(promo_code) BETWEEN 1 AND 64),
    promo_code_key TEXT,
    promo_kind TEXT CHECK (promo_kind IN ('fixed', 'percentage')),
    promo_amount INTEGER CHECK (promo_amount > 0),
    promo_percentage_hundredths INTEGER CHECK (promo_percentage_hundredths BETWEEN 1 AND 10000),
    promo_max_discount INTEGER CHECK (promo_max_discount > 0),
    promo_minimum_subtotal INTEGER CHECK (promo_minimum_subtotal > 0),
    notes TEXT CHECK (length(notes) BETWEEN 1 AND 500),
    location_id BLOB NOT NULL CHECK (length(location_id) = 16),
    hidden_at INTEGER,
    search_text TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CHECK ((promo_id IS NULL) = (promo_code IS NULL)),
    CHECK ((promo_id IS NULL) = (promo_code_key IS NULL)),
    CHECK ((promo_id IS NULL) = (promo_kind IS NULL)),
    CHECK ((promo_kind IS NOT NULL AND promo_kind = 'fixed') = (promo_amount IS NOT NULL)),
    CHECK ((promo_kind IS NOT NULL AND promo_kind = 'percentage') = (promo_percentage_hundredths IS NOT NULL)),
    CHECK (promo_id IS NOT NULL OR (discount = 0 AND promo_max_discount IS NULL AND promo_minimum_subtotal IS NULL)),
    CHECK (hidden_at IS NULL OR status IN ('rejected', 'cancelled'))
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX orders_number ON orders (number);
CREATE INDEX orders_created ON orders (created_at, id);
CREATE INDEX orders_status ON orders (status, created_at, id);
CREATE INDEX orders_customer ON orders (customer_id, created_at, id);
CREATE INDEX orders_placed_by ON orders (placed_by, created_at, id) WHERE placed_by IS NOT NULL;
CREATE INDEX orders_promo_code ON orders (promo_code_key, created_at, id) WHERE promo_code_key IS NOT NULL;
CREATE TRIGGER orders_are_kept BEFORE DELETE ON orders
BEGIN SELECT RAISE(ABORT, 'DELETE of orders refused: its rows are kept for ever'); END;

-- Written with their order, which is kept for ever: no foreign key, as with sales.
CREATE TABLE order_lines (
    id BLOB NOT NULL CHECK (length(id) = 16),
    order_id BLOB NOT NULL CHECK (length(order_id) = 16),
    position INTEGER NOT NULL CHECK (position >= 0),
    product_id BLOB NOT NULL CHECK (length(product_id) = 16),
    sku TEXT NOT NULL CHECK (length(sku) BETWEEN 1 AND 64),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    returned_quantity INTEGER NOT NULL DEFAULT 0 CHECK (returned_quantity >= 0 AND returned_quantity <= quantity),
    restocked_quantity INTEGER NOT NULL DEFAULT 0 CHECK (restocked_quantity >= 0 AND restocked_quantity <= returned_quantity),
    unit_price INTEGER NOT NULL CHECK (unit_price > 0),
    line_total INTEGER NOT NULL CHECK (line_total >= 0),
    PRIMARY KEY (order_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE order_history (
    order_id BLOB NOT NULL CHECK (length(order_id) = 16),
    position INTEGER NOT NULL CHECK (position >= 0),
    status TEXT NOT NULL CHECK (status IN ('pending', 'accepted', 'rejected', 'cancelled', 'shipped', 'delivered')),
    at INTEGER NOT NULL,
    actor_type TEXT NOT NULL CHECK (actor_type IN ('user', 'connection', 'system')),
    actor_id BLOB CHECK (length(actor_id) = 16),
    reason TEXT CHECK (length(reason) BETWEEN 1 AND 500),
    PRIMARY KEY (order_id, position),
    CHECK ((actor_type = 'system') = (actor_id IS NULL))
) STRICT, WITHOUT ROWID;
CREATE TRIGGER order_history_never_changes_update BEFORE UPDATE ON order_history
BEGIN SELECT RAISE(ABORT, 'UPDATE of order_history refused: its rows are kept for ever'); END;
CREATE TRIGGER order_history_never_changes_delete BEFORE DELETE ON order_history
BEGIN SELECT RAISE(ABORT, 'DELETE of order_history refused: its rows are kept for ever'); END;
