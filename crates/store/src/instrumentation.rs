//! Watches every connection's statements: counts them, so that a test can tell that a list costs the same number whatever its length,
//! and notes when a connection was lost, because Diesel does not say so of one that breaks outside a transaction.

use crate::error::is_connection_lost;
use diesel::connection::{Instrumentation, InstrumentationEvent};
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

static STATEMENTS: AtomicU64 = AtomicU64::new(0);

/// How many statements this process has sent to its database, transaction control included.
pub fn statements() -> u64 {
    STATEMENTS.load(Ordering::Relaxed)
}

/// Watches one connection; clones watch the same one.
#[derive(Debug, Clone)]
pub(crate) struct Watch {
    lost: Arc<AtomicBool>,
    counted: Arc<AtomicU64>,
}

impl Watch {
    /// Counts here too, besides the count of the process.
    pub(crate) fn new(counted: &Arc<AtomicU64>) -> Self {
        Self { lost: Arc::default(), counted: Arc::clone(counted) }
    }

    /// Was the connection lost?
    pub(crate) fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Relaxed)
    }
}

impl Instrumentation for Watch {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartQuery { .. } => {
                STATEMENTS.fetch_add(1, Ordering::Relaxed);
                self.counted.fetch_add(1, Ordering::Relaxed);
            }
            InstrumentationEvent::FinishQuery { error: Some(error), .. } if is_connection_lost(error) => {
                self.lost.store(true, Ordering::Relaxed);
            }
            _ => {}
        }
    }
}
