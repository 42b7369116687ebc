//! Money: whole minor units of one currency, exact, with one rounding rule: half away from zero, to the minor unit.
//!
//! Each line of a sale or an order is rounded by itself, once; sums are sums of rounded lines. So a line of very little may cost nothing
//! (0.005 kg at 0.99 a kilogram is 0.00495, which is 0.00), and what is sold in crumbs may cost less, or more, than the same sold at once.

use crate::quantity::Quantity;
use rust_decimal::{Decimal, RoundingStrategy, prelude::ToPrimitive};
use std::{cmp::Ordering, fmt, str::FromStr};

/// An ISO 4217 currency.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency {
    code: [u8; 3],
    decimals: u8,
}

/// An amount of money in a currency. Amounts of different currencies never meet: arithmetic answers `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

/// A price: more than zero, at most 10^9 units of the currency.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Eq, Hash)]
pub struct Price(Money);

/// Why a text is not an amount of money or a currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MoneyError {
    /// Not a decimal number.
    #[error("money is a decimal string, for example \"12.50\"")]
    Malformed,
    /// More decimals than the currency has.
    #[error("{0} has {1} decimals")]
    TooPrecise(Currency, u8),
    /// More than 10^9 units of the currency.
    #[error("an amount is at most 1000000000")]
    TooLarge,
    /// Zero or below where a price is wanted.
    #[error("a price is more than zero")]
    NotPositive,
    /// Not a code of ISO 4217.
    #[error("a currency is a code of three letters from ISO 4217, for example EUR")]
    NotACurrency,
}

/// Currencies whose minor unit is not a hundredth (ISO 4217, list one).
const OTHER_DECIMALS: [(&[u8; 3], u8); 25] = [
    (b"BIF", 0),
    (b"CLP", 0),
    (b"DJF", 0),
    (b"GNF", 0),
    (b"ISK", 0),
    (b"JPY", 0),
    (b"KMF", 0),
    (b"KRW", 0),
    (b"PYG", 0),
    (b"RWF", 0),
    (b"UGX", 0),
    (b"UYI", 0),
    (b"VND", 0),
    (b"VUV", 0),
    (b"XAF", 0),
    (b"XOF", 0),
    (b"XPF", 0),
    (b"BHD", 3),
    (b"IQD", 3),
    (b"JOD", 3),
    (b"KWD", 3),
    (b"LYD", 3),
    (b"OMR", 3),
    (b"TND", 3),
    (b"CLF", 4),
];

/// The other codes of ISO 4217 (list one, active), whose minor unit is a hundredth.
const TWO_DECIMALS: &str = "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD \
    CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF \
    IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN \
    MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD \
    SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG";

impl Currency {
    /// Reads a code of ISO 4217, in capitals.
    ///
    /// # Errors
    /// [`MoneyError::NotACurrency`] for what is not in the list.
    pub fn parse(text: &str) -> Result<Self, MoneyError> {
        let code: [u8; 3] = text.as_bytes().try_into().map_err(|_| MoneyError::NotACurrency)?;
        if let Some((_, decimals)) = OTHER_DECIMALS.iter().find(|(other, _)| **other == code) {
            return Ok(Self { code, decimals: *decimals });
        }
        if TWO_DECIMALS.split_ascii_whitespace().any(|known| known == text) {
            return Ok(Self { code, decimals: 2 });
        }
        Err(MoneyError::NotACurrency)
    }

    /// The code, for example `EUR`.
    pub fn code(&self) -> &str {
        // Only parsed codes exist, and those are ASCII letters.
        std::str::from_utf8(&self.code).unwrap_or("XXX")
    }

    /// How many decimals its amounts have.
    pub const fn decimals(&self) -> u8 {
        self.decimals
    }

    const fn minor_per_unit(self) -> i64 {
        10_i64.pow(self.decimals as u32)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        Self::parse(text)
    }
}

/// The one rounding rule: half away from zero, to a whole number of minor units.
///
/// `None` where the result cannot be stored.
pub(crate) fn round(minor: Decimal) -> Option<i64> {
    minor.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero).to_i64()
}

impl Money {
    /// From minor units, as stored.
    pub const fn from_minor(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// An amount of nothing.
    pub const fn zero(currency: Currency) -> Self {
        Self { minor: 0, currency }
    }

    /// In minor units, for storing it.
    pub const fn minor(self) -> i64 {
        self.minor
    }

    /// The currency it is in.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// The sum; `None` for two currencies or where it cannot be stored.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.with(other, i64::checked_add)
    }

    /// The difference; `None` for two currencies or where it cannot be stored.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.with(other, i64::checked_sub)
    }

    fn with(self, other: Self, how: fn(i64, i64) -> Option<i64>) -> Option<Self> {
        if self.currency != other.currency {
            return None;
        }
        how(self.minor, other.minor).map(|minor| Self { minor, ..self })
    }

    /// Reads a decimal string such as `12.50`, with at most the currency's decimals and at most 10^9 units of it.
    ///
    /// # Errors
    /// See [`MoneyError`].
    pub fn parse(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let money = Self::parse_stored(text, currency)?;
        if money.minor.unsigned_abs() > 1_000_000_000 * currency.minor_per_unit().unsigned_abs() {
            return Err(MoneyError::TooLarge);
        }
        Ok(money)
    }

    /// Reads any amount that can be stored: totals may be beyond what one request may name.
    pub(crate) fn parse_stored(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        // `Decimal` would also take `1_000` and `+1`; a contract has one way to write an amount.
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let plain = unsigned.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
        if !plain || whole.is_empty() || fraction.is_empty() || fraction.contains('.') || text.len() > 40 {
            return Err(MoneyError::Malformed);
        }
        if whole.trim_start_matches('0').len() > 19 {
            return Err(MoneyError::TooLarge);
        }
        let fraction = fraction.trim_end_matches('0');
        if fraction.len() > usize::from(currency.decimals) {
            return Err(MoneyError::TooPrecise(currency, currency.decimals));
        }
        let value = Decimal::from_str(text).map_err(|_| MoneyError::Malformed)?;
        let minor = (value * Decimal::from(currency.minor_per_unit())).to_i64().ok_or(MoneyError::TooLarge)?;
        Ok(Self { minor, currency })
    }
}

