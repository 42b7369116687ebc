//! The one table from what went wrong to what the outside sees. Exhaustive: a new failure does not compile until someone decides.

use super::{
    json::{Id, Qty},
    missing,
    problem::{Code, FieldError, Problem, RATE_LIMIT, RATE_LIMIT_POLICY},
};
use serde::Serialize;
use tradepost_app::{
    Error,
    login_throttle::{FREE_ATTEMPTS, MEMORY_SECONDS, Verdict},
};
use tradepost_domain::{
    field_errors::FieldErrors,
    identity::{Denied, Permission},
    ledger::{Refusal, Shortage},
};
use tradepost_store::{StoreError, orders::HolderRow};
use utoipa::ToSchema;

impl From<FieldErrors> for Problem {
    fn from(errors: FieldErrors) -> Self {
        errors.as_slice().iter().fold(Self::new(Code::VALIDATION, ""), |problem, fault| {
            problem.with_field_error(FieldError {
                pointer: Some(fault.pointer.clone()),
                parameter: None,
                code: fault.code.to_owned(),
                detail: fault.detail.clone(),
            })
        })
    }
}

impl From<Refusal> for Problem {
    /// As the public sees it.
    fn from(refusal: Refusal) -> Self {
        refused(refusal, Reader::Public)
    }
}

/// Who reads a refusal, and so how much of it.
#[derive(Clone, Copy)]
pub(crate) enum Reader<'a> {
    /// Anybody: nothing of products that are not on sale, nor of what is promised to others.
    Public,
    /// Who works here, and tills.
    Staff,
    /// Who has `stock.read`: also what is promised to others, and by which of these orders.
    Stock(&'a [HolderRow]),
}

/// What the outside sees of a refusal.
pub(crate) fn refused(refusal: Refusal, reader: Reader<'_>) -> Problem {
    let sentence = sentence(&refusal);
    match refusal {
        Refusal::Invalid(errors) => errors.into(),
        Refusal::Forbidden(permission) => {
            Problem::new(Code::FORBIDDEN, sentence).with("permission", permission.as_str())
        }
        Refusal::NotFound(noun) => missing::thing(noun),
        Refusal::PreconditionFailed => Problem::new(Code::PRECONDITION_FAILED, sentence),
        Refusal::InsufficientStock(shortages) => {
            let shortages: Vec<_> = shortages.iter().map(|one| ShortageView::new(one, reader)).collect();
            Problem::new(Code::INSUFFICIENT_STOCK, sentence).with("shortages", shortages)
        }
        Refusal::ProductUnavailable { product, sku, .. } => match reader {
            Reader::Public => Problem::new(Code::PRODUCT_UNAVAILABLE, "A product that was asked for is not on sale."),
            Reader::Staff | Reader::Stock(_) => {
                Problem::new(Code::PRODUCT_UNAVAILABLE, sentence).with("sku", sku.as_str())
            }
        }
        .with("product_id", product.to_string()),
        Refusal::Duplicate { field } => duplicate(field),
        Refusal::InUse(_) => Problem::new(Code::IN_USE, sentence),
        Refusal::IllegalTransition { from, allowed } => {
            Problem::new(Code::ILLEGAL_TRANSITION, sentence).with("from", from).with("allowed", allowed)
        }
        Refusal::Conflict { reason, .. } => Problem::new(Code::CONFLICT, sentence).with("reason", reason),
        Refusal::PromoRefused(reason) => Problem::new(Code::PROMO_REFUSED, sentence).with("reason", reason.as_str()),
        Refusal::CartEmpty => Problem::new(Code::CART_EMPTY, sentence),
        Refusal::KeyReused => Problem::new(Code::IDEMPOTENCY_KEY_REUSED, sentence),
    }
}

/// The refusal's own words as a sentence.
pub(crate) fn sentence(refusal: &impl ToString) -> String {
    let text = refusal.to_string();
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}{}", letters.as_str(), if text.ends_with('.') { "" } else { "." })
}

/// What there is too little of: one product at one location, all lines of it together.
#[derive(Serialize, ToSchema)]
#[schema(as = Shortage)]
pub(crate) struct ShortageView {
    /// The product there is too little of.
    product_id: Id,
    /// Its SKU.
    #[schema(example = "SMO-MANGO")]
    sku: String,
    /// Where it was looked for.
    location_id: Id,
    /// What was asked for.
    requested: Qty,
    /// What could have been had.
    available: Qty,
    /// What is promised to others; only for those with `stock.read`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reserved: Option<Qty>,
    /// Which orders hold it; only for those with `stock.read`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    held_by: Option<Vec<HolderView>>,
}

/// An order that holds some of what is short.
#[derive(Serialize, ToSchema)]
#[schema(as = Holder)]
pub(crate) struct HolderView {
    /// The order.
    order_id: Id,
    /// Its number, for people.
    #[schema(example = 1042)]
    number: i64,
    /// How much of the product it holds there.
    quantity: Qty,
}

impl From<&HolderRow> for HolderView {
    fn from(row: &HolderRow) -> Self {
        Self { order_id: row.order_id.into(), number: row.number, quantity: Qty::stored(row.quantity) }
    }
}

