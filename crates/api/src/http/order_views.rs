//! How orders look, and by what they are looked for.

use super::wire::{
    json::{Amount, Id, Qty, Time},
    problem::Problem,
    query,
    texts::AmountText,
    words::OrderStatusWord,
};
use serde::{Deserialize, Serialize};
use tradepost_domain::{
    identity::{Actor, Principal},
    ids::CustomerId,
    ledger::Names,
    lines::Line,
    money::Currency,
    orders::{self, HistoryEntry, Order, OrderStatus},
};
use tradepost_store::orders::{self as stored, HistoryRow, OrderLineRow, OrderRow, OrderWithParts};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// A customer's order with its lines and history.
#[derive(Serialize, ToSchema)]
#[schema(as = Order)]
pub struct OrderView {
    id: Id,
    /// Short, for people; unique among orders, perhaps with gaps.
    #[schema(example = 1042)]
    number: i64,
    /// `pending`, `accepted`, `rejected`, `cancelled`, `shipped` or `delivered`.
    #[schema(value_type = OrderStatusWord)]
    status: String,
    customer: OrderCustomerView,
    /// The user who placed it; `null` for the program itself.
    #[schema(required = true)]
    placed_by: Option<Id>,
    lines: Vec<OrderLineView>,
    /// The sum of the lines.
    subtotal: Amount,
    /// What the promo code takes off, 0 where there is none.
    discount: Amount,
    #[schema(required = true, example = "MANGO10")]
    promo_code: Option<String>,
    /// What is to be paid: the subtotal less the discount.
    total: Amount,
    #[schema(example = "USD")]
    currency: String,
    /// The customer's words, up to 500 characters; `null`: none.
    #[schema(required = true, example = "Ring twice")]
    notes: Option<String>,
    /// Where its goods are reserved.
    location_id: Id,
    /// Every step so far, the oldest first.
    history: Vec<StepView>,
    created_at: Time,
    updated_at: Time,
}

/// For whom an order is.
#[derive(Serialize, ToSchema)]
#[schema(as = OrderCustomer)]
pub struct OrderCustomerView {
    id: Id,
    #[schema(example = "Amina Otieno")]
    name: String,
    #[schema(example = "C-7QK2M4N8P0RS")]
    code: String,
}

/// One line of an order, as it was written down then.
#[derive(Serialize, ToSchema)]
#[schema(as = OrderLine)]
pub struct OrderLineView {
    id: Id,
    product_id: Id,
    #[schema(example = "SMO-MANGO")]
    sku: String,
    #[schema(example = "Mango smoothie")]
    name: String,
    quantity: Qty,
    unit_price: Amount,
    line_total: Amount,
    /// How much of it came back after delivery.
    returned_quantity: Qty,
}

/// One step of an order.
#[derive(Serialize, ToSchema)]
#[schema(as = OrderStep)]
pub struct StepView {
    /// Where it stood afterwards.
    #[schema(value_type = OrderStatusWord)]
    status: String,
    at: Time,
    /// The user who did it; `null` for the program itself.
    #[schema(required = true)]
    by: Option<Id>,
    #[schema(required = true, example = "Out of mangoes")]
    reason: Option<String>,
}

impl OrderView {
    /// As it was just written.
    pub fn of_effects(order: &Order, names: &Names) -> Self {
        let card = names.customers.get(&order.customer);
        Self {
            id: order.id.into(),
            number: order.number,
            status: order.status.as_str().to_owned(),
            customer: OrderCustomerView {
                id: order.customer.into(),
                name: card.map(|card| card.name.clone()).unwrap_or_default(),
                code: card.map(|card| card.code.clone()).unwrap_or_default(),
            },
            placed_by: order.placed_by.map(Id::from),
            lines: order.lines.iter().map(OrderLineView::from).collect(),
            subtotal: Amount(order.subtotal),
            discount: Amount(order.discount),
            promo_code: order.promo.as_ref().map(|applied| applied.code.clone()),
            total: Amount(order.total),
            currency: order.total.currency().code().to_owned(),
            notes: order.notes.clone(),
            location_id: order.location.into(),
            history: order.history.iter().map(StepView::from).collect(),
            created_at: Time(order.created_at),
            updated_at: Time(order.updated_at),
        }
    }

