//! The only place that asks what time it is, and the only one that makes ids (which carry the time).

use std::cell::RefCell;
use tradepost_domain::instant::Instant;
use uuid::{Builder, Uuid};

/// How much randomness is taken from the operating system at once. A sale of three lines has eight ids, and a system call for each
/// was a sixteenth of the ledger's time.
const POOL: usize = 1024;

thread_local! {
    static RANDOM: RefCell<([u8; POOL], usize)> = const { RefCell::new(([0; POOL], POOL)) };
}

/// Now, to the microsecond.
pub fn now() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "this is the one clock")]
    Instant::from_datetime(chrono::Utc::now())
}

/// A new id (UUIDv7), unlike any other that this or another replica makes.
pub fn new_uuid() -> Uuid {
    match random_bytes() {
        Ok(random) => {
            let millis = u64::try_from(now().micros() / 1_000).unwrap_or_default();
            Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
        }
        // Without randomness there is no id; this way says so itself.
        #[expect(clippy::disallowed_methods, reason = "this is the one clock, and ids of version 7 carry the time")]
        Err(_) => Uuid::now_v7(),
    }
}

fn random_bytes() -> Result<[u8; 10], getrandom::Error> {
    RANDOM.with_borrow_mut(|(pool, used)| {
        if *used + 10 > POOL {
            getrandom::fill(pool)?;
            *used = 0;
        }
        let mut bytes = [0; 10];
        bytes.copy_from_slice(&pool[*used..*used + 10]);
        *used += 10;
        Ok(bytes)
    })
}

/// A reading for measuring how long something takes; unrelated to the time of day.
pub fn ticks() -> std::time::Instant {
    std::time::Instant::now()
}

/// A time of day that does not run ahead of the time that has really passed: for what cannot be taken back. A clock that is set forward is
/// followed only after a restart; until then what is too old is thrown away later than it might be.
#[derive(Debug, Clone, Copy)]
pub struct Cautious {
    started: Instant,
    ticks: std::time::Instant,
}

impl Cautious {
    /// Believes the clock as it is now.
    pub fn start() -> Self {
        Self { started: now(), ticks: ticks() }
    }

    /// Now, or earlier where the clock was set forward since the start.
    pub fn now(&self) -> Instant {
        self.at(now(), self.ticks.elapsed())
    }

    fn at(&self, now: Instant, passed: std::time::Duration) -> Instant {
        now.min(self.started.plus_seconds(i64::try_from(passed.as_secs()).unwrap_or(i64::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_set_forward_is_not_believed_where_something_is_thrown_away() {
        let clock = Cautious::start();
        let hour = std::time::Duration::from_secs(3_600);
        let later = |seconds| clock.started.plus_seconds(seconds);
        assert_eq!(clock.at(later(365 * 86_400), hour), later(3_600));
        assert_eq!(clock.at(later(3_599), hour), later(3_599));
        assert_eq!(clock.at(later(-86_400), hour), later(-86_400));
    }

    #[test]
    fn ids_are_of_version_7_carry_the_time_and_never_repeat() {
        let before = now().micros() / 1_000;
        let ids: std::collections::HashSet<Uuid> = (0..10_000).map(|_| new_uuid()).collect();
        assert_eq!(ids.len(), 10_000);
        for id in ids {
            assert_eq!(id.get_version_num(), 7);
            let millis = i64::try_from(id.as_u128() >> 80).unwrap();
            assert!((before..=now().micros() / 1_000).contains(&millis));
        }
    }
}
