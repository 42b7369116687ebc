//! How sales look, and by what they are looked for.

use super::wire::{
    json::{Amount, Id, Qty, Time},
    problem::Problem,
    query,
    texts::AmountText,
    words::SaleStatusWord,
};
use serde::{Deserialize, Serialize};
use tradepost_domain::{
    ledger::Names,
    lines::Line,
    money::Currency,
    sales::{Buyer, Sale, SaleStatus},
};
use tradepost_store::sales::{self as stored, SaleLineRow, SaleWithLines};
use utoipa::{IntoParams, ToSchema};

/// A sale over the counter.
#[derive(Serialize, ToSchema)]
#[schema(as = Sale)]
pub struct SaleView {
    id: Id,
    /// Short, for people; unique among sales, perhaps with gaps.
    #[schema(example = 1042)]
    number: i64,
    /// `completed`, `partly_refunded`, `refunded` or `voided`.
    #[schema(value_type = SaleStatusWord)]
    status: String,
    lines: Vec<SaleLineView>,
    /// The sum of the lines. Refunds do not change it.
    total: Amount,
    /// What was paid back, at most the total.
    refunded_total: Amount,
    #[schema(example = "USD")]
    currency: String,
    /// Who bought; `null`: nobody said.
    #[schema(required = true)]
    customer: Option<BuyerView>,
    location_id: Id,
    /// The user who sold; `null` for the program itself.
    #[schema(required = true)]
    sold_by: Option<Id>,
    /// Why it was corrected, refunded or voided last; `null`: nobody said.
    #[schema(required = true)]
    reason: Option<String>,
    /// When it happened, by the seller's word.
    occurred_at: Time,
    created_at: Time,
    updated_at: Time,
}

/// One line of a sale, as it was written down then.
#[derive(Serialize, ToSchema)]
#[schema(as = SaleLine)]
pub struct SaleLineView {
    id: Id,
    product_id: Id,
    #[schema(example = "SMO-MANGO")]
    sku: String,
    #[schema(example = "Mango smoothie")]
    name: String,
    quantity: Qty,
    unit_price: Amount,
    line_total: Amount,
    refunded_quantity: Qty,
}

/// Who bought: a customer, or a name on the receipt.
#[derive(Serialize, ToSchema)]
#[schema(as = Buyer)]
pub struct BuyerView {
    /// `null` for a mere name.
    #[schema(required = true)]
    id: Option<Id>,
    #[schema(example = "Amina Otieno")]
    name: String,
    /// `null` for a mere name.
    #[schema(required = true, example = "C-7QK2M4N8P0RS")]
    code: Option<String>,
}

impl BuyerView {
    fn of_effects(buyer: &Buyer, names: &Names) -> Self {
        match buyer {
            Buyer::Customer(id) => {
                let card = names.customers.get(id);
                Self {
                    id: Some((*id).into()),
                    name: card.map(|card| card.name.clone()).unwrap_or_default(),
                    code: card.map(|card| card.code.clone()),
                }
            }
            Buyer::Named(name) => Self { id: None, name: name.clone(), code: None },
        }
    }
}

impl SaleView {
    /// As it was just written.
    pub fn of_effects(sale: &Sale, names: &Names) -> Self {
        Self {
            id: sale.id.into(),
            number: sale.number,
            status: sale.status.as_str().to_owned(),
            lines: sale.lines.iter().map(SaleLineView::from).collect(),
            total: Amount(sale.total),
            refunded_total: Amount(sale.refunded_total),
            currency: sale.total.currency().code().to_owned(),
            customer: sale.buyer.as_ref().map(|buyer| BuyerView::of_effects(buyer, names)),
            location_id: sale.location.into(),
            sold_by: sale.sold_by.map(Id::from),
            reason: sale.reason.clone(),
            occurred_at: Time(sale.occurred_at),
            created_at: Time(sale.created_at),
            updated_at: Time(sale.updated_at),
        }
    }

    /// As it is kept.
    pub fn of_rows(SaleWithLines { sale, lines }: SaleWithLines, currency: Currency) -> Self {
        let (id, code) = (sale.customer_id.map(Id::from), sale.customer_code);
        Self {
            id: sale.id.into(),
            number: sale.number,
            status: sale.status,
            lines: lines.into_iter().map(|line| SaleLineView::of_row(line, currency)).collect(),
            total: Amount::stored(sale.total, currency),
            refunded_total: Amount::stored(sale.refunded_total, currency),
            currency: currency.code().to_owned(),
            customer: sale.customer_name.map(|name| BuyerView { id, name, code }),
            location_id: sale.location_id.into(),
            sold_by: sale.sold_by.map(Id::from),
            reason: sale.reason,
            occurred_at: sale.occurred_at.into(),
            created_at: sale.created_at.into(),
            updated_at: sale.updated_at.into(),
        }
    }
}

impl From<&Line> for SaleLineView {
    fn from(line: &Line) -> Self {
        Self {
            id: line.id.into(),
            product_id: line.product.into(),
            sku: line.sku.to_string(),
            name: line.name.clone(),
            quantity: Qty(line.quantity),
            unit_price: Amount(line.unit_price.money()),
            line_total: Amount(line.line_total),
            refunded_quantity: Qty(line.returned),
        }
    }
}

impl SaleLineView {
    fn of_row(row: SaleLineRow, currency: Currency) -> Self {
        Self {
            id: row.id.into(),
            product_id: row.product_id.into(),
            sku: row.sku,
            name: row.name,
            quantity: Qty::stored(row.quantity),
            unit_price: Amount::stored(row.unit_price, currency),
            line_total: Amount::stored(row.line_total, currency),
            refunded_quantity: Qty::stored(row.refunded_quantity),
        }
    }
}

/// Filters of a list of sales; what is absent filters nothing.
#[derive(Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SaleFilter {
    number: Option<i64>,
    #[param(value_type = Option<SaleStatusWord>)]
    status: Option<String>,
    customer_id: Option<Id>,
    location_id: Option<Id>,
    sold_by: Option<Id>,
    /// With a line of this product.
    product_id: Option<Id>,
    #[param(value_type = Option<AmountText>)]
    total_min: Option<String>,
    #[param(value_type = Option<AmountText>)]
    total_max: Option<String>,
    created_after: Option<Time>,
    created_before: Option<Time>,
    occurred_after: Option<Time>,
    occurred_before: Option<Time>,
    /// Words in the name on the receipt or in the customer's record.
    search: Option<String>,
}

impl SaleFilter {
    /// The filter as the store takes it.
    ///
    /// # Errors
    /// 400 for a value that is none.
    pub fn into_store_filter(self, currency: Currency) -> Result<stored::SaleFilter, Problem> {
        Ok(stored::SaleFilter {
            number: self.number,
            status: query::named("status", self.status.as_deref(), SaleStatus::parse)?,
            customer: self.customer_id.map(Into::into),
            location: self.location_id.map(Into::into),
            sold_by: self.sold_by.map(Into::into),
            product: self.product_id.map(Into::into),
            total_min: query::amount("total_min", self.total_min.as_deref(), currency)?,
            total_max: query::amount("total_max", self.total_max.as_deref(), currency)?,
            created_after: self.created_after.map(|time| time.0),
            created_before: self.created_before.map(|time| time.0),
            occurred_after: self.occurred_after.map(|time| time.0),
            occurred_before: self.occurred_before.map(|time| time.0),
            search: self.search,
        })
    }
}
