//! Levels and movements, as they are read. Nothing is written here, and nothing is added up that a level says already: that is the ledger's.

use crate::{
    StoreError,
    dialect::{Sql, on_both},
    list::{Conditions, KeyValue, List, ListRequest, Page, Shape, Sort, SortKeys, page},
    parts::{by_parent, one_of},
    schema::{levels, locations, movements, products},
    session::Session,
    types::{At, Id, UuidSql},
};
use diesel::{prelude::*, sql_types::BigInt};
use serde::Serialize;
use std::collections::HashMap;
use tradepost_domain::{
    ids::{LocationId, MovementId, ProductId},
    instant::Instant,
    stock::MovementKind,
};
use uuid::Uuid;

/// What there is of one product. Quantities are in hundred-thousandths.
#[derive(Debug, Clone, QueryableByName, Serialize)]
#[diesel(table_name = products)]
pub struct InventoryRow {
    /// The product; there is one row of each.
    #[diesel(sql_type = UuidSql)]
    pub product_id: Id,
    /// As written, 1 to 64 characters; unique for ever, without regard to case.
    pub sku: String,
    sku_key: String,
    /// As written, 1 to 200 characters; unique within its category, without regard to case.
    pub name: String,
    name_key: String,
    /// What it is counted in, for example `each`.
    pub unit: String,
    /// How many decimals its quantities have, 0 to 5.
    pub unit_decimals: i32,
    /// At or below this it counts as low; `None`: it never does.
    pub low_stock_threshold: Option<i64>,
    /// On sale or not.
    pub enabled: bool,
    /// What is there, at the locations that were asked for together; never negative.
    #[diesel(sql_type = BigInt)]
    pub on_hand: i64,
    /// What is promised to open orders; never negative, and may be more than there is.
    #[diesel(sql_type = BigInt)]
    pub reserved: i64,
    /// What can be promised: the sum of what each location can; never negative.
    #[diesel(sql_type = BigInt)]
    pub available: i64,
}

/// One level. Quantities are in hundred-thousandths.
#[derive(Debug, Clone, Queryable, Selectable, Serialize)]
#[diesel(table_name = levels)]
pub struct LevelRow {
    product_id: Id,
    /// The location the level is at.
    pub location_id: Id,
    /// The location's code as it is now.
    #[diesel(select_expression = locations::code)]
    pub location_code: String,
    /// What is there; never negative.
    pub on_hand: i64,
    /// What is promised to open orders; never negative, and may be more than there is.
    pub reserved: i64,
    /// How many movements it has had: at least 1.
    pub seq: i64,
    /// The latest time of all its counts; `None`: never counted.
    pub counted_at: Option<At>,
    /// When its last movement was booked; `None` only where it has had none.
    pub recorded_at: Option<At>,
}

impl LevelRow {
    /// What is there and not promised; 0 where more is promised than there is.
    pub const fn available(&self) -> i64 {
        if self.on_hand > self.reserved { self.on_hand - self.reserved } else { 0 }
    }
}

/// A product's stock with its levels.
#[derive(Debug, Clone, Serialize)]
pub struct Inventory {
    /// All its levels together, or the one level at the location that was asked for.
    pub total: InventoryRow,
    /// One for each location asked for at which it ever moved, by the location's code.
    pub levels: Vec<LevelRow>,
}

impl SortKeys for InventoryRow {
    fn key(&self, field: &str) -> KeyValue {
        match field {
            "name" => self.name_key.clone().into(),
            "sku" => self.sku_key.clone().into(),
            "available" => self.available.into(),
            _ => self.product_id.into(),
        }
    }
}

/// What an inventory can be sorted by: by name where nobody says.
pub const INVENTORY_ORDERINGS: &[&str] = &["name", "sku", "available"];

/// Which part of the inventory; every `None` is: any.
#[derive(Debug, Clone, Default)]
pub struct InventoryFilter {
    /// Only what is at this location; `None`: everywhere, added up.
    pub location: Option<LocationId>,
    /// At or below its threshold, or not; what has no threshold is not.
    pub low_stock: Option<bool>,
    /// Words that all occur in SKU, barcode, name or description, without regard to case.
    pub search: Option<String>,
}

const INVENTORY: &str = "SELECT p.id AS product_id, p.sku, p.sku_key, p.name, p.name_key, p.unit, p.unit_decimals, \
    p.low_stock_threshold, p.enabled, ";
