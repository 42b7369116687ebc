//! Customers' orders: they reserve when placed, and leave when shipped. Pure arithmetic of an order and the moves there are; what they
//! mean for stock is [`crate::ledger`]'s.

use crate::{
    field_errors::Actions,
    identity::{Actor, Permission, Principal},
    ids::{CustomerId, Id, LocationId, PromoId, UserId},
    instant::Instant,
    lines::{self, Line, TooMuchMoney},
    money::{Currency, Money},
    names::names,
    promos::{PromoRefusal, PromoTerms},
};

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OrderStatus {
    /// Placed: its goods are reserved.
    Pending,
    /// The shop will fulfil it.
    Accepted,
    /// The shop will not.
    Rejected,
    /// Taken back before it was shipped.
    Cancelled,
    /// Its goods have left.
    Shipped,
    /// Its goods have arrived.
    Delivered,
}

/// A step from one status to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Step {
    /// The shop will fulfil it.
    Accept,
    /// The shop will not.
    Reject,
    /// The order is taken back before it was shipped.
    Cancel,
    /// Its goods leave the location they were reserved at.
    Ship,
    /// Its goods have arrived.
    Deliver,
}

impl Step {
    /// Every step there is.
    pub const ALL: [Self; 5] = [Self::Accept, Self::Reject, Self::Cancel, Self::Ship, Self::Deliver];
}

/// A step that is not possible from where the order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an order that is {from} cannot take this step")]
#[non_exhaustive]
pub struct IllegalTransition {
    /// The status that does not allow the step.
    pub from: OrderStatus,
}

names!(OrderStatus {
    Pending = "pending",
    Accepted = "accepted",
    Rejected = "rejected",
    Cancelled = "cancelled",
    Shipped = "shipped",
    Delivered = "delivered",
});

impl OrderStatus {
    /// The only moves there are.
    ///
    /// # Errors
    /// [`IllegalTransition`] for any other.
    pub const fn after(self, step: Step) -> Result<Self, IllegalTransition> {
        match (self, step) {
            (Self::Pending, Step::Accept) => Ok(Self::Accepted),
            (Self::Pending, Step::Reject) => Ok(Self::Rejected),
            (Self::Pending | Self::Accepted, Step::Cancel) => Ok(Self::Cancelled),
            (Self::Accepted, Step::Ship) => Ok(Self::Shipped),
            (Self::Shipped, Step::Deliver) => Ok(Self::Delivered),
            (
                from @ (Self::Pending
                | Self::Accepted
                | Self::Rejected
                | Self::Cancelled
                | Self::Shipped
                | Self::Delivered),
                Step::Accept | Step::Reject | Step::Cancel | Step::Ship | Step::Deliver,
            ) => Err(IllegalTransition { from }),
        }
    }

    /// What can be done with it, by the verbs of the contract; nothing in a final state.
    pub const fn allowed_actions(self) -> Actions {
        match self {
            Self::Pending => &["accept", "reject", "cancel"],
            Self::Accepted => &["ship", "cancel"],
            Self::Shipped => &["deliver"],
            Self::Delivered => &["returns"],
            Self::Rejected | Self::Cancelled => &[],
        }
    }

    /// Are its goods reserved?
    pub const fn holds_stock(self) -> bool {
        match self {
            Self::Pending | Self::Accepted => true,
            Self::Rejected | Self::Cancelled | Self::Shipped | Self::Delivered => false,
        }
    }
}

/// A promo code as it was promised to an order.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct AppliedPromo {
    /// The promo code.
    pub promo: PromoId,
    /// As it was written then.
    pub code: String,
    /// What it gave then.
    pub terms: PromoTerms,
}

/// One step of an order's history.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct HistoryEntry {
    /// Where it stood afterwards.
    pub status: OrderStatus,
    /// When the step was taken, by our clock.
    pub at: Instant,
    /// Who took it.
    pub by: Actor,
    /// Why, in their words.
    pub reason: Option<String>,
}

/// The id of an order.
pub type OrderId = Id<Order>;

