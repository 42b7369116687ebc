//! The lines that a new or a changed document shall have, and their prices.

use super::{
    LineError, RequestErrors, SellLine, ambiguous, check_count, check_on_sale, find_line, product_of, too_much_money,
};
use crate::ledger::{Book, Inputs, Refusal, stock};
use crate::{
    catalogue::Product,
    field_errors::FieldErrors,
    identity::Permission,
    ids::LineId,
    lines::{DraftLine, Line},
    money::Price,
    quantity::Quantity,
};

pub(in crate::ledger) fn draft_new(
    book: &Book,
    lines: &[SellLine],
    inputs: &mut Inputs<'_>,
    errors: &mut RequestErrors,
) -> Vec<DraftLine> {
    let mut draft = Vec::with_capacity(lines.len());
    for (index, line) in lines.iter().enumerate() {
        if line.line.is_some() {
            errors.fields.add(format!("/lines/{index}/line_id"), "unknown_line", "a new document has no lines yet");
        }
        let Some(id) = line.product else {
            errors.fields.add(format!("/lines/{index}/product_id"), "required", "say what is sold");
            continue;
        };
        let Some(product) = product_of(book, id, index, &mut errors.fields) else {
            continue;
        };
        let pointer = || format!("/lines/{index}/quantity");
        let not_on_sale = check_on_sale(book, product);
        // Of what is not on sale nothing is told, also not its unit.
        if not_on_sale.is_none() {
            stock::check_quantity(product, line.quantity, &pointer(), &mut errors.fields);
        }
        let unit_price = price((product, index), line.unit_price, inputs, errors);
        errors.unavailable = errors.unavailable.take().or(not_on_sale);
        let new =
            DraftLine { id: LineId::from_uuid((inputs.new_id)()), product: id, quantity: line.quantity, unit_price };
        merge(&mut draft, new, &mut errors.fields, index);
    }
    draft
}

/// The lines a changed document shall have. What was on it before keeps its price.
pub(in crate::ledger) fn draft_edited(
    book: &Book,
    before: &[Line],
    lines: &[SellLine],
    inputs: &mut Inputs<'_>,
    errors: &mut RequestErrors,
) -> Vec<DraftLine> {
    check_count(lines.len(), &mut errors.fields);
    let mut draft = Vec::with_capacity(lines.len());
    for (index, wanted) in lines.iter().enumerate() {
        let known = match known_line(before, wanted, index) {
            Ok(known) => known,
            Err(fault) => {
                errors.fields.add(fault.0, fault.1, fault.2);
                continue;
            }
        };
        let Some(id) = known.map(|line| line.product).or(wanted.product) else {
            errors.fields.add(format!("/lines/{index}/product_id"), "required", "say what is sold");
            continue;
        };
        let Some(product) = product_of(book, id, index, &mut errors.fields) else {
            continue;
        };
        stock::check_quantity(product, wanted.quantity, &format!("/lines/{index}/quantity"), &mut errors.fields);
        let line = match known {
            Some(line) => {
                let unit_price = match wanted.unit_price {
                    Some(other) if other != line.unit_price => price((product, index), Some(other), inputs, errors),
                    Some(_) | None => line.unit_price,
                };
                DraftLine { id: line.id, product: id, quantity: wanted.quantity, unit_price }
            }
            None => {
                let unit_price = price((product, index), wanted.unit_price, inputs, errors);
                errors.unavailable = errors.unavailable.take().or_else(|| check_on_sale(book, product));
                DraftLine {
                    id: LineId::from_uuid((inputs.new_id)()),
                    product: id,
                    quantity: wanted.quantity,
                    unit_price,
                }
            }
        };
        merge(&mut draft, line, &mut errors.fields, index);
    }
    draft
}

