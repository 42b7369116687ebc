//! Taking goods of a delivered order back, to stock or not.

use super::{illegal, next, note, post_for, visible, written_with_message};
use crate::{
    field_errors::FieldErrors,
    identity::Permission,
    ids::OrderId,
    ledger::{Book, Effects, Inputs, RefundLine, Refusal, Stop, Written, lines, stock},
    orders::OrderStatus,
    stock::{Change, MovementKind},
};

pub(super) fn give_back(
    book: &Book,
    id: OrderId,
    (wanted, restock): (&[RefundLine], bool),
    reason: Option<&str>,
    inputs: &mut Inputs<'_>,
) -> Result<Effects, Stop> {
    let before = visible(book, id, inputs)?;
    if !inputs.principal.may(Permission::OrdersFulfil) {
        return Err(Refusal::Forbidden(Permission::OrdersFulfil).into());
    }
    book.require_last(|need| {
        lines::need_stock(need, before.lines.iter().map(|line| line.product), before.location);
        need.customers.summaries.add(before.customer);
    })?;
    let mut errors = FieldErrors::new();
    let reason = lines::check_reason(reason, &mut errors);
    lines::check_count(wanted.len(), &mut errors);
    let returned = lines::returned_lines(book, &before.lines, wanted, &mut errors);
    errors.into_result()?;
    let mut order = next(before, inputs)?;
    if order.status != OrderStatus::Delivered {
        return Err(illegal(before).into());
    }
    let back = lines::take_back(&mut order.lines, returned, restock)?;
    if !back.is_empty() && book.location(order.location).is_none() {
        let detail = "the location of this order was removed: adjust stock elsewhere";
        return Err(Refusal::conflict("location_removed", detail).into());
    }
    note(&mut order, OrderStatus::Delivered, reason, inputs);
    let changes = Change::all_on_hand(&back);
    let movements = post_for(book, &order, (MovementKind::Returned, stock::Limit::OnHand), &changes, inputs)?;
    Ok(written_with_message(book, (Written::rewritten(order), 1), movements, "order.returned", inputs))
}
