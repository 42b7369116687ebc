//! What a command must know before it can be decided, and in which order that is loaded. How a row is read or locked is never in here.

use super::{Book, Refusal, catalogue, customers, orders, pos, sales, stock};
use crate::field_errors::FieldErrors;

/// The order in which rows are read and locked. A batch loads everything of one rank, for all its commands and sorted, before it loads
/// anything of the next; so no two batches ever wait for each other in a circle, and what depends on a locked row is read after the lock.
///
/// A rule requires things in this order: what it requires later is never of a lower rank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// Whose a delivery is, which never changes; not locked.
    Owners,
    /// POS connections: shared by deliveries, held alone by whoever changes a mapping.
    PosConnections,
    /// Which deliveries are meant: by the sender's id (whose lock is held) or because they wait for a product.
    Inbox,
    /// Deliveries with their lines.
    Events,
    /// Sales, orders and carts.
    Documents,
    /// Promo codes, whose uses are counted.
    Promos,
    /// By what products are looked up: SKUs, mappings of tills; not locked.
    Lookups,
    /// Products and locations that are to be changed.
    Changed,
    /// Levels: what is on hand and reserved.
    Levels,
    /// All that is judged under the locks above, and is at most kept from being removed.
    Unlocked,
}

/// Keys of everything that can be looked up, for each wing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadSet {
    /// Products, and what they are looked up by.
    pub catalogue: catalogue::Reads,
    /// Of locations and levels.
    pub stock: stock::Reads,
    /// Customers, as far as documents show them.
    pub customers: customers::Reads,
    /// Sales with their lines.
    pub sales: sales::Reads,
    /// Of orders, carts and promo codes.
    pub orders: orders::Reads,
    /// Connections, deliveries and mappings of tills.
    pub pos: pos::Reads,
}

impl ReadSet {
    /// Is nothing asked for?
    pub fn is_empty(&self) -> bool {
        let Self { catalogue, stock, customers, sales, orders, pos } = self;
        catalogue.is_empty()
            && stock.is_empty()
            && customers.is_empty()
            && sales.is_empty()
            && orders.is_empty()
            && pos.is_empty()
    }

    /// Leaves only what the book does not know yet.
    pub(super) fn drop_known(&mut self, book: &Book) {
        let Self { catalogue, stock, customers, sales, orders, pos } = self;
        catalogue.drop_known(&book.catalogue);
        stock.drop_known(&book.stock);
        customers.drop_known(&book.customers);
        sales.drop_known(&book.sales);
        orders.drop_known(&book.orders);
        pos.drop_known(&book.pos);
    }

    /// Is something of this in one book and not in the other? So it is found out what could be read but not held.
    pub fn differs(&self, one: &Book, other: &Book) -> bool {
        let Self { catalogue, stock, customers, sales, orders, pos } = self;
        catalogue.differs(&one.catalogue, &other.catalogue)
            || stock.differs(&one.stock, &other.stock)
            || customers.differs(&one.customers, &other.customers)
            || sales.differs(&one.sales, &other.sales)
            || orders.differs(&one.orders, &other.orders)
            || pos.differs(&one.pos, &other.pos)
    }

    /// The rank that has to be loaded first.
    pub fn lowest_rank(&self) -> Option<Rank> {
        let Self { catalogue, stock, customers, sales, orders, pos } = self;
        let ranks = [
            catalogue.lowest_rank(),
            stock.lowest_rank(),
            customers.lowest_rank(),
            sales.lowest_rank(),
            orders.lowest_rank(),
            pos.lowest_rank(),
        ];
        ranks.into_iter().flatten().min()
    }

    /// Takes the keys of this rank out of here and adds them there.
    pub fn drain_rank(&mut self, rank: Rank, to: &mut Self) {
        let Self { catalogue, stock, customers, sales, orders, pos } = self;
        catalogue.drain_rank(rank, &mut to.catalogue);
        stock.drain_rank(rank, &mut to.stock);
        customers.drain_rank(rank, &mut to.customers);
        sales.drain_rank(rank, &mut to.sales);
        orders.drain_rank(rank, &mut to.orders);
        pos.drain_rank(rank, &mut to.pos);
    }
}

/// What a command misses.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Missing {
    /// What is to be looked up.
    pub wanted: ReadSet,
    /// Once that is known, the command asks for nothing more.
    pub is_last: bool,
}

/// Why a command could not be decided.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Stop {
    /// Something must be known first. Load it and ask again.
    #[error("something must be looked up first")]
    Missing(Box<Missing>),
    /// What was looked up has changed since, by somebody who shares the database: begin anew with an empty book.
    #[error("what was looked up has changed since: begin anew with an empty book")]
    Stale,
    /// By the rules. Nothing has changed.
    #[error(transparent)]
    Refused(Refusal),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<FieldErrors> for Stop {
    fn from(errors: FieldErrors) -> Self {
        Self::Refused(errors.into())
    }
}

/// Loads into the book what `count` commands miss, until none of them misses anything: rank by rank, each time for all of them together.
///
/// `ask` asks the n-th command and answers what it misses; `load` enters every key of the set, found or not.
///
/// # Errors
/// What `load` says.
pub fn gather<E>(
    book: &mut Book,
    count: usize,
    mut ask: impl FnMut(&Book, usize) -> Option<Missing>,
    mut load: impl FnMut(&mut Book, Rank, ReadSet) -> Result<(), E>,
) -> Result<(), E> {
    let mut asking: Vec<(usize, Missing)> = (0..count).filter_map(|n| Some((n, ask(book, n)?))).collect();
    let mut last = None;
    while let Some(rank) = asking.iter().filter_map(|(_, missing)| missing.wanted.lowest_rank()).min() {
        debug_assert!(last <= Some(rank), "a rule required {rank:?} after {last:?}");
        last = Some(rank);
        let mut wanted = ReadSet::default();
        for (_, missing) in &mut asking {
            missing.wanted.drain_rank(rank, &mut wanted);
        }
        load(book, rank, wanted)?;
        // Who still waits for a later rank is not asked again before it has that too.
        let next = |(n, missing): (usize, Missing)| match missing {
            missing if !missing.wanted.is_empty() => Some((n, missing)),
            Missing { is_last: true, .. } => None,
            Missing { is_last: false, .. } => ask(book, n).map(|missing| (n, missing)),
        };
        asking = asking.into_iter().filter_map(next).collect();
    }
    Ok(())
}
