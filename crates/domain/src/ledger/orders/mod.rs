//! Orders: placing reserves, shipping turns the reservation into stock out, rejecting and cancelling release it, once.

mod command;
mod edit;
mod effects;
mod place;
mod quote;
mod returns;
mod steps;

pub use command::{Command, NewOrder, OrderPatch};
pub use effects::{Effects, EmptiedCart, Redemption, WrittenOrder};
pub use quote::{Quote, QuoteSubject, QuotedLine};

use super::{Book, Inputs, Message, Refusal, Stop, Written, lines, shelf::shelves, stock};
use crate::{
    carts::Cart,
    identity::Permission,
    ids::{CustomerId, MessageId, OrderId, ProductId, PromoId, UserId},
    money::Money,
    orders::{HistoryEntry, Order, OrderStatus, TotalError},
    promos::{Promo, PromoRefusal},
    quantity::Delta,
    stock::{Change, Movement, MovementKind, Source},
    text,
};
use std::sync::Arc;

shelves! {
    /// Orders with their lines and history, held alone until the batch is kept.
    orders: OrderId => Arc<Order>, Documents;
    /// Carts with what is in them, held alone until the batch is kept. Who never put anything in has none.
    carts: UserId => Cart, Documents;
    /// Which promo code is in use under a code (folded). Whoever loads one enters it in `promos` as well, and holds it.
    promo_codes: String => PromoId, Promos;
    /// Promo codes by id, held alone until the batch is kept. A removed one is held too, but is not there.
    promos: PromoId => Arc<Promo>, Promos;
    /// How many orders of a customer hold a promo code.
    redemptions: (PromoId, CustomerId) => i64, Unlocked;
}

pub(super) fn decide(book: &Book, command: &Command, inputs: &mut Inputs<'_>) -> Result<super::Effects, Stop> {
    match command {
        Command::Place(new) => place::place(book, new, inputs),
        Command::Checkout { user, customer, promo_code, notes } => {
            place::checkout(book, (*user, *customer), promo_code.as_deref(), notes.as_deref(), inputs)
        }
        Command::Quote { quoted, customer, promo_code } => {
            quote::quote(book, quoted, (*customer, promo_code.as_deref()), inputs)
        }
        Command::Edit { id, patch } => edit::edit(book, *id, patch, inputs),
        Command::Step { id, step, reason } => steps::take(book, *id, *step, reason.as_deref(), inputs),
        Command::Delete { id } => steps::delete(book, *id, inputs),
        Command::Return { id, lines, restock, reason } => {
            returns::give_back(book, *id, (lines, *restock), reason.as_deref(), inputs)
        }
    }
}

/// The order, if the caller may know of it.
fn visible<'b>(book: &'b Book, id: OrderId, inputs: &Inputs<'_>) -> Result<&'b Arc<Order>, Stop> {
    book.require(|need| need.orders.orders.add(id))?;
    let order = book.orders.orders.get(&id).filter(|order| order.is_visible_to(inputs.principal));
    Ok(order.ok_or(Refusal::NotFound("order"))?)
}

/// The order as it will be after this change.
fn next(order: &Order, inputs: &Inputs<'_>) -> Result<Order, Refusal> {
    inputs.check_version(order.version)?;
    let mut order = order.clone();
    order.version += 1;
    order.updated_at = inputs.now;
    Ok(order)
}

fn note(order: &mut Order, status: OrderStatus, reason: Option<String>, inputs: &Inputs<'_>) {
    order.status = status;
    order.history.push(HistoryEntry { status, at: inputs.now, by: inputs.principal.actor, reason });
}

fn illegal(order: &Order) -> Refusal {
    Refusal::IllegalTransition { from: order.status.as_str(), allowed: order.status.allowed_actions() }
}

fn update_totals(order: &mut Order, book: &Book) -> Result<(), Refusal> {
    order.update_totals(book.currency()).map_err(|error| match error {
        TotalError::TooMuch(error) => lines::too_much_money(error),
        TotalError::Promo(reason) => Refusal::PromoRefused(reason),
    })
}

