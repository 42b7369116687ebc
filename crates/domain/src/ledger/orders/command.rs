//! What may be done with orders. Nothing is decided in here.

use super::quote::QuoteSubject;
use crate::{
    ids::{CustomerId, LocationId, OrderId, UserId},
    ledger::{NumberSeries, RefundLine, SellLine},
    orders::Step,
};

/// An order to be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields, default))]
pub struct NewOrder {
    /// For whom; `None`: for the caller's own customer record, where there is one.
    pub customer: Option<CustomerId>,
    /// 1 to 200 lines; those of one product and price become one.
    pub lines: Vec<SellLine>,
    /// With which promo code.
    pub promo_code: Option<String>,
    /// What the customer wants the shop to know, up to 500 characters.
    pub notes: Option<String>,
    /// From where; `None`: the default location.
    pub location: Option<LocationId>,
}

impl NewOrder {
    /// An order of these lines for this customer, at the default location, without a promo code.
    pub fn of(customer: CustomerId, lines: impl IntoIterator<Item = SellLine>) -> Self {
        Self { customer: Some(customer), lines: lines.into_iter().collect(), ..Self::default() }
    }

    /// The same, with this promo code.
    #[must_use]
    pub fn with_promo(self, code: impl Into<String>) -> Self {
        Self { promo_code: Some(code.into()), ..self }
    }

    /// The same, reserved at this location.
    #[must_use]
    pub fn from(self, location: LocationId) -> Self {
        Self { location: Some(location), ..self }
    }
}

impl From<NewOrder> for Command {
    fn from(new: NewOrder) -> Self {
        Self::Place(Box::new(new))
    }
}

/// What to change of an order; `Some(None)` empties a field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields, default))]
pub struct OrderPatch {
    /// All lines it shall have.
    pub lines: Option<Vec<SellLine>>,
    /// With which promo code.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::serialize::named")
    )]
    pub promo_code: Option<Option<String>>,
    /// What the customer wants the shop to know, up to 500 characters.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::serialize::named")
    )]
    pub notes: Option<Option<String>>,
}

/// What somebody wants done with an order.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "snake_case")
)]
pub enum Command {
    /// Place an order: its goods are reserved.
    Place(Box<NewOrder>),
    /// Place what is in a cart, and empty it.
    Checkout {
        /// The user whose cart it is.
        user: UserId,
        /// Their own customer; `None`: they have none.
        customer: Option<CustomerId>,
        /// With which promo code; `None`: the cart's.
        promo_code: Option<String>,
        /// What the customer wants the shop to know, up to 500 characters.
        notes: Option<String>,
    },
    /// Say what something would come to if it were ordered now. For a dry run: nothing is kept.
    Quote {
        /// Lines, or somebody's cart.
        quoted: QuoteSubject,
        /// For whom; `None`: somebody who has used no promo code yet.
        customer: Option<CustomerId>,
        /// With which promo code; `None`: the cart's.
        promo_code: Option<String>,
    },
    /// Change an order while it is pending.
    Edit {
        /// The order that is meant; one the caller may not see is not found.
        id: OrderId,
        /// The fields to change; all others stay.
        patch: Box<OrderPatch>,
    },
    /// Take an order one step on.
    Step {
        /// The order that is meant; one the caller may not see is not found.
        id: OrderId,
        /// The step; one that the order's status does not allow is refused.
        step: Step,
        /// Why, up to 500 characters; kept in the order's history.
        reason: Option<String>,
    },
    /// Cancel an order that is pending; hide one that was rejected or cancelled.
    Delete {
        /// The order that is meant; one the caller may not see is not found.
        id: OrderId,
    },
    /// Take goods of a delivered order back.
    Return {
        /// The order that is meant; one the caller may not see is not found.
        id: OrderId,
        /// What came back, line by line; never more than was ordered.
        lines: Vec<RefundLine>,
        /// Do the goods go back to stock?
        restock: bool,
        /// Why, up to 500 characters; kept in the order's history.
        reason: Option<String>,
    },
}

impl Command {
    pub(in crate::ledger) fn lines(&self) -> usize {
        match self {
            Self::Place(new) => new.lines.len(),
            // What is in a cart is not known yet; it is seldom more.
            Self::Checkout { .. } | Self::Quote { .. } => 10,
            Self::Edit { patch, .. } => patch.lines.as_ref().map_or(1, Vec::len),
            Self::Return { lines, .. } => lines.len(),
            Self::Step { .. } | Self::Delete { .. } => 1,
        }
    }

    pub(in crate::ledger) const fn series(&self) -> Option<NumberSeries> {
        match self {
            Self::Place(_) | Self::Checkout { .. } => Some(NumberSeries::Orders),
            Self::Quote { .. } | Self::Edit { .. } | Self::Step { .. } | Self::Delete { .. } | Self::Return { .. } => {
                None
            }
        }
    }
}
