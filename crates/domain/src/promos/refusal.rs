//! Why a promo code was refused.

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

impl PromoRefusal {
    /// Every reason there is.
    pub const ALL: [Self; 8] = [
        Self::Unknown,
        Self::Inactive,
        Self::NotStarted,
        Self::Expired,
        Self::UsedUp,
        Self::AlreadyUsed,
        Self::MinimumNotReached,
        Self::OtherCurrency,
    ];

    /// The stable name: the same in the contract and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Inactive => "inactive",
            Self::NotStarted => "not_started",
            Self::Expired => "expired",
            Self::UsedUp => "used_up",
            Self::AlreadyUsed => "already_used",
            Self::MinimumNotReached => "minimum_not_reached",
            Self::OtherCurrency => "other_currency",
        }
    }
}
