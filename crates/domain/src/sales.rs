//! Sales over the counter: stock leaves at once. Pure arithmetic of a sale; what it means for stock is [`crate::ledger`]'s.

use crate::{
    catalogue::Product,
    ids::{CustomerId, LineId, LocationId, ProductId, SaleId, UserId},
    instant::Instant,
    money::{Currency, Money, Price},
    quantity::Quantity,
    sku::Sku,
};

/// The most lines in one request.
pub const MAX_LINES: usize = 200;

/// Where a sale stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SaleStatus {
    /// Sold, nothing came back.
    Completed,
    /// Some of it was refunded.
    PartlyRefunded,
    /// All of it was refunded.
    Refunded,
    /// Undone; it stays readable.
    Voided,
}

impl SaleStatus {
    /// Every status there is.
    pub const ALL: [Self; 4] = [Self::Completed, Self::PartlyRefunded, Self::Refunded, Self::Voided];

    /// The name in the contract and in tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::PartlyRefunded => "partly_refunded",
            Self::Refunded => "refunded",
            Self::Voided => "voided",
        }
    }

    /// Reads the name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

/// Who bought, as far as anybody said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Buyer {
    /// Somebody with a record.
    Customer(CustomerId),
    /// A name on the receipt.
    Named(String),
}

/// One line of a sale. What was sold is written down as it was then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaleLine {
    /// Its id.
    pub id: LineId,
    /// What was sold.
    pub product: ProductId,
    /// Its SKU at that time.
    pub sku: Sku,
    /// Its name at that time.
    pub name: String,
    /// How much.
    pub quantity: Quantity,
    /// Of one unit, at that time.
    pub unit_price: Price,
    /// Of the whole line, rounded once.
    pub line_total: Money,
    /// How much of it was refunded.
    pub refunded: Quantity,
    /// How much of what was refunded went back to stock.
    pub restocked: Quantity,
}

impl SaleLine {
    /// What is not refunded yet.
    pub const fn refundable(&self) -> Quantity {
        self.quantity.saturating_sub(self.refunded)
    }

    /// What was paid back for this line: all of it when all came back, so that nothing is lost to rounding.
    fn refunded_total(&self) -> Option<Money> {
        if self.refunded == self.quantity { Some(self.line_total) } else { self.unit_price.times(self.refunded) }
    }
}

/// A sale over the counter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sale {
    /// Its id.
    pub id: SaleId,
    /// Short, for people.
    pub number: i64,
    /// Where it stands.
    pub status: SaleStatus,
    /// What was sold: one line for each product and price.
    pub lines: Vec<SaleLine>,
    /// The sum of the lines. Refunds do not change it.
    pub total: Money,
    /// What was paid back.
    pub refunded_total: Money,
    /// Who bought.
    pub buyer: Option<Buyer>,
    /// Where the stock left from.
    pub location: LocationId,
    /// Who sold; `None` for the program itself.
    pub sold_by: Option<UserId>,
    /// Why it was corrected, refunded or voided last.
    pub reason: Option<String>,
    /// When it happened, by the seller's word.
    pub occurred_at: Instant,
    /// Counts changes.
    pub version: i64,
    /// When it was recorded.
    pub created_at: Instant,
    /// When it last changed.
    pub updated_at: Instant,
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
    /// What is sold.
    pub product: ProductId,
    /// How much in all.
    pub quantity: Quantity,
    /// Of one unit.
    pub unit_price: Price,
}

impl DraftLine {
    /// The line as it is written down for this product.
    ///
    /// # Errors
    /// [`TooMuchMoney`].
    pub fn priced(self, product: &Product) -> Result<SaleLine, TooMuchMoney> {
        Ok(SaleLine {
            id: self.id,
            product: self.product,
            sku: product.sku.clone(),
            name: product.name.clone(),
            quantity: self.quantity,
            unit_price: self.unit_price,
            line_total: self.unit_price.times(self.quantity).ok_or(TooMuchMoney)?,
            refunded: Quantity::ZERO,
            restocked: Quantity::ZERO,
        })
    }
}

impl Sale {
    /// Sums the lines and says where the sale stands. Called after every change of the lines.
    ///
    /// # Errors
    /// [`TooMuchMoney`].
    pub fn settle(&mut self, currency: Currency) -> Result<(), TooMuchMoney> {
        let (mut total, mut refunded) = (Money::zero(currency), Money::zero(currency));
        for line in &self.lines {
            total = total.checked_add(line.line_total).ok_or(TooMuchMoney)?;
            let paid_back = line.refunded_total().ok_or(TooMuchMoney)?;
            refunded = refunded.checked_add(paid_back).ok_or(TooMuchMoney)?;
        }
        self.total = total;
        self.refunded_total = refunded;
        self.status = match self.status {
            SaleStatus::Voided => SaleStatus::Voided,
            SaleStatus::Completed | SaleStatus::PartlyRefunded | SaleStatus::Refunded => self.refund_status(),
        };
        Ok(())
    }

    fn refund_status(&self) -> SaleStatus {
        if self.lines.iter().all(|line| line.refunded.is_zero()) {
            SaleStatus::Completed
        } else if self.lines.iter().all(|line| line.refundable().is_zero()) {
            SaleStatus::Refunded
        } else {
            SaleStatus::PartlyRefunded
        }
    }
}
