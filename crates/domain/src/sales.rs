//! Sales over the counter: stock leaves at once. Pure arithmetic of a sale; what it means for stock is [`crate::ledger`]'s.

use crate::{
    ids::{CustomerId, Id, LocationId, UserId},
    instant::Instant,
    lines::{self, Line, TooMuchMoney},
    money::{Currency, Money},
    names::names,
};

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

names!(SaleStatus {
    Completed = "completed",
    PartlyRefunded = "partly_refunded",
    Refunded = "refunded",
    Voided = "voided",
});

/// Who bought, as far as anybody said.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Buyer {
    /// Somebody with a record.
    Customer(CustomerId),
    /// A name on the receipt.
    Named(String),
}

impl From<CustomerId> for Buyer {
    fn from(customer: CustomerId) -> Self {
        Self::Customer(customer)
    }
}

/// The id of a sale.
pub type SaleId = Id<Sale>;

/// A sale over the counter.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Sale {
    /// Never changes, and is never used again.
    pub id: SaleId,
    /// A short number for people, unique among its kind; there may be gaps.
    pub number: i64,
    /// What has become of it so far.
    pub status: SaleStatus,
    /// What was sold: one line for each product and price.
    pub lines: Vec<Line>,
    /// The sum of the lines. Refunds do not change it.
    pub total: Money,
    /// What was paid back.
    pub refunded_total: Money,
    /// Who bought; `None`: nobody said.
    pub buyer: Option<Buyer>,
    /// Where the stock left from.
    pub location: LocationId,
    /// Who sold; `None` for the program itself.
    pub sold_by: Option<UserId>,
    /// Why it was corrected, refunded or voided last.
    pub reason: Option<String>,
    /// When it happened, by the seller's word.
    pub occurred_at: Instant,
    /// 1 when it was made and one more with every change; what `expected_version` is compared with.
    pub version: i64,
    /// When it was recorded.
    pub created_at: Instant,
    /// When it last changed.
    pub updated_at: Instant,
}

impl Sale {
    /// Sums the lines and says where the sale stands. Called after every change of the lines.
    ///
    /// # Errors
    /// [`TooMuchMoney`].
    pub fn update_totals(&mut self, currency: Currency) -> Result<(), TooMuchMoney> {
        let mut refunded = Money::zero(currency);
        for line in &self.lines {
            let paid_back = line.returned_total().ok_or(TooMuchMoney)?;
            refunded = refunded.checked_add(paid_back).ok_or(TooMuchMoney)?;
        }
        self.total = lines::total(&self.lines, currency)?;
        self.refunded_total = refunded;
        self.status = match self.status {
            SaleStatus::Voided => SaleStatus::Voided,
            SaleStatus::Completed | SaleStatus::PartlyRefunded | SaleStatus::Refunded => self.refund_status(),
        };
        Ok(())
    }

    fn refund_status(&self) -> SaleStatus {
        if self.lines.iter().all(|line| line.returned.is_zero()) {
            SaleStatus::Completed
        } else if self.lines.iter().all(|line| line.returnable().is_zero()) {
            SaleStatus::Refunded
        } else {
            SaleStatus::PartlyRefunded
        }
    }
}
