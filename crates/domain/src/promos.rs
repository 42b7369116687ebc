//! Promo codes: what they take off, for whom, and how often.

use crate::{
    field_errors::FieldErrors,
    ids::Id,
    instant::Instant,
    money::{self, Currency, Money, Price},
    repository::entity,
    text::{self, limits},
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

/// What a code takes off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Discount {
    /// An amount.
    Fixed(Price),
    /// A part of the subtotal.
    Percentage(Percentage),
}

impl Discount {
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
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
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

/// Why a code was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum PromoRefusal {
    /// There is no such code.
    #[error("there is no such promo code")]
    Unknown,
    /// It was switched off.
    #[error("this promo code is not active")]
    Inactive,
    /// Its first instant has not come.
    #[error("this promo code is not valid yet")]
    NotStarted,
    /// Its last instant is over.
    #[error("this promo code has expired")]
    Expired,
    /// It was used as often as it may be.
    #[error("this promo code is used up")]
    UsedUp,
    /// This customer has used it as often as they may.
    #[error("you have used this promo code already")]
    AlreadyUsed,
    /// The subtotal is too small.
    #[error("the subtotal is below the minimum of this promo code")]
    MinimumNotReached,
    /// Its amounts are in another currency than what is bought.
    #[error("this promo code is in another currency")]
    OtherCurrency,
}

impl PromoRefusal {
    /// The stable name: the same in the contract and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Inactive => "inactive",
            Self::NotStarted => "not_started",
            Self::Expired => "expired",
            Self::UsedUp => "used_up",
            Self::AlreadyUsed => "already_used",
            Self::MinimumNotReached => "minimum_not_reached",
            Self::OtherCurrency => "other_currency",
        }
    }
}

/// The id of a promo code.
pub type PromoId = Id<Promo>;

/// A promo code.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Promo {
    /// Its id.
    pub id: PromoId,
    /// What a customer types, unique without regard to case.
    pub code: String,
    /// What staff call it.
    pub name: String,
    /// What it gives.
    pub terms: PromoTerms,
    /// Its first instant.
    pub valid_from: Instant,
    /// Its last instant.
    pub valid_until: Instant,
    /// Switched on?
    pub active: bool,
    /// How often in all; `None`: without limit.
    pub usage_limit: Option<u32>,
    /// How often by one customer; `None`: without limit.
    pub per_customer_limit: Option<u32>,
    /// How many orders hold it.
    pub times_used: i64,
    /// Counts edits. Being used is none.
    pub version: i64,
    /// When added.
    pub created_at: Instant,
    /// When last edited.
    pub updated_at: Instant,
}

entity!(Promo, "promo code", |one| [("code", Some(one.code_key()))]);

impl Promo {
    /// What it takes off a subtotal for a customer who has used it so often.
    ///
    /// # Errors
    /// The first [`PromoRefusal`] against it.
    pub fn discount_for(&self, subtotal: Money, used_by_customer: i64, now: Instant) -> Result<Money, PromoRefusal> {
        let reached = |limit: Option<u32>, used: i64| limit.is_some_and(|limit| used >= i64::from(limit));
        if !self.active {
            Err(PromoRefusal::Inactive)
        } else if now < self.valid_from {
            Err(PromoRefusal::NotStarted)
        } else if now > self.valid_until {
            Err(PromoRefusal::Expired)
        } else if reached(self.usage_limit, self.times_used) {
            Err(PromoRefusal::UsedUp)
        } else if reached(self.per_customer_limit, used_by_customer) {
            Err(PromoRefusal::AlreadyUsed)
        } else {
            self.terms.discount(subtotal)
        }
    }
}

/// Which fields to change, or all of a new code; `Some(None)` empties one. Not yet looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default))]
pub struct PromoPatch {
    /// Up to 64 characters without white space.
    pub code: Option<String>,
    /// Up to 200 characters.
    pub name: Option<String>,
    /// `fixed` or `percentage`.
    pub kind: Option<String>,
    /// A decimal string; of a fixed one.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::serialize::named")
    )]
    pub amount: Option<Option<String>>,
    /// A decimal string; of a percentage.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::serialize::named")
    )]
    pub percentage: Option<Option<String>>,
    /// A decimal string.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::serialize::named")
    )]
    pub max_discount: Option<Option<String>>,
    /// A decimal string.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::serialize::named")
    )]
    pub minimum_subtotal: Option<Option<String>>,
    /// Its first instant.
    pub valid_from: Option<Instant>,
    /// Its last instant.
    pub valid_until: Option<Instant>,
    /// Switched on?
    pub active: Option<bool>,
    /// At least 1.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::serialize::named")
    )]
    pub usage_limit: Option<Option<u32>>,
    /// At least 1.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::serialize::named")
    )]
    pub per_customer_limit: Option<Option<u32>>,
}

