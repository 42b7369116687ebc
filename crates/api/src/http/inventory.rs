//! `/inventory`: how much there is, where, and saying that it is otherwise.

use super::wire::{
    change::Change,
    json::{GivenQty, GivenQtyChange, Id, Qty, QtyChange, Time},
    lists::{List, ListOf, Paging},
    path::PathId,
    problem::Problem,
    response,
    texts::ReasonText,
};
use super::{movements::MovementView, products};
use actix_web::{HttpResponse, get, http::StatusCode, post, web::Data};
use serde::{Deserialize, Serialize};
use tradepost_app::Shop;
use tradepost_domain::{
    ids::{LocationId, ProductId},
    ledger::{Command, Effects, stock},
};
use tradepost_store::{
    Answer,
    stock::{self as stored, Inventory, LevelRow},
};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

/// How much there is of a product.
#[derive(Serialize, ToSchema)]
#[schema(as = Inventory)]
pub struct InventoryView {
    product_id: Id,
    #[schema(example = "SMO-MANGO")]
    sku: String,
    #[schema(example = "Mango smoothie")]
    name: String,
    #[schema(example = "each")]
    unit: String,
    #[schema(example = 0)]
    unit_decimals: i32,
    #[schema(required = true)]
    low_stock_threshold: Option<Qty>,
    /// Is what is available at or below the threshold?
    low_stock: bool,
    enabled: bool,
    /// What is there, promised or not; never negative.
    on_hand: Qty,
    /// What is promised to open orders; may be more than there is.
    reserved: Qty,
    /// What can be promised: on hand and not reserved, summed over the locations; never negative.
    available: Qty,
    /// The same, location by location.
    levels: Vec<LevelView>,
}

/// How much there is of a product at one location.
#[derive(Serialize, ToSchema)]
#[schema(as = Level)]
pub struct LevelView {
    location_id: Id,
    #[schema(example = "main")]
    location_code: String,
    on_hand: Qty,
    reserved: Qty,
    available: Qty,
    /// How much is promised that is not there; 0 where all of it is.
    shortfall: Qty,
    #[schema(required = true)]
    counted_at: Option<Time>,
}

impl From<LevelRow> for LevelView {
    fn from(row: LevelRow) -> Self {
        Self {
            location_id: row.location_id.into(),
            on_hand: Qty::stored(row.on_hand),
            reserved: Qty::stored(row.reserved),
            available: Qty::stored(row.available()),
            shortfall: Qty::stored(row.reserved.saturating_sub(row.on_hand).max(0)),
            counted_at: row.counted_at.map(Time::from),
            location_code: row.location_code,
        }
    }
}

impl From<Inventory> for InventoryView {
    fn from(Inventory { total, levels }: Inventory) -> Self {
        Self {
            product_id: total.product_id.into(),
            sku: total.sku,
            name: total.name,
            unit: total.unit,
            unit_decimals: total.unit_decimals,
            low_stock_threshold: total.low_stock_threshold.map(Qty::stored),
            low_stock: total.low_stock_threshold.is_some_and(|threshold| total.available <= threshold),
            enabled: total.enabled,
            on_hand: Qty::stored(total.on_hand),
            reserved: Qty::stored(total.reserved),
            available: Qty::stored(total.available),
            levels: levels.into_iter().map(LevelView::from).collect(),
        }
    }
}

/// Filters of the inventory; what is absent filters nothing.
#[derive(Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct InventoryFilter {
    /// Only what is at this location; absent: everywhere, added up.
    location_id: Option<Id>,
    /// At or below its threshold, or not; what has no threshold is not.
    low_stock: Option<bool>,
    /// Words that all occur in SKU, barcode, name or description, without regard to case.
    search: Option<String>,
}

/// What is on hand is otherwise, and somebody says why.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"quantity_change": -2, "reason": "Dropped"}))]
pub struct Adjustment {
    /// So much more or less than before; not zero.
    #[schema(value_type = GivenQtyChange)]
    quantity_change: QtyChange,
    #[schema(value_type = ReasonText)]
    reason: String,
    /// The default location where absent.
    location_id: Option<Id>,
}

