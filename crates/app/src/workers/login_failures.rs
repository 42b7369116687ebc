//! Writes down failed logins, off the path of whoever failed, so that replicas know of them and a restart does not forget them.

use super::worker::{Step, Worker};
use crate::{Result, Shop, clock, login_throttle::counting_window};
use std::time::Duration;
use tradepost_domain::repository::LoginFailures;
use tradepost_store::{Session, StoreError};

/// Writes down what was counted since the last step, in one small unit of work.
#[derive(Debug)]
pub struct LoginFailuresWriter;

impl Worker for LoginFailuresWriter {
    /// How many accounts and addresses were written down.
    type Done = usize;
    const WORK: &'static str = "noting failed logins, so that other replicas know of them,";
    /// How long other replicas do not know of a wrong password, and how much of that a crash forgets.
    const REST: Duration = Duration::from_secs(1);
    const GOES_ON: bool = false;
    const IS_FINISHED_AT_THE_END: bool = true;

    async fn step(&mut self, shop: &Shop) -> Result<Step<usize>> {
        let Some(batch) = shop.failures.take() else { return Ok(Step::Idle) };
        let (written, count) = (batch.clone(), batch.add.len() + batch.forget.len());
        let work = move |session: &mut Session<'_>| -> std::result::Result<_, StoreError> {
            session.clear_login_failures(&written.forget)?;
            Ok(session.note_login_failures(&written.add, counting_window(clock::now()))?)
        };
        let outcome = shop.store.write_plain(work).await;
        // Where nobody knows, they may be there: nobody is to wait twice as long.
        shop.failures.finish(batch, matches!(outcome, Ok(()) | Err(StoreError::OutcomeUnknown(_))));
        outcome?;
        Ok(Step::Done(count))
    }
}
