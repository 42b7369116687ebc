//! Orders: placing reserves, shipping turns the reservation into stock out, rejecting and cancelling release it, once.

mod edit;
mod place;
mod steps;

pub(super) use edit::edit;
pub(super) use place::{checkout, place};
pub(super) use steps::{delete, give_back, take_step};

use super::{Book, Effects, Inputs, Redemption, Refusal, Written, lines, stock};
use crate::{
    identity::Permission,
    ids::{OrderId, ProductId},
    orders::{HistoryEntry, Order, OrderStatus, Unsettled},
    promos::{Promo, Reason},
    quantity::Delta,
    stock::{Change, Kind, Movement, Source},
};
use std::sync::Arc;

/// The order, if the caller may know of it.
fn visible<'a>(book: &'a Book, id: OrderId, inputs: &Inputs<'_>) -> Result<&'a Arc<Order>, Refusal> {
    book.order(id).filter(|order| order.is_visible_to(inputs.principal)).ok_or(Refusal::NotFound("order"))
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
    Refusal::IllegalTransition { from: order.status.as_str(), allowed: order.status.moves() }
}

fn settle(order: &mut Order, book: &Book) -> Result<(), Refusal> {
    order.settle(book.currency()).map_err(|error| match error {
        Unsettled::TooMuch(error) => lines::too_much(error),
        Unsettled::Promo(reason) => Refusal::PromoRefused(reason),
    })
}

/// The code, if there is one and the order's customer may use it now for the order's lines.
fn judged<'a>(book: &'a Book, code: &str, order: &Order, inputs: &Inputs<'_>) -> Result<&'a Arc<Promo>, Refusal> {
    let subtotal = crate::lines::total(&order.lines, book.currency()).map_err(lines::too_much)?;
    let promo = book.promo_by_code(&crate::text::fold(code)).ok_or(Refusal::PromoRefused(Reason::Unknown))?;
    let used = book.redemptions(promo.id, order.customer);
    promo.judge(subtotal, used, inputs.now).map_err(Refusal::PromoRefused)?;
    Ok(promo)
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

/// What the order's lines come to, each product once, as changes that add.
fn held(order: &Order) -> Vec<(ProductId, Delta)> {
    lines::net(order.lines.iter().map(|line| (line.product, line.quantity.gained())))
}

/// Moves stock for an order, by these changes.
fn move_for(
    book: &Book,
    order: &Order,
    (kind, judged): (Kind, stock::Judged),
    changes: &[(ProductId, Change)],
    inputs: &mut Inputs<'_>,
) -> Result<Vec<Movement>, Refusal> {
    let reason = order.history.last().and_then(|entry| entry.reason.as_deref());
    let source = Some(Source::Order(order.id));
    let moving = stock::Moving { kind, location: order.location, judged, reason, source, occurred_at: inputs.now };
    stock::move_stock(book, changes, &moving, inputs)
}

/// Releases what the order holds and gives its redemption back.
fn released(book: &Book, order: Order, inputs: &mut Inputs<'_>) -> Result<Effects, Refusal> {
    let changes: Vec<_> = held(&order).into_iter().map(|(id, held)| (id, Change::reserved(held.reversed()))).collect();
    let movements = move_for(book, &order, (Kind::Released, stock::Judged::AsFact), &changes, inputs)?;
    let redemptions = redemption(&order, false).into_iter().collect();
    Ok(Effects { movements, redemptions, orders: vec![Written::changed(order)], ..Effects::default() })
}

/// May the caller change this order, which they can see?
fn may_change(order: &Order, inputs: &Inputs<'_>) -> Result<(), Refusal> {
    let caller = inputs.principal;
    let staff = caller.may(Permission::OrdersFulfil) || caller.may(Permission::OrdersPlaceForOthers);
    if order.is_own(caller) || staff { Ok(()) } else { Err(Refusal::Forbidden(Permission::OrdersPlaceForOthers)) }
}
