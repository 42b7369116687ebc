//! What something would come to if it were ordered now. Nothing is reserved or redeemed by asking.

use crate::{Error, Result};
use tradepost_domain::{
    identity::Principal,
    ids::CustomerId,
    instant::Instant,
    ledger::{
        Command, Refusal,
        orders::{self, Quote, QuoteSubject},
    },
    repository::DryRun,
};

/// What `subject` comes to, and what a promo code would take off for this customer.
///
/// # Errors
/// As ordering it, but that there may be too little of it.
pub fn quote(
    repository: &mut impl DryRun,
    subject: QuoteSubject,
    (customer, promo_code): (Option<CustomerId>, Option<String>),
    now: Instant,
) -> Result<Quote> {
    let command = Command::Orders(orders::Command::Quote { quoted: subject, customer, promo_code });
    let effects = repository.dry_run(&command, &Principal::system(), now)??;
    effects.orders.quote.ok_or_else(|| Error::internal("a quote without figures"))
}

/// The same for an order that is about to be placed: where its promo code cannot be used, or there is nothing to order, that is said instead.
///
/// # Errors
/// `Refused` with `CartEmpty` or `PromoRefused`; as [`quote`].
pub fn check_promo(
    repository: &mut impl DryRun,
    subject: QuoteSubject,
    (customer, promo_code): (Option<CustomerId>, String),
    now: Instant,
) -> Result<Quote> {
    let quote = quote(repository, subject, (customer, Some(promo_code)), now)?;
    if quote.lines.is_empty() {
        return Err(Refusal::CartEmpty.into());
    }
    match quote.promo_refused {
        Some(reason) => Err(Refusal::PromoRefused(reason).into()),
        None => Ok(quote),
    }
}
