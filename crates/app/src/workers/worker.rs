//! What a worker is: it takes one step at a time.

use crate::{Result, Shop};
use std::{future::Future, time::Duration};

/// What came of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<T> {
    /// There was nothing to do.
    Idle,
    /// This was done, and there may be more.
    Done(T),
}

/// Does one kind of work.
pub trait Worker: Send + 'static {
    /// What a step does, for whoever wants to know.
    type Done: Send;
    /// What is put off where a step fails, for the log.
    const WORK: &'static str;
    /// How long it rests when there is nothing to do.
    const REST: Duration;
    /// Does it go on without a rest while there is more to do? Otherwise it takes one step each time.
    const GOES_ON: bool;
    /// Shall it take the steps that are left when the shop is closed? What it has not done then is lost otherwise.
    const IS_FINISHED_AT_THE_END: bool;

    /// Takes one step: a small unit of work of its own.
    ///
    /// # Errors
    /// Whatever keeps the store from working. The step may be taken again later.
    fn step(&mut self, shop: &Shop) -> impl Future<Output = Result<Step<Self::Done>>> + Send;
}
