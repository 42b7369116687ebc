//! An order's way from pending to delivered, and back out of it.

use super::wire::{
    change::Change,
    json::{Id, Qty, WantedQty, objects},
    path::PathId,
    problem::Problem,
    texts::NoteText,
};
use super::{
    order_views::OrderView,
    orders::{changed, exists, placed},
};
use actix_web::{HttpResponse, post, web::Data};
use serde::{Deserialize, Serialize};
use tradepost_app::Shop;
use tradepost_domain::{
    ids::{LineId, OrderId, ProductId},
    ledger::{Command, RefundLine, orders},
    orders::Step,
};
use utoipa::ToSchema;
use validator::Validate;

/// Why a step is taken.
#[derive(Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "Out of mangoes"}))]
pub struct StepReason {
    #[schema(value_type = Option<NoteText>)]
    reason: Option<String>,
}

/// Goods come back after delivery.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"lines": [{"product_id": "0192f0c1-7b1a-7c3e-9a52-4d6e8f0a1b2c", "quantity": 1}], "restock": false, "reason": "Melted"}))]
pub struct ReturnOrder {
    #[serde(deserialize_with = "objects")]
    #[validate(length(min = 1, max = 200, message = "there are 1 to 200 lines in a request"))]
    lines: Vec<ReturnedOrderLine>,
    /// Do the goods go back to stock? `true` where absent.
    restock: Option<bool>,
    #[schema(value_type = Option<NoteText>)]
    reason: Option<String>,
}

/// One line of which something comes back.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnedOrderLine {
    /// Or `product_id`, where one line is of it.
    line_id: Option<Id>,
    product_id: Option<Id>,
    #[schema(value_type = WantedQty)]
    quantity: Qty,
}

/// Accept an order
///
/// The shop will fulfil it. Its goods stay reserved.
#[utoipa::path(operation_id = "accept_order", tag = "Orders", params(("id" = Id, Path)), request_body = Option<StepReason>, responses((status = 200, description = "The order.", body = OrderView)), extensions(("x-problems" = json!(["illegal_transition"]))))]
#[post("/orders/{id}/accept")]
pub(crate) async fn accept(shop: Data<Shop>, id: PathId<OrderId>, change: Change) -> Result<HttpResponse, Problem> {
    step(&shop, id.0, Step::Accept, &change).await
}

/// Reject an order
///
/// The shop will not fulfil it. Its goods are released and its promo code is given back, once.
#[utoipa::path(operation_id = "reject_order", tag = "Orders", params(("id" = Id, Path)), request_body = Option<StepReason>, responses((status = 200, description = "The order.", body = OrderView)), extensions(("x-problems" = json!(["illegal_transition"]))))]
#[post("/orders/{id}/reject")]
pub(crate) async fn reject(shop: Data<Shop>, id: PathId<OrderId>, change: Change) -> Result<HttpResponse, Problem> {
    step(&shop, id.0, Step::Reject, &change).await
}

/// Ship an order
///
/// What was reserved leaves; it must be on hand.
#[utoipa::path(operation_id = "ship_order", tag = "Orders", params(("id" = Id, Path)), request_body = Option<StepReason>, responses((status = 200, description = "The order.", body = OrderView)), extensions(("x-problems" = json!(["illegal_transition", "insufficient_stock", "conflict"]))))]
#[post("/orders/{id}/ship")]
pub(crate) async fn ship(shop: Data<Shop>, id: PathId<OrderId>, change: Change) -> Result<HttpResponse, Problem> {
    step(&shop, id.0, Step::Ship, &change).await
}

/// Deliver an order
///
/// Its goods have arrived.
#[utoipa::path(operation_id = "deliver_order", tag = "Orders", params(("id" = Id, Path)), request_body = Option<StepReason>, responses((status = 200, description = "The order.", body = OrderView)), extensions(("x-problems" = json!(["illegal_transition"]))))]
#[post("/orders/{id}/deliver")]
pub(crate) async fn deliver(shop: Data<Shop>, id: PathId<OrderId>, change: Change) -> Result<HttpResponse, Problem> {
    step(&shop, id.0, Step::Deliver, &change).await
}

/// Cancel an order
///
/// One's own while it is pending; with `orders.fulfil` also an accepted one. Its goods are released and its promo code is given back, once.
#[utoipa::path(operation_id = "cancel_order", tag = "Orders", params(("id" = Id, Path)), request_body = Option<StepReason>, responses((status = 200, description = "The order.", body = OrderView)), extensions(("x-problems" = json!(["forbidden", "illegal_transition"]))))]
#[post("/orders/{id}/cancel")]
pub(crate) async fn cancel(shop: Data<Shop>, id: PathId<OrderId>, change: Change) -> Result<HttpResponse, Problem> {
    step(&shop, id.0, Step::Cancel, &change).await
}

/// Return goods of an order
///
/// After delivery, some or all of it, with or without the goods going back to stock; never more than was bought.
#[utoipa::path(operation_id = "return_order", tag = "Orders", params(("id" = Id, Path)), request_body = ReturnOrder, responses((status = 201, description = "The order.", body = OrderView)), extensions(("x-problems" = json!(["illegal_transition", "conflict"]))))]
#[post("/orders/{id}/returns")]
pub(crate) async fn give_back(shop: Data<Shop>, id: PathId<OrderId>, change: Change) -> Result<HttpResponse, Problem> {
    let id = id.0;
    let form: ReturnOrder = change.json_about(&shop, exists(id, &change)).await?;
    let lines = form.lines.into_iter().map(|line| RefundLine {
        line: line.line_id.map(LineId::from),
        product: line.product_id.map(ProductId::from),
        quantity: line.quantity.0,
    });
    let restock = form.restock.unwrap_or(true);
    let command = orders::Command::Return { id, lines: lines.collect(), restock, reason: form.reason };
    change.submit(&shop, Command::Orders(command), placed).await
}

async fn step(shop: &Shop, id: OrderId, step: Step, change: &Change) -> Result<HttpResponse, Problem> {
    let StepReason { reason } = change.optional_json_about(shop, exists(id, change)).await?;
    change.submit(shop, Command::Orders(orders::Command::Step { id, step, reason }), changed).await
}