impl fmt::Display for Money {
    /// The decimal string of the contract: always with the currency's decimals, without its code.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = self.currency.minor_per_unit().unsigned_abs();
        let (whole, rest) = (self.minor.unsigned_abs() / scale, self.minor.unsigned_abs() % scale);
        let sign = if self.minor < 0 { "-" } else { "" };
        match usize::from(self.currency.decimals) {
            0 => write!(f, "{sign}{whole}"),
            decimals => write!(f, "{sign}{whole}.{rest:0decimals$}"),
        }
    }
}

impl PartialOrd for Money {
    /// `None` for two currencies.
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        (self.currency == other.currency).then(|| self.minor.cmp(&other.minor))
    }
}

impl fmt::Display for Price {
    /// The amount for one unit, as [`Money`] is written.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Price {
    /// A price of more than zero.
    ///
    /// # Errors
    /// [`MoneyError::NotPositive`], [`MoneyError::TooLarge`].
    pub fn new(money: Money) -> Result<Self, MoneyError> {
        if money.minor <= 0 {
            return Err(MoneyError::NotPositive);
        }
        if money.minor > 1_000_000_000 * money.currency.minor_per_unit() {
            return Err(MoneyError::TooLarge);
        }
        Ok(Self(money))
    }

    /// Reads a price from a decimal string.
    ///
    /// # Errors
    /// See [`MoneyError`].
    pub fn parse(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        Self::new(Money::parse(text, currency)?)
    }

    /// The amount for one unit.
    pub const fn money(self) -> Money {
        self.0
    }

    /// What so much costs, rounded to the minor unit by the one rule; `None` where it cannot be stored.
    pub fn times(self, quantity: Quantity) -> Option<Money> {
        let exact = i128::from(self.0.minor) * i128::from(quantity.hundred_thousandths());
        // At most 10^13 × 10^14 in what requests can name; Decimal holds 7.9 × 10^28.
        let exact = Decimal::try_from_i128_with_scale(exact, 5).ok()?;
        round(exact).map(|minor| Money { minor, currency: self.0.currency })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn eur() -> Currency {
        Currency::parse("EUR").unwrap()
    }

    #[test]
    fn amounts_are_read_and_written_exactly() {
        for (text, minor) in
            [("12.50", 1250), ("0.01", 1), ("-3.1", -310), ("7", 700), ("1000000000.00", 100_000_000_000)]
        {
            assert_eq!(Money::parse(text, eur()).unwrap().minor(), minor, "{text}");
        }
        assert_eq!(Money::from_minor(-5, eur()).to_string(), "-0.05");
        assert_eq!(Money::from_minor(1500, Currency::parse("JPY").unwrap()).to_string(), "1500");
        assert_eq!(Money::from_minor(1500, Currency::parse("KWD").unwrap()).to_string(), "1.500");
    }

    #[test]
    fn what_is_no_amount_says_why() {
        for text in ["", "abc", "1e3", "1_0", "+1", ".5", "1.", "1.2.3", "--1", "NaN", "1,5", " 1"] {
            assert_eq!(Money::parse(text, eur()), Err(MoneyError::Malformed), "{text}");
        }
        assert_eq!(Money::parse("0.001", eur()), Err(MoneyError::TooPrecise(eur(), 2)));
        assert_eq!(Money::parse("1000000000.01", eur()), Err(MoneyError::TooLarge));
        assert_eq!(Money::parse("99999999999999999999999", eur()), Err(MoneyError::TooLarge));
        assert_eq!(Price::parse("0", eur()), Err(MoneyError::NotPositive));
        assert_eq!(Currency::parse("ABC"), Err(MoneyError::NotACurrency));
        assert_eq!(Currency::parse("eur"), Err(MoneyError::NotACurrency));
    }

    #[test]
    fn a_half_is_rounded_away_from_zero() {
        let price = Price::parse("0.01", eur()).unwrap();
        assert_eq!(price.times("0.5".parse().unwrap()).unwrap().minor(), 1);
        assert_eq!(price.times("0.49999".parse().unwrap()).unwrap().minor(), 0);
        assert_eq!(price.times("1.5".parse().unwrap()).unwrap().minor(), 2);
        let dearest = Price::parse("1000000000", eur()).unwrap();
        assert_eq!(dearest.times(crate::quantity::MAX), None, "10^18 units are more than can be stored");
    }

    #[test]
    fn each_line_is_rounded_by_itself_so_that_a_crumb_may_cost_nothing() {
        let price = Price::parse("0.99", eur()).unwrap();
        let line = |quantity: &str| price.times(quantity.parse().unwrap()).unwrap().minor();
        assert_eq!((line("0.005"), line("0.00505"), line("0.00506")), (0, 0, 1), "0.495, 0.49995 and 0.50094 cents");
        assert_eq!((line("0.005") + line("0.005"), line("0.01")), (0, 1), "two crumbs, and both at once");
        assert_eq!((line("0.006") + line("0.006"), line("0.012")), (2, 1), "it goes either way");
    }

    #[test]
    fn two_currencies_never_meet() {
        let yen = Money::from_minor(1, Currency::parse("JPY").unwrap());
        assert_eq!(Money::from_minor(1, eur()).checked_add(yen), None);
    }
}
