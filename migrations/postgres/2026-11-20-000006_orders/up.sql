-- Promo codes, carts and customers' orders. Money is in minor units, quantities are in hundred-thousandths, percentages in hundredths.

-- `times_used` counts the rows of redemptions. It may be above `usage_limit`: a limit can be lowered afterwards.
CREATE TABLE promo_codes (
    id uuid PRIMARY KEY,
    code text NOT NULL CHECK (char_length(code) BETWEEN 1 AND 64),
    code_key text COLLATE "C" NOT NULL,
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
    name_key text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL CHECK (kind IN ('fixed', 'percentage')),
    amount bigint CHECK (amount > 0),
    percentage_hundredths bigint CHECK (percentage_hundredths BETWEEN 1 AND 10000),
    max_discount bigint CHECK (max_discount > 0),
    minimum_subtotal bigint CHECK (minimum_subtotal > 0),
    valid_from timestamptz NOT NULL,
    valid_until timestamptz NOT NULL,
    active boolean NOT NULL,
    usage_limit bigint CHECK (usage_limit BETWEEN 1 AND 4294967295),
    per_customer_limit bigint CHECK (per_customer_limit BETWEEN 1 AND 4294967295),
    times_used bigint NOT NULL DEFAULT 0 CHECK (times_used >= 0),
    removed_at timestamptz,
    search_text text COLLATE "C" NOT NULL,
    version bigint NOT NULL CHECK (version > 0),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CHECK ((kind = 'fixed') = (amount IS NOT NULL)),
    CHECK ((kind = 'percentage') = (percentage_hundredths IS NOT NULL)),
    CHECK (valid_from <= valid_until)
);
CREATE UNIQUE INDEX promo_codes_code_key ON promo_codes (code_key) WHERE removed_at IS NULL;
CREATE INDEX promo_codes_created ON promo_codes (created_at, id) WHERE removed_at IS NULL;
CREATE TRIGGER promo_codes_are_kept BEFORE DELETE ON promo_codes FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- One row for each order that holds a code; what is given back is deleted. No foreign key to orders, for the reason given there.
CREATE TABLE redemptions (
    order_id uuid PRIMARY KEY,
    promo_id uuid NOT NULL REFERENCES promo_codes (id),
    customer_id uuid NOT NULL REFERENCES customers (id),
    redeemed_at timestamptz NOT NULL
);
CREATE INDEX redemptions_promo ON redemptions (promo_id, customer_id);
CREATE INDEX redemptions_customer ON redemptions (customer_id);

CREATE TABLE carts (
    user_id uuid PRIMARY KEY REFERENCES users (id),
    promo_code text CHECK (char_length(promo_code) BETWEEN 1 AND 64),
    version bigint NOT NULL CHECK (version >= 0),
    updated_at timestamptz NOT NULL
);

CREATE TABLE cart_items (
    user_id uuid NOT NULL REFERENCES carts (user_id),
    product_id uuid NOT NULL,
    quantity bigint NOT NULL CHECK (quantity > 0),
    price_seen bigint NOT NULL CHECK (price_seen > 0),
    added_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, product_id)
);

CREATE SEQUENCE order_numbers AS bigint CACHE 1;