    /// As it is kept.
    pub fn of_rows(OrderWithParts { order, lines, history }: OrderWithParts, currency: Currency) -> Self {
        Self {
            id: order.id.into(),
            number: order.number,
            status: order.status,
            customer: OrderCustomerView {
                id: order.customer_id.into(),
                name: order.customer_name,
                code: order.customer_code,
            },
            placed_by: order.placed_by.map(Id::from),
            lines: lines.into_iter().map(|line| OrderLineView::of_row(line, currency)).collect(),
            subtotal: Amount::stored(order.subtotal, currency),
            discount: Amount::stored(order.discount, currency),
            promo_code: order.promo_code,
            total: Amount::stored(order.total, currency),
            currency: currency.code().to_owned(),
            notes: order.notes,
            location_id: order.location_id.into(),
            history: history.into_iter().map(StepView::from).collect(),
            created_at: order.created_at.into(),
            updated_at: order.updated_at.into(),
        }
    }
}

impl From<&Line> for OrderLineView {
    fn from(line: &Line) -> Self {
        Self {
            id: line.id.into(),
            product_id: line.product.into(),
            sku: line.sku.to_string(),
            name: line.name.clone(),
            quantity: Qty(line.quantity),
            unit_price: Amount(line.unit_price.money()),
            line_total: Amount(line.line_total),
            returned_quantity: Qty(line.returned),
        }
    }
}

impl OrderLineView {
    fn of_row(row: OrderLineRow, currency: Currency) -> Self {
        Self {
            id: row.id.into(),
            product_id: row.product_id.into(),
            sku: row.sku,
            name: row.name,
            quantity: Qty::stored(row.quantity),
            unit_price: Amount::stored(row.unit_price, currency),
            line_total: Amount::stored(row.line_total, currency),
            returned_quantity: Qty::stored(row.returned_quantity),
        }
    }
}

impl From<&HistoryEntry> for StepView {
    fn from(entry: &HistoryEntry) -> Self {
        let by = match entry.by {
            Actor::User(id) => Some(id.into()),
            Actor::Connection(_) | Actor::System => None,
        };
        let status = entry.status.as_str().to_owned();
        Self { status, at: Time(entry.at), by, reason: entry.reason.clone() }
    }
}

impl From<HistoryRow> for StepView {
    fn from(row: HistoryRow) -> Self {
        let by = row.actor_id.filter(|_| row.actor_type == "user").map(Id::from);
        Self { status: row.status, at: row.at.into(), by, reason: row.reason }
    }
}

/// May the caller know of it? To others it does not exist.
pub fn is_visible(order: &OrderRow, caller: &Principal) -> bool {
    orders::is_visible(order.customer_id.into(), order.hidden_at.is_some(), caller)
}

/// Filters of a list of orders; what is absent filters nothing.
#[derive(Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OrderFilter {
    #[param(value_type = Option<OrderStatusWord>)]
    status: Option<String>,
    customer_id: Option<Id>,
    /// Placed by the user with this e-mail address, without regard to case.
    user_email: Option<String>,
    promo_code: Option<String>,
    number: Option<i64>,
    #[param(value_type = Option<AmountText>)]
    total_min: Option<String>,
    #[param(value_type = Option<AmountText>)]
    total_max: Option<String>,
    #[param(value_type = Option<AmountText>)]
    discount_min: Option<String>,
    #[param(value_type = Option<AmountText>)]
    discount_max: Option<String>,
    created_after: Option<Time>,
    created_before: Option<Time>,
    /// Words in the notes, the SKUs and names of the lines, and the customer's record.
    search: Option<String>,
}

impl OrderFilter {
    /// The filter as the store takes it, narrowed to what the caller may see.
    ///
    /// # Errors
    /// 400 for a value that is none.
    pub fn into_store_filter(self, currency: Currency, caller: &Principal) -> Result<stored::OrderFilter, Problem> {
        // Who has no customer record has no orders: nobody is the customer with this id.
        let own = || caller.customer.unwrap_or_else(|| CustomerId::from_uuid(Uuid::nil()));
        Ok(stored::OrderFilter {
            only_of: (!orders::sees_all(caller)).then(own),
            status: query::named("status", self.status.as_deref(), OrderStatus::parse)?,
            customer: self.customer_id.map(Into::into),
            user_email: self.user_email,
            promo_code: self.promo_code,
            number: self.number,
            total_min: query::amount("total_min", self.total_min.as_deref(), currency)?,
            total_max: query::amount("total_max", self.total_max.as_deref(), currency)?,
            discount_min: query::amount("discount_min", self.discount_min.as_deref(), currency)?,
            discount_max: query::amount("discount_max", self.discount_max.as_deref(), currency)?,
            created_after: self.created_after.map(|time| time.0),
            created_before: self.created_before.map(|time| time.0),
            search: self.search,
        })
    }
}
