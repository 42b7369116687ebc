//! Lines of documents, which are the same for sales and orders.

use super::{Read, quantity};
use crate::types::{Id, UuidSql};
use diesel::{
    QueryableByName,
    sql_types::{BigInt, Text},
};
use tradepost_domain::{
    lines::Line,
    money::{Currency, Money, Price},
    sku::Sku,
};

/// A line of a sale or an order.
#[derive(QueryableByName)]
pub(in crate::ledger) struct LineRow {
    #[diesel(sql_type = UuidSql)]
    id: Id,
    #[diesel(sql_type = UuidSql)]
    pub(in crate::ledger) document_id: Id,
    #[diesel(sql_type = UuidSql)]
    product_id: Id,
    #[diesel(sql_type = Text)]
    sku: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = BigInt)]
    quantity: i64,
    #[diesel(sql_type = BigInt)]
    returned_quantity: i64,
    #[diesel(sql_type = BigInt)]
    restocked_quantity: i64,
    #[diesel(sql_type = BigInt)]
    unit_price: i64,
    #[diesel(sql_type = BigInt)]
    line_total: i64,
}

impl LineRow {
    pub(in crate::ledger) const OF_SALES: &'static str = "SELECT id, sale_id AS document_id, product_id, sku, name, quantity, \
        refunded_quantity AS returned_quantity, restocked_quantity, unit_price, line_total FROM sale_lines WHERE ";
    pub(in crate::ledger) const OF_ORDERS: &'static str = "SELECT id, order_id AS document_id, product_id, sku, name, quantity, \
        returned_quantity, restocked_quantity, unit_price, line_total FROM order_lines WHERE ";

    pub(super) fn line(self, currency: Currency) -> Read<Line> {
        Ok(Line {
            id: self.id.into(),
            product: self.product_id.into(),
            sku: Sku::parse(&self.sku)?,
            name: self.name,
            quantity: quantity(self.quantity)?,
            unit_price: Price::new(Money::from_minor(self.unit_price, currency))?,
            line_total: Money::from_minor(self.line_total, currency),
            returned: quantity(self.returned_quantity)?,
            restocked: quantity(self.restocked_quantity)?,
        })
    }
}
