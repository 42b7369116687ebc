//! Percentages, exact to two decimals.

use crate::{
    money::{self, Money},
    text,
};
use rust_decimal::{Decimal, prelude::ToPrimitive};
use std::{fmt, str::FromStr};

/// A percentage of more than 0 and at most 100, with two decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Percentage(u16);

impl Percentage {
    /// From hundredths of a percent, as stored.
    ///
    /// # Errors
    /// Outside of 1 to 10,000.
    pub const fn from_hundredths(hundredths: i64) -> Result<Self, text::TextError> {
        if hundredths < 1 || hundredths > 10_000 {
            return Err(text::TextError::Form(
                "a percentage is more than 0 and at most 100, with at most two decimals",
            ));
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is in 1..=10000")]
        Ok(Self(hundredths as u16))
    }

    /// In hundredths of a percent, for storing it.
    pub const fn hundredths(self) -> i64 {
        self.0 as i64
    }

    /// Reads a decimal string such as `12.5`.
    ///
    /// # Errors
    /// Not a number, or outside of what a percentage may be.
    pub fn parse(text: &str) -> Result<Self, text::TextError> {
        const FORM: text::TextError = text::TextError::Form(
            "a percentage is a decimal string of more than 0 and at most 100, with at most two decimals",
        );
        let plain = text.len() <= 8
            && text.starts_with(|c: char| c.is_ascii_digit())
            && text.ends_with(|c: char| c.is_ascii_digit());
        let value = Decimal::from_str(text).ok().filter(|_| plain && !text.contains(['_', 'e', 'E'])).ok_or(FORM)?;
        let hundredths = value * Decimal::ONE_HUNDRED;
        if !hundredths.fract().is_zero() {
            return Err(FORM);
        }
        Self::from_hundredths(hundredths.to_i64().ok_or(FORM)?).map_err(|_| FORM)
    }

    /// So much of an amount, rounded to the minor unit by the one rule.
    pub fn of(self, amount: Money) -> Option<Money> {
        let exact = Decimal::from(amount.minor()) * Decimal::new(i64::from(self.0), 4);
        money::round(exact).map(|minor| Money::from_minor(minor, amount.currency()))
    }
}

impl FromStr for Percentage {
    type Err = text::TextError;

    fn from_str(text: &str) -> Result<Self, text::TextError> {
        Self::parse(text)
    }
}

impl fmt::Display for Percentage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Decimal::new(i64::from(self.0), 2).normalize().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_have_two_decimals_and_are_not_zero() {
        for bad in ["0", "0.00", "100.01", "-1", "1.001", "1e1", "abc", "", ".5", "5.", "1_0", "+5"] {
            let said = Percentage::parse(bad).unwrap_err().to_string();
            assert!(
                said.starts_with("a percentage is a decimal string of more than 0 and at most 100"),
                "{bad}: {said}"
            );
        }
        assert_eq!(Percentage::parse("12.50").unwrap().to_string(), "12.5");
        assert_eq!(Percentage::parse("0.01").unwrap().hundredths(), 1);
    }
}
