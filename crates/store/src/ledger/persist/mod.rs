//! Keeps all effects of a batch, in a number of statements that does not depend on how many there are.
//!
//! Levels first: they are what replicas contend for. A level or document that is not as it was loaded fails the batch, which is then run
//! again; so a lost update is impossible even where a lock was forgotten.

mod orders;
mod pos;
mod sales;

use super::{
    batch::Failure,
    insert::{Rows as _, ToJson, insertable_rows},
    rows::actor_columns,
};
use crate::{
    connection::Conn,
    dialect::{Array, Sql},
    types::{At, Id, InstantSql, UuidSql},
};
use diesel::sql_types::{BigInt, Nullable, Text};
use std::collections::BTreeMap;
use tradepost_domain::{
    catalogue::Product,
    ids::{LocationId, ProductId},
    ledger::{Book, Effects, Written},
    stock::{Level, Location, Movement},
    text,
};

type Kept = Result<(), Failure>;

insertable_rows! {
    /// A level's first row.
    LevelRow in levels {
        product_id: Id as UuidSql,
        location_id: Id as UuidSql,
        on_hand: i64 as BigInt,
        reserved: i64 as BigInt,
        seq: i64 as BigInt,
        counted_at: Option<At> as Nullable<InstantSql>,
        recorded_at: Option<At> as Nullable<InstantSql>,
    }
    /// A row of the ledger.
    MovementRow<'a> in movements {
        id: Id as UuidSql,
        product_id: Id as UuidSql,
        location_id: Id as UuidSql,
        seq: i64 as BigInt,
        kind: &'a str as Text,
        on_hand_change: i64 as BigInt,
        reserved_change: i64 as BigInt,
        on_hand_after: i64 as BigInt,
        reserved_after: i64 as BigInt,
        reason: Option<&'a str> as Nullable<Text>,
        source_type: Option<&'a str> as Nullable<Text>,
        source_id: Option<Id> as Nullable<UuidSql>,
        actor_type: &'a str as Text,
        actor_id: Option<Id> as Nullable<UuidSql>,
        occurred_at: At as InstantSql,
        recorded_at: At as InstantSql,
    }
}

/// Keeps all of it.
pub(super) fn persist(conn: &mut Conn, effects: &[Effects], book: &Book) -> Kept {
    keep_levels(conn, effects, book)?;
    for location in effects.iter().flat_map(|e| &e.locations) {
        remove_location(conn, &location.value)?;
    }
    for product in effects.iter().flat_map(|e| &e.products) {
        keep_product(conn, product)?;
    }
    // Most movements are those of new sales, and go the same way.
    let movements = effects.iter().flat_map(|e| &e.movements).map(movement_row).collect();
    sales::keep(conn, effects, movements)?;
    orders::keep(conn, effects)?;
    pos::keep_events(conn, effects)?;
    for mapping in effects.iter().filter_map(|e| e.mapping.as_ref()) {
        pos::keep_mapping(conn, mapping)?;
    }
    Ok(())
}

fn again(what: &str) -> Failure {
    Failure::Again(format!("a {what} was not as it was loaded"))
}

fn position(index: usize) -> i32 {
    // At most 200 lines in a document.
    i32::try_from(index).unwrap_or(i32::MAX)
}

fn keep_levels(conn: &mut Conn, effects: &[Effects], book: &Book) -> Kept {
    // The first movement of a level says after which one it was loaded; the order is that of the locks.
    let mut loaded: BTreeMap<(ProductId, LocationId), i64> = BTreeMap::new();
    for movement in effects.iter().flat_map(|e| &e.movements) {
        loaded.entry((movement.product, movement.location)).or_insert(movement.seq - 1);
    }
    let mut fresh = Vec::new();
    let mut moved = Vec::new();
    for ((product, location), seq) in loaded {
        let level = book.level(product, location);
        if seq == 0 { fresh.push(level) } else { moved.push((level, seq)) }
    }
    update_levels(conn, &moved)?;
    LevelRow::insert_all(conn, fresh.iter().map(level_row).collect()).map_err(|error| match Failure::from(error) {
        // Another replica booked the first stock of the same product in the same moment.
        Failure::Row(_) => again("level"),
        other => other,
    })
}

