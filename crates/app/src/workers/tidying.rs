//! Keeps the database's own files short.

use super::worker::{Step, Worker};
use crate::{Result, Shop};
use std::time::Duration;

/// Folds the log of an SQLite database in while it is quiet. PostgreSQL needs nothing of the kind.
#[derive(Debug)]
pub struct Tidying;

impl Worker for Tidying {
    type Done = ();
    const WORK: &'static str = "tidying the database's files, which can wait,";
    const REST: Duration = Duration::from_secs(5);
    const GOES_ON: bool = false;
    const IS_FINISHED_AT_THE_END: bool = false;

    /// One step is all there is to do; the store itself knows whether it is time.
    async fn step(&mut self, shop: &Shop) -> Result<Step<()>> {
        shop.store.tidy().await?;
        Ok(Step::Idle)
    }
}
