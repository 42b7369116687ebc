//! An order's way from pending to delivered.

use super::{held, illegal, may_change, move_for, next, note, redemption, told, visible, written};
use crate::{
    field_errors::FieldErrors,
    identity::Permission,
    ids::{OrderId, ProductId},
    ledger::{Book, Effects, Inputs, Refusal, Stop, Written, lines, stock},
    orders::{Order, OrderStatus, Step},
    quantity::Delta,
    stock::{Change, MovementKind},
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

/// What an order's goods do at a step.
enum Goods {
    /// They stay as they are.
    Stay,
    /// They are promised to it no longer.
    AreReleased,
    /// They leave.
    Leave,
}

const fn goods(step: Step) -> Goods {
    match step {
        Step::Accept | Step::Deliver => Goods::Stay,
        Step::Reject | Step::Cancel => Goods::AreReleased,
        Step::Ship => Goods::Leave,
    }
}

const fn message(status: OrderStatus) -> &'static str {
    match status {
        OrderStatus::Pending => "order.placed",
        OrderStatus::Accepted => "order.accepted",
        OrderStatus::Rejected => "order.rejected",
        OrderStatus::Cancelled => "order.cancelled",
        OrderStatus::Shipped => "order.shipped",
        OrderStatus::Delivered => "order.delivered",
    }
}

pub(super) fn take(
    book: &Book,
    id: OrderId,
    step: Step,
    reason: Option<&str>,
    inputs: &mut Inputs<'_>,
) -> Result<Effects, Stop> {
    let before = visible(book, id, inputs)?;
    may_step(before, step, inputs)?;
    let goods = goods(step);
    book.require_last(|need| {
        need.customers.summaries.add(before.customer);
        if matches!(goods, Goods::AreReleased) {
            need.orders.promos.extend(before.promo.as_ref().map(|applied| applied.promo));
        }
        if !matches!(goods, Goods::Stay) {
            lines::stock_of(need, before.lines.iter().map(|line| line.product), before.location);
        }
    })?;
    let mut errors = FieldErrors::new();
    let reason = lines::check_reason(reason, &mut errors);
    errors.into_result()?;
    let mut order = next(before, inputs)?;
    let status = before.status.after(step).map_err(|_| illegal(before))?;
    note(&mut order, status, reason, inputs);
    let changes = |change: fn(Delta) -> Change| -> Vec<(ProductId, Change)> {
        held(&order).into_iter().map(|(id, held)| (id, change(held))).collect()
    };
    let movements = match goods {
        Goods::Stay => Vec::new(),
        Goods::AreReleased => {
            let changes = changes(|held| Change::reserved(held.reversed()));
            move_for(book, &order, (MovementKind::Released, stock::Judged::AsFact), &changes, inputs)?
        }
        // What was reserved leaves. It must be there: facts may have left less on hand than is reserved.
        Goods::Leave => {
            let changes = changes(|held| Change { on_hand: held.reversed(), reserved: held.reversed() });
            move_for(book, &order, (MovementKind::Shipped, stock::Judged::AsFact), &changes, inputs)?
        }
    };
    let given_back = if matches!(goods, Goods::AreReleased) { redemption(&order, false) } else { None };
    let mut effects = told(book, (Written::changed(order), 1), movements, message(status), inputs);
    effects.orders.redemptions.extend(given_back);
    Ok(effects)
}

/// Cancels a pending order; takes a rejected or cancelled one out of lists. An order is never erased.
pub(super) fn delete(book: &Book, id: OrderId, inputs: &mut Inputs<'_>) -> Result<Effects, Stop> {
    let before = visible(book, id, inputs)?;
    may_change(before, inputs)?;
    match before.status {
        OrderStatus::Pending => take(book, id, Step::Cancel, None, inputs),
        OrderStatus::Rejected | OrderStatus::Cancelled if before.hidden_at.is_some() => Ok(Effects::default()),
        OrderStatus::Rejected | OrderStatus::Cancelled => {
            book.require_last(|need| need.customers.summaries.add(before.customer))?;
            let mut order = next(before, inputs)?;
            order.hidden_at = Some(inputs.now);
            Ok(written(book, (Written::changed(order), 0), Vec::new()))
        }
        OrderStatus::Accepted | OrderStatus::Shipped | OrderStatus::Delivered => {
            inputs.check_version(before.version)?;
            Err(illegal(before).into())
        }
    }
}