const EVERYWHERE: &str = "\
    CAST((SELECT COALESCE(SUM(l.on_hand), 0) FROM levels l WHERE l.product_id = p.id) AS BIGINT) AS on_hand, \
    CAST((SELECT COALESCE(SUM(l.reserved), 0) FROM levels l WHERE l.product_id = p.id) AS BIGINT) AS reserved, \
    CAST((SELECT COALESCE(SUM(CASE WHEN l.on_hand > l.reserved THEN l.on_hand - l.reserved ELSE 0 END), 0) \
        FROM levels l WHERE l.product_id = p.id) AS BIGINT) AS available ";
const AVAILABLE_EVERYWHERE: &str = "CAST((SELECT COALESCE(SUM(CASE WHEN l.on_hand > l.reserved THEN l.on_hand - l.reserved ELSE 0 END), 0) \
    FROM levels l WHERE l.product_id = p.id) AS BIGINT)";
const HERE: &str = "COALESCE(l.on_hand, 0) AS on_hand, COALESCE(l.reserved, 0) AS reserved, \
    CASE WHEN l.on_hand > l.reserved THEN l.on_hand - l.reserved ELSE 0 END AS available ";
const AVAILABLE_HERE: &str = "(CASE WHEN l.on_hand > l.reserved THEN l.on_hand - l.reserved ELSE 0 END)";

const KEYS_EVERYWHERE: &[(&str, &str)] =
    &[("name", "p.name_key"), ("sku", "p.sku_key"), ("available", AVAILABLE_EVERYWHERE), ("id", "p.id")];
const KEYS_HERE: &[(&str, &str)] =
    &[("name", "p.name_key"), ("sku", "p.sku_key"), ("available", AVAILABLE_HERE), ("id", "p.id")];

fn inventory_shape(location: Option<LocationId>) -> Shape {
    let order = Sort { field: "name", descending: false };
    match location {
        None => Shape {
            select: Sql::new(INVENTORY).text(EVERYWHERE),
            from: Sql::new("FROM products p"),
            keys: KEYS_EVERYWHERE,
            order,
        },
        Some(location) => Shape {
            select: Sql::new(INVENTORY).text(HERE),
            from: Sql::new("FROM products p LEFT JOIN levels l ON l.product_id = p.id AND l.location_id = ")
                .with(Id::from(location)),
            keys: KEYS_HERE,
            order,
        },
    }
}

/// A page of what there is of products that were not removed, by name unless told otherwise. Two statements.
///
/// # Errors
/// Where the database cannot be read.
pub fn inventory(
    session: &mut Session<'_>,
    request: &ListRequest<InventoryFilter>,
) -> Result<Page<Inventory>, StoreError> {
    let filter = &request.filter;
    let available = if filter.location.is_some() { AVAILABLE_HERE } else { AVAILABLE_EVERYWHERE };
    let mut conditions = Conditions::always("p.removed_at IS NULL");
    conditions.low_stock("p.low_stock_threshold", available, filter.low_stock);
    conditions.search("p.search_text", filter.search.as_deref());
    let page = page::<InventoryRow, _>(session, &inventory_shape(filter.location), conditions, request)?;
    let products = page.rows.iter().map(|row| row.product_id).collect();
    let mut levels = levels(session, products, filter.location)?;
    page.map(|total| Ok(Inventory { levels: levels.remove(&total.product_id).unwrap_or_default(), total }))
}

/// What there is of one product, removed or not. Two statements.
///
/// # Errors
/// Where the database cannot be read.
pub fn inventory_of(session: &mut Session<'_>, product: ProductId) -> Result<Option<Inventory>, StoreError> {
    let shape = inventory_shape(None);
    let mut sql = shape.select;
    sql.append(&shape.from).push(" WHERE p.id = ").bind(Id::from(product));
    let Some(total) = session.first::<InventoryRow>(sql)? else { return Ok(None) };
    let levels = levels(session, vec![total.product_id], None)?.remove(&total.product_id).unwrap_or_default();
    Ok(Some(Inventory { total, levels }))
}

fn levels(
    session: &mut Session<'_>,
    products: Vec<Id>,
    location: Option<LocationId>,
) -> Result<HashMap<Id, Vec<LevelRow>>, StoreError> {
    let rows = levels::table
        .inner_join(locations::table.on(locations::id.eq(levels::location_id)))
        .filter(levels::seq.gt(0))
        .filter(one_of(levels::product_id, products))
        .order((levels::product_id, locations::code_key, levels::location_id));
    let rows = session.run(|conn| match location.map(Id::from) {
        Some(location) => {
            let rows = rows.filter(levels::location_id.eq(location));
            on_both!(conn, c => rows.select(LevelRow::as_select()).load(c))
        }
        None => on_both!(conn, c => rows.select(LevelRow::as_select()).load(c)),
    })?;
    Ok(by_parent(rows, |level| level.product_id))
}

