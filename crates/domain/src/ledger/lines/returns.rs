//! Lines of goods that come back: which lines of the document they were on, and how much may still come back.

use super::{LineError, RefundLine, ambiguous, find_line, product_of, sum_by_product};
use crate::ledger::{Book, Refusal, stock};
use crate::{
    field_errors::FieldErrors,
    ids::{LineId, ProductId},
    lines::Line,
    quantity::{Delta, Quantity},
};

pub(in crate::ledger) fn returned_lines(
    book: &Book,
    before: &[Line],
    lines: &[RefundLine],
    errors: &mut FieldErrors,
) -> Vec<(LineId, Quantity)> {
    let mut returned = Vec::with_capacity(lines.len());
    for (index, wanted) in lines.iter().enumerate() {
        match returned_line(before, wanted, index) {
            Ok(line) => {
                if let Some(product) = product_of(book, line.product, index, errors) {
                    stock::check_quantity(product, wanted.quantity, &format!("/lines/{index}/quantity"), errors);
                }
                returned.push((line.id, wanted.quantity));
            }
            Err(fault) => errors.add(fault.0, fault.1, fault.2),
        }
    }
    returned
}

pub(in crate::ledger) fn returned_line<'a>(
    known: &'a [Line],
    wanted: &RefundLine,
    index: usize,
) -> Result<&'a Line, LineError> {
    if let Some(id) = wanted.line {
        return find_line(known, id, wanted.product, index);
    }
    let pointer = format!("/lines/{index}/product_id");
    let Some(product) = wanted.product else {
        return Err((pointer, "required", "name the line_id, or the product_id"));
    };
    let mut of_product = known.iter().filter(|line| line.product == product);
    match (of_product.next(), of_product.next()) {
        (Some(_), Some(_)) => Err(ambiguous(index)),
        (Some(only), None) => Ok(only),
        (None, _) => Err((pointer, "not_sold", "this document did not sell this product")),
    }
}

/// Notes on the lines what came back; answers what of it goes back to stock, each product once.
pub(in crate::ledger) fn take_back(
    lines: &mut [Line],
    returned: Vec<(LineId, Quantity)>,
    restock: bool,
) -> Result<Vec<(ProductId, Delta)>, Refusal> {
    let mut back = Vec::with_capacity(returned.len());
    for (id, quantity) in returned {
        let Some(line) = lines.iter_mut().find(|line| line.id == id) else {
            continue;
        };
        let sum = line.returned.checked_add(quantity).filter(|sum| *sum <= line.quantity);
        line.returned = sum.ok_or_else(|| more_than_sold(line, quantity))?;
        if restock {
            line.restocked = line.restocked.checked_add(quantity).ok_or_else(|| more_than_sold(line, quantity))?;
            back.push((line.product, quantity.as_increase()));
        }
    }
    Ok(sum_by_product(back.into_iter()))
}

fn more_than_sold(line: &Line, asked: Quantity) -> Refusal {
    let detail = format!(
        "{asked} of {} cannot come back: {} sold, {} came back already",
        line.sku,
        line.quantity,
        line.quantity.saturating_sub(line.returnable())
    );
    Refusal::conflict("more_than_sold", detail)
}
