//! An order's way from pending to delivered, and back out of it.

use super::{held, illegal, may_change, move_for, next, note, released, visible};
use crate::{
    faults::Faults,
    identity::Permission,
    ids::OrderId,
    ledger::{Book, Effects, Inputs, RefundLine, Refusal, Written, lines, stock},
    orders::{Order, OrderStatus, Step},
    stock::{Change, Kind},
};

/// Accept, reject, ship and deliver are the shop's; one's own order one may cancel while it is pending.
fn may_step(order: &Order, step: Step, inputs: &Inputs<'_>) -> Result<(), Refusal> {
    let own = match step {
        Step::Cancel => order.is_own(inputs.principal) && order.status == OrderStatus::Pending,
        Step::Accept | Step::Reject | Step::Ship | Step::Deliver => false,
    };
    let allowed = own || inputs.principal.may(Permission::OrdersFulfil);
    if allowed { Ok(()) } else { Err(Refusal::Forbidden(Permission::OrdersFulfil)) }
}

pub(in crate::ledger) fn take_step(
    book: &Book,
    id: OrderId,
    step: Step,
    reason: Option<&str>,
    inputs: &mut Inputs<'_>,
) -> Result<Effects, Refusal> {
    let before = visible(book, id, inputs)?;
    may_step(before, step, inputs)?;
    let mut faults = Faults::new();
    let reason = lines::check_reason(reason, &mut faults);
    faults.into_result()?;
    let mut order = next(before, inputs)?;
    let status = before.status.after(step).map_err(|_| illegal(before))?;
    note(&mut order, status, reason, inputs);
    match step {
        Step::Accept | Step::Deliver => Ok(Effects { orders: vec![Written::changed(order)], ..Effects::default() }),
        Step::Reject | Step::Cancel => released(book, order, inputs),
        Step::Ship => shipped(book, order, inputs),
    }
}

/// What was reserved leaves. It must be there: facts may have left less on hand than is reserved.
fn shipped(book: &Book, order: Order, inputs: &mut Inputs<'_>) -> Result<Effects, Refusal> {
    let leaves = |(product, held): (_, crate::quantity::Delta)| {
        (product, Change { on_hand: held.reversed(), reserved: held.reversed() })
    };
    let changes: Vec<_> = held(&order).into_iter().map(leaves).collect();
    let movements = move_for(book, &order, (Kind::Shipped, stock::Judged::AsFact), &changes, inputs)?;
    Ok(Effects { movements, orders: vec![Written::changed(order)], ..Effects::default() })
}

/// Cancels a pending order; takes a rejected or cancelled one out of lists. An order is never erased.
pub(in crate::ledger) fn delete(book: &Book, id: OrderId, inputs: &mut Inputs<'_>) -> Result<Effects, Refusal> {
    let before = visible(book, id, inputs)?;
    may_change(before, inputs)?;
    match before.status {
        OrderStatus::Pending => take_step(book, id, Step::Cancel, None, inputs),
        OrderStatus::Rejected | OrderStatus::Cancelled if before.hidden_at.is_some() => Ok(Effects::default()),
        OrderStatus::Rejected | OrderStatus::Cancelled => {
            let mut order = next(before, inputs)?;
            order.hidden_at = Some(inputs.now);
            Ok(Effects { orders: vec![Written::changed(order)], ..Effects::default() })
        }
        OrderStatus::Accepted | OrderStatus::Shipped | OrderStatus::Delivered => Err(illegal(before)),
    }
}

/// Takes goods of a delivered order back, to stock or not.
pub(in crate::ledger) fn give_back(
    book: &Book,
    id: OrderId,
    (wanted, restock): (&[RefundLine], bool),
    reason: Option<&str>,
    inputs: &mut Inputs<'_>,
) -> Result<Effects, Refusal> {
    let before = visible(book, id, inputs)?;
    if !inputs.principal.may(Permission::OrdersFulfil) {
        return Err(Refusal::Forbidden(Permission::OrdersFulfil));
    }
    let mut faults = Faults::new();
    let reason = lines::check_reason(reason, &mut faults);
    lines::check_count(wanted.len(), &mut faults);
    let returned = lines::returned_lines(book, &before.lines, wanted, &mut faults);
    faults.into_result()?;
    let mut order = next(before, inputs)?;
    if order.status != OrderStatus::Delivered {
        return Err(illegal(before));
    }
    let back = lines::take_back(&mut order.lines, returned, restock)?;
    if !back.is_empty() && book.location(order.location).is_none() {
        return Err(Refusal::conflict(
            "location_removed",
            "the location of this order was removed: adjust stock elsewhere",
        ));
    }
    note(&mut order, OrderStatus::Delivered, reason, inputs);
    let changes = Change::all_on_hand(&back);
    let movements = move_for(book, &order, (Kind::Returned, stock::Judged::AsFact), &changes, inputs)?;
    Ok(Effects { movements, orders: vec![Written::changed(order)], ..Effects::default() })
}
