//! The one writer: every change of stock goes through here, in batches.
//!
//! [`Ledger::submit`] puts a command in a bounded queue. One thread takes what has queued up while it was committing the last batch, asks
//! the domain what each command must know, loads that for all of them, has each decided in turn from memory, keeps all effects and commits;
//! only then does anybody get an answer. What lives here is moving rows; rules are the domain's.
//!
//! `queue`, `writer`, `batch` and `loader` are the machine. Each feature is a wing, a folder that loads and keeps its own rows; `wings` lists
//! them. The machine calls on one by name only for what has to happen before a batch begins: the ids of deliveries are locked, and levels that
//! are missing are made.

mod batch;
mod catalogue;
mod context;
mod customers;
mod failure;
mod loader;
mod numbers;
mod orders;
mod outbox;
mod pos;
mod queue;
mod rows;
mod sales;
mod stock;
mod wing;
mod wings;
mod writer;

pub(crate) use batch::dry_run;
pub(crate) use context::{ConstantsOnceStarted, ShopConstants};
pub use context::{Sources, Stats};
pub(crate) use queue::{Job, WriterHandle, queue};
pub use queue::{MakeAnswer, Submission, SubmitError};

use crate::{
    connection::ConnectionPool,
    error::StoreError,
    idempotency::{Answer, Done},
};
use queue::Pending;
use std::{
    sync::{Arc, Mutex, PoisonError, atomic::Ordering, mpsc::Receiver},
    thread::JoinHandle,
    time::Instant as Stopwatch,
};
use tokio::sync::oneshot;
use tradepost_domain::{
    identity::Principal,
    ledger::{Command, Effects},
};

/// The door to the ledger. Cheap to clone.
#[derive(Clone)]
pub struct Ledger {
    queue: WriterHandle,
    stats: Arc<Stats>,
}

impl Ledger {
    /// Starts the writer's thread. It ends once every handle to its queue is gone, after it has done what was in it.
    pub(crate) fn start(
        queue: WriterHandle,
        jobs: Receiver<Job>,
        connections: ConnectionPool,
        constants: ConstantsOnceStarted,
        sources: Sources,
    ) -> std::io::Result<(Self, JoinHandle<()>)> {
        let stats = Arc::new(Stats::default());
        let mut writer = writer::Writer::new(connections, constants, sources, Arc::clone(&stats));
        let thread = std::thread::Builder::new().name("ledger".to_owned()).spawn(move || writer.run(&jobs))?;
        Ok((Self { queue, stats }, thread))
    }

    /// Has a command decided and kept, together with whatever else is waiting. The answer comes after COMMIT.
    ///
    /// # Errors
    /// [`SubmitError::Refused`] by the rules: nothing has changed. [`SubmitError::Store`]: nothing has changed either, except that after
    /// `OutcomeUnknown` nobody knows; asking again with the same key is safe and says.
    pub async fn submit(&self, submission: Submission) -> Result<Done, SubmitError> {
        let (reply, answer) = oneshot::channel();
        let pending = Pending { submission, reply, since: Stopwatch::now() };
        // Counted first, for the writer counts it off again as soon as it takes it.
        self.stats.waiting.fetch_add(1, Ordering::Relaxed);
        if let Err(full) = self.queue.try_send(Job::Submit(Box::new(pending))) {
            self.stats.waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(full.into());
        }
        answer.await.unwrap_or_else(|_| Err(StoreError::OutcomeUnknown("the writer has stopped".to_owned()).into()))
    }

    /// Has a command decided and kept, for a program that works with the effects themselves: no idempotency key, no answer kept.
    ///
    /// # Errors
    /// As [`Ledger::submit`].
    pub async fn execute(&self, command: Command, principal: Principal) -> Result<Effects, SubmitError> {
        let decided = Arc::new(Mutex::new(None));
        let last = Arc::clone(&decided);
        // A batch that is run again makes its answers again: the last ones are of what was kept.
        let answer = move |effects: &Effects| {
            *last.lock().unwrap_or_else(PoisonError::into_inner) = Some(effects.clone());
            Answer::default()
        };
        let answer = Box::new(answer);
        self.submit(Submission { command, principal, key: None, expected_version: None, answer }).await?;
        let effects = decided.lock().unwrap_or_else(PoisonError::into_inner).take();
        effects.ok_or_else(|| StoreError::Internal("a command was kept without effects".to_owned()).into())
    }

    /// What the ledger has been doing.
    pub fn stats(&self) -> &Stats {
        &self.stats
    }
}
