//! `/promo-codes/check`: what would it take off?

use super::orders::OrderedLine;
use super::wire::{
    change::Change,
    json::{Amount, present_objects},
    problem::Problem,
    response,
    texts::CodeText,
};
use actix_web::{HttpResponse, post, web::Data};
use serde::{Deserialize, Serialize};
use tradepost_app::{
    Shop, clock,
    usecases::{carts::Owner, quotes},
};
use tradepost_domain::{
    field_errors::FieldErrors,
    ledger::{
        SellLine,
        orders::{Quote, QuoteSubject},
    },
    text::{self, limits},
};
use tradepost_store::{Answer, Done, Session};
use utoipa::ToSchema;
use validator::Validate;

/// A code, and what it shall be used for: `lines`, or the caller's cart.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "MANGO10", "lines": [{"product_id": "0192f0c1-7b1a-7c3e-9a52-4d6e8f0a1b2c", "quantity": 2}]}))]
pub struct CheckPromo {
    #[schema(value_type = CodeText)]
    code: String,
    #[serde(default, deserialize_with = "present_objects")]
    #[schema(nullable = false)]
    #[validate(length(min = 1, max = 200, message = "there are 1 to 200 lines in a request"))]
    lines: Option<Vec<OrderedLine>>,
    /// `true` instead of `lines`.
    cart: Option<bool>,
}

/// What a promo code makes of a sum.
#[derive(Serialize, ToSchema)]
#[schema(as = Quote)]
pub struct QuoteView {
    subtotal: Amount,
    discount: Amount,
    total: Amount,
}

impl From<Quote> for QuoteView {
    fn from(quote: Quote) -> Self {
        let Quote { subtotal, discount, total, .. } = quote;
        Self { subtotal: Amount(subtotal), discount: Amount(discount), total: Amount(total) }
    }
}

/// What is asked about.
enum Subject {
    Lines(Vec<SellLine>),
    Cart,
}

/// Check a promo code
///
/// What it would take off for the caller now. Nothing is redeemed.
#[utoipa::path(operation_id = "check_promo_code", tag = "Promo codes", request_body = CheckPromo, responses((status = 200, description = "What would be paid.", body = QuoteView)), extensions(("x-problems" = json!(["cart_empty", "promo_refused", "product_unavailable", "conflict"]))))]
#[post("/promo-codes/check")]
pub(crate) async fn check(shop: Data<Shop>, change: Change) -> Result<HttpResponse, Problem> {
    let form: CheckPromo = change.json()?;
    let mut errors = FieldErrors::new();
    let code = errors.take("/code", text::required(&form.code, limits::CODE)).unwrap_or_default();
    let subject = subject(form.lines, form.cart, &mut errors);
    errors.into_result()?;
    let owner = Owner::of(change.caller.user, &change.caller.principal);
    let work = move |session: &mut Session<'_>| -> tradepost_app::Result<Answer> {
        let quoted = match &subject {
            Subject::Lines(lines) => QuoteSubject::Lines(lines.clone()),
            Subject::Cart => QuoteSubject::Cart(owner.user),
        };
        let quote = quotes::check_promo(session, quoted, (owner.customer, code.clone()), clock::now())?;
        Ok(response::changed(200, &QuoteView::from(quote), None))
    };
    let done = match change.keyed() {
        Some(key) => shop.store.write(Some(key), work).await?,
        // Nothing is kept: there is no need to stand in the queue of those who write.
        None => Done { answer: shop.store.read(work).await?, replayed: false },
    };
    Ok(response::send(done))
}

fn subject(lines: Option<Vec<OrderedLine>>, cart: Option<bool>, errors: &mut FieldErrors) -> Subject {
    match (lines, cart.unwrap_or(false)) {
        (Some(lines), false) => Subject::Lines(lines.into_iter().map(SellLine::from).collect()),
        (None, true) => Subject::Cart,
        (Some(_), true) => {
            errors.add("/cart", "ambiguous", "ask about lines or about the cart, not about both");
            Subject::Cart
        }
        (None, false) => {
            errors.add("/lines", "required", "say what it shall be used for: lines, or \"cart\": true");
            Subject::Cart
        }
    }
}
