//! What goes wrong between the program and its database, told apart by what a caller can do about it.

use diesel::result::{DatabaseErrorKind, Error as DieselError};
use tradepost_domain::repository;

/// Why a unit of work was not done.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The line is full or the wait was too long; nothing was tried.
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
    /// A deadlock or a serialization failure; the whole unit of work may be run again.
    #[error("it got in the way of another change: {0}")]
    Conflict(String),
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
    /// The URL says nothing usable.
    #[error("DATABASE_URL cannot be used: {0}")]
    BadUrl(String),
    /// It cannot be reached or opened.
    #[error("the database cannot be opened: {0}")]
    CannotOpen(String),
    /// Another `serve` has it.
    #[error("{0} is being served by another process; stop that one first")]
    Claimed(String),
    /// A migration failed.
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

    /// Was the database not there, or did it take too long?
    pub const fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }

    /// Is it one particular row that the database does not take, so that the others of a batch may go without it?
    pub const fn is_data(&self) -> bool {
        matches!(self, Self::Duplicate { .. } | Self::InUse { .. } | Self::Refused(_))
    }
}

/// What kind of failure Diesel reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// The connection is gone.
    Lost,
    /// A lock or a statement took too long, or the database is full or read-only.
    Unavailable,
    /// Deadlock, serialization failure: run it again.
    Retry,
    /// A constraint refused a row, or a value does not fit.
    Data,
    /// Anything else: our own fault.
    Fault,
}

/// Diesel has no SQLSTATE for these: they are known by the server's words (English, as in the C locale and most others).
const RETRY: [&str; 3] = ["deadlock detected", "could not serialize", "tuple concurrently updated"];
const LOST: [&str; 10] = [
    "server closed the connection",
    "terminating connection",
    "no connection to the server",
    "connection not open",
    "could not connect",
    "could not receive data",
    "could not send data",
    "SSL connection has been closed",
    "connection to server",
    "Broken pipe",
];
const UNAVAILABLE: [&str; 14] = [
    "lock timeout",
    "statement timeout",
    "user request",
    "database is locked",
    "database table is locked",
    "database or disk is full",
    "disk I/O error",
    "attempt to write a readonly database",
    "unable to open database file",
    "the database system is",
    "too many clients",
    "remaining connection slots",
    "No space left on device",
    "cannot execute",
];

/// Tells what kind of failure it is.
pub(crate) fn class(error: &DieselError) -> Class {
    let said = |words: &[&str], text: &str| words.iter().any(|w| text.contains(w));
    match error {
        DieselError::DatabaseError(kind, info) => match kind {
            DatabaseErrorKind::ClosedConnection => Class::Lost,
            DatabaseErrorKind::SerializationFailure => Class::Retry,
            DatabaseErrorKind::ReadOnlyTransaction => Class::Unavailable,
            DatabaseErrorKind::UniqueViolation
            | DatabaseErrorKind::ForeignKeyViolation
            | DatabaseErrorKind::NotNullViolation
            | DatabaseErrorKind::CheckViolation
            | DatabaseErrorKind::RestrictViolation
            | DatabaseErrorKind::ExclusionViolation => Class::Data,
            _ if said(&RETRY, info.message()) => Class::Retry,
            _ if said(&LOST, info.message()) => Class::Lost,
            _ if said(&UNAVAILABLE, info.message()) => Class::Unavailable,
            _ if said(&["out of range", "invalid byte sequence", "value too long"], info.message()) => Class::Data,
            _ => Class::Fault,
        },
        DieselError::BrokenTransactionManager | DieselError::RollbackErrorOnCommit { .. } => Class::Lost,
        DieselError::InvalidCString(_) | DieselError::SerializationError(_) => Class::Data,
        _ => Class::Fault,
    }
}

/// Is the connection gone?
pub(crate) fn is_connection_lost(error: &DieselError) -> bool {
    class(error) == Class::Lost
}

/// May the whole transaction be run again?
pub(crate) fn is_retryable(error: &DieselError) -> bool {
    class(error) == Class::Retry
}

/// Is it a row that the database does not take?
pub(crate) fn is_data(error: &DieselError) -> bool {
    class(error) == Class::Data
}

impl From<DieselError> for StoreError {
    fn from(error: DieselError) -> Self {
        match class(&error) {
            Class::Lost | Class::Unavailable => Self::Unavailable(error.to_string()),
            Class::Retry => Self::Conflict(error.to_string()),
            Class::Data => refused(&error),
            Class::Fault => Self::Internal(error.to_string()),
        }
    }
}

/// The unique columns and the name that the contract gives each. PostgreSQL names the index, SQLite the columns; the
/// indexes are named so that both end in the same words.
const UNIQUE: [(&str, &str, &str); 18] = [
    ("users_username_key", "users.username_key", "username"),
    ("users_email_key", "users.email_key", "email"),
    ("categories_name_key", "categories.name_key", "name"),
    ("locations_code_key", "locations.code_key", "code"),
    ("locations_name_key", "locations.name_key", "name"),
    ("locations_one_default", "locations.is_default", "is_default"),
    ("products_sku_key", "products.sku_key", "sku"),
    ("products_name_in_category", "products.category_id, products.name_key", "name"),
    ("products_name_without_category", "products.name_key", "name"),
    ("customers_code_key", "customers.code_key", "code"),
    ("customers_user_id", "customers.user_id", "user_id"),
    ("pos_connections_name_key", "pos_connections.name_key", "name"),
    ("pos_events_webhook_id", "pos_events.connection_id, pos_events.webhook_id", "webhook_id"),
    ("pos_products_pkey", "pos_products.connection_id, pos_products.external_id", "external_id"),
    ("idempotency_keys_pkey", "idempotency_keys.principal, idempotency_keys.key", "idempotency_key"),
    ("sales_number", "sales.number", "number"),
    ("orders_number", "orders.number", "number"),
    ("promo_codes_code_key", "promo_codes.code_key", "code"),
];

/// The field of the contract whose value was taken, where the violated constraint is one of those.
pub(crate) fn duplicate_field(error: &DieselError) -> Option<&'static str> {
    let DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, info) = error else { return None };
    let columns = info.message().strip_prefix("UNIQUE constraint failed: ");
    let found = UNIQUE.iter().find(|(index, lite, _)| match (info.constraint_name(), columns) {
        (Some(name), _) => name == *index,
        (None, Some(columns)) => columns == *lite || columns == format!("index '{index}'"),
        (None, None) => false,
    });
    found.map(|(_, _, field)| *field)
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
    fn what_a_caller_can_do_about_it_is_told_by_the_databases_words() {
        use DatabaseErrorKind::{CheckViolation, ClosedConnection, SerializationFailure, Unknown};
        for (kind, message, expected) in [
            (Unknown, "deadlock detected", Class::Retry),
            (SerializationFailure, "could not serialize access due to concurrent update", Class::Retry),
            (Unknown, "canceling statement due to lock timeout", Class::Unavailable),
            (Unknown, "canceling statement due to statement timeout", Class::Unavailable),
            (Unknown, "database is locked", Class::Unavailable),
            (Unknown, "database or disk is full", Class::Unavailable),
            (ClosedConnection, "anything", Class::Lost),
            (Unknown, "terminating connection due to administrator command", Class::Lost),
            (Unknown, "server closed the connection unexpectedly", Class::Lost),
            (CheckViolation, "new row violates check constraint", Class::Data),
            (Unknown, "bigint out of range", Class::Data),
            (Unknown, "syntax error at or near \"SELCT\"", Class::Fault),
        ] {
            assert_eq!(class(&said(kind, message)), expected, "{message}");
        }
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
