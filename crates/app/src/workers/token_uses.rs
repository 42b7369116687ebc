//! Writes down when tokens were last used, off the path of whoever used them.

use super::worker::{Step, Worker};
use crate::{Error, Result, Shop, clock};
use std::time::Duration;
use tradepost_domain::repository::Tokens;
use tradepost_store::Session;

/// Writes down all uses that are due, at most one a minute for each token.
#[derive(Debug)]
pub struct TokenUses;

impl Worker for TokenUses {
    /// How many uses were written down.
    type Done = usize;
    const WORK: &'static str = "noting the last use of tokens";
    const REST: Duration = Duration::from_secs(5);
    const GOES_ON: bool = false;
    const IS_FINISHED_AT_THE_END: bool = true;

    async fn step(&mut self, shop: &Shop) -> Result<Step<usize>> {
        let uses = shop.principals.take_uses(clock::now());
        if uses.is_empty() {
            return Ok(Step::Idle);
        }
        let count = uses.len();
        // What could not be written is noted again with the next use.
        let work = move |session: &mut Session<'_>| session.note_token_use(&uses).map_err(Error::from);
        shop.store.write_plain(work).await?;
        Ok(Step::Done(count))
    }
}
