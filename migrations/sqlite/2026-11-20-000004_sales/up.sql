-- Sales over the counter. Lines carry what was sold as it was then.

-- SQLite has no sequences; the one writer counts here.
CREATE TABLE counters (
    name TEXT NOT NULL PRIMARY KEY,
    next INTEGER NOT NULL CHECK (next > 0)
) STRICT, WITHOUT ROWID;
INSERT INTO counters (name, next) VALUES ('sale', 1);

CREATE TABLE sales (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    number INTEGER NOT NULL CHECK (number > 0),
    status TEXT NOT NULL CHECK (status IN ('completed', 'partly_refunded', 'refunded', 'voided')),
    location_id BLOB NOT NULL CHECK (length(location_id) = 16),
    customer_id BLOB CHECK (length(customer_id) = 16) REFERENCES customers (id),
    customer_name TEXT CHECK (length(customer_name) BETWEEN 1 AND 200),
    sold_by BLOB CHECK (length(sold_by) = 16),
    total INTEGER NOT NULL CHECK (total >= 0),
    refunded_total INTEGER NOT NULL CHECK (refunded_total >= 0 AND refunded_total <= total),
    reason TEXT CHECK (length(reason) <= 500),
    version INTEGER NOT NULL CHECK (version > 0),
    occurred_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CHECK (customer_id IS NULL OR customer_name IS NULL)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX sales_number ON sales (number);
CREATE INDEX sales_created ON sales (created_at, id);
CREATE INDEX sales_customer ON sales (customer_id, created_at, id) WHERE customer_id IS NOT NULL;
CREATE TRIGGER sales_are_kept BEFORE DELETE ON sales
BEGIN SELECT RAISE(ABORT, 'DELETE of sales refused: its rows are kept for ever'); END;

-- No foreign key to sales, for the reason given at products: lines are written with their sale, and sales are kept for ever.
CREATE TABLE sale_lines (
    id BLOB NOT NULL CHECK (length(id) = 16),
    sale_id BLOB NOT NULL CHECK (length(sale_id) = 16),
    position INTEGER NOT NULL CHECK (position >= 0),
    product_id BLOB NOT NULL CHECK (length(product_id) = 16),
    sku TEXT NOT NULL CHECK (length(sku) BETWEEN 1 AND 64),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    refunded_quantity INTEGER NOT NULL DEFAULT 0 CHECK (refunded_quantity >= 0 AND refunded_quantity <= quantity),
    restocked_quantity INTEGER NOT NULL DEFAULT 0 CHECK (restocked_quantity >= 0 AND restocked_quantity <= refunded_quantity),
    unit_price INTEGER NOT NULL CHECK (unit_price > 0),
    line_total INTEGER NOT NULL CHECK (line_total >= 0),
    PRIMARY KEY (sale_id, id)
) STRICT, WITHOUT ROWID;
