//! The one writer: every change of stock goes through here, in batches.
//!
//! [`Ledger::submit`] puts a command in a bounded line. One thread takes what has queued up while it was committing the last batch,
//! loads what all of it needs (`load`), has the domain decide each command in turn from memory, keeps all effects (`persist`)
//! and commits; only then does anybody get an answer. What lives here is moving rows; rules are the domain's.

mod batch;
mod insert;
mod load;
mod persist;
mod rows;
mod writer;

use crate::{
    connection::Connections,
    error::StoreError,
    idempotency::{Answer, Done, Keyed},
    writer_queue::{Job, WriterHandle},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::Receiver,
    },
    thread::JoinHandle,
    time::Instant as Stopwatch,
};
use tokio::sync::oneshot;
use tradepost_domain::{
    identity::Principal,
    instant::Instant,
    ledger::{Book, Command, Effects, Refusal},
    money::Currency,
};
use uuid::Uuid;

/// Makes the answer of a command that was accepted from its effects and the book after them. Pure: it may be called again when a batch is
/// run again.
pub type MakeAnswer = Box<dyn Fn(&Effects, &Book) -> Answer + Send>;

/// A command with all that comes with it.
pub struct Submission {
    /// What is wanted.
    pub command: Command,
    /// Who wants it.
    pub principal: Principal,
    /// The idempotency key with the request's fingerprint, where the caller sent one.
    pub key: Option<Keyed>,
    /// The version the caller has seen, where they said so.
    pub expected_version: Option<i64>,
    /// Makes the answer.
    pub answer: MakeAnswer,
}

/// Why a submission was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// By the rules.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// By circumstances.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A submission in the line.
pub(crate) struct Pending {
    submission: Submission,
    reply: oneshot::Sender<Result<Done, SubmitError>>,
    since: Stopwatch,
}

/// What the ledger has been doing, for those who watch it. All figures count since the program started.
#[derive(Debug, Default)]
pub struct Stats {
    /// Batches committed.
    pub batches: AtomicU64,
    /// Submissions in those batches.
    pub submissions: AtomicU64,
    /// Batches that had to be run again: deadlocks, lost races with other replicas.
    pub reruns: AtomicU64,
    /// Submissions waiting in the line at the moment.
    pub waiting: AtomicU64,
}

/// Where the writer gets time and ids from.
#[derive(Clone, Copy)]
pub struct Sources {
    /// The time.
    pub now: fn() -> Instant,
    /// A new UUIDv7.
    pub new_id: fn() -> Uuid,
}

/// Tells the shop's currency once it is known.
pub(crate) type CurrencyOf = Arc<dyn Fn() -> Option<Currency> + Send + Sync>;

/// The door to the ledger. Cheap to clone.
#[derive(Clone)]
pub struct Ledger {
    line: WriterHandle,
    stats: Arc<Stats>,
}

impl Ledger {
    /// Starts the writer's thread. It ends once every handle to its line is gone, after it has done what was in it.
    pub(crate) fn start(
        line: WriterHandle,
        receiver: Receiver<Job>,
        connections: Connections,
        currency: CurrencyOf,
        sources: Sources,
    ) -> std::io::Result<(Self, JoinHandle<()>)> {
        let stats = Arc::new(Stats::default());
        let writer = writer::Writer { connections, currency, sources, stats: Arc::clone(&stats) };
        let thread = std::thread::Builder::new().name("ledger".to_owned()).spawn(move || writer.run(&receiver))?;
        Ok((Self { line, stats }, thread))
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
        if let Err(full) = self.line.try_send(Job::Submit(Box::new(pending))) {
            self.stats.waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(full.into());
        }
        answer.await.unwrap_or_else(|_| Err(StoreError::OutcomeUnknown("the writer has stopped".to_owned()).into()))
    }

    /// What the ledger has been doing.
    pub fn stats(&self) -> &Stats {
        &self.stats
    }
}
