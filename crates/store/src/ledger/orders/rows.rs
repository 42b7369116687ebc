//! Orders as they are stored.

use crate::{
    ledger::rows::{OrderLineRow, Read, actor},
    promos::TermsColumns,
    schema::{order_history, orders},
    types::{At, Id},
};
use diesel::{Queryable, Selectable};
use tradepost_domain::{
    money::{Currency, Money},
    orders::{AppliedPromo, HistoryEntry, Order, OrderStatus},
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = orders)]
pub(super) struct OrderRow {
    pub(super) id: Id,
    number: i64,
    status: String,
    customer_id: Id,
    placed_by: Option<Id>,
    subtotal: i64,
    discount: i64,
    total: i64,
    promo_id: Option<Id>,
    promo_code: Option<String>,
    promo_kind: Option<String>,
    promo_amount: Option<i64>,
    promo_percentage_hundredths: Option<i64>,
    promo_max_discount: Option<i64>,
    promo_minimum_subtotal: Option<i64>,
    notes: Option<String>,
    location_id: Id,
    hidden_at: Option<At>,
    version: i64,
    created_at: At,
    updated_at: At,
}

impl OrderRow {
    pub(super) fn order(self, lines: Vec<OrderLineRow>, history: Vec<HistoryRow>, currency: Currency) -> Read<Order> {
        let promo = self.promo(currency)?;
        Ok(Order {
            id: self.id.into(),
            number: self.number,
            status: status(&self.status)?,
            customer: self.customer_id.into(),
            placed_by: self.placed_by.map(Into::into),
            lines: lines.into_iter().map(|line| line.line(currency)).collect::<Read<_>>()?,
            subtotal: Money::from_minor(self.subtotal, currency),
            discount: Money::from_minor(self.discount, currency),
            total: Money::from_minor(self.total, currency),
            promo,
            notes: self.notes,
            location: self.location_id.into(),
            history: history.into_iter().map(HistoryRow::entry).collect::<Read<_>>()?,
            hidden_at: self.hidden_at.map(Into::into),
            version: self.version,
            created_at: self.created_at.into(),
            updated_at: self.updated_at.into(),
        })
    }

    fn promo(&self, currency: Currency) -> Read<Option<AppliedPromo>> {
        let (Some(promo), Some(code), Some(kind)) = (self.promo_id, &self.promo_code, &self.promo_kind) else {
            return Ok(None);
        };
        let columns = TermsColumns {
            kind,
            amount: self.promo_amount,
            percentage_hundredths: self.promo_percentage_hundredths,
            max_discount: self.promo_max_discount,
            minimum_subtotal: self.promo_minimum_subtotal,
        };
        Ok(Some(AppliedPromo { promo: promo.into(), code: code.clone(), terms: columns.terms(currency)? }))
    }
}

fn status(stored: &str) -> Read<OrderStatus> {
    Ok(OrderStatus::parse(stored).ok_or(format!("order status {stored}"))?)
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = order_history)]
pub(super) struct HistoryRow {
    pub(super) order_id: Id,
    status: String,
    at: At,
    actor_type: String,
    actor_id: Option<Id>,
    reason: Option<String>,
}

impl HistoryRow {
    fn entry(self) -> Read<HistoryEntry> {
        Ok(HistoryEntry {
            status: status(&self.status)?,
            at: self.at.into(),
            by: actor(&self.actor_type, self.actor_id)?,
            reason: self.reason,
        })
    }
}
