//! Quantities of goods: fixed point with five decimals, the most that tills send. What a product's unit allows is asked of
//! [`crate::catalogue::Unit`]; floating point never occurs.

use std::{fmt, str::FromStr};

/// How many hundred-thousandths make one.
const SCALE: i64 = 100_000;
/// The most decimals a unit may have.
pub const MAX_DECIMALS: u8 = 5;
/// The largest quantity a request may name: 10^9.
pub const MAX: Quantity = Quantity(1_000_000_000 * SCALE);

/// An amount of goods that is not negative, in hundred-thousandths of the product's unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Quantity(i64);

/// A signed change of a quantity, in hundred-thousandths of the product's unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Delta(i64);

/// Why a number is not a quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QuantityError {
    /// Not a decimal number.
    #[error("a quantity is a decimal number")]
    Malformed,
    /// More than five decimals.
    #[error("a quantity has at most 5 decimals")]
    TooPrecise,
    /// More than 10^9 units.
    #[error("a quantity is at most 1000000000")]
    TooLarge,
    /// Below zero where that has no meaning.
    #[error("a quantity is not negative")]
    Negative,
}

impl Quantity {
    /// A quantity of nothing.
    pub const ZERO: Self = Self(0);

    /// So many whole units; `None` beyond 10^9.
    pub const fn whole(units: u32) -> Option<Self> {
        if units > 1_000_000_000 { None } else { Some(Self(units as i64 * SCALE)) }
    }

    /// From hundred-thousandths, as stored.
    ///
    /// # Errors
    /// [`QuantityError::Negative`] below zero. Stored totals may be beyond what one request may name.
    pub const fn from_hundred_thousandths(value: i64) -> Result<Self, QuantityError> {
        if value < 0 { Err(QuantityError::Negative) } else { Ok(Self(value)) }
    }

    /// In hundred-thousandths, for storing it.
    pub const fn hundred_thousandths(self) -> i64 {
        self.0
    }

    /// Is there nothing of it?
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Can it be said with so many decimals?
    pub const fn fits(self, decimals: u8) -> bool {
        fits(self.0, decimals)
    }

    /// The sum, or `None` where it cannot be stored.
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }

    /// What is left, or `None` below zero.
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        if other.0 > self.0 { None } else { Some(Self(self.0 - other.0)) }
    }

    /// What is left, and nothing where more is taken than there is.
    pub const fn saturating_sub(self, other: Self) -> Self {
        if other.0 > self.0 { Self::ZERO } else { Self(self.0 - other.0) }
    }

    /// After a change; `None` where that is below zero or cannot be stored.
    pub const fn after(self, change: Delta) -> Option<Self> {
        match self.0.checked_add(change.0) {
            Some(value) if value >= 0 => Some(Self(value)),
            _ => None,
        }
    }

    /// The change that adds this quantity.
    pub const fn as_increase(self) -> Delta {
        Delta(self.0)
    }

    /// The change that takes this quantity away.
    pub const fn as_decrease(self) -> Delta {
        Delta(-self.0)
    }
}

impl From<Quantity> for Delta {
    /// The change that adds the quantity.
    fn from(quantity: Quantity) -> Self {
        quantity.as_increase()
    }
}

impl Delta {
    /// The change that changes nothing.
    pub const ZERO: Self = Self(0);

    /// From hundred-thousandths, as stored.
    pub const fn from_hundred_thousandths(value: i64) -> Self {
        Self(value)
    }

    /// In hundred-thousandths, for storing it.
    pub const fn hundred_thousandths(self) -> i64 {
        self.0
    }

    /// What leads from one figure to another.
    pub const fn between(from: Quantity, to: Quantity) -> Self {
        // Both are in 0..=i64::MAX, so the difference is always an i64.
        Self(to.0 - from.0)
    }

    /// Does it change nothing?
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Does it take away?
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// Its size without its sign.
    pub const fn magnitude(self) -> Quantity {
        Quantity(if self.0 == i64::MIN { i64::MAX } else { self.0.abs() })
    }

    /// The change that undoes this one.
    pub const fn reversed(self) -> Self {
        Self(self.0.saturating_neg())
    }

    /// Can it be said with so many decimals?
    pub const fn fits(self, decimals: u8) -> bool {
        fits(self.0, decimals)
    }

    /// Both together, or `None` where that cannot be stored.
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }
}

const fn fits(value: i64, decimals: u8) -> bool {
    let mut step = 1;
    let mut missing = decimals;
    while missing < MAX_DECIMALS {
        step *= 10;
        missing += 1;
    }
    value % step == 0
}

/// Reads `-12`, `0.5`, `1e2`: what JSON calls a number, exactly; at most as much as a request may name.
fn parse(text: &str) -> Result<i64, QuantityError> {
    let value = parse_any(text)?;
    if value.unsigned_abs() > MAX.0.unsigned_abs() { Err(QuantityError::TooLarge) } else { Ok(value) }
}

