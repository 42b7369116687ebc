//! What people type of a promo code, and reading it.

use super::{Discount, Percentage, PromoTerms};
use crate::{
    field_errors::FieldErrors,
    instant::Instant,
    money::{Currency, Price},
    text::{self, limits},
};

/// Which fields to change, or all of a new code; `Some(None)` empties one. Not yet looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields, default))]
pub struct PromoPatch {
    /// Up to 64 characters without white space.
    pub code: Option<String>,
    /// Up to 200 characters.
    pub name: Option<String>,
    /// `fixed` or `percentage`; a new kind needs its amount or percentage beside it.
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
    /// The most it takes off, a decimal string such as `5.00`.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::serialize::named")
    )]
    pub max_discount: Option<Option<String>>,
    /// The subtotal from which on it can be used, a decimal string such as `20.00`.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::serialize::named")
    )]
    pub minimum_subtotal: Option<Option<String>>,
    /// The first instant at which it can be used.
    pub valid_from: Option<Instant>,
    /// The last instant at which it can be used.
    pub valid_until: Option<Instant>,
    /// Can it be used at all? Orders that hold it keep it either way.
    pub active: Option<bool>,
    /// How often in all, at least 1; `Some(None)`: without limit.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::serialize::named")
    )]
    pub usage_limit: Option<Option<u32>>,
    /// How often by one customer, at least 1; `Some(None)`: without limit.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::serialize::named")
    )]
    pub per_customer_limit: Option<Option<u32>>,
}

pub(super) fn parse_code(text: &str) -> Result<String, text::TextError> {
    let code = text::required(text, limits::CODE)?;
    if code.chars().any(char::is_whitespace) {
        return Err(text::TextError::Form("a code has no white space"));
    }
    Ok(code)
}

/// The terms as the patch would have them. A fixed code has an amount, a percentage has a percentage, never both.
pub(super) fn parse_terms(
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
