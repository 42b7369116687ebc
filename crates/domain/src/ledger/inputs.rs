//! What a decision is given besides the book and the command: the world outside. It is handed in: nothing in here reads a clock or makes
//! an id.

use super::Refusal;
use crate::{
    identity::{Actor, Principal},
    ids::UserId,
    instant::Instant,
};
use uuid::Uuid;

/// How far ahead a caller's clock may be, in seconds.
pub const CLOCK_TOLERANCE_SECONDS: i64 = 300;

/// Documents that have a short number for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum NumberSeries {
    /// Numbers of sales over the counter.
    Sales,
    /// Numbers of customers' orders.
    Orders,
}

/// What a decision is given besides the book and the command.
pub struct Inputs<'a> {
    /// The time at which it is decided; what is written down carries it.
    pub now: Instant,
    /// Who asks: what they may do is judged, and their name is noted.
    pub principal: &'a Principal,
    /// The version the caller has seen, where they said so.
    pub expected_version: Option<i64>,
    /// Makes ids. Called only once everything required is known.
    pub new_id: &'a mut dyn FnMut() -> Uuid,
    /// Gives the next number for people, for documents that have one. Called as late as that.
    pub next_number: &'a mut dyn FnMut(NumberSeries) -> i64,
}

impl Inputs<'_> {
    /// The user who asks; `None` for the program itself and for tills.
    pub(super) fn user(&self) -> Option<UserId> {
        match self.principal.actor {
            Actor::User(id) => Some(id),
            Actor::Connection(_) | Actor::System => None,
        }
    }

    /// Refuses where the caller has seen another version.
    pub(super) fn check_version(&self, version: i64) -> Result<(), Refusal> {
        match self.expected_version {
            Some(expected) if expected != version => Err(Refusal::PreconditionFailed),
            _ => Ok(()),
        }
    }
}
