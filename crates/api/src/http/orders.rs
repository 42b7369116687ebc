//! `/orders`: customers' orders. They reserve when placed, and leave when shipped.

use super::wire::{
    auth::Caller,
    change::Change,
    json::{Id, Qty, WantedQty, objects, present, present_objects},
    lists::{List, ListOf, Paging},
    path::PathId,
    problem::Problem,
    response,
    texts::{CodeText, NoteText},
};
use super::{
    order_views::{OrderFilter, OrderView, is_visible},
    promos::typed_code,
};
use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, web::Data};
use serde::{Deserialize, Serialize};
use tradepost_app::Shop;
use tradepost_domain::{
    field_errors::FieldErrors,
    identity::Principal,
    ids::{LineId, LocationId, OrderId, ProductId},
    ledger::{Command, Effects, SellLine, orders},
    orders::Order,
};
use tradepost_store::{Answer, Session, orders as stored};
use utoipa::ToSchema;
use validator::Validate;

/// An order to be; prices are the catalogue's.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"lines": [{"product_id": "0192f0c1-7b1a-7c3e-9a52-4d6e8f0a1b2c", "quantity": 2}], "promo_code": "MANGO10", "notes": "Ring twice"}))]
pub struct CreateOrder {
    #[serde(deserialize_with = "objects")]
    #[validate(length(min = 1, max = 200, message = "there are 1 to 200 lines in a request"))]
    lines: Vec<OrderedLine>,
    #[schema(value_type = Option<CodeText>)]
    promo_code: Option<String>,
    #[schema(value_type = Option<NoteText>)]
    notes: Option<String>,
    /// The caller's own customer where absent; another one needs the permission `orders.place_for_others`.
    customer_id: Option<Id>,
    /// Where the goods are taken from: the default location where absent; naming one needs the permission `orders.place_for_others`.
    location_id: Option<Id>,
}

/// One line that is ordered. Lines of one product become one.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderedLine {
    pub(super) product_id: Id,
    #[schema(value_type = WantedQty)]
    pub(super) quantity: Qty,
}

/// What of a pending order to change; `null` empties a field.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"lines": [{"product_id": "0192f0c1-7b1a-7c3e-9a52-4d6e8f0a1b2c", "quantity": 3}], "promo_code": null}))]
pub struct UpdateOrder {
    /// All lines that the order shall have; the net difference is reserved or released.
    #[serde(default, deserialize_with = "present_objects")]
    #[schema(nullable = false)]
    #[validate(length(min = 1, max = 200, message = "there are 1 to 200 lines in a request"))]
    lines: Option<Vec<UpdatedOrderLine>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<CodeText>)]
    promo_code: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<NoteText>)]
    notes: Option<Option<String>>,
}

/// One line as it shall be.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdatedOrderLine {
    /// Which line of the order; needed only where several are of one product.
    line_id: Option<Id>,
    product_id: Option<Id>,
    #[schema(value_type = WantedQty)]
    quantity: Qty,
}

/// List orders
///
/// One's own; with `orders.read_all` or `orders.fulfil` everybody's.
#[utoipa::path(operation_id = "list_orders", tag = "Orders", params(Paging, OrderFilter), responses((status = 200, description = "A page, newest first.", body = List<OrderView>)), extensions(("x-orderings" = json!(stored::ORDERINGS))))]
#[get("/orders")]
pub(crate) async fn list(shop: Data<Shop>, caller: Caller, list: ListOf<OrderFilter>) -> Result<HttpResponse, Problem> {
    let currency = shop.currency();
    let filter = list.filter.clone().into_store_filter(currency, &caller.principal)?;
    let request = list.request(filter, stored::ORDERINGS)?;
    let page =
        shop.store.read(move |session| stored::list(session, &request).map_err(tradepost_app::Error::from)).await?;
    Ok(list.answer(page, |order| OrderView::of_rows(order, currency)))
}

/// Place an order
///
/// All lines or none; each product's lines are judged together. The goods are reserved.
#[utoipa::path(operation_id = "create_order", tag = "Orders", request_body = CreateOrder, responses((status = 201, description = "The order.", body = OrderView)), extensions(("x-problems" = json!(["forbidden", "insufficient_stock", "product_unavailable", "promo_refused", "conflict"]))))]
#[post("/orders")]
pub(crate) async fn place(shop: Data<Shop>, change: Change) -> Result<HttpResponse, Problem> {
    let form: CreateOrder = change.json()?;
    let mut errors = FieldErrors::new();
    let promo_code = typed_code(form.promo_code, &mut errors);
    errors.into_result()?;
    let new = orders::NewOrder {
        customer: form.customer_id.map(Into::into),
        lines: form.lines.into_iter().map(SellLine::from).collect(),
        promo_code,
        notes: form.notes,
        location: form.location_id.map(LocationId::from),
    };
    change.submit(&shop, Command::Orders(orders::Command::Place(Box::new(new))), placed).await
}

