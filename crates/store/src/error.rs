//! What goes wrong between the program and its database, told apart by what a caller can do about it.

use crate::{
    all_unique_keys,
    connection::{Conn, PgConnection},
    dialect::per_engine,
};
use diesel::{
    connection::{AnsiTransactionManager, TransactionManager, TransactionManagerStatus},
    result::{DatabaseErrorKind, Error as DieselError},
};
use std::time::Duration;
use tradepost_domain::repository;

/// Why a unit of work was not done.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The queue is full or the wait was too long; nothing was tried.
    #[error("too much is waiting; nothing was done, try again")]
    Busy,
    /// The database does not answer, or somebody else holds what is needed; nothing was kept.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// The connection was lost while committing: it may or may not have been kept.
    #[error("the connection was lost while committing: {0}")]
    OutcomeUnknown(String),
    /// The same idempotency key came with another request.
    #[error("this idempotency key was used for another request")]
    KeyReused,
    /// Another one has this value already.
    #[error("there is already one with this {field}")]
    Duplicate {
        /// The field, as the contract calls it.
        field: &'static str,
    },
    /// Something still refers to it.
    #[error("it is in use by {what}")]
    InUse {
        /// Plural, for example `products`.
        what: &'static str,
    },
    /// Somebody else changed it since it was read.
    #[error("it was changed meanwhile")]
    Stale,
    /// A serialization failure; the whole unit of work may be run again.
    #[error("it got in the way of another change: {0}")]
    Conflict(String),
    /// The database says only in words what it is. It may be a deadlock or a fault of the program; nothing was kept.
    #[error("the database failed: {0}")]
    Unknown(String),
    /// A row refused by a constraint that the rules should have kept from getting there.
    #[error("the database refused a row: {0}")]
    Refused(String),
    /// A fault in the program or in the stored data.
    #[error("internal: {0}")]
    Internal(String),
}

/// Why a database could not be opened or brought up to date: one sentence that names the thing.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL says nothing usable; the text never repeats a password.
    #[error("DATABASE_URL cannot be used: {0}")]
    BadUrl(String),
    /// It cannot be reached or opened.
    #[error("the database in DATABASE_URL cannot be opened: {0}")]
    CannotOpen(String),
    /// It cannot hold every text.
    #[error(
        "the database's encoding is {0}, which cannot hold every text: make one that is UTF-8 \
         (CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0) and name that one in DATABASE_URL"
    )]
    Encoding(String),
    /// Another `serve` has it.
    #[error("{0} is being served by another process: stop that one, or give this one another file in DATABASE_URL")]
    Claimed(String),
    /// Its file has two names.
    #[error(
        "{0} has another name (a hard link), and what was written under one is not all seen under the other: \
         remove the other name, or name a copy in DATABASE_URL"
    )]
    TwoNames(String),
    /// A migration failed, forwards or back; the text says why.
    #[error("the database cannot be brought up to date: {0}")]
    Migration(String),
    /// The tables are not those this program knows.
    #[error("the database is not up to date: run `tradepost migrate` ({0})")]
    Outdated(String),
    /// A setting contradicts what is stored.
    #[error("{0}")]
    Setting(String),
}

impl StoreError {
    /// May the same unit of work succeed when it is simply run again?
    pub const fn is_retryable(&self) -> bool {
        matches!(self, Self::Conflict(_) | Self::Stale)
    }

    /// Can nobody tell what it is? The same unit of work may succeed when it is run again, but not more than twice is worth it.
    pub const fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown(_))
    }

    /// What to tell about a failure of this kind, of a statement that took so long: what failed for no known reason after a wait as long as
    /// a deadlock's or a time limit's is most likely one, and asking again later may help.
    pub(crate) fn of(class: Class, error: &DieselError, took: Duration) -> Self {
        match class {
            Class::Lost | Class::Unavailable => Self::Unavailable(error.to_string()),
            Class::Retry => Self::Conflict(error.to_string()),
            Class::Data => refused(error),
            Class::Unknown => Self::Unknown(error.to_string()).after(took),
        }
    }

    /// The same, now that it is known how long it took.
    pub(crate) fn after(self, took: Duration) -> Self {
        match self {
            Self::Unknown(why) if took >= DEADLOCK_TIMEOUT => Self::Unavailable(why),
            known => known,
        }
    }

    /// Was the database not there, or did it take too long?
    pub const fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }

    /// Is it one particular row that the database does not take, so that the others of a batch may go without it?
    pub const fn is_data(&self) -> bool {
        matches!(self, Self::Duplicate { .. } | Self::InUse { .. } | Self::Refused(_))
    }
}

