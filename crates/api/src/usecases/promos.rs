//! What a promo code would take off, before anything is ordered. Nothing is redeemed by asking.

use crate::{clock, http::problem::Problem};
use tradepost_domain::{
    catalogue::Unit,
    field_errors::FieldErrors,
    identity::Principal,
    ids::{CustomerId, ProductId},
    ledger::{
        Command, Refusal, Unavailable,
        orders::{self, Quote, QuoteSubject},
    },
    money::{Currency, Money, Price},
    quantity::Quantity,
    sku::Sku,
};
use tradepost_store::{
    Session,
    catalogue::{self, ProductRow, View},
};

/// Something that somebody thinks of ordering.
#[derive(Debug, Clone, Copy)]
pub struct Wish {
    /// What.
    pub product: ProductId,
    /// How much.
    pub quantity: Quantity,
}

/// What something would come to if it were ordered now, and what a promo code would take off.
///
/// # Errors
/// As ordering it, but that there may be too little of it.
pub fn quote(
    session: &mut Session<'_>,
    quoted: QuoteSubject,
    customer: Option<CustomerId>,
    promo_code: Option<String>,
) -> Result<Quote, Problem> {
    let command = Command::Orders(orders::Command::Quote { quoted, customer, promo_code });
    let effects = session.dry_run(&command, &Principal::system(), clock::now())?;
    effects.orders.quote.ok_or_else(|| Problem::internal("a quote without figures"))
}

/// A product, removed or not.
///
/// # Errors
/// What the database said.
pub fn product(session: &mut Session<'_>, id: ProductId) -> Result<Option<ProductRow>, Problem> {
    Ok(catalogue::product(session, View::Staff, id)?)
}

/// Notes what is wrong with this quantity of a product.
pub fn check_quantity(product: &ProductRow, quantity: Quantity, pointer: &str, errors: &mut FieldErrors) {
    let decimals = u8::try_from(product.unit_decimals).unwrap_or_default();
    // A stored unit is always one.
    if let Err((code, detail)) =
        Unit::new(&product.unit, decimals).unwrap_or_else(|_| Unit::each()).check_wanted(quantity)
    {
        errors.add(pointer, code, detail);
    }
}

/// Can it be ordered?
///
/// # Errors
/// 409.
pub fn check_on_sale(product: &ProductRow) -> Result<(), Problem> {
    let Some(why) = Unavailable::of(product.removed_at.is_some(), product.enabled) else { return Ok(()) };
    let sku = Sku::parse(&product.sku).map_err(Problem::internal)?;
    Err(Refusal::ProductUnavailable { product: product.id.into(), sku, why }.into())
}

/// What so much costs at a price in minor units; `None` where it cannot be stored.
pub fn line_total(price_minor: i64, quantity: Quantity, currency: Currency) -> Option<Money> {
    Price::new(Money::from_minor(price_minor, currency)).ok()?.times(quantity)
}
