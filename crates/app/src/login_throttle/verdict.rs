//! Failed logins slow down: who tries one account from one address waits longer each time; what comes from many addresses, or for many
//! accounts from one, is delayed but never refused, so that neither an account nor a shop full of people behind one address is locked out.
//!
//! The counts are in the database, where replicas share them; what is not there yet is in [`super::Failures`].

use sha2::{Digest, Sha256};
use std::{net::IpAddr, ops::RangeInclusive, time::Duration};
use tradepost_domain::{instant::Instant, text};

/// How many failures of one account from one address cost nothing.
pub const FREE_ATTEMPTS: u32 = 5;
/// The longest that one account from one address waits, in seconds.
const LONGEST_WAIT_SECONDS: i64 = 60;
/// Failures from which on an account is answered late, whatever the address.
const ACCOUNT_LATE_AFTER: u32 = 20;
/// Failures from which on an address is answered late, whatever the account.
const ADDRESS_LATE_AFTER: u32 = 50;
/// How long an answer is kept back where it is late.
const LATE: Duration = Duration::from_millis(1_500);
/// How long failures are counting_window, in seconds.
pub const MEMORY_SECONDS: i64 = 15 * 60;

/// So far may the clocks of replicas be apart. A failure that lies further ahead was counted before a clock was set back: nobody can tell
/// how long ago that was, and it must not make anybody wait until the clock is there again.
const CLOCKS_APART_SECONDS: i64 = 5;

/// What is counted for one attempt to log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subjects {
    /// The account from this address.
    pub pair: String,
    /// The account, from any address.
    pub account: String,
    /// The address, for any account.
    pub address: String,
}

impl Subjects {
    /// Of a login as it was typed. What is counted names nobody: logins are hashed, for people type passwords there.
    pub fn of(login: &str, address: IpAddr) -> Self {
        let digest = Sha256::digest(text::fold(login));
        let account: String = digest[..12].iter().map(|byte| format!("{byte:02x}")).collect();
        let network = network(address);
        Self {
            pair: format!("pair:{account}:{network}"),
            account: format!("account:{account}"),
            address: format!("address:{network}"),
        }
    }

    /// All three, to be looked up at once.
    pub fn all(&self) -> [String; 3] {
        [self.pair.clone(), self.account.clone(), self.address.clone()]
    }
}

/// An IPv4 address, or the /64 that an IPv6 customer has to themselves.
fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

/// What the counts mean for an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// Seconds to wait before the next attempt is looked at; zero: go on.
    pub wait_seconds: i64,
    /// How long to keep the answer back.
    pub late: Duration,
    /// How many more failures cost nothing.
    pub remaining: u32,
}

impl Verdict {
    /// Judges by what was counted until now.
    pub fn of(subjects: &Subjects, counted: &[(String, u32, Instant)], now: Instant) -> Self {
        let find = |subject: &str| {
            let found = counted.iter().find(|(name, _, last)| name == subject && still_counts(*last, now));
            found.map_or((0, now), |(_, failures, last)| (*failures, *last))
        };
        let (failures, last) = find(&subjects.pair);
        let wait = match failures.checked_sub(FREE_ATTEMPTS) {
            None => 0,
            Some(more) => 1_i64
                .checked_shl(more)
                .filter(|wait| (1..LONGEST_WAIT_SECONDS).contains(wait))
                .unwrap_or(LONGEST_WAIT_SECONDS),
        };
        let is_late =
            find(&subjects.account).0 >= ACCOUNT_LATE_AFTER || find(&subjects.address).0 >= ADDRESS_LATE_AFTER;
        Self {
            // A wait that is not over to the microsecond is not over.
            wait_seconds: if failures < FREE_ATTEMPTS { 0 } else { (wait - now.seconds_since(last)).clamp(0, wait) },
            late: if is_late { LATE } else { Duration::ZERO },
            remaining: FREE_ATTEMPTS.saturating_sub(failures),
        }
    }
}

/// When the last failure must have been for it and those before to count.
pub fn counting_window(now: Instant) -> RangeInclusive<Instant> {
    now.plus_seconds(-MEMORY_SECONDS)..=now.plus_seconds(CLOCKS_APART_SECONDS)
}

/// Does a failure of that time count now?
pub(super) fn still_counts(last: Instant, now: Instant) -> bool {
    counting_window(now).contains(&last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Instant {
        Instant::from_micros(second * 1_000_000)
    }

    fn subjects() -> Subjects {
        Subjects::of("Maria", IpAddr::from([192, 0, 2, 1]))
    }

    fn wait_after(failures: u32, seconds_later: i64) -> i64 {
        let counted = [(subjects().pair, failures, at(0))];
        Verdict::of(&subjects(), &counted, at(seconds_later)).wait_seconds
    }

    #[test]
    fn after_five_failures_one_waits_twice_as_long_each_time_and_never_more_than_a_minute() {
        let waits: Vec<_> = (4..14).map(|failures| wait_after(failures, 0)).collect();
        assert_eq!(waits, [0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!((wait_after(4_000_000_000, 0), wait_after(8, 3), wait_after(8, 8)), (60, 5, 0));
    }

    #[test]
    fn failures_are_forgotten_after_a_quarter_of_an_hour() {
        assert_eq!(wait_after(100, MEMORY_SECONDS + 1), 0);
    }

    #[test]
    fn a_clock_that_was_set_back_makes_nobody_wait() {
        for seconds in [6, 60, 3_600, 10 * 365 * 86_400] {
            assert_eq!(wait_after(100, -seconds), 0, "{seconds} s");
            let late = [(subjects().account, 100, at(seconds)), (subjects().address, 100, at(seconds))];
            assert_eq!(Verdict::of(&subjects(), &late, at(0)).late, Duration::ZERO);
        }
        assert_eq!(wait_after(8, -2), 8, "another replica's clock may be a little ahead");
    }

    #[test]
    fn many_addresses_or_many_accounts_are_late_but_not_refused() {
        for (subject, failures) in [(subjects().account, 20), (subjects().address, 50)] {
            let verdict = Verdict::of(&subjects(), &[(subject, failures, at(0))], at(1));
            assert_eq!((verdict.wait_seconds, verdict.late), (0, LATE));
        }
        let verdict = Verdict::of(&subjects(), &[(subjects().address, 49, at(0))], at(1));
        assert_eq!(verdict.late, Duration::ZERO);
    }

    #[test]
    fn case_does_not_make_another_account_nor_the_last_half_another_ipv6_address() {
        assert_eq!(Subjects::of("MARIA", IpAddr::from([192, 0, 2, 1])), subjects());
        let v6 = |text: &str| Subjects::of("a", text.parse().unwrap()).address;
        assert_eq!(v6("2001:db8:1:2::1"), v6("2001:db8:1:2:ffff::9"));
        assert_ne!(v6("2001:db8:1:2::1"), v6("2001:db8:1:3::1"));
        assert_eq!(v6("::ffff:192.0.2.1"), subjects().address);
    }
}
