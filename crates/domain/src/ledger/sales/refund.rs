//! Taking goods back: some of a sale, or all of it.

use super::{next, post, sale_for_change, written};
use crate::{
    field_errors::FieldErrors,
    ids::SaleId,
    ledger::{Book, Effects, Inputs, RefundLine, Stop, Written, lines},
    sales::SaleStatus,
    stock::MovementKind,
};

pub(super) fn refund(
    book: &Book,
    id: SaleId,
    (wanted, restock): (&[RefundLine], bool),
    reason: Option<&str>,
    inputs: &mut Inputs<'_>,
) -> Result<Effects, Stop> {
    let before = sale_for_change(book, id, std::iter::empty(), None)?;
    let mut errors = FieldErrors::new();
    let reason = lines::check_reason(reason, &mut errors);
    lines::check_count(wanted.len(), &mut errors);
    let returned = lines::returned_lines(book, &before.lines, wanted, &mut errors);
    errors.into_result()?;
    let mut sale = next(before, reason, inputs)?;
    let back = lines::take_back(&mut sale.lines, returned, restock)?;
    sale.update_totals(book.currency()).map_err(lines::too_much_money)?;
    let movements = post(book, &sale, (MovementKind::Refunded, inputs.now), &back, inputs)?;
    Ok(written(book, Written::rewritten(sale), movements))
}

/// Returns what was sold and not yet refunded. Voiding what is voided does nothing, so that it may be asked twice.
pub(super) fn void(book: &Book, id: SaleId, inputs: &mut Inputs<'_>) -> Result<Effects, Stop> {
    let before = sale_for_change(book, id, std::iter::empty(), None)?;
    if before.status == SaleStatus::Voided {
        return Ok(Effects::default());
    }
    let mut sale = next(before, None, inputs)?;
    sale.status = SaleStatus::Voided;
    let back = lines::sum_by_product(sale.lines.iter().map(|line| (line.product, line.returnable().as_increase())));
    let movements = post(book, &sale, (MovementKind::Voided, inputs.now), &back, inputs)?;
    Ok(written(book, Written::changed(sale), movements))
}
