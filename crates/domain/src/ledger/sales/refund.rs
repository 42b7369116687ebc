//! Taking goods back: some of a sale, or all of it.

use super::{book_for, changed, open_sale};
use crate::{
    faults::Faults,
    ids::SaleId,
    ledger::{Book, Effects, Inputs, RefundLine, Refusal, Written, lines},
    sales::SaleStatus,
    stock::Kind,
};

pub(in crate::ledger) fn refund(
    book: &Book,
    id: SaleId,
    wanted: &[RefundLine],
    restock: bool,
    reason: Option<&str>,
    inputs: &mut Inputs<'_>,
) -> Result<Effects, Refusal> {
    let before = book.sale(id).ok_or(Refusal::NotFound("sale"))?;
    let mut faults = Faults::new();
    let reason = lines::check_reason(reason, &mut faults);
    lines::check_count(wanted.len(), &mut faults);
    let returned = lines::returned_lines(book, &before.lines, wanted, &mut faults);
    faults.into_result()?;
    let mut sale = changed(open_sale(book, id, inputs)?, reason, inputs);
    let back = lines::take_back(&mut sale.lines, returned, restock)?;
    sale.settle(book.currency()).map_err(lines::too_much)?;
    let movements = book_for(book, &sale, Kind::Refunded, &back, inputs.now, inputs)?;
    Ok(Effects { movements, sales: vec![Written::changed(sale)], ..Effects::default() })
}

/// Returns what was sold and not yet refunded. Voiding what is voided does nothing, so that it may be asked twice.
pub(in crate::ledger) fn void(book: &Book, id: SaleId, inputs: &mut Inputs<'_>) -> Result<Effects, Refusal> {
    let before = book.sale(id).ok_or(Refusal::NotFound("sale"))?;
    if before.status == SaleStatus::Voided {
        return Ok(Effects::default());
    }
    let mut sale = changed(open_sale(book, id, inputs)?, None, inputs);
    sale.status = SaleStatus::Voided;
    let back = lines::net(sale.lines.iter().map(|line| (line.product, line.returnable().gained())));
    let movements = book_for(book, &sale, Kind::Voided, &back, inputs.now, inputs)?;
    Ok(Effects { movements, sales: vec![Written::changed(sale)], ..Effects::default() })
}