/// Read an order
#[utoipa::path(operation_id = "get_order", tag = "Orders", params(("id" = Id, Path)), responses((status = 200, description = "The order.", body = OrderView)))]
#[get("/orders/{id}")]
pub(crate) async fn read(
    shop: Data<Shop>,
    request: HttpRequest,
    caller: Caller,
    id: PathId<OrderId>,
) -> Result<HttpResponse, Problem> {
    let order =
        shop.store.read(move |session| stored::order(session, id.0).map_err(tradepost_app::Error::from)).await?;
    let order = order.filter(|found| is_visible(&found.order, &caller.principal)).ok_or_else(Problem::not_found)?;
    Ok(response::one(&request, order.order.version, &OrderView::of_rows(order, shop.currency())))
}

/// Change a pending order
///
/// What is on it already keeps its price, and its promo code the terms it was promised with. All of it or nothing.
#[utoipa::path(operation_id = "update_order", tag = "Orders", params(("id" = Id, Path)), request_body = UpdateOrder, responses((status = 200, description = "The order.", body = OrderView)), extensions(("x-problems" = json!(["forbidden", "illegal_transition", "insufficient_stock", "product_unavailable", "promo_refused", "conflict"]))))]
#[patch("/orders/{id}")]
pub(crate) async fn edit(shop: Data<Shop>, id: PathId<OrderId>, change: Change) -> Result<HttpResponse, Problem> {
    let id = id.0;
    let form: UpdateOrder = change.json_about(&shop, exists(id, &change)).await?;
    if change.says_nothing() {
        let find = move |session: &mut Session<'_>| Ok::<_, tradepost_app::Error>(stored::order(session, id)?);
        let order = shop.store.read(find).await?.filter(|found| is_visible(&found.order, &change.caller.principal));
        let order = order.ok_or_else(Problem::not_found)?;
        return change.unchanged(&shop, order.order.version, &OrderView::of_rows(order, shop.currency())).await;
    }
    let mut errors = FieldErrors::new();
    let promo_code = form.promo_code.map(|code| typed_code(code, &mut errors));
    if let Err(errors) = errors.into_result() {
        let exists = shop.store.read(exists(id, &change)).await?;
        return Err(if exists { errors.into() } else { Problem::not_found() });
    }
    let lines = form.lines.map(|lines| lines.into_iter().map(SellLine::from).collect());
    let patch = Box::new(orders::OrderPatch { lines, promo_code, notes: form.notes });
    change.submit(&shop, Command::Orders(orders::Command::Edit { id, patch }), changed).await
}

/// Delete an order
///
/// Cancels a pending one; takes a rejected or cancelled one out of lists. An order is never erased.
#[utoipa::path(operation_id = "delete_order", tag = "Orders", params(("id" = Id, Path)), responses((status = 204, description = "Cancelled or hidden, now or before.")), extensions(("x-problems" = json!(["forbidden", "illegal_transition"]))))]
#[delete("/orders/{id}")]
pub(crate) async fn remove(shop: Data<Shop>, id: PathId<OrderId>, change: Change) -> Result<HttpResponse, Problem> {
    let command = Command::Orders(orders::Command::Delete { id: id.0 });
    change.submit(&shop, command, |_| response::no_content()).await
}

/// The order as it was just placed, or as something of it came back.
pub(super) fn placed(effects: &Effects) -> Answer {
    let Some(order) = order(effects) else { return response::no_content() };
    let location = format!("/api/v1/orders/{}", order.id);
    response::created(&OrderView::of_effects(order, &effects.names), Some(order.version), location)
}

/// The order as it is after a change.
pub(super) fn changed(effects: &Effects) -> Answer {
    let Some(order) = order(effects) else { return response::no_content() };
    response::changed(200, &OrderView::of_effects(order, &effects.names), Some(order.version))
}

/// The order that was written.
fn order(effects: &Effects) -> Option<&Order> {
    effects.orders.orders.first().map(|written| &*written.order.value)
}

/// Is there such an order, as far as the caller may know?
pub(super) fn exists(
    id: OrderId,
    change: &Change,
) -> impl FnOnce(&mut Session<'_>) -> tradepost_app::Result<bool> + Send + use<> {
    let caller: Principal = change.caller.principal.clone();
    move |session| Ok(stored::order(session, id)?.is_some_and(|found| is_visible(&found.order, &caller)))
}

impl From<OrderedLine> for SellLine {
    fn from(line: OrderedLine) -> Self {
        Self { line: None, product: Some(line.product_id.into()), quantity: line.quantity.0, unit_price: None }
    }
}

impl From<UpdatedOrderLine> for SellLine {
    fn from(line: UpdatedOrderLine) -> Self {
        Self {
            line: line.line_id.map(LineId::from),
            product: line.product_id.map(ProductId::from),
            quantity: line.quantity.0,
            unit_price: None,
        }
    }
}
