-- What is sold and where it stands. Prices are in minor units of the shop's currency, quantities in hundred-thousandths.

CREATE TABLE categories (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    name_key TEXT NOT NULL,
    description TEXT NOT NULL CHECK (length(description) <= 10000),
    search_text TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX categories_name_key ON categories (name_key);

CREATE TABLE locations (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    code TEXT NOT NULL CHECK (length(code) BETWEEN 1 AND 64),
    code_key TEXT NOT NULL,
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    name_key TEXT NOT NULL,
    is_default INTEGER NOT NULL CHECK (is_default IN (0, 1)) DEFAULT false,
    removed_at INTEGER,
    version INTEGER NOT NULL CHECK (version > 0),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CHECK (NOT (is_default AND removed_at IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX locations_code_key ON locations (code_key) WHERE removed_at IS NULL;
CREATE UNIQUE INDEX locations_name_key ON locations (name_key) WHERE removed_at IS NULL;
CREATE UNIQUE INDEX locations_one_default ON locations (is_default) WHERE is_default;
-- Nothing refers to locations and products with a foreign key: a check per row costs more than the rest of a sale. Instead
-- their rows are never deleted, and `tradepost verify` looks for orphans.
CREATE TRIGGER locations_are_kept BEFORE DELETE ON locations
BEGIN SELECT RAISE(ABORT, 'DELETE of locations refused: its rows are kept for ever'); END;

CREATE TABLE products (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    sku TEXT NOT NULL CHECK (length(sku) BETWEEN 1 AND 64),
    sku_key TEXT NOT NULL,
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    name_key TEXT NOT NULL,
    description TEXT NOT NULL CHECK (length(description) <= 10000),
    price INTEGER NOT NULL CHECK (price > 0),
    category_id BLOB CHECK (length(category_id) = 16) REFERENCES categories (id),
    barcode TEXT CHECK (length(barcode) BETWEEN 1 AND 64),
    image_url TEXT CHECK (length(image_url) BETWEEN 1 AND 2000),
    unit TEXT NOT NULL DEFAULT 'each' CHECK (length(unit) BETWEEN 1 AND 64),
    unit_decimals INTEGER NOT NULL DEFAULT 0 CHECK (unit_decimals BETWEEN 0 AND 5),
    low_stock_threshold INTEGER CHECK (low_stock_threshold >= 0),
    enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)) DEFAULT true,
    removed_at INTEGER,
    search_text TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX products_sku_key ON products (sku_key);
CREATE UNIQUE INDEX products_name_in_category ON products (category_id, name_key)
    WHERE removed_at IS NULL AND category_id IS NOT NULL;
CREATE UNIQUE INDEX products_name_without_category ON products (name_key)
    WHERE removed_at IS NULL AND category_id IS NULL;
CREATE INDEX products_category ON products (category_id);
CREATE INDEX products_name ON products (name_key, id) WHERE removed_at IS NULL;
CREATE INDEX products_price ON products (price, id) WHERE removed_at IS NULL;
CREATE INDEX products_created ON products (created_at, id) WHERE removed_at IS NULL;
CREATE TRIGGER products_are_kept BEFORE DELETE ON products
BEGIN SELECT RAISE(ABORT, 'DELETE of products refused: its rows are kept for ever'); END;