/// A customer's order with its lines and its history. It is never erased.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Order {
    /// Never changes, and is never used again.
    pub id: OrderId,
    /// A short number for people, unique among its kind; there may be gaps.
    pub number: i64,
    /// What has become of it so far.
    pub status: OrderStatus,
    /// The customer it is for.
    pub customer: CustomerId,
    /// By whom; `None` for the program itself.
    pub placed_by: Option<UserId>,
    /// What was ordered: one line for each product and price.
    pub lines: Vec<Line>,
    /// The sum of the lines.
    pub subtotal: Money,
    /// What the promo code takes off.
    pub discount: Money,
    /// What is to be paid.
    pub total: Money,
    /// The promo code, as it was promised; `None`: none.
    pub promo: Option<AppliedPromo>,
    /// What the customer wants the shop to know.
    pub notes: Option<String>,
    /// Where its goods are reserved.
    pub location: LocationId,
    /// Every step so far, the oldest first.
    pub history: Vec<HistoryEntry>,
    /// Taken out of lists since.
    pub hidden_at: Option<Instant>,
    /// 1 when it was made and one more with every change; what `expected_version` is compared with.
    pub version: i64,
    /// When it was placed.
    pub created_at: Instant,
    /// When it last changed.
    pub updated_at: Instant,
}

/// Why an order's sums cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TotalError {
    /// The subtotal is more than can be stored.
    #[error(transparent)]
    TooMuch(TooMuchMoney),
    /// The promo code does not go with the new subtotal.
    #[error(transparent)]
    Promo(PromoRefusal),
}

impl Order {
    /// Sums the lines and takes off what the promo's terms give. Called after every change of the lines or the code.
    ///
    /// # Errors
    /// [`TotalError`].
    pub fn update_totals(&mut self, currency: Currency) -> Result<(), TotalError> {
        let subtotal = lines::total(&self.lines, currency).map_err(TotalError::TooMuch)?;
        let discount = match &self.promo {
            Some(promo) => promo.terms.discount(subtotal).map_err(TotalError::Promo)?,
            None => Money::zero(currency),
        };
        self.total = subtotal.checked_sub(discount).ok_or(TotalError::TooMuch(TooMuchMoney))?;
        (self.subtotal, self.discount) = (subtotal, discount);
        Ok(())
    }

    /// Does it hold its promo code, so that it counts as a use?
    pub const fn holds_promo(&self) -> bool {
        match self.status {
            OrderStatus::Pending | OrderStatus::Accepted | OrderStatus::Shipped | OrderStatus::Delivered => {
                self.promo.is_some()
            }
            OrderStatus::Rejected | OrderStatus::Cancelled => false,
        }
    }

    /// Is it the caller's own?
    pub fn is_own(&self, caller: &Principal) -> bool {
        caller.customer == Some(self.customer)
    }

    /// May the caller know of it? To others it does not exist.
    pub fn is_visible_to(&self, caller: &Principal) -> bool {
        is_visible(self.customer, self.hidden_at.is_some(), caller)
    }
}

/// Does this caller see everybody's orders, also those that were taken out of lists?
pub fn sees_all(caller: &Principal) -> bool {
    caller.may(Permission::OrdersReadAll) || caller.may(Permission::OrdersFulfil)
}

/// May the caller know of an order of which no more is read than whose it is and whether it was taken out of lists?
pub fn is_visible(customer: CustomerId, is_hidden: bool, caller: &Principal) -> bool {
    sees_all(caller) || (caller.customer == Some(customer) && !is_hidden)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_allowed_actions_are_what_after_allows() {
        let verbs = [
            (Step::Accept, "accept"),
            (Step::Reject, "reject"),
            (Step::Cancel, "cancel"),
            (Step::Ship, "ship"),
            (Step::Deliver, "deliver"),
        ];
        for status in OrderStatus::ALL {
            for (step, verb) in verbs {
                assert_eq!(status.after(step).is_ok(), status.allowed_actions().contains(&verb), "{status:?} {verb}");
            }
            assert_eq!(OrderStatus::parse(status.as_str()), Some(status));
        }
    }
}
