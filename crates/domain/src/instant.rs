//! Points in time, in whole microseconds since 1970, UTC: what both databases store without loss. There is no clock in here: a point in
//! time is always an argument.

use chrono::{DateTime, SecondsFormat, Utc};
use std::{fmt, str::FromStr};

/// A point in time, cut to microseconds once, here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(i64);

/// 0001-01-01T00:00:00Z.
const EARLIEST: i64 = -62_135_596_800_000_000;
/// 9999-12-31T23:59:59.999999Z.
const LATEST: i64 = 253_402_300_799_999_999;

/// A text that is not a point in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("times are RFC 3339, for example 2026-01-31T12:00:00Z, between the years 1 and 9999")]
pub struct NotAnInstant;

impl Instant {
    /// From microseconds since 1970, as stored; the years 1 to 9999 are kept, what is beyond is cut to them.
    pub const fn from_micros(micros: i64) -> Self {
        Self(if micros < EARLIEST {
            EARLIEST
        } else if micros > LATEST {
            LATEST
        } else {
            micros
        })
    }

    /// Microseconds since 1970, for storing it.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// From chrono's type; fractions of a microsecond are cut.
    pub const fn from_datetime(time: DateTime<Utc>) -> Self {
        Self::from_micros(time.timestamp_micros())
    }

    /// The same point in time as chrono's type.
    pub fn datetime(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0).unwrap_or_default()
    }

    /// Reads RFC 3339 with any offset.
    ///
    /// # Errors
    /// [`NotAnInstant`] for anything else.
    pub fn parse(text: &str) -> Result<Self, NotAnInstant> {
        let time = DateTime::parse_from_rfc3339(text).map_err(|_| NotAnInstant)?;
        let micros = time.timestamp_micros();
        if (EARLIEST..=LATEST).contains(&micros) { Ok(Self(micros)) } else { Err(NotAnInstant) }
    }

    /// So many seconds later (or earlier, when negative).
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self::from_micros(self.0.saturating_add(seconds.saturating_mul(1_000_000)))
    }

    /// Whole seconds from `earlier` to this; negative when it is the other way round.
    pub const fn seconds_since(self, earlier: Self) -> i64 {
        (self.0 - earlier.0) / 1_000_000
    }
}

impl FromStr for Instant {
    type Err = NotAnInstant;

    fn from_str(text: &str) -> Result<Self, NotAnInstant> {
        Self::parse(text)
    }
}

impl fmt::Display for Instant {
    /// RFC 3339 in UTC with `Z`, with as many decimals as there are.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let format = match self.0 {
            t if t % 1_000_000 == 0 => SecondsFormat::Secs,
            t if t % 1_000 == 0 => SecondsFormat::Millis,
            _ => SecondsFormat::Micros,
        };
        f.write_str(&self.datetime().to_rfc3339_opts(format, true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_and_nanoseconds_become_utc_microseconds() {
        let at = Instant::parse("2026-01-31T12:00:00.123456789+03:00").unwrap();
        assert_eq!(at.to_string(), "2026-01-31T09:00:00.123456Z");
        assert_eq!(Instant::parse("2026-01-31T09:00:00Z").unwrap().to_string(), "2026-01-31T09:00:00Z");
        for bad in ["yesterday", "2026-01-31", "0000-01-01T00:00:00Z"] {
            assert_eq!(Instant::parse(bad), Err(NotAnInstant), "{bad}");
        }
    }
}
