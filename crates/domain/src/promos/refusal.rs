//! Why a promo code was refused.

use crate::names::listed;

/// Why a code was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum PromoRefusal {
    /// There is no such code.
    #[error("there is no such promo code")]
    Unknown,
    /// It was switched off.
    #[error("this promo code is not active")]
    Inactive,
    /// Its first instant has not come.
    #[error("this promo code is not valid yet")]
    NotStarted,
    /// Its last instant is over.
    #[error("this promo code has expired")]
    Expired,
    /// It was used as often as it may be.
    #[error("this promo code is used up")]
    UsedUp,
    /// This customer has used it as often as they may.
    #[error("you have used this promo code already")]
    AlreadyUsed,
    /// The subtotal is too small.
    #[error("the subtotal is below the minimum of this promo code")]
    MinimumNotReached,
    /// Its amounts are in another currency than what is bought.
    #[error("this promo code is in another currency")]
    OtherCurrency,
}

listed!(PromoRefusal {
    Unknown = "unknown",
    Inactive = "inactive",
    NotStarted = "not_started",
    Expired = "expired",
    UsedUp = "used_up",
    AlreadyUsed = "already_used",
    MinimumNotReached = "minimum_not_reached",
    OtherCurrency = "other_currency",
});
