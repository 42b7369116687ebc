//! One unit of work, run again where others got in its way. Never here: what a noun's rows are.

use crate::{
    connection::{Conn, Mode, begin, commit, rollback},
    dialect::{Reads, Sql},
    error::{Class, LOCK_TIMEOUT, StoreError, class_on},
    ledger::{self, ShopConstants, SubmitError},
    pool::catch_panic,
};
use diesel::{QueryResult, result::Error as DieselError};
use std::time::{Duration, Instant as Stopwatch};
use tradepost_domain::{
    identity::Principal,
    instant::Instant,
    ledger::{Command, Effects, Refusal},
    money::Currency,
    repository::{self, DryRun},
};

/// A connection inside a transaction (or, for a single read, outside of one).
pub struct Session<'c> {
    conn: &'c mut Conn,
    constants: Option<ShopConstants>,
    /// How often the work may be run in all, after what it has met this time.
    attempts: usize,
}

/// How often a unit of work is run before its caller is told that others kept getting in its way.
const ATTEMPTS: usize = 8;
/// How often it is run when nobody can tell why it fails: a deadlock is over by then, and a fault stays one.
const ATTEMPTS_IN_THE_DARK: usize = 3;

/// How often work that met this failure may be run in all.
fn attempts(class: Class, took: Duration) -> usize {
    match class {
        Class::Retry => ATTEMPTS,
        Class::Unknown if took < LOCK_TIMEOUT => ATTEMPTS_IN_THE_DARK,
        Class::Unknown | Class::Lost | Class::Data | Class::Unavailable => 1,
    }
}

impl<'c> Session<'c> {
    pub(crate) const fn new(conn: &'c mut Conn, constants: Option<ShopConstants>) -> Self {
        Self { conn, constants, attempts: 1 }
    }

    /// The shop's currency, which every amount in its tables is of.
    ///
    /// # Errors
    /// `Internal` before the shop was first started.
    pub fn currency(&self) -> Result<Currency, StoreError> {
        self.constants().map(|constants| constants.currency)
    }

    fn constants(&self) -> Result<ShopConstants, StoreError> {
        self.constants.ok_or_else(|| StoreError::Internal("the shop has no currency yet: it was never started".into()))
    }

    /// The connection, for statements that are written with Diesel. Failures are noted: some mean that the whole work is run again.
    pub(crate) fn run<T>(&mut self, statement: impl FnOnce(&mut Conn) -> QueryResult<T>) -> Result<T, StoreError> {
        let began = Stopwatch::now();
        statement(self.conn).map_err(|error| {
            let (class, took) = (class_on(self.conn, &error), began.elapsed());
            self.attempts = self.attempts.max(attempts(class, took));
            StoreError::of(class, &error, took)
        })
    }

    pub(crate) fn execute(&mut self, sql: Sql) -> Result<usize, StoreError> {
        self.run(|conn| sql.execute(conn))
    }

    pub(crate) fn load<R>(&mut self, sql: impl Reads<R>) -> Result<Vec<R>, StoreError> {
        self.run(|conn| sql.read(conn))
    }

    pub(crate) fn first<R>(&mut self, sql: impl Reads<R>) -> Result<Option<R>, StoreError> {
        Ok(self.load(sql)?.into_iter().next())
    }

    /// For an update guarded by a version: nothing changed means that somebody else was faster, and the work is run again.
    pub(crate) fn exactly_one(&mut self, changed: usize) -> Result<(), StoreError> {
        if changed == 1 {
            return Ok(());
        }
        self.attempts = ATTEMPTS;
        Err(StoreError::Stale)
    }
}

impl DryRun for Session<'_> {
    /// Without locks: by the time a caller acts on it, it may be otherwise.
    fn dry_run(
        &mut self,
        command: &Command,
        principal: &Principal,
        now: Instant,
    ) -> repository::Result<Result<Effects, Refusal>> {
        let constants = self.constants()?;
        match ledger::dry_run(self.conn, (command, principal, None), constants, now) {
            Ok(effects) => Ok(Ok(effects)),
            Err(SubmitError::Refused(refusal)) => Ok(Err(refusal)),
            Err(SubmitError::Store(error)) => Err(error.into()),
        }
    }
}

/// Reads in one snapshot.
pub(crate) fn snapshot<T, E, F>(conn: &mut Conn, constants: Option<ShopConstants>, work: F) -> Result<T, E>
where
    E: From<StoreError>,
    F: FnOnce(&mut Session<'_>) -> Result<T, E>,
{
    in_snapshot(conn, |conn| work(&mut Session::new(conn, constants)))
}

/// The same, with the connection itself.
pub(crate) fn in_snapshot<T, E: From<StoreError>>(
    conn: &mut Conn,
    work: impl FnOnce(&mut Conn) -> Result<T, E>,
) -> Result<T, E> {
    start(conn, Mode::Snapshot)?;
    let result = catch_panic(|| work(conn));
    // There is nothing to keep, and ending a snapshot cannot fail in a way that makes what was read wrong.
    rollback(conn);
    result
}

/// Does a unit of work, whole or not at all, again when it got in the way of another.
pub(crate) fn write<T, E, F>(conn: &mut Conn, constants: Option<ShopConstants>, work: F) -> Result<T, E>
where
    E: From<StoreError>,
    F: Fn(&mut Session<'_>) -> Result<T, E>,
{
    let mut attempt = 1;
    loop {
        start(conn, Mode::Write)?;
        let mut session = Session::new(conn, constants);
        let result = catch_panic(|| work(&mut session));
        let mut allowed = session.attempts;
        let failed: E = match result {
            Ok(done) => {
                let began = Stopwatch::now();
                match commit(conn) {
                    Ok(()) => return Ok(done),
                    Err(error) => {
                        let (class, took) = (class_on(conn, &error), began.elapsed());
                        rollback(conn);
                        allowed = attempts(class, took);
                        not_committed(class, &error, took).into()
                    }
                }
            }
            Err(error) => {
                rollback(conn);
                error
            }
        };
        if attempt >= allowed {
            return Err(failed);
        }
        attempt += 1;
    }
}

fn start(conn: &mut Conn, mode: Mode) -> Result<(), StoreError> {
    let began = Stopwatch::now();
    begin(conn, mode).map_err(|error| StoreError::of(class_on(conn, &error), &error, began.elapsed()))
}

/// A connection that broke during COMMIT leaves open whether it was kept.
pub(crate) fn not_committed(class: Class, error: &DieselError, took: Duration) -> StoreError {
    match class {
        Class::Lost => StoreError::OutcomeUnknown(error.to_string()),
        Class::Retry | Class::Data | Class::Unavailable | Class::Unknown => StoreError::of(class, error, took),
    }
}