fn level_row(level: &Level) -> LevelRow {
    LevelRow {
        product_id: level.product.into(),
        location_id: level.location.into(),
        on_hand: level.on_hand.hundred_thousandths(),
        reserved: level.reserved.hundred_thousandths(),
        seq: level.seq,
        counted_at: level.counted_at.map(Into::into),
        recorded_at: level.recorded_at.map(Into::into),
    }
}

fn update_levels(conn: &mut Conn, moved: &[(Level, i64)]) -> Kept {
    if moved.is_empty() {
        return Ok(());
    }
    let changed = match conn {
        Conn::Pg(_) => update_levels_at_once(conn, moved)?,
        Conn::Lite(_) => update_levels_from_json(conn, moved)?,
    };
    if changed == moved.len() { Ok(()) } else { Err(again("level")) }
}

fn update_levels_at_once(conn: &mut Conn, moved: &[(Level, i64)]) -> diesel::QueryResult<usize> {
    let ids = |of: fn(&Level) -> Id| Array::Ids(moved.iter().map(|(level, _)| of(level)).collect());
    let ints = |of: fn(&Level) -> i64| Array::Ints(moved.iter().map(|(level, _)| of(level)).collect());
    let instants = |of: fn(&Level) -> Option<At>| Array::OptAts(moved.iter().map(|(level, _)| of(level)).collect());
    Sql::new(
        "UPDATE levels l SET on_hand = u.on_hand, reserved = u.reserved, seq = u.seq, counted_at = u.counted_at, \
        recorded_at = u.recorded_at FROM unnest(",
    )
    .array(ids(|l| l.product.into()))
    .text(", ")
    .array(ids(|l| l.location.into()))
    .text(", ")
    .array(ints(|l| l.on_hand.hundred_thousandths()))
    .text(", ")
    .array(ints(|l| l.reserved.hundred_thousandths()))
    .text(", ")
    .array(ints(|l| l.seq))
    .text(", ")
    .array(instants(|l| l.counted_at.map(Into::into)))
    .text(", ")
    .array(instants(|l| l.recorded_at.map(Into::into)))
    .text(", ")
    .array(Array::Ints(moved.iter().map(|(_, seq)| *seq).collect()))
    .text(
        ") AS u (product_id, location_id, on_hand, reserved, seq, counted_at, recorded_at, loaded_seq) \
            WHERE l.product_id = u.product_id AND l.location_id = u.location_id AND l.seq = u.loaded_seq",
    )
    .execute(conn)
}

fn update_levels_from_json(conn: &mut Conn, moved: &[(Level, i64)]) -> diesel::QueryResult<usize> {
    let mut rows = String::with_capacity(moved.len() * 160);
    let mut before = '[';
    for (level, loaded_seq) in moved {
        rows.push(std::mem::replace(&mut before, ','));
        rows.push('[');
        Id::from(level.product).to_json(&mut rows);
        rows.push(',');
        Id::from(level.location).to_json(&mut rows);
        let [on_hand, reserved] = [level.on_hand, level.reserved].map(|q| q.hundred_thousandths());
        let [counted_at, recorded_at] = [level.counted_at, level.recorded_at].map(|at| at.map(|at| at.micros()));
        for number in [Some(on_hand), Some(reserved), Some(level.seq), counted_at, recorded_at, Some(*loaded_seq)] {
            rows.push(',');
            number.to_json(&mut rows);
        }
        rows.push(']');
    }
    rows.push(']');
    Sql::new(
        "UPDATE levels SET on_hand = u.value ->> 2, reserved = u.value ->> 3, seq = u.value ->> 4, counted_at = u.value ->> 5, \
        recorded_at = u.value ->> 6 FROM json_each(",
    )
    .with(rows)
    .text(
        ") AS u WHERE product_id = unhex(u.value ->> 0) AND location_id = unhex(u.value ->> 1) AND seq = u.value ->> 7",
    )
    .execute(conn)
}

