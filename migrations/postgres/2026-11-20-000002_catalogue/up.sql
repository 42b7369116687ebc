-- What is sold and where it stands. Prices are in minor units of the shop's currency, quantities in hundred-thousandths.

CREATE TABLE categories (
    id uuid PRIMARY KEY,
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
    name_key text COLLATE "C" NOT NULL,
    description text NOT NULL CHECK (char_length(description) <= 10000),
    search_text text COLLATE "C" NOT NULL,
    version bigint NOT NULL CHECK (version > 0),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX categories_name_key ON categories (name_key);

CREATE TABLE locations (
    id uuid PRIMARY KEY,
    code text NOT NULL CHECK (char_length(code) BETWEEN 1 AND 64),
    code_key text COLLATE "C" NOT NULL,
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
    name_key text COLLATE "C" NOT NULL,
    is_default boolean NOT NULL DEFAULT false,
    removed_at timestamptz,
    version bigint NOT NULL CHECK (version > 0),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CHECK (NOT (is_default AND removed_at IS NOT NULL))
);
CREATE UNIQUE INDEX locations_code_key ON locations (code_key) WHERE removed_at IS NULL;
CREATE UNIQUE INDEX locations_name_key ON locations (name_key) WHERE removed_at IS NULL;
CREATE UNIQUE INDEX locations_one_default ON locations (is_default) WHERE is_default;
-- Nothing refers to locations and products with a foreign key: a check per row costs more than the rest of a sale. Instead
-- their rows are never deleted, and `tradepost verify` looks for orphans.
CREATE TRIGGER locations_are_kept BEFORE DELETE ON locations FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE products (
    id uuid PRIMARY KEY,
    sku text NOT NULL CHECK (char_length(sku) BETWEEN 1 AND 64),
    sku_key text COLLATE "C" NOT NULL,
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
    name_key text COLLATE "C" NOT NULL,
    description text NOT NULL CHECK (char_length(description) <= 10000),
    price bigint NOT NULL CHECK (price > 0),
    category_id uuid REFERENCES categories (id),
    barcode text CHECK (char_length(barcode) BETWEEN 1 AND 64),
    image_url text CHECK (char_length(image_url) BETWEEN 1 AND 2000),
    unit text NOT NULL DEFAULT 'each' CHECK (char_length(unit) BETWEEN 1 AND 64),
    unit_decimals integer NOT NULL DEFAULT 0 CHECK (unit_decimals BETWEEN 0 AND 5),
    low_stock_threshold bigint CHECK (low_stock_threshold >= 0),
    enabled boolean NOT NULL DEFAULT true,
    removed_at timestamptz,
    search_text text COLLATE "C" NOT NULL,
    version bigint NOT NULL CHECK (version > 0),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX products_sku_key ON products (sku_key);
CREATE UNIQUE INDEX products_name_in_category ON products (category_id, name_key)
    WHERE removed_at IS NULL AND category_id IS NOT NULL;
CREATE UNIQUE INDEX products_name_without_category ON products (name_key)
    WHERE removed_at IS NULL AND category_id IS NULL;
CREATE INDEX products_category ON products (category_id);
CREATE INDEX products_name ON products (name_key, id) WHERE removed_at IS NULL;
CREATE INDEX products_price ON products (price, id) WHERE removed_at IS NULL;
CREATE INDEX products_created ON products (created_at, id) WHERE removed_at IS NULL;
CREATE TRIGGER products_are_kept BEFORE DELETE ON products FOR EACH ROW EXECUTE FUNCTION refuse_change();