impl ShortageView {
    fn new(shortage: &Shortage, reader: Reader<'_>) -> Self {
        let holders = match reader {
            Reader::Public | Reader::Staff => None,
            Reader::Stock(holders) => Some(holders),
        };
        let place = (shortage.product, shortage.location);
        let held_by = |rows: &[HolderRow]| {
            let here = rows.iter().filter(|row| (row.product_id.into(), row.location_id.into()) == place);
            here.map(HolderView::from).collect()
        };
        Self {
            product_id: shortage.product.into(),
            sku: shortage.sku.to_string(),
            location_id: shortage.location.into(),
            requested: Qty(shortage.requested),
            available: Qty(shortage.available),
            reserved: holders.map(|_| Qty(shortage.reserved)),
            held_by: holders.map(held_by),
        }
    }
}

fn duplicate(field: &str) -> Problem {
    Problem::new(Code::DUPLICATE, format!("There is already one with this {field}.")).with_field_error(FieldError {
        pointer: Some(format!("/{field}")),
        parameter: None,
        code: "duplicate".to_owned(),
        detail: format!("there is already one with this {field}"),
    })
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::NotHeld(missing) | Denied::HoldsMore(missing) => {
                let names: Vec<_> = missing.iter().map(Permission::as_str).collect();
                Self::new(Code::FORBIDDEN, sentence(&denied)).with("permissions", names)
            }
            Denied::OnlyOwner | Denied::HigherRole | Denied::Oneself => Self::new(Code::FORBIDDEN, sentence(&denied)),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy => {
                Self::new(Code::UNAVAILABLE, "Too much is waiting for the database. Nothing was done; try again.")
                    .retry_after(1)
            }
            StoreError::Unavailable(why) => {
                Self::new(Code::UNAVAILABLE, "The database is not available. Nothing was done; try again.")
                    .because(format_args!("the database is not available: {why}"))
                    .retry_after(2)
            }
            StoreError::Conflict(why) => Self::new(
                Code::UNAVAILABLE,
                "Others changed the same things at the same time. Nothing was done; try again.",
            )
            .because(format_args!("it kept getting in the way of other changes: {why}"))
            .retry_after(1),
            StoreError::OutcomeUnknown(why) => {
                let detail = "The database was lost while it kept this change: it may or may not have happened. \
                              Sending the request again with the same Idempotency-Key is safe and says which.";
                Self::new(Code::OUTCOME_UNKNOWN, detail)
                    .because(format_args!("the connection was lost while committing: {why}"))
                    .retry_after(2)
            }
            StoreError::KeyReused => Self::new(
                Code::IDEMPOTENCY_KEY_REUSED,
                "This Idempotency-Key came before with another method, path, query or body. Use a new key for a new request.",
            ),
            StoreError::Duplicate { field } => duplicate(field),
            StoreError::InUse { what } => Self::new(Code::IN_USE, format!("It is in use by {what}.")),
            StoreError::Stale => {
                Self::new(Code::PRECONDITION_FAILED, "It was changed since you read it: read it again.")
            }
            StoreError::Refused(why) => {
                Self::internal(format_args!("the database refused what the rules let pass: {why}"))
            }
            StoreError::Unknown(why) => Self::internal(format_args!("the database failed: {why}")),
            StoreError::Internal(why) => Self::internal(why),
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(refusal) => refusal.into(),
            Error::Denied(denied) => denied.into(),
            Error::UnknownToken => {
                Self::new(Code::UNAUTHENTICATED, "This token is unknown, revoked or expired: log in again.")
            }
            Error::BadCredentials(verdict) => {
                limited(Self::new(Code::BAD_CREDENTIALS, "The login or the password is wrong."), &verdict)
            }
            Error::TooManyAttempts(verdict) => {
                let seconds = verdict.wait_seconds;
                let detail = format!("Too many wrong passwords for this login from here. Try again in {seconds} s.");
                limited(Self::new(Code::RATE_LIMITED, detail).retry_after(seconds), &verdict)
            }
            Error::Busy { what, retry_after_seconds } => {
                Self::new(Code::UNAVAILABLE, what).retry_after(retry_after_seconds)
            }
            Error::Store(error) => error.into(),
            Error::Internal(why) => Self::internal(why),
        }
    }
}

/// With the headers that tell what is left.
fn limited(problem: Problem, verdict: &Verdict) -> Problem {
    let left = format!("\"login\";r={};t={}", verdict.remaining, verdict.wait_seconds);
    problem.with_header(RATE_LIMIT_POLICY, login_policy()).with_header(RATE_LIMIT, left)
}

