//! Verbs that take more than one call to the store. They know nothing of requests and answers.

pub mod carts;
mod goods;
pub mod login;
pub mod promos;
pub mod register;
pub mod sample_data;
mod sample_orders;
pub mod secrets;
pub mod users;

use crate::http::problem::Problem;
use tradepost_store::StoreError;

/// Refuses where the caller has seen another version.
///
/// # Errors
/// 412.
pub fn check_version(expected: Option<i64>, version: i64) -> Result<(), Problem> {
    match expected {
        Some(expected) if expected != version => Err(StoreError::Stale.into()),
        _ => Ok(()),
    }
}
