//! What may be done with sales. Nothing is decided in here.

use crate::{
    ids::{LocationId, SaleId},
    instant::Instant,
    ledger::{NumberSeries, RefundLine, SellLine},
    sales::Buyer,
};

/// A sale to be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields, default))]
pub struct NewSale {
    /// 1 to 200 lines; those of one product and price become one.
    pub lines: Vec<SellLine>,
    /// Who buys; `None`: nobody said.
    pub buyer: Option<Buyer>,
    /// From where; `None`: the default location.
    pub location: Option<LocationId>,
    /// When it happened, at most five minutes ahead; `None`: now.
    pub occurred_at: Option<Instant>,
}

impl NewSale {
    /// A sale of these lines, now, at the default location, to nobody known.
    pub fn of(lines: impl IntoIterator<Item = SellLine>) -> Self {
        Self { lines: lines.into_iter().collect(), ..Self::default() }
    }

    /// The same, to this buyer.
    #[must_use]
    pub fn to(self, buyer: impl Into<Buyer>) -> Self {
        Self { buyer: Some(buyer.into()), ..self }
    }

    /// The same, from the stock of this location.
    #[must_use]
    pub fn from(self, location: LocationId) -> Self {
        Self { location: Some(location), ..self }
    }
}

impl From<NewSale> for Command {
    fn from(new: NewSale) -> Self {
        Self::Record(new)
    }
}

/// What somebody wants done with a sale.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "snake_case")
)]
pub enum Command {
    /// Sell over the counter.
    Record(NewSale),
    /// Correct a sale: what is given replaces what was written.
    Correct {
        /// The sale that is meant.
        id: SaleId,
        /// All lines it shall have.
        lines: Option<Vec<SellLine>>,
        /// Who bought; `Some(None)`: nobody known.
        #[cfg_attr(
            feature = "serde",
            serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::serialize::named")
        )]
        buyer: Option<Option<Buyer>>,
        /// Why, up to 500 characters; `None` keeps what was said before.
        reason: Option<String>,
    },
    /// Take goods of a sale back and the money with them.
    Refund {
        /// The sale that is meant.
        id: SaleId,
        /// What came back, line by line; never more than was sold.
        lines: Vec<RefundLine>,
        /// Do the goods go back to stock?
        restock: bool,
        /// Why, up to 500 characters; `None` keeps what was said before.
        reason: Option<String>,
    },
    /// Undo a sale, once.
    Void {
        /// The sale that is meant.
        id: SaleId,
    },
}

impl Command {
    pub(in crate::ledger) fn lines(&self) -> usize {
        match self {
            Self::Record(new) => new.lines.len(),
            Self::Correct { lines, .. } => lines.as_ref().map_or(1, Vec::len),
            Self::Refund { lines, .. } => lines.len(),
            Self::Void { .. } => 1,
        }
    }

    pub(in crate::ledger) const fn series(&self) -> Option<NumberSeries> {
        match self {
            Self::Record(_) => Some(NumberSeries::Sales),
            Self::Correct { .. } | Self::Refund { .. } | Self::Void { .. } => None,
        }
    }
}
