//! What the machine is given, and what it tells of itself.

use std::sync::{Arc, atomic::AtomicU64};
use tradepost_domain::{ids::LocationId, instant::Instant, ledger::Book, money::Currency};
use uuid::Uuid;

/// What the ledger has been doing, for those who watch it. All figures but `waiting` count since the program started.
#[derive(Debug, Default)]
pub struct Stats {
    /// Batches that were committed.
    pub batches: AtomicU64,
    /// Submissions in those batches, refused ones and repeated ones too.
    pub submissions: AtomicU64,
    /// Batches that had to be run again: deadlocks, lost races with other replicas.
    pub reruns: AtomicU64,
    /// Submissions waiting in the queue at the moment; it goes up and down.
    pub waiting: AtomicU64,
}

/// Where the store gets time and ids from: it has no clock of its own. Cheap to clone.
#[derive(Clone)]
pub struct Sources {
    now: Arc<dyn Fn() -> Instant + Send + Sync>,
    new_id: Arc<dyn Fn() -> Uuid + Send + Sync>,
}

impl Sources {
    /// The time, and ids that were never given before: UUIDv7, so that later ones are larger.
    pub fn new(
        now: impl Fn() -> Instant + Send + Sync + 'static,
        new_id: impl Fn() -> Uuid + Send + Sync + 'static,
    ) -> Self {
        Self { now: Arc::new(now), new_id: Arc::new(new_id) }
    }

    /// The time by the clock that the store was given.
    pub fn now(&self) -> Instant {
        (self.now)()
    }

    /// An id that was never given before.
    pub fn new_id(&self) -> Uuid {
        (self.new_id)()
    }
}

/// What never changes once a shop was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ShopConstants {
    /// What its money is in.
    pub(crate) currency: Currency,
    /// Where web orders reserve.
    pub(crate) default_location: LocationId,
}

impl ShopConstants {
    /// A book in which nothing was looked up yet.
    pub(super) fn book(self) -> Book {
        Book::new(self.currency, self.default_location)
    }
}

/// What never changes of the shop; `None` until it was started.
pub(crate) type ConstantsOnceStarted = Arc<dyn Fn() -> Option<ShopConstants> + Send + Sync>;
