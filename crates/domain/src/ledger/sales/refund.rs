//! Taking goods back: some of a sale, or all of it.

use super::{
    LineFault, ambiguous, book_for, changed, check_count, check_reason, find_line, net, open_sale, product_of, too_much,
};
use crate::{
    faults::Faults,
    ids::{LineId, SaleId},
    ledger::{Book, Effects, Inputs, RefundLine, Refusal, Written, stock},
    quantity::Quantity,
    sales::{Sale, SaleLine, SaleStatus},
    stock::Kind,
};

pub(in crate::ledger) fn refund(
    book: &Book,
    id: SaleId,
    lines: &[RefundLine],
    restock: bool,
    reason: Option<&str>,
    inputs: &mut Inputs<'_>,
) -> Result<Effects, Refusal> {
    let before = book.sale(id).ok_or(Refusal::NotFound("sale"))?;
    let mut faults = Faults::new();
    let reason = check_reason(reason, &mut faults);
    check_count(lines.len(), &mut faults);
    let returned = returned_lines(book, before, lines, &mut faults);
    faults.into_result()?;
    let mut sale = changed(open_sale(book, id, inputs)?, reason, inputs);
    let mut back = Vec::with_capacity(returned.len());
    for (line_id, quantity) in returned {
        let Some(line) = sale.lines.iter_mut().find(|line| line.id == line_id) else {
            continue;
        };
        let refunded = line.refunded.checked_add(quantity).filter(|refunded| *refunded <= line.quantity);
        line.refunded = refunded.ok_or_else(|| more_than_sold(line, quantity))?;
        if restock {
            line.restocked = line.restocked.checked_add(quantity).ok_or_else(|| more_than_sold(line, quantity))?;
            back.push((line.product, quantity.gained()));
        }
    }
    sale.settle(book.currency()).map_err(too_much)?;
    let movements = book_for(book, &sale, Kind::Refunded, &net(back.into_iter()), inputs.now, inputs)?;
    Ok(Effects { movements, sales: vec![Written::changed(sale)], ..Effects::default() })
}

fn more_than_sold(line: &SaleLine, asked: Quantity) -> Refusal {
    let detail = format!(
        "{asked} of {} cannot be refunded: {} sold, {} refunded already",
        line.sku,
        line.quantity,
        line.quantity.saturating_sub(line.refundable())
    );
    Refusal::conflict("more_than_sold", detail)
}

fn returned_lines(book: &Book, sale: &Sale, lines: &[RefundLine], faults: &mut Faults) -> Vec<(LineId, Quantity)> {
    let mut returned = Vec::with_capacity(lines.len());
    for (index, wanted) in lines.iter().enumerate() {
        match refunded_line(sale, wanted, index) {
            Ok(line) => {
                if let Some(product) = product_of(book, line.product, index, faults) {
                    stock::check_quantity(product, wanted.quantity, &format!("/lines/{index}/quantity"), faults);
                }
                returned.push((line.id, wanted.quantity));
            }
            Err(fault) => faults.add(fault.0, fault.1, fault.2),
        }
    }
    returned
}

fn refunded_line<'a>(sale: &'a Sale, wanted: &RefundLine, index: usize) -> Result<&'a SaleLine, LineFault> {
    if let Some(id) = wanted.line {
        return find_line(sale, id, wanted.product, index);
    }
    let pointer = format!("/lines/{index}/product_id");
    let Some(product) = wanted.product else {
        return Err((pointer, "required", "name the line_id, or the product_id"));
    };
    let mut of_product = sale.lines.iter().filter(|line| line.product == product);
    match (of_product.next(), of_product.next()) {
        (Some(_), Some(_)) => Err(ambiguous(index)),
        (Some(only), None) => Ok(only),
        (None, _) => Err((pointer, "not_sold", "this sale did not sell this product")),
    }
}

/// Returns what was sold and not yet refunded. Voiding what is voided does nothing, so that it may be asked twice.
pub(in crate::ledger) fn void(book: &Book, id: SaleId, inputs: &mut Inputs<'_>) -> Result<Effects, Refusal> {
    let before = book.sale(id).ok_or(Refusal::NotFound("sale"))?;
    if before.status == SaleStatus::Voided {
        return Ok(Effects::default());
    }
    let mut sale = changed(open_sale(book, id, inputs)?, None, inputs);
    sale.status = SaleStatus::Voided;
    let back = net(sale.lines.iter().map(|line| (line.product, line.refundable().gained())));
    let movements = book_for(book, &sale, Kind::Voided, &back, inputs.now, inputs)?;
    Ok(Effects { movements, sales: vec![Written::changed(sale)], ..Effects::default() })
}
