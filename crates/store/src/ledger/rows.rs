//! What the rows of several wings have in common.

use crate::{
    schema::{order_lines, sale_lines},
    types::Id,
};
use diesel::{Queryable, Selectable};
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

/// A line of a document, as it is stored: the columns that all of them have, and how much of it came back.
macro_rules! line_rows {
    ($($(#[$doc:meta])* $row:ident in $table:ident of $document:ident, $returned:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Queryable, Selectable)]
        #[diesel(table_name = $table)]
        pub(super) struct $row {
            id: Id,
            pub(super) $document: Id,
            product_id: Id,
            sku: String,
            name: String,
            quantity: i64,
            $returned: i64,
            restocked_quantity: i64,
            unit_price: i64,
            line_total: i64,
        }

        impl $row {
            pub(super) fn line(self, currency: Currency) -> Read<Line> {
                Ok(Line {
                    id: self.id.into(),
                    product: self.product_id.into(),
                    sku: Sku::parse(&self.sku)?,
                    name: self.name,
                    quantity: quantity(self.quantity)?,
                    unit_price: Price::new(Money::from_minor(self.unit_price, currency))?,
                    line_total: Money::from_minor(self.line_total, currency),
                    returned: quantity(self.$returned)?,
                    restocked: quantity(self.restocked_quantity)?,
                })
            }
        }
    )+};
}

line_rows! {
    /// A line of a sale.
    SaleLineRow in sale_lines of sale_id, refunded_quantity;
    /// A line of an order.
    OrderLineRow in order_lines of order_id, returned_quantity;
}