/// The value of `RateLimit-Policy` for logging in.
pub fn login_policy() -> String {
    format!("\"login\";q={FREE_ATTEMPTS};w={MEMORY_SECONDS}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use tradepost_domain::{
        identity::Permissions,
        ids::{LocationId, ProductId},
        ledger::Unavailable,
        promos::PromoRefusal,
        sku::Sku,
    };
    use uuid::Uuid;

    fn row(problem: impl Into<Problem>) -> (u16, &'static str) {
        let code = problem.into().code();
        (code.status, code.name)
    }

    fn a_shortage() -> Shortage {
        let quantity = |text: &str| text.parse().unwrap();
        Shortage {
            product: ProductId::from_uuid(Uuid::from_u128(1)),
            sku: Sku::parse("TEA").unwrap(),
            location: LocationId::from_uuid(Uuid::from_u128(2)),
            requested: quantity("12.5"),
            available: quantity("10"),
            reserved: quantity("3"),
        }
    }

    #[test]
    fn refusals_have_the_statuses_of_the_contract() {
        let product = ProductId::from_uuid(Uuid::from_u128(1));
        let sku = Sku::parse("TEA").unwrap();
        let table = [
            (Refusal::Invalid(FieldErrors::one("/x", "invalid", "no")), (400, "validation")),
            (Refusal::Forbidden(Permission::SalesOverridePrice), (403, "forbidden")),
            (Refusal::NotFound("sale"), (404, "not_found")),
            (Refusal::PreconditionFailed, (412, "precondition_failed")),
            (Refusal::InsufficientStock(vec![a_shortage()]), (409, "insufficient_stock")),
            (Refusal::ProductUnavailable { product, sku, why: Unavailable::Disabled }, (409, "product_unavailable")),
            (Refusal::Duplicate { field: "sku" }, (409, "duplicate")),
            (Refusal::InUse("open orders hold it".to_owned()), (409, "in_use")),
            (Refusal::IllegalTransition { from: "applied", allowed: &[] }, (409, "illegal_transition")),
            (Refusal::Conflict { reason: "more_than_sold", detail: "no".to_owned() }, (409, "conflict")),
            (Refusal::PromoRefused(PromoRefusal::Expired), (409, "promo_refused")),
            (Refusal::CartEmpty, (409, "cart_empty")),
            (Refusal::KeyReused, (422, "idempotency_key_reused")),
        ];
        for (refusal, expected) in table {
            assert_eq!(row(refusal.clone()), expected, "{refusal}");
        }
        assert_eq!(row(Denied::NotHeld(Permissions::NONE)), (403, "forbidden"));
    }

    #[test]
    fn failures_of_the_store_have_the_statuses_of_the_contract() {
        let why = || "SELECT 1 at 10.0.0.1".to_owned();
        let table = [
            (StoreError::Busy, (503, "unavailable")),
            (StoreError::Unavailable(why()), (503, "unavailable")),
            (StoreError::Conflict(why()), (503, "unavailable")),
            (StoreError::OutcomeUnknown(why()), (503, "outcome_unknown")),
            (StoreError::KeyReused, (422, "idempotency_key_reused")),
            (StoreError::Duplicate { field: "email" }, (409, "duplicate")),
            (StoreError::InUse { what: "products" }, (409, "in_use")),
            (StoreError::Stale, (412, "precondition_failed")),
            (StoreError::Refused(why()), (500, "internal")),
            (StoreError::Unknown(why()), (500, "internal")),
            (StoreError::Internal(why()), (500, "internal")),
        ];
        for (error, expected) in table {
            let shown = Problem::from(error.clone());
            assert!(!String::from_utf8(shown.body()).unwrap().contains("SELECT"), "{error}");
            assert_eq!(row(shown), expected, "{error}");
        }
    }

    #[test]
    fn a_shortage_is_exact_and_shows_what_is_promised_only_to_who_may_see_stock() {
        let body =
            |reader| String::from_utf8(refused(Refusal::InsufficientStock(vec![a_shortage()]), reader).body()).unwrap();
        let holder = HolderRow {
            product_id: a_shortage().product.into(),
            location_id: a_shortage().location.into(),
            order_id: tradepost_store::Id(Uuid::from_u128(3)),
            number: 7,
            quantity: 300_000,
        };
        let elsewhere = HolderRow { location_id: tradepost_store::Id(Uuid::from_u128(4)), ..holder.clone() };
        let holders = [elsewhere, holder];
        let seen = body(Reader::Stock(&holders));
        assert!(seen.contains(r#""requested":12.5,"available":10,"reserved":3,"held_by":[{"order_id""#), "{seen}");
        assert!(seen.contains(r#""number":7,"quantity":3}]}"#), "{seen}");
        for reader in [Reader::Staff, Reader::Public] {
            assert!(body(reader).contains(r#""requested":12.5,"available":10}"#), "{}", body(reader));
        }
    }

    #[test]
    fn the_public_learns_nothing_of_a_product_that_is_not_on_sale() {
        let product = ProductId::from_uuid(Uuid::from_u128(1));
        let body = |reader, why| {
            let sku = Sku::parse("SECRET").unwrap();
            String::from_utf8(refused(Refusal::ProductUnavailable { product, sku, why }, reader).body()).unwrap()
        };
        let public = body(Reader::Public, Unavailable::Disabled);
        assert!(!public.contains("SECRET") && public.contains(&product.to_string()), "{public}");
        assert_eq!(public, body(Reader::Public, Unavailable::Removed));
        assert!(body(Reader::Staff, Unavailable::Disabled).contains(r#""sku":"SECRET""#));
    }
}
