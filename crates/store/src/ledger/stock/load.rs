//! Loads locations, levels and their histories.

use super::{levels, rows::LocationRow};
use crate::{
    dialect::Sql,
    ledger::{
        failure::LedgerResult,
        loader::{Loader, Strength, ids},
    },
    schema::locations,
    types::{At, Id, InstantSql},
};
use diesel::{
    QueryableByName,
    sql_types::{BigInt, Nullable},
};
use std::sync::Arc;
use tradepost_domain::{
    ids::{LocationId, ProductId},
    instant::Instant,
    ledger::{
        Book, CLOCK_TOLERANCE_SECONDS, ReadSet,
        stock::{History, Reads},
    },
    quantity::Delta,
    stock::Location,
};

pub(super) fn load(loader: &mut Loader<'_>, book: &mut Book, wanted: &mut ReadSet) -> LedgerResult {
    let Reads { locations, locations_to_change, levels, levels_of, levels_at, histories } =
        std::mem::take(&mut wanted.stock);
    if !locations_to_change.is_empty() {
        let wanted = locations_to_change.sorted();
        let sql = of_ids(&wanted).text(" ORDER BY id");
        let found: Vec<_> = read(loader.read_locked(sql, Strength::Alone)?).collect();
        book.stock.locations_to_change.enter_all(wanted.iter().copied(), found.iter().map(|(id, _)| (*id, ())));
        book.stock.locations.enter_all(wanted, found);
    }
    levels::load(loader, book, (levels, levels_of, levels_at))?;
    if !locations.is_empty() {
        let wanted = locations.sorted();
        let rows = loader.read(of_ids(&wanted))?;
        book.stock.locations.enter_all(wanted, read(rows));
    }
    for key in histories.sorted() {
        let history = history(loader, key)?;
        book.stock.histories.enter(key, Some(history));
    }
    Ok(())
}

fn of_ids(wanted: &[LocationId]) -> Sql<LocationRow> {
    Sql::select().text(" FROM locations WHERE ").one_of(locations::id, ids(wanted))
}

fn read(rows: Vec<LocationRow>) -> impl Iterator<Item = (LocationId, Arc<Location>)> {
    rows.into_iter().map(|row| {
        let location = row.location();
        (location.id, Arc::new(location))
    })
}

#[derive(QueryableByName)]
struct HistoryRow {
    #[diesel(sql_type = BigInt)]
    changed: i64,
    #[diesel(sql_type = Nullable<InstantSql>)]
    began_at: Option<At>,
}

/// What has happened to a level since a moment. One statement for each count that names a time, which reads the end of the level's ledger:
/// at most 31 days of it, for older counts are refused before.
fn history(
    loader: &mut Loader<'_>,
    (product, location, at): (ProductId, LocationId, Instant),
) -> LedgerResult<History> {
    // What happened after `at` was booked after it too, give or take the five minutes that a caller's clock may be ahead; and bookings of a
    // level never go back in time.
    let booked = at.plus_seconds(-CLOCK_TOLERANCE_SECONDS);
    let of_level = |sql: Sql| sql.with(Id::from(product)).text(" AND location_id = ").with(Id::from(location));
    let sql = Sql::new("SELECT CAST(COALESCE(SUM(on_hand_change), 0) AS BIGINT) AS changed, ");
    let sql = of_level(sql.text("(SELECT occurred_at FROM movements WHERE product_id = "));
    let sql = of_level(sql.text(" AND seq = 1) AS began_at FROM movements WHERE product_id = "));
    let sql = sql.text(" AND occurred_at > ").with(At::from(at));
    let sql = of_level(sql.text(" AND seq > COALESCE((SELECT seq FROM movements WHERE product_id = "));
    let sql = sql.text(" AND recorded_at <= ").with(At::from(booked)).text(" ORDER BY seq DESC LIMIT 1), 0)");
    let row = loader.read::<HistoryRow>(sql)?.into_iter().next();
    Ok(row.map_or_else(History::default, |row| History {
        changed: Delta::from_hundred_thousandths(row.changed),
        began_at: row.began_at.map(Into::into),
    }))
}
