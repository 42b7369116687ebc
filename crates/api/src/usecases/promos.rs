//! What a promo code would take off, before anything is ordered. Nothing is redeemed by asking.

use crate::{
    clock,
    http::problem::{Code, Problem},
};
use std::collections::HashMap;
use tradepost_domain::{
    catalogue::Unit,
    faults::Faults,
    ids::{CustomerId, ProductId},
    ledger::{Refusal, Unavailable},
    lines::TooMuchMoney,
    money::{Currency, Money, Price},
    promos::Reason,
    quantity::{self, Quantity},
    repository::Promos,
    sku::Sku,
    text,
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

/// What a code takes off a subtotal for a customer now, or why nothing. Who has no customer record has used nothing yet.
///
/// # Errors
/// What the database said.
pub fn judge(
    session: &mut Session<'_>,
    code: &str,
    subtotal: Money,
    customer: Option<CustomerId>,
) -> Result<Result<Money, Reason>, Problem> {
    let Some(promo) = session.promo_by_code(&text::fold(code))? else { return Ok(Err(Reason::Unknown)) };
    let used = match customer {
        Some(customer) => session.redemptions(promo.id, customer)?,
        None => 0,
    };
    Ok(promo.judge(subtotal, used, clock::now()))
}

/// What these wishes come to at today's prices. As in an order, those of one product are added up first.
///
/// # Errors
/// 400 for a product that does not exist or a quantity that does not fit it, 409 for a product that is not on sale.
pub fn subtotal(session: &mut Session<'_>, wishes: &[Wish], currency: Currency) -> Result<Money, Problem> {
    let (mut faults, mut unavailable) = (Faults::new(), None);
    let ids: Vec<ProductId> = wishes.iter().map(|wish| wish.product).collect();
    let rows = catalogue::products(session, &ids)?.into_iter().map(|row| (row.id.into(), (row, Quantity::ZERO)));
    let mut sums: HashMap<ProductId, (ProductRow, Quantity)> = rows.collect();
    for (index, wish) in wishes.iter().enumerate() {
        let Some((row, sum)) = sums.get_mut(&wish.product) else {
            faults.add(format!("/lines/{index}/product_id"), "unknown_product", "there is no such product");
            continue;
        };
        unavailable = unavailable.or_else(|| check_on_sale(row).err());
        let pointer = format!("/lines/{index}/quantity");
        check_quantity(row, wish.quantity, &pointer, &mut faults);
        match sum.checked_add(wish.quantity) {
            Some(more) if more <= quantity::MAX => *sum = more,
            _ => faults.add(pointer, "too_large", "a quantity is at most 1000000000"),
        }
    }
    faults.into_result()?;
    unavailable.map_or(Ok(()), Err)?;
    let add = |sum: Money, (row, quantity): &(ProductRow, Quantity)| {
        line_total(row.price, *quantity, currency).and_then(|line| sum.checked_add(line))
    };
    let total = sums.values().try_fold(Money::zero(currency), add);
    total.ok_or_else(|| Problem::at("/lines", "too_large", TooMuchMoney))
}

/// A product, removed or not.
///
/// # Errors
/// What the database said.
pub fn product(session: &mut Session<'_>, id: ProductId) -> Result<Option<ProductRow>, Problem> {
    Ok(catalogue::product(session, View::Staff, id)?)
}

/// Notes what is wrong with this quantity of a product.
pub fn check_quantity(product: &ProductRow, quantity: Quantity, pointer: &str, faults: &mut Faults) {
    let decimals = u8::try_from(product.unit_decimals).unwrap_or_default();
    // A stored unit is always one.
    if let Err((code, detail)) =
        Unit::new(&product.unit, decimals).unwrap_or_else(|_| Unit::each()).check_wanted(quantity)
    {
        faults.add(pointer, code, detail);
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

/// A sum with what a code takes off it.
#[derive(Debug, Clone, Copy)]
pub struct Quote {
    /// What was asked about.
    pub subtotal: Money,
    /// What comes off.
    pub discount: Money,
    /// What is left to pay.
    pub total: Money,
}

impl Quote {
    /// What a code makes of a subtotal.
    ///
    /// # Errors
    /// 409 with the reason.
    pub fn of(
        session: &mut Session<'_>,
        code: &str,
        subtotal: Money,
        customer: Option<CustomerId>,
    ) -> Result<Self, Problem> {
        let discount = judge(session, code, subtotal, customer)?.map_err(Refusal::PromoRefused)?;
        let total = subtotal.checked_sub(discount);
        let total = total.ok_or_else(|| Problem::new(Code::VALIDATION, "The subtotal is more than can be stored."))?;
        Ok(Self { subtotal, discount, total })
    }
}
