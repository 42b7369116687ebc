//! What changes of orders, and what that makes of the shelves. Nothing is decided in here.

use super::{Shelves, quote::Quote};
use crate::{
    carts::Cart,
    ids::{CustomerId, OrderId, PromoId, UserId},
    instant::Instant,
    ledger::Written,
    orders::Order,
};
use std::sync::Arc;

/// An order to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct WrittenOrder {
    /// The order as it is now.
    pub order: Written<Order>,
    /// How many steps at the end of its history are new.
    pub new_steps: usize,
}

/// A promo code taken by an order, or given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Redemption {
    /// The promo code.
    pub promo: PromoId,
    /// The customer whose use is counted.
    pub customer: CustomerId,
    /// The order that holds it, or held it.
    pub order: OrderId,
    /// `true`: the order holds the code from now on; `false`: it gave it back.
    pub taken: bool,
    /// When it was decided.
    pub at: Instant,
}

/// A cart whose items became an order.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct EmptiedCart {
    /// The user whose cart it is.
    pub user: UserId,
    /// The version of the cart that was placed.
    pub version: i64,
    /// When it was decided.
    pub at: Instant,
}

/// What changes of orders.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields, default))]
pub struct Effects {
    /// Orders as they are now.
    pub orders: Vec<WrittenOrder>,
    /// Promo codes taken or given back, in this order.
    pub redemptions: Vec<Redemption>,
    /// A cart that was placed.
    pub emptied_cart: Option<EmptiedCart>,
    /// For the answer: what something would come to.
    pub quote: Option<Quote>,
}

impl Effects {
    pub(in crate::ledger) fn is_empty(&self) -> bool {
        let Self { orders, redemptions, emptied_cart, quote: _ } = self;
        orders.is_empty() && redemptions.is_empty() && emptied_cart.is_none()
    }
}

impl Shelves {
    pub(in crate::ledger) fn apply(&mut self, effects: &Effects) {
        let Effects { orders, redemptions, emptied_cart, quote: _ } = effects;
        for order in orders.iter().map(|written| &written.order.value) {
            self.orders.enter(order.id, Some(Arc::clone(order)));
        }
        for redemption in redemptions {
            let by = if redemption.taken { 1 } else { -1 };
            // Who has not looked yet will read the figure that includes this.
            let key = (redemption.promo, redemption.customer);
            if self.redemptions.knows(&key) {
                let count = self.redemptions.peek(&key).copied().unwrap_or_default();
                self.redemptions.enter(key, Some(count + by));
            }
            if let Some(promo) = self.promos.peek_mut(&redemption.promo) {
                Arc::make_mut(promo).times_used += by;
            }
        }
        if let Some(EmptiedCart { user, version, at: _ }) = emptied_cart {
            let empty = Cart { user: *user, items: Vec::new(), promo_code: None, version: version + 1 };
            self.carts.enter(*user, Some(empty));
        }
    }
}
