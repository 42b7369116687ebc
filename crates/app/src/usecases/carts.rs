//! What is in a cart and what it comes to now. A cart reserves nothing; placing what is in it is a command of the ledger.

use super::{check_version, quotes::quote};
use crate::{Error, Result};
use tradepost_domain::{
    carts::{CartItem, MAX_ITEMS},
    field_errors::FieldErrors,
    identity::Principal,
    ids::{CustomerId, ProductId, UserId},
    instant::Instant,
    ledger::{
        Refusal, SellLine,
        orders::{Quote, QuoteSubject, QuotedLine},
    },
    quantity::Quantity,
    repository::{Carts, DryRun},
};

/// Whose cart it is.
#[derive(Debug, Clone, Copy)]
pub struct Owner {
    /// The login whose cart it is.
    pub user: UserId,
    /// Their own customer record, where there is one.
    pub customer: Option<CustomerId>,
}

impl Owner {
    /// The cart of whoever asks.
    pub const fn of(user: UserId, principal: &Principal) -> Self {
        Self { user, customer: principal.customer }
    }
}

/// How much of something somebody would like to have.
#[derive(Debug, Clone, Copy)]
pub struct Wish {
    /// A product, on sale or not.
    pub product: ProductId,
    /// How much, in the place of what was wished of it before; more than zero.
    pub quantity: Quantity,
}

/// The cart as it is now: what the ledger would make of it.
///
/// # Errors
/// What the store said.
pub fn priced(repository: &mut impl DryRun, owner: Owner, now: Instant) -> Result<Quote> {
    quote(repository, QuoteSubject::Cart(owner.user), (owner.customer, None), now)
}

/// Puts so much of a product in, in the place of what was wished of it before. The ledger says whether it could be ordered, but for how much
/// there is of it.
///
/// # Errors
/// `NotFound` for a product that does not exist, `Invalid` for a quantity that does not fit it, `PreconditionFailed`, then
/// `ProductUnavailable` where it is not on sale, `Conflict` where the cart is full.
pub fn put(
    repository: &mut (impl Carts + DryRun),
    user: UserId,
    wish: Wish,
    expected_version: Option<i64>,
    now: Instant,
) -> Result<()> {
    let Wish { product, quantity } = wish;
    let line = SellLine { line: None, product: Some(product), quantity, unit_price: None };
    let quoted = match quote(repository, QuoteSubject::Lines(vec![line]), (None, None), now) {
        Err(Error::Refused(Refusal::Invalid(errors))) => return Err(of_one_line(&errors)),
        quoted => quoted,
    };
    let cart = repository.lock_cart(user, now)?;
    check_version(expected_version, cart.version)?;
    let Some(QuotedLine { product: found, .. }) = quoted?.lines.into_iter().next() else {
        return Err(Error::not_found_named("product"));
    };
    if cart.items.len() >= MAX_ITEMS && !cart.items.iter().any(|item| item.product == product) {
        let detail = format!("There are {MAX_ITEMS} products in the cart, as many as an order may have lines.");
        return Err(Error::conflict("cart_full", detail));
    }
    let item = CartItem { product, quantity, price_seen: found.price, added_at: now };
    Ok(repository.put_cart_item(user, &item, now)?)
}

/// What is wrong with the only line, said of a wish, which has no lines: a quantity, for a product that is there.
fn of_one_line(errors: &FieldErrors) -> Error {
    let mut said = FieldErrors::new();
    for error in errors.as_slice() {
        if error.code == "unknown_product" {
            return Error::not_found_named("product");
        }
        let pointer = match error.pointer.as_str() {
            "/lines" => "/quantity",
            pointer => pointer.strip_prefix("/lines/0").unwrap_or(pointer),
        };
        said.add(pointer, error.code, &error.detail);
    }
    said.into()
}

