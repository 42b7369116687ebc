//! A promo code: who may use it when, and editing it.

use super::{
    PromoPatch, PromoRefusal, PromoTerms,
    patch::{parse_code, parse_terms},
};
use crate::{
    field_errors::FieldErrors,
    ids::Id,
    instant::Instant,
    money::{Currency, Money},
    repository::entity,
    text::{self, limits},
};

/// The id of a promo code.
pub type PromoId = Id<Promo>;

/// A promo code: what it takes off, for whom, and how often. Codes are secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Promo {
    /// Never changes, and is never used again.
    pub id: PromoId,
    /// What a customer types, unique without regard to case.
    pub code: String,
    /// What staff call it.
    pub name: String,
    /// What it takes off, and from which subtotal on.
    pub terms: PromoTerms,
    /// The first instant at which it can be used.
    pub valid_from: Instant,
    /// The last instant at which it can be used.
    pub valid_until: Instant,
    /// Can it be used at all? Orders that hold it keep it either way.
    pub active: bool,
    /// How often in all; `None`: without limit.
    pub usage_limit: Option<u32>,
    /// How often by one customer; `None`: without limit.
    pub per_customer_limit: Option<u32>,
    /// How many orders hold it.
    pub times_used: i64,
    /// Counts edits. Being used is none.
    pub version: i64,
    /// When it was added, by our clock.
    pub created_at: Instant,
    /// When it was last edited; as `created_at` until then.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn eur(text: &str) -> Money {
        Money::parse(text, Currency::parse("EUR").unwrap()).unwrap()
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
