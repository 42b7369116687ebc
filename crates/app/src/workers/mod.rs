//! Work that nobody waits for. Each worker takes one step at a time and says what came of it, so that a test can go through all there is to do
//! without waiting; [`Workers`] takes the steps of a running shop. Never here: rules.

mod housekeeping;
mod login_failures;
mod tidying;
mod token_uses;

pub use housekeeping::Housekeeping;
pub use login_failures::LoginFailuresWriter;
pub use tidying::Tidying;
pub use token_uses::TokenUses;

use crate::{Result, Shop};
use std::{future::Future, sync::Arc, time::Duration};
use tokio::{
    sync::watch,
    task::{JoinError, JoinHandle},
};

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
    /// Shall it take the steps that are left when the shop is closed? What it has not done then is lost otherwise.
    const IS_FINISHED_AT_THE_END: bool;

    /// Takes one step: a small unit of work of its own.
    ///
    /// # Errors
    /// Whatever keeps the store from working. The step may be taken again later.
    fn step(&mut self, shop: &Shop) -> impl Future<Output = Result<Step<Self::Done>>> + Send;
}

/// Takes steps until there is nothing to do.
async fn drain<W: Worker>(worker: &mut W, shop: &Shop) {
    loop {
        match worker.step(shop).await {
            Ok(Step::Done(_)) => {}
            Ok(Step::Idle) => return,
            Err(error) => {
                log::warn!("{} was put off: {error}", W::WORK);
                return;
            }
        }
    }
}

async fn work<W: Worker>(mut worker: W, shop: Arc<Shop>, mut closing: watch::Receiver<bool>) {
    loop {
        let is_last = tokio::select! {
            () = tokio::time::sleep(W::REST) => false,
            // Whoever could say so is gone: that is an end, too.
            _ = closing.wait_for(|closing| *closing) => true,
        };
        if !is_last || W::IS_FINISHED_AT_THE_END {
            // Not to be cut short: what is being written would neither be written nor left for the last time.
            drain(&mut worker, &shop).await;
        }
        if is_last {
            return;
        }
    }
}

/// The workers of a running shop.
pub struct Workers {
    closing: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Workers {
    /// Sets them to work, on the runtime that this is called on.
    pub fn start(shop: &Arc<Shop>) -> Self {
        let (closing, told) = watch::channel(false);
        let tasks = vec![
            tokio::spawn(work(TokenUses, Arc::clone(shop), told.clone())),
            tokio::spawn(work(LoginFailuresWriter, Arc::clone(shop), told.clone())),
            tokio::spawn(work(Tidying, Arc::clone(shop), told.clone())),
            tokio::spawn(work(Housekeeping::start(), Arc::clone(shop), told)),
        ];
        Self { closing, tasks }
    }

    /// Lets them finish what must not be lost.
    ///
    /// # Errors
    /// Where one of them panicked.
    pub async fn stop(self) -> std::result::Result<(), JoinError> {
        self.closing.send_replace(true);
        for task in self.tasks {
            task.await?;
        }
        Ok(())
    }
}
