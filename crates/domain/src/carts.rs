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
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CartItem {
    /// What.
    pub product: ProductId,
    /// How much.
    pub quantity: Quantity,
    /// Its price when it was put in, to tell when it has changed since.
    pub price_seen: Price,
    /// When it was put in.
    pub added_at: Instant,
}

/// A user's cart.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Cart {
    /// Whose.
    pub user: UserId,
    /// In the order they were put in.
    pub items: Vec<CartItem>,
    /// The code they wish to use.
    pub promo_code: Option<String>,
    /// Counts changes.
    pub version: i64,
}