/// What somebody counted at one location.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"counted": 17}))]
pub struct Count {
    /// What was found: all there was, promised or not; 0 for nothing.
    #[schema(value_type = GivenQty)]
    counted: Qty,
    /// When, at most 31 days ago; now where absent. Sales since then stay valid.
    counted_at: Option<Time>,
    /// The default location where absent.
    location_id: Option<Id>,
}

/// List inventory
#[utoipa::path(operation_id = "list_inventory", tag = "Stock", params(Paging, InventoryFilter), responses((status = 200, description = "A page.", body = List<InventoryView>)), extensions(("x-orderings" = json!(stored::INVENTORY_ORDERINGS))))]
#[get("/inventory")]
pub(crate) async fn list(shop: Data<Shop>, list: ListOf<InventoryFilter>) -> Result<HttpResponse, Problem> {
    let InventoryFilter { location_id, low_stock, search } = list.filter.clone();
    let filter = stored::InventoryFilter { location: location_id.map(LocationId::from), low_stock, search };
    let request = list.request(filter, stored::INVENTORY_ORDERINGS)?;
    let page = shop
        .store
        .read(move |session| stored::inventory(session, &request).map_err(tradepost_app::Error::from))
        .await?;
    Ok(list.answer(page, InventoryView::from))
}

/// Read the inventory of a product
#[utoipa::path(operation_id = "get_inventory", tag = "Stock", params(("product_id" = Id, Path)), responses((status = 200, description = "How much there is, and where.", body = InventoryView)))]
#[get("/inventory/{product_id}")]
pub(crate) async fn read(shop: Data<Shop>, id: PathId<ProductId>) -> Result<HttpResponse, Problem> {
    let found =
        shop.store.read(move |session| stored::inventory_of(session, id.0).map_err(tradepost_app::Error::from)).await?;
    let inventory = InventoryView::from(found.ok_or_else(Problem::not_found)?);
    Ok(response::plain(StatusCode::OK, &inventory))
}

/// Adjust stock
#[utoipa::path(operation_id = "adjust_stock", tag = "Stock", params(("product_id" = Id, Path)), request_body = Adjustment, responses((status = 201, description = "The movement.", body = MovementView)), extensions(("x-problems" = json!(["insufficient_stock", "conflict"]))))]
#[post("/inventory/{product_id}/adjustments")]
pub(crate) async fn adjust(shop: Data<Shop>, id: PathId<ProductId>, change: Change) -> Result<HttpResponse, Problem> {
    let product = id.0;
    let form: Adjustment = change.json_about(&shop, move |session| products::exists(session, product)).await?;
    let command = stock::Command::Adjust {
        product,
        location: form.location_id.map(LocationId::from),
        change: form.quantity_change.0,
        reason: form.reason,
    };
    change.submit(&shop, Command::Stock(command), movement).await
}

/// Count stock
///
/// Books what the count differs by from what the ledger had at that time.
#[utoipa::path(operation_id = "count_stock", tag = "Stock", params(("product_id" = Id, Path)), request_body = Count, responses((status = 201, description = "The movement.", body = MovementView)), extensions(("x-problems" = json!(["conflict"]))))]
#[post("/inventory/{product_id}/counts")]
pub(crate) async fn count(shop: Data<Shop>, id: PathId<ProductId>, change: Change) -> Result<HttpResponse, Problem> {
    let product = id.0;
    let form: Count = change.json_about(&shop, move |session| products::exists(session, product)).await?;
    let command = stock::Command::Count {
        product,
        location: form.location_id.map(LocationId::from),
        counted: form.counted.0,
        counted_at: form.counted_at.map(|time| time.0),
    };
    change.submit(&shop, Command::Stock(command), movement).await
}

/// The movement that was booked.
fn movement(effects: &Effects) -> Answer {
    match effects.movements().first() {
        Some(movement) => {
            let location = format!("/api/v1/stock-movements/{}", movement.id);
            response::created(&MovementView::of_effects(movement, &effects.names), None, location)
        }
        None => response::no_content(),
    }
}