/// Takes a product out.
///
/// # Errors
/// `NotFound` where it is not in, `PreconditionFailed`.
pub fn take_out(
    repository: &mut impl Carts,
    user: UserId,
    product: ProductId,
    expected_version: Option<i64>,
    now: Instant,
) -> Result<()> {
    let cart = repository.lock_cart(user, now)?;
    if !cart.items.iter().any(|item| item.product == product) {
        return Err(Error::not_found_named("cart item"));
    }
    check_version(expected_version, cart.version)?;
    repository.remove_cart_item(user, product, now)?;
    Ok(())
}

/// Notes the code that is to be used. Whether it can be is judged when the cart is looked at, and when it is placed.
///
/// # Errors
/// `PreconditionFailed`.
pub fn set_promo(
    repository: &mut impl Carts,
    user: UserId,
    code: Option<&str>,
    expected_version: Option<i64>,
    now: Instant,
) -> Result<()> {
    let cart = repository.lock_cart(user, now)?;
    check_version(expected_version, cart.version)?;
    Ok(repository.set_cart_promo(user, code, now)?)
}

/// Changes nothing of it.
///
/// # Errors
/// `PreconditionFailed`.
pub fn check(repository: &mut impl Carts, user: UserId, expected_version: Option<i64>) -> Result<()> {
    check_version(expected_version, repository.cart(user)?.version)
}

/// Takes everything out, the code too.
///
/// # Errors
/// `PreconditionFailed`.
pub fn empty(repository: &mut impl Carts, user: UserId, expected_version: Option<i64>, now: Instant) -> Result<()> {
    let cart = repository.lock_cart(user, now)?;
    check_version(expected_version, cart.version)?;
    Ok(repository.empty_cart(user, now)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tradepost_domain::{memory::Shop, money::Currency};
    use uuid::Uuid;

    const NOW: Instant = Instant::from_micros(0);
    const MARIA: UserId = UserId::from_uuid(Uuid::from_u128(1));

    fn shop_with_tea() -> (Shop, ProductId) {
        let mut shop = Shop::new(Currency::parse("EUR").unwrap(), NOW);
        let tea = shop.add_product("TEA", "Tea", "2.50", "3", NOW).unwrap();
        (shop, tea)
    }

    fn wish(product: ProductId, quantity: &str) -> Wish {
        Wish { product, quantity: quantity.parse().unwrap() }
    }

    #[test]
    fn more_than_there_is_may_be_wished_for() {
        let (mut shop, tea) = shop_with_tea();
        put(&mut shop, MARIA, wish(tea, "5"), None, NOW).unwrap();
        let cart = priced(&mut shop, Owner { user: MARIA, customer: None }, NOW).unwrap();
        assert_eq!((cart.total.to_string(), cart.lines[0].available.to_string()), ("12.50".into(), "3".into()));
    }

    #[test]
    fn what_is_wrong_with_a_wish_is_said_of_its_quantity() {
        let (mut shop, tea) = shop_with_tea();
        match put(&mut shop, MARIA, wish(tea, "0.5"), None, NOW).unwrap_err() {
            Error::Refused(Refusal::Invalid(errors)) => assert_eq!(errors.as_slice()[0].pointer, "/quantity"),
            other => panic!("{other}"),
        }
        let nothing = ProductId::from_uuid(Uuid::nil());
        let unknown = put(&mut shop, MARIA, wish(nothing, "1"), None, NOW).unwrap_err();
        assert!(matches!(unknown, Error::Refused(Refusal::NotFound("product"))), "{unknown}");
    }

    #[test]
    fn a_cart_that_changed_since_it_was_seen_is_left_alone() {
        let (mut shop, tea) = shop_with_tea();
        put(&mut shop, MARIA, wish(tea, "1"), Some(0), NOW).unwrap();
        let late = put(&mut shop, MARIA, wish(tea, "2"), Some(0), NOW).unwrap_err();
        assert!(matches!(late, Error::Refused(Refusal::PreconditionFailed)), "{late}");
        assert_eq!(shop.cart(MARIA).unwrap().items[0].quantity.to_string(), "1");
    }
}
