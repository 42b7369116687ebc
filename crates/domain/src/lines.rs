//! Lines of documents: what was sold, how much of it, at which price. The same for sales and orders. What a request may ask for is in
//! [`crate::ledger`].

use crate::{
    catalogue::Product,
    ids::{Id, ProductId},
    money::{Currency, Money, Price},
    quantity::Quantity,
    sku::Sku,
};

/// The most lines in one request.
pub const MAX_LINES: usize = 200;

/// The id of a line of a document.
pub type LineId = Id<Line>;

/// One line of a sale or an order. What was sold is written down as it was then.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Line {
    /// Never changes, and is never used again.
    pub id: LineId,
    /// The product that was sold.
    pub product: ProductId,
    /// Its SKU at that time.
    pub sku: Sku,
    /// Its name at that time.
    pub name: String,
    /// How much was sold, in the product's unit; more than zero.
    pub quantity: Quantity,
    /// Of one unit, at that time.
    pub unit_price: Price,
    /// Of the whole line, rounded once.
    pub line_total: Money,
    /// How much of it came back: was refunded, or returned after delivery.
    pub returned: Quantity,
    /// How much of what came back went back to stock.
    pub restocked: Quantity,
}

impl Line {
    /// What has not come back yet.
    pub const fn returnable(&self) -> Quantity {
        self.quantity.saturating_sub(self.returned)
    }

    /// What was paid back for this line: all of it when all came back, so that nothing is lost to rounding.
    pub(crate) fn returned_total(&self) -> Option<Money> {
        if self.returned == self.quantity { Some(self.line_total) } else { self.unit_price.times(self.returned) }
    }
}

/// A sum of money that cannot be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the total is more than can be stored")]
pub struct TooMuchMoney;

/// A line to be: what, how much, at which price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftLine {
    /// Kept where a line of the sale goes on; new otherwise.
    pub id: LineId,
    /// The product to be sold.
    pub product: ProductId,
    /// How much in all.
    pub quantity: Quantity,
    /// What one unit is to cost.
    pub unit_price: Price,
}

impl DraftLine {
    /// The line as it is written down for this product.
    ///
    /// # Errors
    /// [`TooMuchMoney`].
    pub fn priced(self, product: &Product) -> Result<Line, TooMuchMoney> {
        Ok(Line {
            id: self.id,
            product: self.product,
            sku: product.sku.clone(),
            name: product.name.clone(),
            quantity: self.quantity,
            unit_price: self.unit_price,
            line_total: self.unit_price.times(self.quantity).ok_or(TooMuchMoney)?,
            returned: Quantity::ZERO,
            restocked: Quantity::ZERO,
        })
    }
}

/// The sum of the lines.
///
/// # Errors
/// [`TooMuchMoney`].
pub fn total(lines: &[Line], currency: Currency) -> Result<Money, TooMuchMoney> {
    let add = |sum: Money, line: &Line| sum.checked_add(line.line_total).ok_or(TooMuchMoney);
    lines.iter().try_fold(Money::zero(currency), add)
}
