//! One unit of work. The domain's repositories are kept through it.

use crate::{
    connection::{Conn, Mode, begin, commit, rollback},
    dialect::Sql,
    error::{StoreError, is_connection_lost},
    pool::caught,
};
use diesel::{QueryResult, deserialize::QueryableByName, pg::Pg, sqlite::Sqlite};
use tradepost_domain::money::Currency;

/// A connection inside a transaction (or, for a single read, outside of one).
pub struct Session<'c> {
    conn: &'c mut Conn,
    currency: Option<Currency>,
    again: bool,
}

/// How often a unit of work is run before its caller is told that others kept getting in its way.
const ATTEMPTS: usize = 8;

impl<'c> Session<'c> {
    pub(crate) const fn new(conn: &'c mut Conn, currency: Option<Currency>) -> Self {
        Self { conn, currency, again: false }
    }

    /// The shop's currency, which every amount in its tables is of.
    ///
    /// # Errors
    /// `Internal` before the shop was first started.
    pub fn currency(&self) -> Result<Currency, StoreError> {
        self.currency.ok_or_else(|| StoreError::Internal("the shop has no currency yet: it was never started".into()))
    }

    /// The connection, for statements that are written with Diesel. Failures are noted: some mean that the whole work is run again.
    pub(crate) fn run<T>(&mut self, statement: impl FnOnce(&mut Conn) -> QueryResult<T>) -> Result<T, StoreError> {
        let result = statement(self.conn).map_err(StoreError::from);
        result.inspect_err(|error| self.again |= error.is_retryable())
    }

    pub(crate) fn execute(&mut self, sql: Sql) -> Result<usize, StoreError> {
        self.run(|conn| sql.execute(conn))
    }

    pub(crate) fn load<R>(&mut self, sql: Sql) -> Result<Vec<R>, StoreError>
    where
        R: QueryableByName<Pg> + QueryableByName<Sqlite> + 'static,
    {
        self.run(|conn| sql.load(conn))
    }

    pub(crate) fn first<R>(&mut self, sql: Sql) -> Result<Option<R>, StoreError>
    where
        R: QueryableByName<Pg> + QueryableByName<Sqlite> + 'static,
    {
        self.run(|conn| sql.first(conn))
    }

    /// For an update guarded by a version: nothing changed means that somebody else was faster, and the work is run again.
    pub(crate) fn exactly_one(&mut self, changed: usize) -> Result<(), StoreError> {
        if changed == 1 {
            return Ok(());
        }
        self.again = true;
        Err(StoreError::Stale)
    }
}

/// Reads in one snapshot.
pub(crate) fn snapshot<T, E, F>(conn: &mut Conn, currency: Option<Currency>, work: F) -> Result<T, E>
where
    E: From<StoreError>,
    F: FnOnce(&mut Session<'_>) -> Result<T, E>,
{
    begin(conn, Mode::Snapshot).map_err(StoreError::from)?;
    let result = caught(|| work(&mut Session::new(conn, currency)));
    // There is nothing to keep, and ending a snapshot cannot fail in a way that makes what was read wrong.
    rollback(conn);
    result
}

/// Does a unit of work, whole or not at all, again when it got in the way of another.
pub(crate) fn write<T, E, F>(conn: &mut Conn, currency: Option<Currency>, work: F) -> Result<T, E>
where
    E: From<StoreError>,
    F: Fn(&mut Session<'_>) -> Result<T, E>,
{
    let mut attempt = 1;
    loop {
        begin(conn, Mode::Write).map_err(StoreError::from)?;
        let mut session = Session::new(conn, currency);
        let result = caught(|| work(&mut session));
        let mut again = session.again;
        let failed: E = match result {
            Ok(done) => match commit(conn) {
                Ok(()) => return Ok(done),
                Err(error) => {
                    rollback(conn);
                    again = crate::error::is_retryable(&error);
                    commit_failed(error).into()
                }
            },
            Err(error) => {
                rollback(conn);
                error
            }
        };
        if !again || attempt == ATTEMPTS {
            return Err(failed);
        }
        attempt += 1;
    }
}

/// A connection that broke during COMMIT leaves open whether it was kept.
pub(crate) fn commit_failed(error: diesel::result::Error) -> StoreError {
    if is_connection_lost(&error) { StoreError::OutcomeUnknown(error.to_string()) } else { error.into() }
}
