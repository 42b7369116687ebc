//! Loads what a batch needs into a book, in a handful of reads, locked in a fixed order.
//!
//! What depends on a locked row is read after the lock; [`Needs`] says in which steps.

mod numbers;
mod orders;
mod pos;

pub(super) use numbers::Numbers;

use super::{
    batch::Failure,
    rows::{LevelRow, LineRow, LocationRow, ProductRow, SaleRow},
};
use crate::{
    connection::Conn,
    dialect::Sql,
    error::StoreError,
    types::{At, Id, UuidSql},
};
use diesel::{
    QueryableByName,
    sql_types::{BigInt, Bool, Nullable, Text},
};
use std::{collections::HashMap, sync::Arc};
use tradepost_domain::{
    ids::{LocationId, ProductId, SaleId},
    instant::Instant,
    ledger::{Book, Command, CustomerCard, Needs},
    money::Currency,
    quantity::Delta,
};

type Loaded<T> = Result<T, Failure>;

/// The book for these commands.
pub(super) fn load(conn: &mut Conn, commands: &[&Command], currency: Currency) -> Loaded<(Book, Numbers)> {
    let mut book = Book::new(currency, default_location(conn)?);
    let mut needs = Needs::documents(commands.iter().copied());
    let numbers = Numbers::draw(conn, needs.sale_numbers, needs.order_numbers)?;
    load_documents(conn, &mut book, &needs)?;
    needs = Needs::references(&book, commands.iter().copied());
    pos::load_connections(conn, &mut book, &needs.connections)?;
    load_references(conn, &mut book, &needs)?;
    orders::load_promos(conn, &mut book, &needs)?;
    needs = Needs::stock(&book, commands.iter().copied());
    load_stock(conn, &mut book, &needs)?;
    Ok((book, numbers))
}

#[derive(QueryableByName)]
struct IdRow {
    #[diesel(sql_type = UuidSql)]
    id: Id,
}

#[derive(QueryableByName)]
struct NumberRow {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

fn default_location(conn: &mut Conn) -> Loaded<LocationId> {
    let row: Option<IdRow> = Sql::new("SELECT id FROM locations WHERE is_default").first(conn)?;
    row.map(|row| row.id.into())
        .ok_or_else(|| StoreError::Internal("the shop has no default location: it was never started".to_owned()).into())
}

fn ids<T: Copy + Into<Id>>(list: &[T]) -> Vec<Id> {
    list.iter().map(|id| (*id).into()).collect()
}

/// Corrupt rows are our own fault, never the caller's.
fn corrupt(error: impl std::fmt::Display) -> Failure {
    StoreError::Internal(format!("a stored row cannot be read: {error}")).into()
}

fn load_documents(conn: &mut Conn, book: &mut Book, needs: &Needs) -> Loaded<()> {
    pos::load_connections(conn, book, &needs.connections)?;
    pos::load_events(conn, book, needs)?;
    load_sales(conn, book, &needs.sales)?;
    orders::load_orders(conn, book, &needs.orders)?;
    orders::load_carts(conn, book, &needs.carts)?;
    if !needs.products.is_empty() {
        load_products(conn, book, &needs.products, false)?;
    }
    Ok(())
}

fn load_sales(conn: &mut Conn, book: &mut Book, wanted: &[SaleId]) -> Loaded<()> {
    if wanted.is_empty() {
        return Ok(());
    }
    let sql = Sql::new(SaleRow::SELECT).id_in("id", ids(wanted)).text(" ORDER BY id").either(" FOR UPDATE", "");
    let sales: Vec<SaleRow> = sql.load(conn)?;
    let sql = Sql::new(LineRow::OF_SALES).id_in("sale_id", ids(wanted)).text(" ORDER BY sale_id, position");
    let mut lines: HashMap<Id, Vec<LineRow>> = HashMap::new();
    for line in sql.load::<LineRow>(conn)? {
        lines.entry(line.document_id).or_default().push(line);
    }
    for sale in sales {
        let lines = lines.remove(&sale.id).unwrap_or_default();
        book.enter_sale(Arc::new(sale.sale(lines, book.currency()).map_err(corrupt)?));
    }
    Ok(())
}

#[derive(QueryableByName)]
struct NamedRow {
    #[diesel(sql_type = UuidSql)]
    id: Id,
    #[diesel(sql_type = Nullable<UuidSql>)]
    category_id: Option<Id>,
    #[diesel(sql_type = Text)]
    key: String,
}

fn load_references(conn: &mut Conn, book: &mut Book, needs: &Needs) -> Loaded<()> {
    if !needs.skus.is_empty() {
        let sql = Sql::new("SELECT id, category_id, sku_key AS key FROM products WHERE ")
            .text_in("sku_key", needs.skus.clone());
        for row in sql.load::<NamedRow>(conn)? {
            book.enter_sku(row.key, row.id.into());
        }
    }
    if !needs.names.is_empty() {
        let names = needs.names.iter().map(|(_, name)| name.clone()).collect();
        let sql = Sql::new("SELECT id, category_id, name_key AS key FROM products WHERE removed_at IS NULL AND ")
            .text_in("name_key", names);
        for row in sql.load::<NamedRow>(conn)? {
            book.enter_name(row.category_id.map(Into::into), row.key, row.id.into());
        }
    }
    pos::load_mappings(conn, book, &needs.external_ids)
}

fn load_stock(conn: &mut Conn, book: &mut Book, needs: &Needs) -> Loaded<()> {
    if !needs.levels_at.is_empty() {
        // Nobody books the first stock of a product here meanwhile: that shares this lock (see below).
        Sql::new("SELECT id FROM locations WHERE ")
            .id_in("id", ids(&needs.levels_at))
            .text(" ORDER BY id")
            .either(" FOR UPDATE", "")
            .load::<IdRow>(conn)?;
    }
    let found = load_levels(conn, book, needs)?;
    let some_are_new = found < needs.levels.len();
    load_locations(conn, book, &needs.locations, some_are_new)?;
    load_products(conn, book, &needs.products, some_are_new)?;
    load_names(conn, book, needs)?;
    if !needs.changes_since.is_empty() {
        load_changes_since(conn, book, &needs.changes_since)?;
    }
    Ok(())
}

/// Locks and enters the levels that exist; answers how many of those named one by one do.
fn load_levels(conn: &mut Conn, book: &mut Book, needs: &Needs) -> Loaded<usize> {
    let mut found = 0;
    for row in LevelRow::load_named(conn, &needs.levels)? {
        book.enter_level(row.level().map_err(corrupt)?);
        found += 1;
    }
    for (column, wanted) in [("product_id", ids(&needs.levels_of)), ("location_id", ids(&needs.levels_at))] {
        if wanted.is_empty() {
            continue;
        }
        let sql = Sql::new(LevelRow::SELECT)
            .id_in(column, wanted)
            .text(" ORDER BY product_id, location_id")
            .either(" FOR UPDATE", "");
        for row in sql.load::<LevelRow>(conn)? {
            book.enter_level(row.level().map_err(corrupt)?);
        }
    }
    Ok(found)
}

/// Where a level is to be made, there is no row of it to lock. Sharing a lock on its location and product keeps those from being
/// removed until it is there.
fn shared(some_are_new: bool) -> &'static str {
    if some_are_new { " ORDER BY id FOR SHARE" } else { "" }
}

