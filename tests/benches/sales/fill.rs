//! Ten thousand products with stock, the same on both engines, under ids that SQL can compute from a number.

use tradepost_tests::{Database, Engine, sql};

/// How many products there are; numbers begin at 1.
pub(crate) const PRODUCTS: usize = 10_000;

/// A million units each, in hundred-thousandths: never sold out.
const STOCK: &str = "100000000000";

/// The id of a product, as JSON and PostgreSQL write it.
pub(crate) fn product_id(number: usize) -> String {
    format!("00000000-0000-7000-8000-{number:012}")
}

/// Fills a migrated shop whose default location exists.
pub(crate) fn products(database: &Database) {
    let (number, id, now, yes, finish) = match database.engine {
        Engine::Postgres => (
            format!("with numbers as (select n from generate_series(1, {PRODUCTS}) n)"),
            "('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid",
            "timestamptz '2026-01-01 00:00:00Z'",
            "true",
            "vacuum analyze",
        ),
        Engine::Sqlite => (
            format!(
                "with recursive numbers(n) as (values (1) union all select n + 1 from numbers where n < {PRODUCTS})"
            ),
            "unhex('00000000000070008000' || printf('%012d', n))",
            "1767225600000000",
            "1",
            "analyze",
        ),
    };
    let name = "'Product ' || n || ' sample name'";
    sql::execute(
        &database.url,
        &format!(
            "insert into products (id, sku, sku_key, name, name_key, description, price, unit, unit_decimals, enabled, search_text, \
                 version, created_at, updated_at) \
             {number} select {id}, 'SKU-' || n, 'sku-' || n, {name}, lower({name}), 'A product', 100 + (n * 37) % 50000, 'each', 0, \
                 {yes}, 'sku-' || n || ' ' || lower({name}), 1, {now}, {now} from numbers"
        ),
    );
    sql::execute(
        &database.url,
        &format!(
            "insert into levels (product_id, location_id, on_hand, reserved, seq, recorded_at) \
             select p.id, l.id, {STOCK}, 0, 1, {now} from products p, locations l where l.is_default"
        ),
    );
    let movement_id = match database.engine {
        Engine::Postgres => "gen_random_uuid()",
        Engine::Sqlite => "randomblob(16)",
    };
    sql::execute(
        &database.url,
        &format!(
            "insert into movements (id, product_id, location_id, seq, kind, on_hand_change, reserved_change, on_hand_after, \
                 reserved_after, actor_type, occurred_at, recorded_at) \
             select {movement_id}, product_id, location_id, 1, 'received', {STOCK}, 0, {STOCK}, 0, 'system', {now}, {now} from levels"
        ),
    );
    sql::execute(&database.url, finish);
}
