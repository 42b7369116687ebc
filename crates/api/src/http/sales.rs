//! `/sales`: over the counter. Stock leaves at once.

use super::sale_views::{SaleFilter, SaleView};
use super::wire::{
    change::Change,
    json::{Id, Qty, Time, WantedQty, objects, present, present_objects},
    lists::{List, ListOf, Paging},
    path::PathId,
    problem::Problem,
    response,
    texts::{NameText, NoteText, PriceText},
};
use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, web::Data};
use serde::{Deserialize, Serialize};
use tradepost_app::Shop;
use tradepost_domain::{
    field_errors::FieldErrors,
    ids::{CustomerId, LineId, LocationId, ProductId, SaleId},
    ledger::{Command, Effects, RefundLine, SellLine, sales},
    money::{Currency, Price},
    sales::Buyer,
};
use tradepost_store::{Answer, Session, sales as stored};
use utoipa::ToSchema;
use validator::Validate;

/// A sale to be recorded, to a customer, to a name or to nobody in particular.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"lines": [{"product_id": "0192f0c1-7b1a-7c3e-9a52-4d6e8f0a1b2c", "quantity": 2}], "customer_name": "Amina"}))]
pub struct RecordSale {
    #[serde(deserialize_with = "objects")]
    #[validate(length(min = 1, max = 200, message = "there are 1 to 200 lines in a request"))]
    lines: Vec<SoldLine>,
    /// The customer who bought; not together with `customer_name`.
    customer_id: Option<Id>,
    /// A name on the receipt, up to 200 characters; not together with `customer_id`.
    #[schema(value_type = Option<NameText>)]
    customer_name: Option<String>,
    /// The default location where absent.
    location_id: Option<Id>,
    /// When it happened, at most 5 minutes ahead; now where absent.
    occurred_at: Option<Time>,
}

/// One line that was sold. Lines of one product at one price become one.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SoldLine {
    product_id: Id,
    #[schema(value_type = WantedQty)]
    quantity: Qty,
    /// Another price than the product's; needs the permission `sales.override_price`.
    #[schema(value_type = Option<PriceText>, example = "4.00")]
    unit_price: Option<String>,
}

/// What of a sale was wrong; what is absent stays as it is.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"lines": [{"product_id": "0192f0c1-7b1a-7c3e-9a52-4d6e8f0a1b2c", "quantity": 1}], "reason": "Typed twice"}))]
pub struct CorrectSale {
    /// All lines that the sale shall have; the net difference moves.
    #[serde(default, deserialize_with = "present_objects")]
    #[schema(nullable = false)]
    #[validate(length(min = 1, max = 200, message = "there are 1 to 200 lines in a request"))]
    lines: Option<Vec<CorrectedLine>>,
    #[serde(default, deserialize_with = "present")]
    customer_id: Option<Option<Id>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<NameText>)]
    customer_name: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<NoteText>, nullable = false)]
    reason: Option<String>,
}

/// One line as it shall be.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CorrectedLine {
    /// Which line of the sale; needed only where several sell the product.
    line_id: Option<Id>,
    product_id: Option<Id>,
    #[schema(value_type = WantedQty)]
    quantity: Qty,
    /// Another price than the product's; needs the permission `sales.override_price`.
    #[schema(value_type = Option<PriceText>)]
    unit_price: Option<String>,
}

/// Goods come back, and the money for them goes.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"lines": [{"product_id": "0192f0c1-7b1a-7c3e-9a52-4d6e8f0a1b2c", "quantity": 1}], "restock": false, "reason": "Spilled"}))]
pub struct Refund {
    #[serde(deserialize_with = "objects")]
    #[validate(length(min = 1, max = 200, message = "there are 1 to 200 lines in a request"))]
    lines: Vec<ReturnedLine>,
    /// Do the goods go back to stock? `true` where absent.
    restock: Option<bool>,
    #[schema(value_type = Option<NoteText>)]
    reason: Option<String>,
}

