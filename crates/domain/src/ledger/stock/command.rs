//! What may be done with stock itself. Nothing is decided in here.

use crate::{
    ids::{LocationId, ProductId},
    instant::Instant,
    quantity::{Delta, Quantity},
};

/// What somebody wants done with stock.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "snake_case")
)]
pub enum Command {
    /// Change what is on hand, with a reason.
    Adjust {
        /// The product; one that was removed is not found.
        product: ProductId,
        /// Where; `None`: the default location.
        location: Option<LocationId>,
        /// By how much, in the product's unit: not zero, and never below what is reserved.
        change: Delta,
        /// Somebody's words, not empty.
        reason: String,
    },
    /// Book the difference that a count found.
    Count {
        /// The product; one that was removed is not found.
        product: ProductId,
        /// Where; `None`: the default location.
        location: Option<LocationId>,
        /// What was found, in the product's unit; zero is a count too.
        counted: Quantity,
        /// When; `None`: now, whatever else happens in this moment.
        counted_at: Option<Instant>,
    },
    /// Take a location out of use.
    RemoveLocation {
        /// The location; the default one and one with stock stay.
        id: LocationId,
    },
}