/// The promo code in use under this code, if there is one.
fn promo_by_code<'b>(book: &'b Book, code: &str) -> Option<&'b Arc<Promo>> {
    let id = book.orders.promo_codes.get(&text::fold(code))?;
    book.orders.promos.get(id)
}

/// The code, if there is one and the order's customer may use it now for the order's lines.
fn usable_promo<'b>(book: &'b Book, code: &str, order: &Order, inputs: &Inputs<'_>) -> Result<&'b Arc<Promo>, Refusal> {
    let subtotal = crate::lines::total(&order.lines, book.currency()).map_err(lines::too_much_money)?;
    let checked = check_promo(book, code, (Some(order.customer), subtotal), inputs);
    checked.map(|(promo, _)| promo).map_err(Refusal::PromoRefused)
}

/// The code and what it takes off a subtotal now. Who has no customer record has used nothing yet.
fn check_promo<'b>(
    book: &'b Book,
    code: &str,
    (customer, subtotal): (Option<CustomerId>, Money),
    inputs: &Inputs<'_>,
) -> Result<(&'b Arc<Promo>, Money), PromoRefusal> {
    let promo = promo_by_code(book, code).ok_or(PromoRefusal::Unknown)?;
    let used = customer.and_then(|customer| book.orders.redemptions.get(&(promo.id, customer)).copied());
    let discount = promo.discount_for(subtotal, used.unwrap_or_default(), inputs.now)?;
    Ok((promo, discount))
}

fn redemption(order: &Order, taken: bool) -> Option<Redemption> {
    order.promo.as_ref().map(|applied| Redemption {
        promo: applied.promo,
        customer: order.customer,
        order: order.id,
        taken,
        at: order.updated_at,
    })
}

/// The quantities of the order's lines, each product once, as changes that add them.
fn quantities_by_product(order: &Order) -> Vec<(ProductId, Delta)> {
    lines::sum_by_product(order.lines.iter().map(|line| (line.product, line.quantity.as_increase())))
}

/// The movements of an order's stock by these changes.
fn post_for(
    book: &Book,
    order: &Order,
    (kind, limit): (MovementKind, stock::Limit),
    changes: &[(ProductId, Change)],
    inputs: &mut Inputs<'_>,
) -> Result<Vec<Movement>, Refusal> {
    let reason = order.history.last().and_then(|entry| entry.reason.as_deref());
    let source = Some(Source::Order(order.id));
    let posting = stock::Posting { kind, location: order.location, limit, reason, source, occurred_at: inputs.now };
    stock::post_changes(book, changes, &posting, inputs)
}

/// The effects of an order as it is now and of what it moved.
fn written(book: &Book, (order, new_steps): (Written<Order>, usize), movements: Vec<Movement>) -> super::Effects {
    let mut effects = super::Effects::of_movements(movements);
    effects.name_customer(book, order.value.customer);
    effects.orders.orders.push(WrittenOrder { order, new_steps });
    effects
}

/// The same, with the message of this name to whom it concerns.
fn written_with_message(
    book: &Book,
    order: (Written<Order>, usize),
    movements: Vec<Movement>,
    name: &'static str,
    inputs: &mut Inputs<'_>,
) -> super::Effects {
    let id = MessageId::from_uuid((inputs.new_id)());
    let (of, customer) = (order.0.value.id, order.0.value.customer);
    let mut effects = written(book, order, movements);
    effects.messages.push(Message { id, name, order: of, customer, occurred_at: inputs.now });
    effects
}

/// May the caller change this order, which they can see?
fn may_change(order: &Order, inputs: &Inputs<'_>) -> Result<(), Refusal> {
    let caller = inputs.principal;
    let staff = caller.may(Permission::OrdersFulfil) || caller.may(Permission::OrdersPlaceForOthers);
    if order.is_own(caller) || staff { Ok(()) } else { Err(Refusal::Forbidden(Permission::OrdersPlaceForOthers)) }
}