/// PostgreSQL looks for a deadlock when somebody has waited this long for a lock (`deadlock_timeout`, as it is shipped). An error that
/// came sooner is none, and no time limit either.
pub(crate) const DEADLOCK_TIMEOUT: Duration = Duration::from_secs(1);
/// How long a statement waits for a lock on PostgreSQL (`lock_timeout`). Who has waited that long is not made to wait again.
pub(crate) const LOCK_TIMEOUT: Duration = Duration::from_secs(5);

/// What kind of failure it is. Never told by the words of a message of PostgreSQL, which depend on its `lc_messages`; and Diesel keeps the
/// SQLSTATE to itself but for a few: a deadlock, a time limit and a value out of range are all `Unknown`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// The connection is gone, or leads to a server that only reads (it was a primary once).
    Lost,
    /// Serialization failure: run it again.
    Retry,
    /// A constraint refused a row, or a value cannot be sent.
    Data,
    /// The file is held by somebody else or cannot be written (SQLite only).
    Unavailable,
    /// Anything else. It may go away when the work is run again (a deadlock), so that is tried, but not often: it may be our own fault.
    Unknown,
}

/// Tells what kind of failure it is, by what Diesel says alone.
pub(crate) fn class(error: &DieselError) -> Class {
    match error {
        DieselError::DatabaseError(kind, _) => match kind {
            DatabaseErrorKind::ClosedConnection
            | DatabaseErrorKind::UnableToSendCommand
            | DatabaseErrorKind::ReadOnlyTransaction => Class::Lost,
            DatabaseErrorKind::SerializationFailure => Class::Retry,
            DatabaseErrorKind::UniqueViolation
            | DatabaseErrorKind::ForeignKeyViolation
            | DatabaseErrorKind::NotNullViolation
            | DatabaseErrorKind::CheckViolation
            | DatabaseErrorKind::RestrictViolation
            | DatabaseErrorKind::ExclusionViolation => Class::Data,
            _ => Class::Unknown,
        },
        DieselError::BrokenTransactionManager | DieselError::RollbackErrorOnCommit { .. } => Class::Lost,
        DieselError::InvalidCString(_) | DieselError::SerializationError(_) => Class::Data,
        _ => Class::Unknown,
    }
}

/// What SQLite says when the file is held or cannot be written (`sqlite3ErrStr` in its source). These are words, but in no language other
/// than English: they are compiled in, and Diesel does not tell the code. Only errors of SQLite are compared with them.
const SQLITE_UNAVAILABLE: [&str; 6] = [
    "database is locked",
    "database table is locked",
    "database or disk is full",
    "disk I/O error",
    "attempt to write a readonly database",
    "unable to open database file",
];

/// Tells what kind of failure it is, by what Diesel says and by what became of the connection.
pub(crate) fn class_on(conn: &mut Conn, error: &DieselError) -> Class {
    match class(error) {
        Class::Unknown => per_engine!(
            conn,
            Pg(pg) => if is_broken(pg) { Class::Lost } else { Class::Unknown },
            Lite(_) => sqlite_class(error)
        ),
        known @ (Class::Lost | Class::Retry | Class::Data | Class::Unavailable) => known,
    }
}

/// Libpq has told Diesel that the connection is bad.
fn is_broken(conn: &mut PgConnection) -> bool {
    matches!(AnsiTransactionManager::transaction_manager_status_mut(conn), TransactionManagerStatus::InError)
}

fn sqlite_class(error: &DieselError) -> Class {
    match error {
        DieselError::DatabaseError(_, info) if SQLITE_UNAVAILABLE.contains(&info.message()) => Class::Unavailable,
        _ => Class::Unknown,
    }
}

/// Is the connection gone?
pub(crate) fn is_connection_lost(error: &DieselError) -> bool {
    class(error) == Class::Lost
}

impl From<DieselError> for StoreError {
    fn from(error: DieselError) -> Self {
        Self::of(class(&error), &error, Duration::ZERO)
    }
}