/// One line of which something comes back.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnedLine {
    /// Or `product_id`, where one line sold it.
    line_id: Option<Id>,
    product_id: Option<Id>,
    #[schema(value_type = WantedQty)]
    quantity: Qty,
}

/// List sales
#[utoipa::path(operation_id = "list_sales", tag = "Sales", params(Paging, SaleFilter), responses((status = 200, description = "A page, newest first.", body = List<SaleView>)), extensions(("x-orderings" = json!(stored::ORDERINGS))))]
#[get("/sales")]
pub(crate) async fn list(shop: Data<Shop>, list: ListOf<SaleFilter>) -> Result<HttpResponse, Problem> {
    let currency = shop.currency();
    let filter = list.filter.clone().into_store_filter(currency)?;
    let request = list.request(filter, stored::ORDERINGS)?;
    let page =
        shop.store.read(move |session| stored::list(session, &request).map_err(tradepost_app::Error::from)).await?;
    Ok(list.answer(page, |sale| SaleView::of_rows(sale, currency)))
}

/// Record a sale
///
/// All lines or none; each product's lines are judged together.
#[utoipa::path(operation_id = "record_sale", tag = "Sales", request_body = RecordSale, responses((status = 201, description = "The sale.", body = SaleView)), extensions(("x-problems" = json!(["insufficient_stock", "product_unavailable", "conflict"]))))]
#[post("/sales")]
pub(crate) async fn record(shop: Data<Shop>, change: Change) -> Result<HttpResponse, Problem> {
    let form: RecordSale = change.json()?;
    let mut errors = FieldErrors::new();
    let lines = form.lines.into_iter().enumerate().map(|(index, line)| SellLine {
        line: None,
        product: Some(line.product_id.into()),
        quantity: line.quantity.0,
        unit_price: price(line.unit_price, index, shop.currency(), &mut errors),
    });
    let new = sales::NewSale {
        lines: lines.collect(),
        buyer: buyer(form.customer_id, form.customer_name, &mut errors),
        location: form.location_id.map(LocationId::from),
        occurred_at: form.occurred_at.map(|time| time.0),
    };
    errors.into_result()?;
    let command = Command::Sales(sales::Command::Record(new));
    change.submit(&shop, command, |effects| sale(201, effects)).await
}

/// Read a sale
#[utoipa::path(operation_id = "get_sale", tag = "Sales", params(("id" = Id, Path)), responses((status = 200, description = "The sale.", body = SaleView)))]
#[get("/sales/{id}")]
pub(crate) async fn read(shop: Data<Shop>, request: HttpRequest, id: PathId<SaleId>) -> Result<HttpResponse, Problem> {
    let sale = shop.store.read(move |session| stored::sale(session, id.0).map_err(tradepost_app::Error::from)).await?;
    let sale = sale.ok_or_else(Problem::not_found)?;
    Ok(response::one(&request, sale.sale.version, &SaleView::of_rows(sale, shop.currency())))
}

/// Correct a sale
///
/// What is on it already keeps its price. Never below what was refunded.
#[utoipa::path(operation_id = "correct_sale", tag = "Sales", params(("id" = Id, Path)), request_body = CorrectSale, responses((status = 200, description = "The sale.", body = SaleView)), extensions(("x-problems" = json!(["insufficient_stock", "product_unavailable", "conflict"]))))]
#[patch("/sales/{id}")]
pub(crate) async fn correct(shop: Data<Shop>, id: PathId<SaleId>, change: Change) -> Result<HttpResponse, Problem> {
    let id = id.0;
    let form: CorrectSale = change.json_about(&shop, move |session| exists(session, id)).await?;
    if change.says_nothing() {
        let find = move |session: &mut Session<'_>| Ok::<_, tradepost_app::Error>(stored::sale(session, id)?);
        let sale = shop.store.read(find).await?.ok_or_else(Problem::not_found)?;
        return change.unchanged(&shop, sale.sale.version, &SaleView::of_rows(sale, shop.currency())).await;
    }
    let mut errors = FieldErrors::new();
    let lines = form.lines.map(|lines| {
        let lines = lines.into_iter().enumerate().map(|(index, line)| SellLine {
            line: line.line_id.map(LineId::from),
            product: line.product_id.map(ProductId::from),
            quantity: line.quantity.0,
            unit_price: price(line.unit_price, index, shop.currency(), &mut errors),
        });
        lines.collect()
    });
    let names_buyer = form.customer_id.is_some() || form.customer_name.is_some();
    let named = buyer(form.customer_id.flatten(), form.customer_name.flatten(), &mut errors);
    let buyer = names_buyer.then_some(named);
    let command = Command::Sales(sales::Command::Correct { id, lines, buyer, reason: form.reason });
    if let Err(errors) = errors.into_result() {
        let exists = shop.store.read(move |session| exists(session, id)).await?;
        return Err(if exists { errors.into() } else { Problem::not_found() });
    }
    change.submit(&shop, command, |effects| sale(200, effects)).await
}

