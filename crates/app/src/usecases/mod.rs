//! Verbs that take more than one call to a repository, written against the domain's traits. They know who asks and what for, never how.

pub mod carts;
pub mod change_password;
pub mod entities;
pub mod login;
pub mod pos_connections;
pub mod quotes;
pub mod register;
pub mod users;

use crate::{Error, Result};
use tradepost_domain::ledger::Refusal;

/// Refuses where the caller has seen another version than the one there is.
///
/// # Errors
/// `Refused` with `PreconditionFailed`.
pub fn check_version(expected: Option<i64>, version: i64) -> Result<()> {
    match expected {
        Some(expected) if expected != version => Err(Error::Refused(Refusal::PreconditionFailed)),
        Some(_) | None => Ok(()),
    }
}
