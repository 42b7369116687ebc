//! Carts: what somebody wishes to buy. A cart reserves nothing.

use crate::{
    ids::{ProductId, UserId},
    instant::Instant,
    money::Price,
    quantity::Quantity,
};

/// The most products in a cart: as many as an order may have lines.
pub const MAX_ITEMS: usize = crate::lines::MAX_LINES;

/// One product in a cart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct CartItem {
    /// The product wished for.
    pub product: ProductId,
    /// How much of it, in its unit; more than zero.
    pub quantity: Quantity,
    /// Its price when it was put in, to tell when it has changed since.
    pub price_seen: Price,
    /// When it was put in.
    pub added_at: Instant,
}

/// What a user wishes to buy, one item for each product. Version 0: nothing was ever put in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Cart {
    /// The user who fills it.
    pub user: UserId,
    /// In the order they were put in.
    pub items: Vec<CartItem>,
    /// The code they wish to use.
    pub promo_code: Option<String>,
    /// 1 when it was made and one more with every change; what `expected_version` is compared with.
    pub version: i64,
}
