//! Writes down which deliveries of tills were not let in, off the path of whoever sent them.

use super::worker::{Step, Worker};
use crate::{Result, Shop};
use std::time::Duration;
use tradepost_domain::repository::PosConnections;
use tradepost_store::{Session, StoreError};

/// Writes down what was counted since the last step: one row for each connection and reason, however many came.
#[derive(Debug)]
pub struct RefusalsWriter;

impl Worker for RefusalsWriter {
    /// How many numbers were written down.
    type Done = usize;
    const WORK: &'static str = "noting which deliveries were not let in";
    /// How much of it a crash forgets.
    const REST: Duration = Duration::from_secs(3);
    const GOES_ON: bool = false;
    const IS_FINISHED_AT_THE_END: bool = true;

    async fn step(&mut self, shop: &Shop) -> Result<Step<usize>> {
        let refused = shop.refused_deliveries.take();
        if refused.is_empty() {
            return Ok(Step::Idle);
        }
        let written = refused.clone();
        let work = move |session: &mut Session<'_>| -> std::result::Result<_, StoreError> {
            Ok(session.note_refused_deliveries(&written)?)
        };
        let outcome = shop.store.write_plain(work).await;
        // Where nobody knows, they may be there: better one too few than twice as many.
        if !matches!(outcome, Ok(()) | Err(StoreError::OutcomeUnknown(_))) {
            shop.refused_deliveries.add(&refused);
        }
        outcome?;
        Ok(Step::Done(refused.len()))
    }
}
