//! What a promo code takes off a subtotal. Whether it may be used is not asked in here.

use super::{Percentage, PromoRefusal};
use crate::money::{Money, Price};

/// What a code takes off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Discount {
    /// A fixed amount, in the shop's currency.
    Fixed(Price),
    /// A part of the subtotal.
    Percentage(Percentage),
}

impl Discount {
    /// The names of all kinds there are.
    pub const KINDS: [&'static str; 2] = ["fixed", "percentage"];

    /// The kind's name in the contract and in tables.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Fixed(_) => "fixed",
            Self::Percentage(_) => "percentage",
        }
    }
}

/// What a code gives. Copied onto an order, so that it stays as it was promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct PromoTerms {
    /// What it takes off.
    pub reduction: Discount,
    /// Never more than this.
    pub max_discount: Option<Money>,
    /// Only from this subtotal on.
    pub minimum_subtotal: Option<Money>,
}

impl PromoTerms {
    /// Every amount of money in them.
    fn amounts(&self) -> impl Iterator<Item = Money> {
        let fixed = match self.reduction {
            Discount::Fixed(amount) => Some(amount.money()),
            Discount::Percentage(_) => None,
        };
        [fixed, self.max_discount, self.minimum_subtotal].into_iter().flatten()
    }

    /// What comes off a subtotal: never more than all of it.
    ///
    /// # Errors
    /// [`PromoRefusal::OtherCurrency`], [`PromoRefusal::MinimumNotReached`].
    pub fn discount(&self, subtotal: Money) -> Result<Money, PromoRefusal> {
        if self.amounts().any(|amount| amount.currency() != subtotal.currency()) {
            return Err(PromoRefusal::OtherCurrency);
        }
        if self.minimum_subtotal.is_some_and(|minimum| subtotal.minor() < minimum.minor()) {
            return Err(PromoRefusal::MinimumNotReached);
        }
        let wanted = match self.reduction {
            Discount::Fixed(amount) => amount.money().minor(),
            // At most the subtotal itself, so it can be stored.
            Discount::Percentage(percentage) => percentage.of(subtotal).map_or(0, Money::minor),
        };
        let capped = self.max_discount.map_or(wanted, |cap| wanted.min(cap.minor()));
        Ok(Money::from_minor(capped.clamp(0, subtotal.minor().max(0)), subtotal.currency()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Currency;

    fn eur(text: &str) -> Money {
        Money::parse(text, Currency::parse("EUR").unwrap()).unwrap()
    }

    fn percent(text: &str) -> PromoTerms {
        let reduction = Discount::Percentage(Percentage::parse(text).unwrap());
        PromoTerms { reduction, max_discount: None, minimum_subtotal: None }
    }

    fn fixed(text: &str) -> PromoTerms {
        PromoTerms { reduction: Discount::Fixed(Price::new(eur(text)).unwrap()), ..percent("1") }
    }

    #[test]
    fn percentages_are_exact_and_round_half_away_from_zero() {
        for (percentage, subtotal, discount) in [
            ("10", "0.15", "0.02"),
            ("10", "0.14", "0.01"),
            ("12.5", "10.00", "1.25"),
            ("33.33", "100.00", "33.33"),
            ("100", "7.77", "7.77"),
            ("0.01", "0.49", "0.00"),
        ] {
            assert_eq!(percent(percentage).discount(eur(subtotal)), Ok(eur(discount)), "{percentage} % of {subtotal}");
        }
    }

    #[test]
    fn a_cap_and_the_subtotal_bound_what_comes_off() {
        let capped = PromoTerms { max_discount: Some(eur("5")), ..percent("50") };
        assert_eq!(capped.discount(eur("8.00")), Ok(eur("4.00")));
        assert_eq!(capped.discount(eur("80.00")), Ok(eur("5.00")));
        assert_eq!(fixed("10").discount(eur("3.00")), Ok(eur("3.00")));
        let from = PromoTerms { minimum_subtotal: Some(eur("20")), ..fixed("10") };
        assert_eq!(from.discount(eur("19.99")), Err(PromoRefusal::MinimumNotReached));
        assert_eq!(from.discount(eur("20.00")), Ok(eur("10.00")));
    }
}
