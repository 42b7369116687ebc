//! Loads and holds levels. There is always one to hold: where one is missing it is made, empty, before the batch goes on.

use super::rows::LevelRow;
use crate::{
    bulk::Writes,
    connection::{Conn, Engine, Mode, begin, commit, rollback},
    dialect::Sql,
    ledger::{
        failure::{Failure, LedgerResult, corrupt},
        loader::{Loader, Locks, Strength, ids},
    },
    schema::{levels, locations, products},
    types::{Id, UuidSql},
};
use diesel::{Queryable, QueryableByName, Selectable};
use std::{collections::HashSet, time::Instant as Stopwatch};
use tradepost_domain::{
    ids::{LocationId, ProductId},
    ledger::{Book, Keys},
    stock::Level,
};

/// Of a product at a location.
type Place = (ProductId, LocationId);

pub(super) fn load(
    loader: &mut Loader<'_>,
    book: &mut Book,
    (named, of, at): (Keys<Place>, Keys<ProductId>, Keys<LocationId>),
) -> LedgerResult {
    let (named, of, at) = (named.sorted(), of.sorted(), at.sorted());
    if named.is_empty() && of.is_empty() && at.is_empty() {
        return Ok(());
    }
    let listed = listed(loader, &of, &at)?;
    let rows = lock_levels(loader, named.iter().chain(&listed).copied())?;
    let found: Vec<Level> = rows.into_iter().map(LevelRow::level).collect::<Result<_, _>>().map_err(corrupt)?;
    let made = make_missing(loader, &named, &found)?;
    let by_place = |level: &Level| ((level.product, level.location), *level);
    book.stock.levels.enter_all(named, found.iter().chain(&made).map(by_place));
    let held: HashSet<Place> = found.iter().map(|level| (level.product, level.location)).collect();
    // For who looks for rows that somebody else holds: a list that lacks one is as good as none.
    let is_whole = |places: &[Place]| loader.locks != Locks::Skip || places.iter().all(|place| held.contains(place));
    let of_list = |is_of: &dyn Fn(&Place) -> bool| {
        let places: Vec<Place> = listed.iter().filter(|place| is_of(place)).copied().collect();
        is_whole(&places).then_some(places)
    };
    for product in of {
        let places = of_list(&|(of, _)| *of == product);
        book.stock.levels_of.enter(product, places.map(|all| all.into_iter().map(|(_, location)| location).collect()));
    }
    for location in at {
        let places = of_list(&|(_, at)| *at == location);
        book.stock.levels_at.enter(location, places.map(|all| all.into_iter().map(|(product, _)| product).collect()));
    }
    Ok(())
}

/// Where there are levels of some products, and at some locations. Those are held, so that no level is made for them meanwhile.
fn listed(loader: &mut Loader<'_>, of: &[ProductId], at: &[LocationId]) -> LedgerResult<Vec<Place>> {
    let select = || Sql::select::<PlaceRow>().text(" FROM levels WHERE ");
    let mut listed: Vec<Place> = Vec::new();
    let mut read = |sql: Sql<PlaceRow>| -> LedgerResult {
        listed.extend(loader.read(sql)?.into_iter().map(|row| (row.product_id.into(), row.location_id.into())));
        Ok(())
    };
    if !of.is_empty() {
        read(select().one_of(levels::product_id, ids(of)))?;
    }
    if !at.is_empty() {
        read(select().one_of(levels::location_id, ids(at)))?;
    }
    listed.sort_unstable();
    listed.dedup();
    Ok(listed)
}

/// Holds these in one order, so that no two batches wait for each other in a circle.
fn lock_levels(loader: &mut Loader<'_>, places: impl Iterator<Item = Place>) -> LedgerResult<Vec<LevelRow>> {
    let mut places: Vec<Place> = places.collect();
    places.sort_unstable();
    places.dedup();
    let (products, locations) = columns(&places);
    let sql = Sql::select::<LevelRow>()
        .text(" FROM levels JOIN ")
        .id_pairs(products, locations)
        .text(" ON product_id = w.p AND location_id = w.q ORDER BY product_id, location_id");
    loader.read_locked_of(sql, Strength::Alone, "levels")
}

