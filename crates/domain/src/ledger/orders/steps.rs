//! An order's way from pending to delivered.

use super::{
    illegal, may_change, next, note, post_for, quantities_by_product, redemption, visible, written,
    written_with_message,
};
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

/// What a step does to the stock that the order holds.
enum StockEffect {
    /// Nothing: it stays reserved, or has left already.
    Unchanged,
    /// It is reserved no longer.
    Release,
    /// It leaves: it is neither reserved nor on hand any more.
    Ship,
}

const fn stock_effect(step: Step) -> StockEffect {
    match step {
        Step::Accept | Step::Deliver => StockEffect::Unchanged,
        Step::Reject | Step::Cancel => StockEffect::Release,
        Step::Ship => StockEffect::Ship,
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
    let stock_effect = stock_effect(step);
    book.require_last(|need| {
        need.customers.summaries.add(before.customer);
        if matches!(stock_effect, StockEffect::Release) {
            need.orders.promos.extend(before.promo.as_ref().map(|applied| applied.promo));
        }
        if !matches!(stock_effect, StockEffect::Unchanged) {
            lines::need_stock(need, before.lines.iter().map(|line| line.product), before.location);
        }
    })?;
    let mut errors = FieldErrors::new();
    let reason = lines::check_reason(reason, &mut errors);
    errors.into_result()?;
    let mut order = next(before, inputs)?;
    let status = before.status.after(step).map_err(|_| illegal(before))?;
    note(&mut order, status, reason, inputs);
    let changes = |change: fn(Delta) -> Change| -> Vec<(ProductId, Change)> {
        quantities_by_product(&order).into_iter().map(|(id, held)| (id, change(held))).collect()
    };
    let movements = match stock_effect {
        StockEffect::Unchanged => Vec::new(),
        StockEffect::Release => {
            let changes = changes(|held| Change::reserved(held.reversed()));
            post_for(book, &order, (MovementKind::Released, stock::Limit::OnHand), &changes, inputs)?
        }
        // What was reserved leaves. It must be there: facts may have left less on hand than is reserved.
        StockEffect::Ship => {
            let changes = changes(|held| Change { on_hand: held.reversed(), reserved: held.reversed() });
            post_for(book, &order, (MovementKind::Shipped, stock::Limit::OnHand), &changes, inputs)?
        }
    };
    let given_back = if matches!(stock_effect, StockEffect::Release) { redemption(&order, false) } else { None };
    let mut effects = written_with_message(book, (Written::changed(order), 1), movements, message(status), inputs);
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
