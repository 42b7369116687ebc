-- Sales over the counter. Lines carry what was sold as it was then.

CREATE SEQUENCE sale_numbers AS bigint CACHE 1;

CREATE TABLE sales (
    id uuid PRIMARY KEY,
    number bigint NOT NULL CHECK (number > 0),
    status text COLLATE "C" NOT NULL CHECK (status IN ('completed', 'partly_refunded', 'refunded', 'voided')),
    location_id uuid NOT NULL,
    customer_id uuid REFERENCES customers (id),
    customer_name text CHECK (char_length(customer_name) BETWEEN 1 AND 200),
    sold_by uuid,
    total bigint NOT NULL CHECK (total >= 0),
    refunded_total bigint NOT NULL CHECK (refunded_total >= 0 AND refunded_total <= total),
    reason text CHECK (char_length(reason) <= 500),
    version bigint NOT NULL CHECK (version > 0),
    occurred_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CHECK (customer_id IS NULL OR customer_name IS NULL)
);
CREATE UNIQUE INDEX sales_number ON sales (number);
CREATE INDEX sales_created ON sales (created_at, id);
CREATE INDEX sales_customer ON sales (customer_id, created_at, id) WHERE customer_id IS NOT NULL;
CREATE TRIGGER sales_are_kept BEFORE DELETE ON sales FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- No foreign key to sales, for the reason given at products: lines are written with their sale, and sales are kept for ever.
CREATE TABLE sale_lines (
    id uuid NOT NULL,
    sale_id uuid NOT NULL,
    position integer NOT NULL CHECK (position >= 0),
    product_id uuid NOT NULL,
    sku text NOT NULL CHECK (char_length(sku) BETWEEN 1 AND 64),
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
    quantity bigint NOT NULL CHECK (quantity > 0),
    refunded_quantity bigint NOT NULL DEFAULT 0 CHECK (refunded_quantity >= 0 AND refunded_quantity <= quantity),
    restocked_quantity bigint NOT NULL DEFAULT 0 CHECK (restocked_quantity >= 0 AND restocked_quantity <= refunded_quantity),
    unit_price bigint NOT NULL CHECK (unit_price > 0),
    line_total bigint NOT NULL CHECK (line_total >= 0),
    PRIMARY KEY (sale_id, id)
);
