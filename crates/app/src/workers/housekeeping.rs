//! Throws away what is over: old answers, dead tokens, forgotten failures, secrets that were followed by others. And seals the rest anew.

use super::worker::{Step, Worker};
use crate::{Error, Result, Shop, clock, usecases::pos_connections};
use std::time::Duration;
use tradepost_store::{Purged, Session, housekeeping};

/// Throws away what is over, a bounded part of it at a step.
#[derive(Debug)]
pub struct Housekeeping(clock::Cautious);

impl Housekeeping {
    /// From now on; what is over is judged by a clock that does not run ahead of the time that passes.
    pub fn start() -> Self {
        Self(clock::Cautious::start())
    }
}

impl Worker for Housekeeping {
    type Done = Purged;
    const WORK: &'static str = "housekeeping";
    const REST: Duration = Duration::from_secs(600);
    const GOES_ON: bool = true;
    const IS_FINISHED_AT_THE_END: bool = false;

    async fn step(&mut self, shop: &Shop) -> Result<Step<Purged>> {
        let clock = self.0;
        let work = move |session: &mut Session<'_>| housekeeping(session, clock.now()).map_err(Error::from);
        let purged = shop.store.write_plain(work).await?;
        if !purged.is_done() {
            return Ok(Step::Done(purged));
        }
        // A replica that has not got the new key yet may have sealed something with the old one meanwhile.
        pos_connections::seal_all_anew(shop).await?;
        Ok(Step::Idle)
    }
}
