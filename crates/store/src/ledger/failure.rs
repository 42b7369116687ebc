//! Why an attempt at a batch came to nothing, told apart by what is to be done about it. The transaction was rolled back.

use crate::{
    bulk::WriteError,
    connection::{Conn, LEDGER_LOCK_TIMEOUT},
    error::{Class, StoreError, class_on},
};
use diesel::result::Error as DieselError;
use std::time::Duration;
use tradepost_domain::ids::{LocationId, ProductId};

/// What comes of loading or keeping.
pub(super) type LedgerResult<T = ()> = Result<T, Failure>;

/// Why an attempt at a batch came to nothing.
#[derive(Debug)]
pub(super) enum Failure {
    /// The submission in this place of the batch panicked, with these words.
    Panic { index: usize, message: String },
    /// Somebody else was in the way: run it again.
    Again(String),
    /// These levels must be made first, so that they can be held.
    NoLevels(Vec<(ProductId, LocationId)>),
    /// Somebody else has held what is needed for too long.
    Blocked(StoreError),
    /// The database did not take it, for one of the batch or for all: it has not said which.
    Refused(StoreError),
    /// The database was not there.
    Lost(StoreError),
    /// What the database said, before anybody looked at the connection ([`Failure::classified`]).
    Database(DieselError),
}

impl Failure {
    /// What it means, by what became of the connection and by how long the statement took.
    pub(super) fn classified(self, conn: &mut Conn, took: Duration) -> Self {
        let Self::Database(error) = self else { return self };
        match class_on(conn, &error) {
            class @ (Class::Lost | Class::Unavailable) => Self::Lost(StoreError::of(class, &error, took)),
            Class::Retry => Self::Again(error.to_string()),
            // A deadlock is found sooner.
            Class::Unknown if took >= LEDGER_LOCK_TIMEOUT => Self::Blocked(StoreError::Unavailable(error.to_string())),
            class @ (Class::Data | Class::Unknown) => Self::Refused(StoreError::of(class, &error, Duration::ZERO)),
        }
    }
}

impl From<DieselError> for Failure {
    fn from(error: DieselError) -> Self {
        Self::Database(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(reason) => Self::Again(reason),
            error if error.is_unavailable() => Self::Lost(error),
            error => Self::Refused(error),
        }
    }
}

impl From<WriteError> for Failure {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Database(error) => error.into(),
            WriteError::Unmatched(what) => Self::Again(format!("a row of {what} was not as it was loaded")),
        }
    }
}

/// A stored row that cannot be read is our own fault, never the caller's.
pub(super) fn corrupt(error: impl std::fmt::Display) -> Failure {
    StoreError::Internal(format!("a stored row cannot be read: {error}")).into()
}