fn load_locations(conn: &mut Conn, book: &mut Book, wanted: &[LocationId], some_are_new: bool) -> Loaded<()> {
    let sql = Sql::new(LocationRow::SELECT).id_in("id", ids(wanted)).either(shared(some_are_new), "");
    for row in sql.load::<LocationRow>(conn)? {
        book.enter_location(Arc::new(row.location()));
    }
    Ok(())
}

fn load_products(conn: &mut Conn, book: &mut Book, wanted: &[ProductId], some_are_new: bool) -> Loaded<()> {
    if wanted.is_empty() {
        return Ok(());
    }
    let sql = Sql::new(ProductRow::SELECT).id_in("id", ids(wanted)).either(shared(some_are_new), "");
    for row in sql.load::<ProductRow>(conn)? {
        book.enter_product(Arc::new(row.product(book.currency()).map_err(corrupt)?));
    }
    Ok(())
}

#[derive(QueryableByName)]
struct CardRow {
    #[diesel(sql_type = UuidSql)]
    id: Id,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    code: String,
    #[diesel(sql_type = Bool)]
    is_erased: bool,
}

fn load_names(conn: &mut Conn, book: &mut Book, needs: &Needs) -> Loaded<()> {
    if !needs.categories.is_empty() {
        let sql = Sql::new("SELECT id, name, '' AS code, FALSE AS is_erased FROM categories WHERE ")
            .id_in("id", ids(&needs.categories))
            // A category that a product is put in must not be removed meanwhile by another replica.
            .either(" FOR KEY SHARE", "");
        for row in sql.load::<CardRow>(conn)? {
            book.enter_category(row.id.into(), row.name);
        }
    }
    if !needs.customers.is_empty() {
        let sql = Sql::new("SELECT id, name, code, erased_at IS NOT NULL AS is_erased FROM customers WHERE ")
            .id_in("id", ids(&needs.customers))
            .text(" ORDER BY id")
            // The lock that the foreign key of a new document takes anyway: nobody is erased between this and that.
            .either(" FOR KEY SHARE", "");
        for row in sql.load::<CardRow>(conn)? {
            book.enter_customer(
                row.id.into(),
                CustomerCard { name: row.name, code: row.code, is_erased: row.is_erased },
            );
        }
    }
    Ok(())
}

/// By how much each of these levels has changed by what happened after a moment.
fn load_changes_since(conn: &mut Conn, book: &mut Book, wanted: &[(ProductId, LocationId, Instant)]) -> Loaded<()> {
    for (product, location, at) in wanted {
        // What happened after `at` was booked after it too, give or take the five minutes that a caller's clock may be ahead; and
        // bookings of a level never go back in time. So only the end of its ledger is read, however long that is.
        let booked = at.plus_seconds(-tradepost_domain::ledger::CLOCK_TOLERANCE_SECONDS);
        let of_level = |sql: Sql| sql.with(Id::from(*product)).text(" AND location_id = ").with(Id::from(*location));
        let sql = of_level(Sql::new(
            "SELECT CAST(COALESCE(SUM(on_hand_change), 0) AS BIGINT) AS n FROM movements WHERE product_id = ",
        ))
        .text(" AND occurred_at > ")
        .with(At::from(*at))
        .text(" AND seq > COALESCE((SELECT seq FROM movements WHERE product_id = ");
        let sql =
            of_level(sql).text(" AND recorded_at <= ").with(At::from(booked)).text(" ORDER BY seq DESC LIMIT 1), 0)");
        let sum: Option<NumberRow> = sql.first(conn)?;
        let change = Delta::from_hundred_thousandths(sum.map_or(0, |row| row.n));
        book.enter_later_change(*product, *location, *at, change);
    }
    Ok(())
}
