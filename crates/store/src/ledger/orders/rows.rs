//! Orders as they are stored.

use crate::{
    ledger::rows::{LineRow, Read, actor},
    promos::TermsColumns,
    types::{At, Id, InstantSql, UuidSql},
};
use diesel::{
    QueryableByName,
    sql_types::{BigInt, Nullable, Text},
};
use tradepost_domain::{
    money::{Currency, Money},
    orders::{AppliedPromo, HistoryEntry, Order, OrderStatus},
};

#[derive(QueryableByName)]
pub(super) struct OrderRow {
    #[diesel(sql_type = UuidSql)]
    pub(super) id: Id,
    #[diesel(sql_type = BigInt)]
    number: i64,
    #[diesel(sql_type = Text)]
    status: String,
    #[diesel(sql_type = UuidSql)]
    customer_id: Id,
    #[diesel(sql_type = Nullable<UuidSql>)]
    placed_by: Option<Id>,
    #[diesel(sql_type = BigInt)]
    subtotal: i64,
    #[diesel(sql_type = BigInt)]
    discount: i64,
    #[diesel(sql_type = BigInt)]
    total: i64,
    #[diesel(sql_type = Nullable<UuidSql>)]
    promo_id: Option<Id>,
    #[diesel(sql_type = Nullable<Text>)]
    promo_code: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    promo_kind: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    promo_amount: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    promo_percentage_hundredths: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    promo_max_discount: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    promo_minimum_subtotal: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    notes: Option<String>,
    #[diesel(sql_type = UuidSql)]
    location_id: Id,
    #[diesel(sql_type = Nullable<InstantSql>)]
    hidden_at: Option<At>,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = InstantSql)]
    created_at: At,
    #[diesel(sql_type = InstantSql)]
    updated_at: At,
}

impl OrderRow {
    pub(super) const SELECT: &'static str = "SELECT id, number, status, customer_id, placed_by, subtotal, discount, total, \
        promo_id, promo_code, promo_kind, promo_amount, promo_percentage_hundredths, promo_max_discount, promo_minimum_subtotal, \
        notes, location_id, hidden_at, version, created_at, updated_at FROM orders WHERE ";

    pub(super) fn order(self, lines: Vec<LineRow>, history: Vec<HistoryRow>, currency: Currency) -> Read<Order> {
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

#[derive(QueryableByName)]
pub(super) struct HistoryRow {
    #[diesel(sql_type = UuidSql)]
    pub(super) order_id: Id,
    #[diesel(sql_type = Text)]
    status: String,
    #[diesel(sql_type = InstantSql)]
    at: At,
    #[diesel(sql_type = Text)]
    actor_type: String,
    #[diesel(sql_type = Nullable<UuidSql>)]
    actor_id: Option<Id>,
    #[diesel(sql_type = Nullable<Text>)]
    reason: Option<String>,
}

impl HistoryRow {
    pub(super) const SELECT: &'static str =
        "SELECT order_id, status, at, actor_type, actor_id, reason FROM order_history WHERE ";

    fn entry(self) -> Read<HistoryEntry> {
        Ok(HistoryEntry {
            status: status(&self.status)?,
            at: self.at.into(),
            by: actor(&self.actor_type, self.actor_id)?,
            reason: self.reason,
        })
    }
}