fn movement_row(movement: &Movement) -> MovementRow<'_> {
    let (actor_type, actor_id) = actor_columns(movement.actor);
    MovementRow {
        id: movement.id.into(),
        product_id: movement.product.into(),
        location_id: movement.location.into(),
        seq: movement.seq,
        kind: movement.kind.as_str(),
        on_hand_change: movement.change.on_hand.hundred_thousandths(),
        reserved_change: movement.change.reserved.hundred_thousandths(),
        on_hand_after: movement.on_hand_after.hundred_thousandths(),
        reserved_after: movement.reserved_after.hundred_thousandths(),
        reason: movement.reason.as_deref(),
        source_type: movement.source.map(|source| source.type_name()),
        source_id: movement.source.map(|source| Id(source.uuid())),
        actor_type,
        actor_id,
        occurred_at: movement.occurred_at.into(),
        recorded_at: movement.recorded_at.into(),
    }
}

fn keep_product(conn: &mut Conn, written: &Written<Product>) -> Kept {
    let product = &written.value;
    let searched =
        [product.sku.as_str(), &product.name, product.barcode.as_deref().unwrap_or(""), &product.description];
    let columns: [(&'static str, crate::dialect::Value); 18] = [
        ("sku", product.sku.as_str().into()),
        ("sku_key", product.sku.key().into()),
        ("name", product.name.as_str().into()),
        ("name_key", product.name_key().into()),
        ("description", product.description.as_str().into()),
        ("price", product.price.money().minor().into()),
        ("category_id", product.category.map(Id::from).into()),
        ("barcode", product.barcode.clone().into()),
        ("image_url", product.image_url.clone().into()),
        ("unit", product.unit.name().into()),
        ("unit_decimals", i64::from(product.unit.decimals()).into()),
        ("low_stock_threshold", product.low_stock_threshold.map(|q| q.hundred_thousandths()).into()),
        ("enabled", product.enabled.into()),
        ("removed_at", product.removed_at.map(At::from).into()),
        ("search_text", text::fold(&searched.join("\n")).into()),
        ("version", product.version.into()),
        ("created_at", At::from(product.created_at).into()),
        ("updated_at", At::from(product.updated_at).into()),
    ];
    let mut sql = if written.is_new { Sql::new("INSERT INTO products (id") } else { Sql::new("UPDATE products SET ") };
    if written.is_new {
        for (name, _) in &columns {
            sql = sql.text(", ").text(*name);
        }
        sql = sql.text(") VALUES (").with(Id::from(product.id));
        for (_, value) in columns {
            sql = sql.text(", ").with(value);
        }
        sql.text(")").execute(conn)?;
        return Ok(());
    }
    for (index, (name, value)) in columns.into_iter().enumerate() {
        sql = sql.text(if index == 0 { "" } else { ", " }).text(name).text(" = ").with(value);
    }
    sql = sql.text(" WHERE id = ").with(Id::from(product.id)).text(" AND version = ").with(product.version - 1);
    if sql.execute(conn)? == 1 { Ok(()) } else { Err(again("product")) }
}

fn remove_location(conn: &mut Conn, location: &Location) -> Kept {
    let changed = Sql::new("UPDATE locations SET removed_at = ")
        .with(location.removed_at.map(At::from))
        .text(", updated_at = ")
        .with(At::from(location.updated_at))
        .text(", version = ")
        .with(location.version)
        .text(" WHERE id = ")
        .with(Id::from(location.id))
        .text(" AND version = ")
        .with(location.version - 1)
        .execute(conn)?;
    if changed == 1 { Ok(()) } else { Err(again("location")) }
}