/// Reads any number that can be stored.
fn parse_any(text: &str) -> Result<i64, QuantityError> {
    use QuantityError::{Malformed, TooLarge, TooPrecise};
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().map_err(|_| Malformed)?),
        None => (text, 0),
    };
    let (negative, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, mantissa),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = || whole.bytes().chain(fraction.bytes());
    if whole.is_empty() || mantissa.ends_with('.') || !digits().all(|b| b.is_ascii_digit()) {
        return Err(Malformed);
    }
    // The value is `digits` × 10^shift hundred-thousandths.
    let fraction_len = i32::try_from(fraction.len()).map_err(|_| Malformed)?;
    let shift = exponent.checked_add(5).and_then(|e| e.checked_sub(fraction_len)).ok_or(TooLarge)?;
    let significant = whole.len() + fraction.len() - digits().rev().take_while(|b| *b == b'0').count();
    let total = whole.len() + fraction.len();
    let trailing_zeros = i32::try_from(total - significant).map_err(|_| Malformed)?;
    let mut value: i64 = 0;
    for digit in digits().take(significant) {
        value = value.checked_mul(10).and_then(|v| v.checked_add(i64::from(digit - b'0'))).ok_or(
            // More digits than an i64 holds: either far too many decimals or far too large.
            if exponent <= 0 && whole.len() <= 10 { TooPrecise } else { TooLarge },
        )?;
    }
    if value == 0 {
        return Ok(0);
    }
    let shift = shift.checked_add(trailing_zeros).ok_or(TooLarge)?;
    if shift < 0 {
        return Err(TooPrecise);
    }
    for _ in 0..shift.min(20) {
        value = value.checked_mul(10).ok_or(TooLarge)?;
    }
    if shift > 20 {
        return Err(TooLarge);
    }
    Ok(if negative { -value } else { value })
}

impl FromStr for Quantity {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        Self::from_hundred_thousandths(parse(text)?)
    }
}

impl FromStr for Delta {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        parse(text).map(Self)
    }
}

#[cfg(feature = "serde")]
impl Quantity {
    /// Reads what was written down: totals may be beyond what one request may name.
    pub(crate) fn parse_stored(text: &str) -> Result<Self, QuantityError> {
        Self::from_hundred_thousandths(parse_any(text)?)
    }
}

#[cfg(feature = "serde")]
impl Delta {
    /// Reads what was written down: totals may be beyond what one request may name.
    pub(crate) fn parse_stored(text: &str) -> Result<Self, QuantityError> {
        parse_any(text).map(Self)
    }
}

fn write(f: &mut fmt::Formatter<'_>, value: i64) -> fmt::Result {
    let (whole, fraction) = (value.unsigned_abs() / SCALE.unsigned_abs(), value.unsigned_abs() % SCALE.unsigned_abs());
    if value < 0 {
        f.write_str("-")?;
    }
    write!(f, "{whole}")?;
    if fraction != 0 {
        let digits = format!("{fraction:05}");
        write!(f, ".{}", digits.trim_end_matches('0'))?;
    }
    Ok(())
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(f, self.0)
    }
}

impl fmt::Display for Delta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(f, self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_numbers_are_read_exactly() {
        for (text, stored) in [
            ("1", 100_000),
            ("0", 0),
            ("-0", 0),
            ("1.5", 150_000),
            ("0.00001", 1),
            ("1e2", 10_000_000),
            ("1.50E+1", 1_500_000),
            ("100e-2", 100_000),
            ("1.000000000000000000000000000", 100_000),
            ("1000000000", MAX.0),
            ("0e999999", 0),
        ] {
            assert_eq!(text.parse::<Delta>().map(|d| d.0), Ok(stored), "{text}");
        }
    }

    #[test]
    fn what_is_no_quantity_says_why() {
        use QuantityError::*;
        for (text, why) in [
            ("", Malformed),
            ("1.", Malformed),
            (".5", Malformed),
            ("abc", Malformed),
            ("1e", Malformed),
            ("NaN", Malformed),
            ("0.000001", TooPrecise),
            ("1.0000000000000000000000000001", TooPrecise),
            ("1000000000.00001", TooLarge),
            ("1e12", TooLarge),
            ("1e2147483647", TooLarge),
            ("99999999999999999999999999", TooLarge),
            ("-1", Negative),
        ] {
            assert_eq!(text.parse::<Quantity>(), Err(why), "{text}");
        }
    }

    #[test]
    fn a_unit_with_two_decimals_takes_hundredths_and_no_less() {
        let quantity = |t: &str| t.parse::<Quantity>().unwrap();
        assert!(quantity("1.25").fits(2));
        assert!(!quantity("1.255").fits(2));
        assert!(quantity("3").fits(0));
        assert!(!quantity("3.5").fits(0));
        assert!(quantity("0.00001").fits(5));
    }

    #[test]
    fn they_print_as_they_are_read() {
        for text in ["0", "1", "-1", "12.5", "-0.00001", "1000000000"] {
            assert_eq!(text.parse::<Delta>().unwrap().to_string(), text);
        }
    }
}