impl Promo {
    /// A new code, or all that is wrong with the form.
    ///
    /// # Errors
    /// Pointers are the fields' names.
    pub fn new(id: PromoId, form: &PromoPatch, currency: Currency, now: Instant) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::new();
        let missing = [
            ("/code", form.code.is_none()),
            ("/name", form.name.is_none()),
            ("/kind", form.kind.is_none()),
            ("/valid_from", form.valid_from.is_none()),
            ("/valid_until", form.valid_until.is_none()),
        ];
        missing
            .iter()
            .filter(|(_, is_missing)| *is_missing)
            .for_each(|(field, _)| errors.add(*field, "required", "this is needed"));
        let terms = parse_terms(None, form, currency, &mut errors);
        errors.into_result()?;
        let mut promo = Self {
            id,
            code: String::new(),
            name: String::new(),
            terms: terms.ok_or_else(FieldErrors::new)?,
            valid_from: now,
            valid_until: now,
            active: true,
            usage_limit: None,
            per_customer_limit: Some(1),
            times_used: 0,
            version: 0,
            created_at: now,
            updated_at: now,
        };
        promo.edit(form, currency, now)?;
        Ok(promo)
    }

    /// Changes what is given, or nothing where anything of it is wrong. Orders that hold it keep their terms.
    ///
    /// # Errors
    /// Pointers are the fields' names.
    pub fn edit(&mut self, patch: &PromoPatch, currency: Currency, now: Instant) -> Result<(), FieldErrors> {
        let mut errors = FieldErrors::new();
        let code = patch.code.as_deref().and_then(|t| errors.take("/code", parse_code(t)));
        let name = patch.name.as_deref().and_then(|t| errors.take("/name", text::required(t, limits::NAME)));
        let terms = parse_terms(Some(&self.terms), patch, currency, &mut errors);
        let (from, until) =
            (patch.valid_from.unwrap_or(self.valid_from), patch.valid_until.unwrap_or(self.valid_until));
        if from > until {
            errors.add("/valid_until", "before_start", "a code cannot end before it starts");
        }
        for (field, limit) in [("/usage_limit", patch.usage_limit), ("/per_customer_limit", patch.per_customer_limit)] {
            if limit == Some(Some(0)) {
                errors.add(field, "not_positive", "a limit is at least 1");
            }
        }
        errors.into_result()?;
        self.code = code.unwrap_or_else(|| std::mem::take(&mut self.code));
        self.name = name.unwrap_or_else(|| std::mem::take(&mut self.name));
        self.terms = terms.unwrap_or(self.terms);
        (self.valid_from, self.valid_until) = (from, until);
        self.active = patch.active.unwrap_or(self.active);
        self.usage_limit = patch.usage_limit.unwrap_or(self.usage_limit);
        self.per_customer_limit = patch.per_customer_limit.unwrap_or(self.per_customer_limit);
        self.version += 1;
        self.updated_at = now;
        Ok(())
    }

    /// The key by which its code is unique.
    pub fn code_key(&self) -> String {
        text::fold(&self.code)
    }
}

fn parse_code(text: &str) -> Result<String, text::TextError> {
    let code = text::required(text, limits::CODE)?;
    if code.chars().any(char::is_whitespace) {
        return Err(text::TextError::Form("a code has no white space"));
    }
    Ok(code)
}

/// The terms as the patch would have them. A fixed code has an amount, a percentage has a percentage, never both.
fn parse_terms(
    before: Option<&PromoTerms>,
    patch: &PromoPatch,
    currency: Currency,
    errors: &mut FieldErrors,
) -> Option<PromoTerms> {
    let amount = |text: &Option<Option<String>>, field, errors: &mut FieldErrors| {
        text.clone().map(|t| t.and_then(|t| errors.take(field, Price::parse(&t, currency))))
    };
    let cap = amount(&patch.max_discount, "/max_discount", errors).map(|cap| cap.map(Price::money));
    let minimum = amount(&patch.minimum_subtotal, "/minimum_subtotal", errors).map(|minimum| minimum.map(Price::money));
    let reduction = parse_reduction(before.map(|terms| terms.reduction), patch, currency, errors)?;
    Some(PromoTerms {
        reduction,
        max_discount: cap.unwrap_or_else(|| before.and_then(|terms| terms.max_discount)),
        minimum_subtotal: minimum.unwrap_or_else(|| before.and_then(|terms| terms.minimum_subtotal)),
    })
}