/// One row of the ledger. Quantities are in hundred-thousandths.
#[derive(Debug, Clone, Queryable, Selectable, Serialize)]
#[diesel(table_name = movements)]
pub struct MovementRow {
    /// UUIDv7; given once, never used again.
    pub id: Id,
    /// The product that moved, perhaps removed since.
    pub product_id: Id,
    /// The product's SKU as it is now.
    #[diesel(select_expression = products::sku)]
    pub sku: String,
    /// The location it moved at, perhaps removed since.
    pub location_id: Id,
    /// 1, 2, 3 … within its product and location, without gaps.
    pub seq: i64,
    /// One of the names of [`MovementKind`], for example `sold`.
    pub kind: String,
    /// By how much what is there changed: signed, and 0 where only a promise did.
    pub on_hand_change: i64,
    /// By how much what is promised changed: signed, and 0 where no promise did.
    pub reserved_change: i64,
    /// What was there afterwards; never negative.
    pub on_hand_after: i64,
    /// What was promised afterwards; never negative.
    pub reserved_after: i64,
    /// Why, in somebody's words, up to 500 characters; `None`: nobody said.
    pub reason: Option<String>,
    /// `sale`, `order` or `pos_event`; `None`: no document, as when somebody counts.
    pub source_type: Option<String>,
    /// The document's id; `None` where there is no document.
    pub source_id: Option<Id>,
    /// `user`, `connection` or `system`.
    pub actor_type: String,
    /// The user's or connection's id; `None` for `system`.
    pub actor_id: Option<Id>,
    /// When it happened, by the caller's word.
    pub occurred_at: At,
    /// When it was booked, by our clock; never goes back within a level.
    pub recorded_at: At,
}

/// What a list of movements can be sorted by.
pub const MOVEMENT_ORDERINGS: &[&str] = &["recorded_at", "occurred_at"];

/// Which movements: those for which all of it is so. Every `None` is: any.
#[derive(Debug, Clone, Default)]
pub struct MovementFilter {
    /// Of this product, removed or not.
    pub product: Option<ProductId>,
    /// At this location, removed or not.
    pub location: Option<LocationId>,
    /// Of this kind alone.
    pub kind: Option<MovementKind>,
    /// Of documents of this type: `sale`, `order` or `pos_event`; of any other there are none.
    pub source_type: Option<String>,
    /// Of the document with this id, whatever its type.
    pub source_id: Option<Uuid>,
    /// Happened then or later.
    pub occurred_after: Option<Instant>,
    /// Happened before then, not at that instant.
    pub occurred_before: Option<Instant>,
    /// Booked then or later.
    pub recorded_after: Option<Instant>,
    /// Booked before then, not at that instant.
    pub recorded_before: Option<Instant>,
}

/// A page of them, newest first unless told otherwise.
///
/// # Errors
/// Where the database cannot be read.
pub fn movements(
    session: &mut Session<'_>,
    request: &ListRequest<MovementFilter>,
) -> Result<Page<MovementRow>, StoreError> {
    let list = List::<MovementRow>::new(
        " FROM movements JOIN products ON products.id = movements.product_id",
        Sort { field: "recorded_at", descending: true },
    )
    .key("recorded_at", movements::recorded_at, |row| row.recorded_at)
    .key("occurred_at", movements::occurred_at, |row| row.occurred_at)
    .key("id", movements::id, |row| row.id);
    let filter = &request.filter;
    let mut conditions = Conditions::default();
    conditions.equals(movements::product_id, filter.product.map(Id::from));
    conditions.equals(movements::location_id, filter.location.map(Id::from));
    conditions.equals(movements::kind, filter.kind.map(MovementKind::as_str));
    conditions.equals(movements::source_type, filter.source_type.as_deref());
    conditions.equals(movements::source_id, filter.source_id.map(Id));
    conditions.spans(movements::occurred_at, filter.occurred_after, filter.occurred_before);
    conditions.spans(movements::recorded_at, filter.recorded_after, filter.recorded_before);
    list.page(session, conditions, request)
}

/// One movement; `None`: there is none with this id.
///
/// # Errors
/// Where the database cannot be read.
pub fn movement(session: &mut Session<'_>, id: MovementId) -> Result<Option<MovementRow>, StoreError> {
    let movement = movements::table
        .inner_join(products::table.on(products::id.eq(movements::product_id)))
        .filter(movements::id.eq(Id::from(id)))
        .select(MovementRow::as_select());
    session.run(|conn| movement.first(conn).optional())
}
