//! Sales as they are stored.

use crate::{
    ledger::rows::{Read, SaleLineRow},
    schema::sales,
    types::{At, Id},
};
use diesel::{Queryable, Selectable};
use tradepost_domain::{
    money::{Currency, Money},
    sales::{Buyer, Sale, SaleStatus},
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = sales)]
pub(super) struct SaleRow {
    pub(super) id: Id,
    number: i64,
    status: String,
    location_id: Id,
    customer_id: Option<Id>,
    customer_name: Option<String>,
    sold_by: Option<Id>,
    total: i64,
    refunded_total: i64,
    reason: Option<String>,
    version: i64,
    occurred_at: At,
    created_at: At,
    updated_at: At,
}

impl SaleRow {
    pub(super) fn sale(self, lines: Vec<SaleLineRow>, currency: Currency) -> Read<Sale> {
        let buyer = match (self.customer_id, self.customer_name) {
            (Some(id), _) => Some(Buyer::Customer(id.into())),
            (None, Some(name)) => Some(Buyer::Named(name)),
            (None, None) => None,
        };
        Ok(Sale {
            id: self.id.into(),
            number: self.number,
            status: SaleStatus::parse(&self.status).ok_or(format!("sale status {}", self.status))?,
            lines: lines.into_iter().map(|line| line.line(currency)).collect::<Read<_>>()?,
            total: Money::from_minor(self.total, currency),
            refunded_total: Money::from_minor(self.refunded_total, currency),
            buyer,
            location: self.location_id.into(),
            sold_by: self.sold_by.map(Into::into),
            reason: self.reason,
            occurred_at: self.occurred_at.into(),
            version: self.version,
            created_at: self.created_at.into(),
            updated_at: self.updated_at.into(),
        })
    }
}