fn parse_reduction(
    before: Option<Discount>,
    patch: &PromoPatch,
    currency: Currency,
    errors: &mut FieldErrors,
) -> Option<Discount> {
    let kind = patch.kind.as_deref().or(before.map(Discount::kind)).unwrap_or_default();
    let amount = patch.amount.clone().flatten();
    let percentage = patch.percentage.clone().flatten();
    match (kind, amount, percentage, before) {
        ("fixed", _, Some(_), _) => {
            errors.add("/percentage", "not_of_this_kind", "a fixed code has an amount");
            None
        }
        ("percentage", Some(_), _, _) => {
            errors.add("/amount", "not_of_this_kind", "a percentage code has a percentage");
            None
        }
        ("fixed", Some(amount), None, _) => {
            errors.take("/amount", Price::parse(&amount, currency)).map(Discount::Fixed)
        }
        ("percentage", None, Some(percentage), _) => {
            errors.take("/percentage", Percentage::parse(&percentage)).map(Discount::Percentage)
        }
        ("fixed", None, None, Some(same @ Discount::Fixed(_))) if patch.amount.is_none() => Some(same),
        ("percentage", None, None, Some(same @ Discount::Percentage(_))) if patch.percentage.is_none() => Some(same),
        ("fixed", None, None, _) => {
            errors.add("/amount", "required", "a fixed code has an amount");
            None
        }
        ("percentage", None, None, _) => {
            errors.add("/percentage", "required", "a percentage code has a percentage");
            None
        }
        (_, _, _, _) => {
            errors.add("/kind", "unknown", "a code is fixed or percentage");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn the_first_and_the_last_instant_are_inside() {
        let at = Instant::from_micros;
        let form = PromoPatch {
            code: Some("TEN".into()),
            name: Some("Ten".into()),
            kind: Some("percentage".into()),
            percentage: Some(Some("10".into())),
            valid_from: Some(at(100)),
            valid_until: Some(at(200)),
            ..PromoPatch::default()
        };
        let promo = Promo::new(PromoId::from_uuid(uuid::Uuid::nil()), &form, eur("1").currency(), at(0)).unwrap();
        let judge = |now| promo.discount_for(eur("1"), 0, at(now)).err();
        assert_eq!(
            [99, 100, 200, 201].map(judge),
            [Some(PromoRefusal::NotStarted), None, None, Some(PromoRefusal::Expired)]
        );
        assert_eq!(promo.discount_for(eur("1"), 1, at(150)), Err(PromoRefusal::AlreadyUsed));
    }

    #[test]
    fn a_code_is_fixed_or_a_percentage_and_never_both() {
        let form = PromoPatch {
            code: Some("X".into()),
            name: Some("X".into()),
            kind: Some("fixed".into()),
            amount: Some(Some("5".into())),
            percentage: Some(Some("10".into())),
            valid_from: Some(Instant::from_micros(0)),
            valid_until: Some(Instant::from_micros(0)),
            ..PromoPatch::default()
        };
        let new = |form: &PromoPatch| {
            let id = PromoId::from_uuid(uuid::Uuid::nil());
            Promo::new(id, form, eur("1").currency(), Instant::from_micros(0))
        };
        assert_eq!(new(&form).unwrap_err().as_slice()[0].pointer, "/percentage");
        let mut promo = new(&PromoPatch { percentage: None, ..form.clone() }).unwrap();
        let to_percentage = PromoPatch { kind: Some("percentage".into()), ..PromoPatch::default() };
        let edit = |promo: &mut Promo, patch| promo.edit(&patch, eur("1").currency(), Instant::from_micros(1));
        let errors = edit(&mut promo, to_percentage.clone()).unwrap_err();
        let pointers: Vec<_> = errors.as_slice().iter().map(|f| f.pointer.as_str()).collect();
        assert_eq!(pointers, ["/percentage"]);
        assert_eq!(promo.terms.reduction.kind(), "fixed", "nothing of it is edited");
        edit(&mut promo, PromoPatch { percentage: Some(Some("10".into())), ..to_percentage }).unwrap();
        assert_eq!(promo.terms.reduction.kind(), "percentage");
    }
}