/// The field of the contract whose value was taken, where the violated constraint is one of those.
pub(crate) fn duplicate_field(error: &DieselError) -> Option<&'static str> {
    let DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, info) = error else { return None };
    let columns = info.message().strip_prefix("UNIQUE constraint failed: ");
    let violated = all_unique_keys().find(|key| match (info.constraint_name(), columns) {
        (Some(index), _) => index == key.index,
        (None, Some(columns)) => columns == key.on_sqlite() || columns == format!("index '{}'", key.index),
        (None, None) => false,
    });
    violated.map(|key| key.field)
}

fn refused(error: &DieselError) -> StoreError {
    match duplicate_field(error) {
        Some(field) => StoreError::Duplicate { field },
        None => StoreError::Refused(error.to_string()),
    }
}

impl From<diesel::r2d2::PoolError> for StoreError {
    fn from(error: diesel::r2d2::PoolError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl From<StoreError> for repository::Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Duplicate { field } => Self::Duplicate { field },
            StoreError::InUse { what } => Self::InUse { by: what },
            StoreError::Stale => Self::Changed,
            other => Self::Storage(Box::new(other)),
        }
    }
}

impl From<repository::Error> for StoreError {
    fn from(error: repository::Error) -> Self {
        match error {
            repository::Error::Duplicate { field } => Self::Duplicate { field },
            repository::Error::InUse { by } => Self::InUse { what: by },
            repository::Error::Changed => Self::Stale,
            repository::Error::Storage(inner) => match inner.downcast::<Self>() {
                Ok(own) => *own,
                Err(other) => Self::Internal(other.to_string()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(kind: DatabaseErrorKind, message: &str) -> DieselError {
        DieselError::DatabaseError(kind, Box::new(message.to_owned()))
    }

    #[test]
    fn no_failure_is_told_by_the_words_of_postgresql() {
        use DatabaseErrorKind::{
            CheckViolation, ClosedConnection, ReadOnlyTransaction, SerializationFailure, UnableToSendCommand, Unknown,
        };
        for message in ["deadlock detected", "Verklemmung entdeckt", "server closed the connection", ""] {
            for (kind, expected) in [
                (SerializationFailure, Class::Retry),
                (ClosedConnection, Class::Lost),
                (UnableToSendCommand, Class::Lost),
                (ReadOnlyTransaction, Class::Lost),
                (CheckViolation, Class::Data),
                (Unknown, Class::Unknown),
            ] {
                assert_eq!(class(&said(kind, message)), expected, "{kind:?} {message}");
            }
        }
    }

    #[test]
    fn what_failed_for_no_known_reason_is_a_fault_unless_it_waited_as_long_as_a_deadlock_does() {
        let error = said(DatabaseErrorKind::Unknown, "Verklemmung entdeckt");
        let told = |took| StoreError::of(class(&error), &error, took);
        assert!(matches!(told(Duration::from_millis(999)), StoreError::Unknown(_)));
        assert!(matches!(told(DEADLOCK_TIMEOUT), StoreError::Unavailable(_)));
        assert!(matches!(told(LOCK_TIMEOUT), StoreError::Unavailable(_)));
    }

    #[test]
    fn sqlite_says_that_its_file_is_held_or_cannot_be_written() {
        let unknown = |message: &str| sqlite_class(&said(DatabaseErrorKind::Unknown, message));
        assert_eq!(unknown("database is locked"), Class::Unavailable);
        assert_eq!(unknown("no such table: database is locked"), Class::Unknown);
    }

    #[test]
    fn sqlite_names_columns_and_the_contract_names_fields() {
        let unique =
            |columns: &str| said(DatabaseErrorKind::UniqueViolation, &format!("UNIQUE constraint failed: {columns}"));
        for (columns, field) in [
            ("users.email_key", Some("email")),
            ("products.category_id, products.name_key", Some("name")),
            ("products.name_key", Some("name")),
            ("movements.id", None),
        ] {
            assert_eq!(duplicate_field(&unique(columns)), field, "{columns}");
        }
        assert!(matches!(StoreError::from(unique("movements.id")), StoreError::Refused(_)));
    }

    #[test]
    fn an_error_of_the_store_goes_through_the_domain_unchanged() {
        for error in [StoreError::Busy, StoreError::Stale, StoreError::Duplicate { field: "name" }] {
            let said = error.to_string();
            assert_eq!(StoreError::from(repository::Error::from(error)).to_string(), said);
        }
    }
}