-- The terms of its promo code stay as they were promised, whatever becomes of the code. Locations and products are named without a
-- foreign key, as everywhere.
CREATE TABLE orders (
    id uuid PRIMARY KEY,
    number bigint NOT NULL CHECK (number > 0),
    status text COLLATE "C" NOT NULL CHECK (status IN ('pending', 'accepted', 'rejected', 'cancelled', 'shipped', 'delivered')),
    customer_id uuid NOT NULL REFERENCES customers (id),
    placed_by uuid,
    subtotal bigint NOT NULL CHECK (subtotal >= 0),
    discount bigint NOT NULL CHECK (discount >= 0 AND discount <= subtotal),
    total bigint NOT NULL CONSTRAINT orders_total CHECK (total = subtotal - discount),
    promo_id uuid REFERENCES promo_codes (id),
    promo_code text CHECK (char_length(promo_code) BETWEEN 1 AND 64),
    promo_code_key text COLLATE "C",
    promo_kind text COLLATE "C" CHECK (promo_kind IN ('fixed', 'percentage')),
    promo_amount bigint CHECK (promo_amount > 0),
    promo_percentage_hundredths bigint CHECK (promo_percentage_hundredths BETWEEN 1 AND 10000),
    promo_max_discount bigint CHECK (promo_max_discount > 0),
    promo_minimum_subtotal bigint CHECK (promo_minimum_subtotal > 0),
    notes text CHECK (char_length(notes) BETWEEN 1 AND 500),
    location_id uuid NOT NULL,
    hidden_at timestamptz,
    search_text text COLLATE "C" NOT NULL,
    version bigint NOT NULL CHECK (version > 0),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CHECK ((promo_id IS NULL) = (promo_code IS NULL)),
    CHECK ((promo_id IS NULL) = (promo_code_key IS NULL)),
    CHECK ((promo_id IS NULL) = (promo_kind IS NULL)),
    CHECK ((promo_kind IS NOT NULL AND promo_kind = 'fixed') = (promo_amount IS NOT NULL)),
    CHECK ((promo_kind IS NOT NULL AND promo_kind = 'percentage') = (promo_percentage_hundredths IS NOT NULL)),
    CHECK (promo_id IS NOT NULL OR (discount = 0 AND promo_max_discount IS NULL AND promo_minimum_subtotal IS NULL)),
    CHECK (hidden_at IS NULL OR status IN ('rejected', 'cancelled'))
);
CREATE UNIQUE INDEX orders_number ON orders (number);
CREATE INDEX orders_created ON orders (created_at, id);
CREATE INDEX orders_status ON orders (status, created_at, id);
CREATE INDEX orders_customer ON orders (customer_id, created_at, id);
CREATE INDEX orders_placed_by ON orders (placed_by, created_at, id) WHERE placed_by IS NOT NULL;
CREATE INDEX orders_promo_code ON orders (promo_code_key, created_at, id) WHERE promo_code_key IS NOT NULL;
CREATE TRIGGER orders_are_kept BEFORE DELETE ON orders FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- Written with their order, which is kept for ever: no foreign key, as with sales.
CREATE TABLE order_lines (
    id uuid NOT NULL,
    order_id uuid NOT NULL,
    position integer NOT NULL CHECK (position >= 0),
    product_id uuid NOT NULL,
    sku text NOT NULL CHECK (char_length(sku) BETWEEN 1 AND 64),
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
    quantity bigint NOT NULL CHECK (quantity > 0),
    returned_quantity bigint NOT NULL DEFAULT 0 CHECK (returned_quantity >= 0 AND returned_quantity <= quantity),
    restocked_quantity bigint NOT NULL DEFAULT 0 CHECK (restocked_quantity >= 0 AND restocked_quantity <= returned_quantity),
    unit_price bigint NOT NULL CHECK (unit_price > 0),
    line_total bigint NOT NULL CHECK (line_total >= 0),
    PRIMARY KEY (order_id, id)
);

CREATE TABLE order_history (
    order_id uuid NOT NULL,
    position integer NOT NULL CHECK (position >= 0),
    status text COLLATE "C" NOT NULL CHECK (status IN ('pending', 'accepted', 'rejected', 'cancelled', 'shipped', 'delivered')),
    at timestamptz NOT NULL,
    actor_type text COLLATE "C" NOT NULL CHECK (actor_type IN ('user', 'connection', 'system')),
    actor_id uuid,
    reason text CHECK (char_length(reason) BETWEEN 1 AND 500),
    PRIMARY KEY (order_id, position),
    CHECK ((actor_type = 'system') = (actor_id IS NULL))
);
CREATE TRIGGER order_history_never_changes BEFORE UPDATE OR DELETE ON order_history FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER order_history_never_vanishes BEFORE TRUNCATE ON order_history FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