/// The draft's lines, each with what was refunded of it, which correcting never goes below.
pub(in crate::ledger) fn lines_after_edit(
    book: &Book,
    before: &[Line],
    draft: Vec<DraftLine>,
) -> Result<Vec<Line>, Refusal> {
    let mut lines = Vec::with_capacity(draft.len());
    for wanted in draft {
        let product = book.product(wanted.product).ok_or(Refusal::NotFound("product"))?;
        let mut line = wanted.priced(product).map_err(too_much_money)?;
        if let Some(known) = before.iter().find(|known| known.id == line.id) {
            (line.sku, line.name) = (known.sku.clone(), known.name.clone());
            (line.returned, line.restocked) = (known.returned, known.restocked);
            if line.unit_price != known.unit_price && !known.returned.is_zero() {
                return Err(Refusal::conflict("refunded", format!("some {} was refunded at the old price", line.sku)));
            }
        }
        lines.push(line);
    }
    for known in before {
        let now = lines.iter().find(|line| line.id == known.id).map_or(Quantity::ZERO, |line| line.quantity);
        if now < known.returned {
            let detail = format!("{} of {} came back: there cannot be fewer", known.returned, known.sku);
            return Err(Refusal::conflict("below_refunded", detail));
        }
    }
    Ok(lines)
}

pub(in crate::ledger) fn priced(book: &Book, draft: Vec<DraftLine>) -> Result<Vec<Line>, Refusal> {
    let line = |line: DraftLine| {
        let product = book.product(line.product).ok_or(Refusal::NotFound("product"))?;
        line.priced(product).map_err(too_much_money)
    };
    draft.into_iter().map(line).collect()
}

/// The price of a new line: the product's, or another one by those who may.
pub(in crate::ledger) fn price(
    (product, index): (&Product, usize),
    named: Option<Price>,
    inputs: &Inputs<'_>,
    errors: &mut RequestErrors,
) -> Price {
    match named {
        Some(other) if other != product.price => {
            let currency = product.price.money().currency();
            if other.money().currency() != currency {
                let pointer = format!("/lines/{index}/unit_price");
                errors.fields.add(pointer, "other_currency", format!("this shop's prices are in {currency}"));
            }
            if !inputs.principal.may(Permission::SalesOverridePrice) {
                errors.forbidden = Some(Permission::SalesOverridePrice);
            }
            other
        }
        Some(_) | None => product.price,
    }
}

/// Adds to the draft's line of this product and price, or starts one.
pub(in crate::ledger) fn merge(draft: &mut Vec<DraftLine>, line: DraftLine, errors: &mut FieldErrors, index: usize) {
    let same = draft.iter().position(|d| d.product == line.product && d.unit_price == line.unit_price);
    let Some(same) = same.and_then(|index| draft.get_mut(index)) else {
        if draft.iter().any(|d| d.id == line.id) {
            errors.add(format!("/lines/{index}/line_id"), "named_twice", "one line cannot have two prices");
        }
        return draft.push(line);
    };
    match same.quantity.checked_add(line.quantity) {
        Some(sum) if sum <= crate::quantity::MAX => same.quantity = sum,
        _ => errors.add(format!("/lines/{index}/quantity"), "too_large", "a quantity is at most 1000000000"),
    }
}

/// Which line of the document a requested one goes on with: the one it names, else the product's at the price named, else its only one.
pub(in crate::ledger) fn known_line<'a>(
    known: &'a [Line],
    wanted: &SellLine,
    index: usize,
) -> Result<Option<&'a Line>, LineError> {
    if let Some(id) = wanted.line {
        let line = find_line(known, id, wanted.product, index)?;
        return Ok(Some(line));
    }
    let mut of_product = known.iter().filter(|line| Some(line.product) == wanted.product);
    if let Some(price) = wanted.unit_price {
        return Ok(of_product.find(|line| line.unit_price == price));
    }
    match (of_product.next(), of_product.next()) {
        (Some(_), Some(_)) => Err(ambiguous(index)),
        (only, _) => Ok(only),
    }
}
