//! Counts statements, so that a test can tell that a list costs the same number whatever its length.

use diesel::connection::{Instrumentation, InstrumentationEvent};
use std::sync::atomic::{AtomicU64, Ordering};

static STATEMENTS: AtomicU64 = AtomicU64::new(0);

/// How many statements this process has sent to its database, transaction control included.
pub fn statements() -> u64 {
    STATEMENTS.load(Ordering::Relaxed)
}

struct Counter;

impl Instrumentation for Counter {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if let InstrumentationEvent::StartQuery { .. } = event {
            STATEMENTS.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Every connection opened from now on counts.
pub(crate) fn install() {
    if let Err(error) = diesel::connection::set_default_instrumentation(|| Some(Box::new(Counter))) {
        log::warn!("statements are not counted: {error}");
    }
}
