//! Sales as they are stored.

use crate::{
    ledger::rows::{LineRow, Read},
    types::{At, Id, InstantSql, UuidSql},
};
use diesel::{
    QueryableByName,
    sql_types::{BigInt, Nullable, Text},
};
use tradepost_domain::{
    money::{Currency, Money},
    sales::{Buyer, Sale, SaleStatus},
};

#[derive(QueryableByName)]
pub(super) struct SaleRow {
    #[diesel(sql_type = UuidSql)]
    pub(super) id: Id,
    #[diesel(sql_type = BigInt)]
    number: i64,
    #[diesel(sql_type = Text)]
    status: String,
    #[diesel(sql_type = UuidSql)]
    location_id: Id,
    #[diesel(sql_type = Nullable<UuidSql>)]
    customer_id: Option<Id>,
    #[diesel(sql_type = Nullable<Text>)]
    customer_name: Option<String>,
    #[diesel(sql_type = Nullable<UuidSql>)]
    sold_by: Option<Id>,
    #[diesel(sql_type = BigInt)]
    total: i64,
    #[diesel(sql_type = BigInt)]
    refunded_total: i64,
    #[diesel(sql_type = Nullable<Text>)]
    reason: Option<String>,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = InstantSql)]
    occurred_at: At,
    #[diesel(sql_type = InstantSql)]
    created_at: At,
    #[diesel(sql_type = InstantSql)]
    updated_at: At,
}

impl SaleRow {
    pub(super) const SELECT: &'static str = "SELECT id, number, status, location_id, customer_id, customer_name, sold_by, total, \
        refunded_total, reason, version, occurred_at, created_at, updated_at FROM sales WHERE ";

    pub(super) fn sale(self, lines: Vec<LineRow>, currency: Currency) -> Read<Sale> {
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
