//! Why something was not done. What each means to whoever asked (a status, an exit code) is theirs to say.

use crate::login_throttle::Verdict;
use tradepost_domain::{
    field_errors::FieldErrors,
    identity::Denied,
    ledger::Refusal,
    repository::{self, Entity},
};
use tradepost_store::{StoreError, SubmitError};

/// What every use-case answers.
pub type Result<T> = std::result::Result<T, Error>;

/// Why something was not done. Nothing has changed then, unless the store says that nobody knows.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The rules say no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The caller may not do this to that user.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// No credential, or one that is unknown, revoked or expired.
    #[error("this token is unknown, revoked or expired")]
    UnknownToken,
    /// Unknown login or wrong password: which of them, nobody is told. With what is left before one has to wait.
    #[error("the login or the password is wrong")]
    BadCredentials(Verdict),
    /// Too many wrong passwords: how long to wait.
    #[error("too many wrong passwords for this login from here")]
    TooManyAttempts(Verdict),
    /// Others have to be served first; worth trying again after so many seconds.
    #[error("{what}")]
    Busy {
        /// What too many are doing: a sentence for whoever asked.
        what: &'static str,
        /// When to try again, in seconds, at least 1.
        retry_after_seconds: i64,
    },
    /// The store says no, cannot, or does not know.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A fault of the program. To be logged, and to be kept from whoever asked.
    #[error("internal: {0}")]
    Internal(String),
}

impl Error {
    /// There is no such thing, or the caller may not know of it.
    pub fn not_found<T: Entity>() -> Self {
        Self::not_found_named(T::NAME)
    }

    /// The same for something that is no entity by itself: what it is called, one word, singular.
    pub const fn not_found_named(name: &'static str) -> Self {
        Self::Refused(Refusal::NotFound(name))
    }

    /// A fault of the program.
    pub fn internal(what: impl std::fmt::Display) -> Self {
        Self::Internal(what.to_string())
    }

    /// One thing that is wrong with what was sent.
    pub fn invalid(pointer: &str, code: &'static str, detail: impl std::fmt::Display) -> Self {
        FieldErrors::one(pointer, code, detail).into()
    }

    /// It contradicts what there is.
    pub fn conflict(reason: &'static str, detail: impl Into<String>) -> Self {
        Self::Refused(Refusal::conflict(reason, detail))
    }

    /// Another one has this value already?
    pub const fn is_duplicate(&self) -> bool {
        matches!(self, Self::Refused(Refusal::Duplicate { .. }) | Self::Store(StoreError::Duplicate { .. }))
    }
}

impl From<FieldErrors> for Error {
    fn from(errors: FieldErrors) -> Self {
        Self::Refused(Refusal::Invalid(errors))
    }
}

impl From<repository::Error> for Error {
    fn from(error: repository::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<SubmitError> for Error {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::Refused(refusal) => Self::Refused(refusal),
            SubmitError::Store(error) => Self::Store(error),
        }
    }
}
