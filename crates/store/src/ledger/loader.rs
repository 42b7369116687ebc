//! Reading rows for a book: with or without locks.

use super::{
    context::ShopConstants,
    failure::{Failure, LedgerResult},
};
use crate::{
    connection::Conn,
    dialect::{Reads, Sql},
    types::Id,
};
use std::collections::{HashMap, HashSet};
use tradepost_domain::{
    ids::{LocationId, ProductId},
    money::Currency,
};

/// How rows are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Locks {
    /// Held until the transaction ends. On SQLite, who writes holds everything.
    Take,
    /// Only those that nobody else holds; the others are left out as if they were not there.
    Skip,
    /// Not held: for looking.
    None,
}

/// How strongly rows are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strength {
    /// Nobody else changes them or holds them like this.
    Alone,
    /// Nobody changes them; others may share.
    Shared,
    /// Nobody removes them; the lock that a foreign key takes anyway.
    Key,
}

/// Reads rows for a book.
pub(super) struct Loader<'c> {
    pub conn: &'c mut Conn,
    pub locks: Locks,
    pub constants: ShopConstants,
    /// Levels that were made for this batch already, as far as they could be: where one is still missing, its product or location is not in use.
    pub no_levels: &'c HashSet<(ProductId, LocationId)>,
}

impl Loader<'_> {
    /// What every amount in the shop's tables is in.
    pub(super) const fn currency(&self) -> Currency {
        self.constants.currency
    }

    /// Runs a statement that reads rows and locks none.
    pub(super) fn read<R>(&mut self, sql: impl Reads<R>) -> LedgerResult<Vec<R>> {
        sql.read(self.conn).map_err(Failure::from)
    }

    /// Runs a statement that reads rows, sorted, and locks them.
    pub(super) fn read_locked<R, S>(&mut self, sql: Sql<S>, strength: Strength) -> LedgerResult<Vec<R>>
    where
        Sql<S>: Reads<R>,
    {
        let clause = self.clause(strength);
        self.read(sql.either(clause, ""))
    }

    /// The same, of one of the tables that it joins.
    pub(super) fn read_locked_of<R, S>(
        &mut self,
        sql: Sql<S>,
        strength: Strength,
        table: &'static str,
    ) -> LedgerResult<Vec<R>>
    where
        Sql<S>: Reads<R>,
    {
        let sql = match self.locks {
            Locks::None => sql,
            Locks::Take => sql.either(self.clause(strength), "").either(" OF ", "").either(table, ""),
            Locks::Skip => sql.either(" FOR UPDATE OF ", "").either(table, "").either(" SKIP LOCKED", ""),
        };
        self.read(sql)
    }

    const fn clause(&self, strength: Strength) -> &'static str {
        match (self.locks, strength) {
            (Locks::Take, Strength::Alone) => " FOR UPDATE",
            (Locks::Take, Strength::Shared) => " FOR SHARE",
            (Locks::Take, Strength::Key) => " FOR KEY SHARE",
            (Locks::Skip, Strength::Alone) => " FOR UPDATE SKIP LOCKED",
            (Locks::Skip, Strength::Shared) => " FOR SHARE SKIP LOCKED",
            (Locks::Skip, Strength::Key) => " FOR KEY SHARE SKIP LOCKED",
            (Locks::None, _) => "",
        }
    }
}

/// The parts of each document, in the order in which they were read.
pub(super) fn by_document<R>(rows: Vec<R>, document: impl Fn(&R) -> Id) -> HashMap<Id, Vec<R>> {
    let mut parts: HashMap<Id, Vec<R>> = HashMap::new();
    for row in rows {
        parts.entry(document(&row)).or_default().push(row);
    }
    parts
}

/// As they are stored.
pub(super) fn ids<T: Copy + Into<Id>>(list: &[T]) -> Vec<Id> {
    list.iter().map(|id| (*id).into()).collect()
}