/// Refund a sale
///
/// Some or all of it, with or without the goods going back to stock. The total stays; `refunded_total` grows.
#[utoipa::path(operation_id = "refund_sale", tag = "Sales", params(("id" = Id, Path)), request_body = Refund, responses((status = 201, description = "The sale.", body = SaleView)), extensions(("x-problems" = json!(["conflict"]))))]
#[post("/sales/{id}/refunds")]
pub(crate) async fn refund(shop: Data<Shop>, id: PathId<SaleId>, change: Change) -> Result<HttpResponse, Problem> {
    let id = id.0;
    let form: Refund = change.json_about(&shop, move |session| exists(session, id)).await?;
    let lines = form.lines.into_iter().map(|line| RefundLine {
        line: line.line_id.map(LineId::from),
        product: line.product_id.map(ProductId::from),
        quantity: line.quantity.0,
    });
    let restock = form.restock.unwrap_or(true);
    let command = sales::Command::Refund { id, lines: lines.collect(), restock, reason: form.reason };
    change.submit(&shop, Command::Sales(command), |effects| sale(201, effects)).await
}

/// Void a sale
///
/// What was sold and has not come back returns to stock, once. The sale stays readable.
#[utoipa::path(operation_id = "void_sale", tag = "Sales", params(("id" = Id, Path)), responses((status = 204, description = "Voided, now or before.")), extensions(("x-problems" = json!(["conflict"]))))]
#[delete("/sales/{id}")]
pub(crate) async fn void(shop: Data<Shop>, id: PathId<SaleId>, change: Change) -> Result<HttpResponse, Problem> {
    change.submit(&shop, Command::Sales(sales::Command::Void { id: id.0 }), |_| response::no_content()).await
}

/// The sale as it was just written.
fn sale(status: u16, effects: &Effects) -> Answer {
    let Some(sale) = effects.sales.sales.first() else { return response::no_content() };
    let view = SaleView::of_effects(&sale.value, &effects.names);
    match status {
        201 => response::created(&view, Some(sale.value.version), format!("/api/v1/sales/{}", sale.value.id)),
        _ => response::changed(status, &view, Some(sale.value.version)),
    }
}

fn exists(session: &mut Session<'_>, id: SaleId) -> tradepost_app::Result<bool> {
    Ok(stored::sale(session, id)?.is_some())
}

fn price(text: Option<String>, index: usize, currency: Currency, errors: &mut FieldErrors) -> Option<Price> {
    errors.take(&format!("/lines/{index}/unit_price"), Price::parse(&text?, currency))
}

fn buyer(id: Option<Id>, name: Option<String>, errors: &mut FieldErrors) -> Option<Buyer> {
    match (id, name) {
        (Some(_), Some(_)) => {
            errors.add(
                "/customer_name",
                "ambiguous",
                "name the customer by customer_id or by customer_name, not by both",
            );
            None
        }
        (Some(id), None) => Some(Buyer::Customer(CustomerId::from(id))),
        (None, Some(name)) => Some(Buyer::Named(name)),
        (None, None) => None,
    }
}
