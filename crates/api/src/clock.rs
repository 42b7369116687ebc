//! The only place that asks what time it is, and the only one that makes ids (which carry the time).

use tradepost_domain::instant::Instant;
use uuid::Uuid;

/// Now, to the microsecond.
pub fn now() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "this is the one clock")]
    Instant::from_datetime(chrono::Utc::now())
}

/// A new id, unlike any other that this or another replica makes.
pub fn new_uuid() -> Uuid {
    #[expect(clippy::disallowed_methods, reason = "this is the one clock, and ids of version 7 carry the time")]
    Uuid::now_v7()
}

/// A reading for measuring how long something takes; unrelated to the time of day.
pub fn ticks() -> std::time::Instant {
    std::time::Instant::now()
}
