//! What may be done with sales.

use crate::{
    ids::{LocationId, SaleId},
    instant::Instant,
    ledger::{NumberSeries, RefundLine, SellLine},
    sales::Buyer,
};

/// A sale to be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewSale {
    /// What.
    pub lines: Vec<SellLine>,
    /// To whom.
    pub buyer: Option<Buyer>,
    /// From where; `None`: the default location.
    pub location: Option<LocationId>,
    /// When; `None`: now.
    pub occurred_at: Option<Instant>,
}

/// What somebody wants done with a sale.
#[derive(Debug, Clone)]
pub enum Command {
    /// Sell over the counter.
    Record(NewSale),
    /// Correct a sale: what is given replaces what was written.
    Correct {
        /// Which.
        id: SaleId,
        /// All lines it shall have.
        lines: Option<Vec<SellLine>>,
        /// Who bought; `Some(None)`: nobody known.
        buyer: Option<Option<Buyer>>,
        /// Somebody's words.
        reason: Option<String>,
    },
    /// Take goods of a sale back and the money with them.
    Refund {
        /// Which.
        id: SaleId,
        /// What of it.
        lines: Vec<RefundLine>,
        /// Do the goods go back to stock?
        restock: bool,
        /// Somebody's words.
        reason: Option<String>,
    },
    /// Undo a sale, once.
    Void {
        /// Which.
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
