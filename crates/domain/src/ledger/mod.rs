//! The only door through which stock changes.
//!
//! [`decide`] is put a [`Command`] and a [`Book`]. It answers [`Effects`] to keep, all of them or none; or a [`Refusal`] that changed
//! nothing; or what it [misses](Stop::Missing): what must be looked up first. Load that into the book and ask again ([`gather`] does so for
//! many commands at once). [`Book::apply`] makes the effects part of the book, and cannot fail. So many commands can be decided one after
//! the other from plain memory, and kept in one transaction.
//!
//! `decide` is pure: the same book, command and inputs give the same effects. It knows no clock and makes no ids; both are [`Inputs`].
//!
//! Each feature is a wing, a folder of its own: its commands, its shelves in the book, its effects, and one file for each decision. What
//! is common to all (the book, what may be required, in which order it is loaded) knows the wings by these lists alone.

mod book;
pub mod catalogue;
pub mod customers;
mod effects;
mod inputs;
pub mod lines;
pub mod orders;
pub mod pos;
mod read_set;
mod refusal;
pub mod sales;
mod shelf;
pub mod stock;

pub use book::Book;
pub use customers::CustomerSummary;
pub use effects::{AuditEntry, AuditId, Effects, Message, MessageId, Names, Written};
pub use inputs::{CLOCK_TOLERANCE_SECONDS, Inputs, NumberSeries};
pub use lines::{RefundLine, SellLine};
pub use read_set::{Missing, Rank, ReadSet, Stop, gather};
pub use refusal::{CONFLICTS, Refusal, Shortage, Unavailable};
pub use shelf::{Keys, Shelf};

use crate::{identity::Principal, instant::Instant};
use uuid::Uuid;

/// The most of one product that may be on hand at one location: 10^10, so that no sum of figures overflows.
pub const MAX_ON_HAND: i64 = 10_000_000_000 * 100_000;

/// What somebody wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "snake_case")
)]
pub enum Command {
    /// With products: add, edit, remove.
    Catalogue(catalogue::Command),
    /// With stock itself: adjust, count, remove a location.
    Stock(stock::Command),
    /// With sales over the counter.
    Sales(sales::Command),
    /// With customers' orders: place, edit, take a step, return.
    Orders(orders::Command),
    /// With what tills report.
    Pos(pos::Command),
}

macro_rules! command_from {
    ($($wing:ident: $($source:ty),+;)+) => {$($(
        impl From<$source> for Command {
            fn from(command: $source) -> Self {
                Self::$wing(command.into())
            }
        }
    )+)+};
}

command_from! {
    Catalogue: catalogue::Command;
    Stock: stock::Command;
    Sales: sales::Command, sales::NewSale;
    Orders: orders::Command, orders::NewOrder;
    Pos: pos::Command;
}

impl Command {
    /// Roughly how many rows it is about: what a batch is filled by.
    pub fn lines(&self) -> usize {
        match self {
            Self::Catalogue(_) | Self::Stock(_) => 1,
            Self::Sales(command) => command.lines(),
            Self::Orders(command) => command.lines(),
            Self::Pos(command) => command.lines(),
        }
    }

    /// The series that it takes a number of if it is accepted.
    pub const fn series(&self) -> Option<NumberSeries> {
        match self {
            Self::Catalogue(_) | Self::Stock(_) | Self::Pos(_) => None,
            Self::Sales(command) => command.series(),
            Self::Orders(command) => command.series(),
        }
    }
}

/// Decides one command by what the book says.
///
/// # Errors
/// [`Stop::Missing`] where something must be looked up first; [`Stop::Refused`] with a refusal that explains itself. Nothing has changed
/// then.
///
/// # Panics
/// Where a rule reads what it did not require: a fault of the rule.
pub fn decide(book: &Book, command: &Command, inputs: &mut Inputs<'_>) -> Result<Effects, Stop> {
    match command {
        Command::Catalogue(command) => catalogue::decide(book, command, inputs),
        Command::Stock(command) => stock::decide(book, command, inputs),
        Command::Sales(command) => sales::decide(book, command, inputs),
        Command::Orders(command) => orders::decide(book, command, inputs),
        Command::Pos(command) => pos::decide(book, command, inputs),
    }
}

/// What a command misses before it can be decided, if anything; that is what [`gather`] asks. It asks before it draws an id or a number, so it
/// needs none.
///
/// # Panics
/// As [`decide`].
pub fn missing(
    book: &Book,
    (command, principal, expected_version): (&Command, &Principal, Option<i64>),
    now: Instant,
) -> Option<Missing> {
    let (new_id, next_number) = (&mut Uuid::nil, &mut |_| 0);
    match decide(book, command, &mut Inputs { now, principal, expected_version, new_id, next_number }) {
        Err(Stop::Missing(missing)) => Some(*missing),
        Ok(_) | Err(Stop::Refused(_) | Stop::Stale) => None,
    }
}
