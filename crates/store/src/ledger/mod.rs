//! The one writer: every change of stock goes through here, in batches.
//!
//! [`Ledger::submit`] puts a command in a bounded queue. One thread takes what has queued up while it was committing the last batch, asks
//! the domain what each command must know, loads that for all of them, has each decided in turn from memory, keeps all effects and commits;
//! only then does anybody get an answer. What lives here is moving rows; rules are the domain's.
//!
//! `queue`, `writer` and `batch` are the machine, which knows no feature. Each feature is a folder that loads, keeps and checks its own
//! rows; [`WINGS`] lists them.

mod batch;
mod catalogue;
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
mod writer;

pub(crate) use queue::{Job, WriterHandle, queue};
pub use queue::{MakeAnswer, Submission, SubmitError};

use crate::{
    connection::{Conn, Connections},
    error::StoreError,
    idempotency::Done,
};
use queue::Pending;
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
    ids::LocationId,
    instant::Instant,
    ledger::{Book, Command, Effects},
    money::Currency,
};
use uuid::Uuid;
use wing::Wing;

/// Every wing.
const WINGS: [Wing; 7] =
    [customers::WING, catalogue::WING, stock::WING, sales::WING, orders::WING, pos::WING, outbox::WING];

/// What the ledger has been doing, for those who watch it. All figures count since the program started.
#[derive(Debug, Default)]
pub struct Stats {
    /// Batches committed.
    pub batches: AtomicU64,
    /// Submissions in those batches.
    pub submissions: AtomicU64,
    /// Batches that had to be run again: deadlocks, lost races with other replicas.
    pub reruns: AtomicU64,
    /// Submissions waiting in the queue at the moment.
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

/// What never changes once a shop was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fixed {
    /// What its money is in.
    pub(crate) currency: Currency,
    /// Where web orders reserve.
    pub(crate) default_location: LocationId,
}

impl Fixed {
    /// A book in which nothing was looked up yet.
    fn book(self) -> Book {
        Book::new(self.currency, self.default_location)
    }
}

/// Tells what is fixed, once it is known.
pub(crate) type FixedOnce = Arc<dyn Fn() -> Option<Fixed> + Send + Sync>;

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
        connections: Connections,
        fixed: FixedOnce,
        sources: Sources,
    ) -> std::io::Result<(Self, JoinHandle<()>)> {
        let stats = Arc::new(Stats::default());
        let mut writer = writer::Writer::new(connections, fixed, sources, Arc::clone(&stats));
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

    /// What the ledger has been doing.
    pub fn stats(&self) -> &Stats {
        &self.stats
    }
}

/// What a command would come to by what is stored now. Nothing is locked and nothing is kept; the connection is in a snapshot.
pub(crate) fn dry_run(
    conn: &mut Conn,
    (command, principal, expected_version): (&Command, &Principal, Option<i64>),
    fixed: Fixed,
    now: Instant,
) -> Result<Effects, SubmitError> {
    batch::dry_run(conn, (command, principal, expected_version), fixed, now)
}