fn columns(places: &[Place]) -> (Vec<Id>, Vec<Id>) {
    places.iter().map(|(product, location)| (Id::from(*product), Id::from(*location))).unzip()
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = levels)]
struct PlaceRow {
    product_id: Id,
    location_id: Id,
}

/// A product and a location, both in use.
#[derive(Queryable, Selectable)]
#[diesel(table_name = products)]
struct UsablePlaceRow {
    #[diesel(select_expression = products::id)]
    product: Id,
    #[diesel(select_expression = locations::id)]
    location: Id,
}

/// Makes the levels that are missing. On PostgreSQL that needs a transaction of its own, so the batch is told to begin again; on SQLite
/// there is nobody else.
fn make_missing(loader: &mut Loader<'_>, named: &[Place], found: &[Level]) -> LedgerResult<Vec<Level>> {
    if loader.locks != Locks::Take {
        return Ok(Vec::new());
    }
    let found: HashSet<Place> = found.iter().map(|level| (level.product, level.location)).collect();
    let missing = named.iter().filter(|place| !found.contains(*place) && !loader.no_levels.contains(*place));
    let missing: Vec<Place> = missing.copied().collect();
    if missing.is_empty() {
        return Ok(Vec::new());
    }
    let wanted = columns(&missing);
    let sql = Sql::select::<UsablePlaceRow>()
        .text(" FROM ")
        .id_pairs(wanted.0, wanted.1)
        .text(" JOIN products ON products.id = w.p AND products.removed_at IS NULL")
        .text(" JOIN locations ON locations.id = w.q AND locations.removed_at IS NULL");
    let rows = loader.read(sql)?;
    let places: Vec<Place> = rows.into_iter().map(|row| (row.product.into(), row.location.into())).collect();
    match loader.conn.engine() {
        Engine::Postgres if places.is_empty() => Ok(Vec::new()),
        Engine::Postgres => Err(Failure::NoLevels(places)),
        Engine::Sqlite => {
            let made: Vec<Level> =
                places.into_iter().map(|(product, location)| Level::untouched(product, location)).collect();
            let mut writes = Writes::new(loader.conn);
            writes.insert(made.iter().map(LevelRow::from).collect())?;
            writes.finish()?;
            Ok(made)
        }
    }
}

/// Makes these levels where their products and locations are in use, which nobody changes meanwhile (PostgreSQL; SQLite has made them).
pub(in crate::ledger) fn make(conn: &mut Conn, places: &[Place]) -> Result<(), Failure> {
    begin(conn, Mode::Write)?;
    let since = Stopwatch::now();
    match insert_empty(conn, places) {
        Ok(()) => Ok(commit(conn)?),
        Err(failure) => {
            let failure = failure.classified(conn, since.elapsed());
            rollback(conn);
            Err(failure)
        }
    }
}

#[derive(QueryableByName)]
struct IdRow {
    #[diesel(sql_type = UuidSql)]
    #[expect(dead_code, reason = "the rows are read to be held")]
    id: Id,
}

fn insert_empty(conn: &mut Conn, places: &[Place]) -> Result<(), Failure> {
    let (mut products, mut locations) = columns(places);
    let pairs = (products.clone(), locations.clone());
    for list in [&mut products, &mut locations] {
        list.sort_unstable();
        list.dedup();
    }
    // Whoever changes or removes one of them holds it alone, and all its levels. The insert reads what they left.
    for (select, held) in [("SELECT id FROM products WHERE ", products), ("SELECT id FROM locations WHERE ", locations)]
    {
        Sql::new(select).id_in("id", held).text(" ORDER BY id").either(" FOR KEY SHARE", "").load::<IdRow>(conn)?;
    }
    Sql::new("INSERT INTO levels (product_id, location_id, on_hand, reserved, seq) SELECT w.p, w.q, 0, 0, 0 FROM ")
        .id_pairs(pairs.0, pairs.1)
        .text(" JOIN products p ON p.id = w.p AND p.removed_at IS NULL")
        .text(" JOIN locations q ON q.id = w.q AND q.removed_at IS NULL ORDER BY w.p, w.q ON CONFLICT DO NOTHING")
        .execute(conn)?;
    Ok(())
}
