//! What the rows of several wings have in common.

use crate::types::{Id, UuidSql};
use diesel::{
    QueryableByName,
    sql_types::{BigInt, Text},
};
use tradepost_domain::{
    identity::Actor,
    ids::{PosConnectionId, UserId},
    lines::Line,
    money::{Currency, Money, Price},
    quantity::Quantity,
    sku::Sku,
};

/// What comes of reading a row.
pub(super) type Read<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

pub(super) fn quantity(stored: i64) -> Read<Quantity> {
    Ok(Quantity::from_hundred_thousandths(stored)?)
}

pub(super) fn actor(kind: &str, id: Option<Id>) -> Read<Actor> {
    match (kind, id) {
        ("user", Some(id)) => Ok(Actor::User(UserId::from_uuid(id.0))),
        ("connection", Some(id)) => Ok(Actor::Connection(PosConnectionId::from_uuid(id.0))),
        ("system", None) => Ok(Actor::System),
        _ => Err(format!("actor type {kind}").into()),
    }
}

/// The two columns that say who did a thing.
pub(super) fn actor_columns(actor: Actor) -> (&'static str, Option<Id>) {
    match actor {
        Actor::User(id) => ("user", Some(id.into())),
        Actor::Connection(id) => ("connection", Some(id.into())),
        Actor::System => ("system", None),
    }
}

/// A line of a sale or an order.
#[derive(QueryableByName)]
pub(super) struct LineRow {
    #[diesel(sql_type = UuidSql)]
    id: Id,
    #[diesel(sql_type = UuidSql)]
    pub(super) document_id: Id,
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
    pub(super) const OF_SALES: &'static str = "SELECT id, sale_id AS document_id, product_id, sku, name, quantity, \
        refunded_quantity AS returned_quantity, restocked_quantity, unit_price, line_total FROM sale_lines WHERE ";
    pub(super) const OF_ORDERS: &'static str = "SELECT id, order_id AS document_id, product_id, sku, name, quantity, \
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
