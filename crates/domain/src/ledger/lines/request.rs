//! Lines of requests, as callers make them.

use crate::{
    ids::{LineId, ProductId},
    money::Price,
    quantity::Quantity,
};

/// One line of a request to sell.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct SellLine {
    /// Which line of the document, when changing one.
    pub line: Option<LineId>,
    /// What; may be left out where `line` says it.
    pub product: Option<ProductId>,
    /// How much, in the product's unit; more than zero, at most 10^9.
    pub quantity: Quantity,
    /// At another price than the product's.
    pub unit_price: Option<Price>,
}

/// One line of a request to take goods back.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct RefundLine {
    /// The line of the document; `None`: the one that sold `product`.
    pub line: Option<LineId>,
    /// Or what, where only one line sold it.
    pub product: Option<ProductId>,
    /// How much, in the product's unit; more than zero, at most 10^9.
    pub quantity: Quantity,
}

impl SellLine {
    /// So much of a product, at its own price.
    pub const fn of(product: ProductId, quantity: Quantity) -> Self {
        Self { line: None, product: Some(product), quantity, unit_price: None }
    }

    /// So much on this line of a document that is changed, whatever it was before.
    pub const fn of_line(line: LineId, quantity: Quantity) -> Self {
        Self { line: Some(line), product: None, quantity, unit_price: None }
    }

    /// At this price for one unit instead of the product's; only who may [override prices](crate::identity::Permission::SalesOverridePrice) can sell so.
    #[must_use]
    pub const fn at(self, unit_price: Price) -> Self {
        Self { unit_price: Some(unit_price), ..self }
    }
}

impl RefundLine {
    /// So much of a product that the document sold on one line only.
    pub const fn of(product: ProductId, quantity: Quantity) -> Self {
        Self { line: None, product: Some(product), quantity }
    }

    /// So much of what was sold on this line.
    pub const fn of_line(line: LineId, quantity: Quantity) -> Self {
        Self { line: Some(line), product: None, quantity }
    }
}
