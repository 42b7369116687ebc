//! Tills, their deliveries and what their products are: loading and keeping them.

mod load;
mod persist;
mod rows;

use super::wing::Wing;
use crate::idempotency;
use tradepost_domain::ledger::{Command, pos};

pub(super) const WING: Wing = Wing { load: load::load, persist: persist::persist };

/// What stands for the delivery's id when it is locked, so that one that comes twice at once is stored once.
pub(super) fn lock_of(command: &Command) -> Option<i64> {
    match command {
        Command::Pos(pos::Command::Apply(delivery)) => {
            Some(idempotency::lock_of(&format!("pos:{}", delivery.connection), &delivery.webhook_id))
        }
        Command::Pos(_) | Command::Catalogue(_) | Command::Stock(_) | Command::Sales(_) | Command::Orders(_) => None,
    }
}
