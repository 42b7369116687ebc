//! Why a command was refused, with what a person needs to act. Which status a protocol gives it is never in here.

use crate::{
    field_errors::{Actions, FieldErrors, Word},
    identity::Permission,
    ids::{LocationId, ProductId},
    promos::PromoRefusal,
    quantity::Quantity,
    sku::Sku,
};

/// Too little of one product at one location.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Shortage {
    /// The product there is too little of.
    pub product: ProductId,
    /// Its SKU, for people.
    pub sku: Sku,
    /// The location where it was looked for.
    pub location: LocationId,
    /// What was asked for, all lines of the product together.
    pub requested: Quantity,
    /// What could have been had.
    pub available: Quantity,
    /// What is promised to others.
    pub reserved: Quantity,
}

/// Why a product cannot be sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Unavailable {
    /// It is not on sale at the moment.
    Disabled,
    /// It was taken out of the catalogue.
    Removed,
}

impl Unavailable {
    /// Why a product in this state cannot be sold; `None` where it can.
    pub const fn of(is_removed: bool, is_enabled: bool) -> Option<Self> {
        match (is_removed, is_enabled) {
            (true, _) => Some(Self::Removed),
            (false, false) => Some(Self::Disabled),
            (false, true) => None,
        }
    }
}

/// Every reason of a [`Refusal::Conflict`], for programs.
pub const CONFLICTS: &[Word] = &[
    "below_refunded",
    "cart_full",
    "connection_removed",
    "count_contradicted",
    "count_superseded",
    "last_owner",
    "location_removed",
    "more_than_sold",
    "no_customer",
    "not_reserved",
    "other_currency",
    "refunded",
    "too_much_stock",
    "unit_fixed",
    "voided",
];

/// Why a command was refused. Nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Refusal {
    /// The request itself is wrong.
    #[error("{0}")]
    Invalid(FieldErrors),
    /// The caller lacks this permission.
    #[error("this needs the permission {}", .0.as_str())]
    Forbidden(Permission),
    /// The thing addressed does not exist.
    #[error("there is no such {0}")]
    NotFound(#[cfg_attr(feature = "serde", serde(deserialize_with = "crate::serialize::word"))] Word),
    /// The caller has seen another version.
    #[error("it was changed since you read it: read it again")]
    PreconditionFailed,
    /// Too little stock, one entry for each product.
    #[error("there is not enough stock: {}", .0.iter().map(Shortage::sentence).collect::<Vec<_>>().join("; "))]
    InsufficientStock(Vec<Shortage>),
    /// Not sold, or not any more.
    #[error("product {sku} is {}", match why { Unavailable::Disabled => "not on sale at the moment", Unavailable::Removed => "no longer in the catalogue" })]
    ProductUnavailable {
        /// The product that was asked for.
        product: ProductId,
        /// Its SKU, for people.
        sku: Sku,
        /// Whether it may be on sale again.
        why: Unavailable,
    },
    /// Another one has this value already.
    #[error("there is already one with this {field}")]
    Duplicate {
        /// The field, as the contract calls it.
        #[cfg_attr(feature = "serde", serde(deserialize_with = "crate::serialize::word"))]
        field: Word,
    },
    /// Something still needs it.
    #[error("{0}")]
    InUse(String),
    /// The state it is in does not allow that.
    #[error("it is {from}: {}", possible(allowed))]
    IllegalTransition {
        /// The stable name of the state it is in.
        #[cfg_attr(feature = "serde", serde(deserialize_with = "crate::serialize::word"))]
        from: Word,
        /// What could be done instead, by the verbs of the contract.
        #[cfg_attr(feature = "serde", serde(deserialize_with = "crate::serialize::actions"))]
        allowed: Actions,
    },
    /// It contradicts what has happened.
    #[error("{detail}")]
    Conflict {
        /// What it contradicts, for programs, for example `below_refunded`.
        #[cfg_attr(feature = "serde", serde(deserialize_with = "crate::serialize::word"))]
        reason: Word,
        /// A sentence for people.
        detail: String,
    },
    /// The promo code cannot be used, or not for this.
    #[error("{0}")]
    PromoRefused(PromoRefusal),
    /// There is nothing in the cart.
    #[error("the cart is empty")]
    CartEmpty,
    /// The same delivery id came with another body.
    #[error("this id was used before with another body")]
    KeyReused,
}

impl Shortage {
    fn sentence(&self) -> String {
        format!("{} requested of {}, {} available", self.requested, self.sku, self.available)
    }
}

/// What is possible, in words. The contract's verbs are those of its paths, one of which is a noun.
fn possible(allowed: &[&str]) -> String {
    if allowed.is_empty() {
        return "nothing can be done to it any more".to_owned();
    }
    let verbs: Vec<&str> = allowed.iter().map(|verb| if *verb == "returns" { "return" } else { verb }).collect();
    format!("you can: {}", verbs.join(", "))
}

impl From<FieldErrors> for Refusal {
    fn from(errors: FieldErrors) -> Self {
        Self::Invalid(errors)
    }
}

impl Refusal {
    pub(super) fn invalid(pointer: impl Into<String>, code: &'static str, detail: impl std::fmt::Display) -> Self {
        Self::Invalid(FieldErrors::one(pointer, code, detail))
    }

    /// It contradicts what there is, for one of the reasons in [`CONFLICTS`].
    pub fn conflict(reason: Word, detail: impl Into<String>) -> Self {
        debug_assert!(CONFLICTS.contains(&reason), "{reason} is not in the list of reasons");
        Self::Conflict { reason, detail: detail.into() }
    }
}
