//! What tills sign with: which of their secrets are good, and why a delivery was not let in. A secret itself is never in here, only what it is
//! sealed as.

use crate::{instant::Instant, names::names};

/// How long the secret before stays good beside a new one: a till is told the new one in its owner's own time.
pub const OLD_SECRET_SECONDS: i64 = 24 * 3_600;

/// What a connection's deliveries are signed with. As it is kept, each is the text that it was sealed as, which tells nobody anything. Never
/// more than two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptSecrets<S = String> {
    /// The one that was given last.
    pub current: S,
    /// The one before, and until when it is good.
    pub before: Option<(S, Instant)>,
}

impl<S> KeptSecrets<S> {
    /// The first secret of a connection.
    pub const fn first(sealed: S) -> Self {
        Self { current: sealed, before: None }
    }

    /// With a new one beside it: the last stays good for a day, the one before that is forgotten.
    pub fn rotated(self, sealed: S, now: Instant) -> Self {
        Self { current: sealed, before: Some((self.current, now.plus_seconds(OLD_SECRET_SECONDS))) }
    }

    /// Those that are good at `now`, newest first.
    pub fn good_at(&self, now: Instant) -> impl Iterator<Item = &S> {
        let before = self.before.as_ref().filter(|(_, until)| now < *until).map(|(sealed, _)| sealed);
        std::iter::once(&self.current).chain(before)
    }

    /// The same in another form, for example opened.
    pub fn map<T>(&self, form: impl Fn(&S) -> T) -> KeptSecrets<T> {
        let before = self.before.as_ref().map(|(sealed, until)| (form(sealed), *until));
        KeptSecrets { current: form(&self.current), before }
    }
}

/// Why a delivery was not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SignatureFault {
    /// One of the three headers is not there.
    Incomplete,
    /// One of them cannot be what it should be.
    Malformed,
    /// It is signed well, but too long ago or too far ahead: a clock is wrong, or it was sent again.
    ClockOff,
    /// It was signed with another secret, or changed on its way.
    NoSignatureMatches,
}

names!(SignatureFault {
    Incomplete = "incomplete",
    Malformed = "malformed",
    ClockOff = "clock_off",
    NoSignatureMatches = "no_signature_matches",
});

/// Deliveries of one connection that were not let in, for one reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefusedDeliveries {
    /// Why.
    pub reason: SignatureFault,
    /// How many so far, at least 1.
    pub count: i64,
    /// When the last of them came, by our clock.
    pub last_at: Instant,
    /// Where the clock is the reason: how far the last of them was ahead of ours, in seconds; negative where it was behind.
    pub seconds_off: Option<i64>,
}

impl RefusedDeliveries {
    /// Together with others of the same connection and reason.
    pub fn and(self, other: Self) -> Self {
        let last = if other.last_at < self.last_at { self } else { other };
        Self { count: self.count.saturating_add(other.count), ..last }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{PosConnection, PosConnectionId, PosConnectionPatch};
    use super::*;

    const NOON: Instant = Instant::from_micros(0);

    fn good<'k>(kept: &'k KeptSecrets<&'static str>, seconds: i64) -> Vec<&'k &'static str> {
        kept.good_at(NOON.plus_seconds(seconds)).collect()
    }

    #[test]
    fn the_old_secret_is_good_for_a_day_and_only_the_two_newest_are_kept() {
        let kept = KeptSecrets::first("a");
        assert_eq!(good(&kept, 0), [&"a"]);
        let kept = kept.rotated("b", NOON);
        assert_eq!(OLD_SECRET_SECONDS, 86_400);
        assert_eq!(good(&kept, OLD_SECRET_SECONDS - 1), [&"b", &"a"]);
        assert_eq!(good(&kept, OLD_SECRET_SECONDS), [&"b"]);
        let kept = kept.rotated("c", NOON.plus_seconds(60));
        assert_eq!(good(&kept, 61), [&"c", &"b"]);
        assert_eq!(good(&kept, OLD_SECRET_SECONDS + 60), [&"c"]);
    }

    #[test]
    fn refused_deliveries_add_up_and_the_last_of_them_is_told() {
        let at = |seconds, off| RefusedDeliveries {
            reason: SignatureFault::ClockOff,
            count: 2,
            last_at: NOON.plus_seconds(seconds),
            seconds_off: Some(off),
        };
        let both = RefusedDeliveries { count: 4, ..at(9, -400) };
        assert_eq!((at(1, 700).and(at(9, -400)), at(9, -400).and(at(1, 700))), (both, both));
        assert_eq!(at(9, 1).and(at(9, 2)).seconds_off, Some(2), "of two at once, the one that was told later");
    }

    #[test]
    fn a_new_secret_is_a_new_version_of_its_connection() {
        let form = PosConnectionPatch { name: Some("Till".into()), ..PosConnectionPatch::default() };
        let mut till = PosConnection::new(PosConnectionId::from_uuid(uuid::Uuid::from_u128(7)), &form, NOON).unwrap();
        let (version, later) = (till.version, NOON.plus_seconds(9));
        till.note_new_secret(later);
        assert_eq!((till.version, till.updated_at), (version + 1, later));
    }
}
