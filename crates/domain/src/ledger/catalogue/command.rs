//! What may be done with products. Nothing is decided in here.

use crate::{
    catalogue::{Product, ProductPatch},
    ids::ProductId,
    quantity::Quantity,
};
use std::sync::Arc;

/// What somebody wants done with a product.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "snake_case")
)]
pub enum Command {
    /// Add one, with its first stock at the default location.
    Add {
        /// As parsed from its form.
        product: Arc<Product>,
        /// How much there is; `None` books nothing.
        initial_quantity: Option<Quantity>,
    },
    /// Change fields of one; its unit only before stock has moved.
    Edit {
        /// The product that is meant; one that was removed is not found.
        id: ProductId,
        /// The fields to change; all others stay.
        patch: Box<ProductPatch>,
    },
    /// Take one out of every list.
    Remove {
        /// The product that is meant; one that was removed is not found.
        id: ProductId,
    },
}
