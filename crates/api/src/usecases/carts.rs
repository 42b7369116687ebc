//! What is in a cart and what it comes to now. A cart reserves nothing; placing what is in it is a command of the ledger.

use super::{
    check_version,
    promos::{self, Wish},
};
use crate::{
    clock,
    http::problem::{Code, Problem},
};
use tradepost_domain::{
    carts::{CartItem, MAX_ITEMS},
    field_errors::FieldErrors,
    identity::Principal,
    ids::{CustomerId, ProductId, UserId},
    ledger::orders::{Quote, QuoteSubject},
    lines::TooMuchMoney,
    money::{Money, Price},
    repository::Carts,
};
use tradepost_store::Session;

/// Whose cart it is.
#[derive(Debug, Clone, Copy)]
pub struct Owner {
    /// The login.
    pub user: UserId,
    /// Their own customer record, where there is one.
    pub customer: Option<CustomerId>,
}

impl Owner {
    /// The caller's own.
    pub const fn of(user: UserId, principal: &Principal) -> Self {
        Self { user, customer: principal.customer }
    }
}

/// The cart as it is now: what the ledger would make of it.
///
/// # Errors
/// What the database said.
pub fn priced(session: &mut Session<'_>, owner: Owner) -> Result<Quote, Problem> {
    promos::quote(session, QuoteSubject::Cart(owner.user), owner.customer, None)
}

/// Puts so much of a product in, in the place of what was wished of it before.
///
/// # Errors
/// 404 for a product that does not exist, 400 for a quantity that does not fit it, 412, 409 where it is not on sale or the cart is full.
pub fn put(session: &mut Session<'_>, user: UserId, wish: Wish, expected: Option<i64>) -> Result<(), Problem> {
    let currency = session.currency()?;
    let product = promos::product(session, wish.product)?.ok_or_else(Problem::not_found)?;
    let mut errors = FieldErrors::new();
    promos::check_quantity(&product, wish.quantity, "/quantity", &mut errors);
    if promos::line_total(product.price, wish.quantity, currency).is_none() {
        errors.add("/quantity", "too_large", TooMuchMoney);
    }
    errors.into_result()?;
    let now = clock::now();
    let cart = session.lock_cart(user, now)?;
    check_version(expected, cart.version)?;
    promos::check_on_sale(&product)?;
    if cart.items.len() >= MAX_ITEMS && !cart.items.iter().any(|item| item.product == wish.product) {
        let detail = format!("There are {MAX_ITEMS} products in the cart, as many as an order may have lines.");
        return Err(Problem::new(Code::CONFLICT, detail).with("reason", "cart_full"));
    }
    let price_seen = Price::new(Money::from_minor(product.price, currency)).map_err(Problem::internal)?;
    let item = CartItem { product: wish.product, quantity: wish.quantity, price_seen, added_at: now };
    Ok(session.put_cart_item(user, &item, now)?)
}

/// Takes a product out.
///
/// # Errors
/// 404 where it is not in, 412.
pub fn take_out(
    session: &mut Session<'_>,
    user: UserId,
    product: ProductId,
    expected: Option<i64>,
) -> Result<(), Problem> {
    let now = clock::now();
    let cart = session.lock_cart(user, now)?;
    if !cart.items.iter().any(|item| item.product == product) {
        return Err(Problem::not_found());
    }
    check_version(expected, cart.version)?;
    session.remove_cart_item(user, product, now)?;
    Ok(())
}

/// Notes the code that is to be used. Whether it can be is judged when the cart is looked at, and when it is placed.
///
/// # Errors
/// 412.
pub fn set_promo(
    session: &mut Session<'_>,
    user: UserId,
    code: Option<&str>,
    expected: Option<i64>,
) -> Result<(), Problem> {
    let now = clock::now();
    let cart = session.lock_cart(user, now)?;
    check_version(expected, cart.version)?;
    Ok(session.set_cart_promo(user, code, now)?)
}

/// Changes nothing of it.
///
/// # Errors
/// 412.
pub fn check(session: &mut Session<'_>, user: UserId, expected: Option<i64>) -> Result<(), Problem> {
    check_version(expected, session.cart(user)?.version)
}

/// Takes everything out, the code too.
///
/// # Errors
/// 412.
pub fn empty(session: &mut Session<'_>, user: UserId, expected: Option<i64>) -> Result<(), Problem> {
    let now = clock::now();
    let cart = session.lock_cart(user, now)?;
    check_version(expected, cart.version)?;
    Ok(session.empty_cart(user, now)?)
}
