//! Correcting a sale: its lines are replaced, the net difference moves.

use super::{
    LineFault, Objections, ambiguous, book_for, changed, check_buyer, check_count, check_on_sale, check_reason,
    find_line, merge, net, open_sale, price, product_of, too_much,
};
use crate::{
    ids::{LineId, SaleId},
    ledger::{Book, Effects, Inputs, Refusal, SellLine, Written, stock},
    quantity::Quantity,
    sales::{Buyer, DraftLine, Sale, SaleLine},
    stock::Kind,
};

pub(in crate::ledger) fn correct(
    book: &Book,
    id: SaleId,
    lines: Option<&[SellLine]>,
    buyer: Option<&Option<Buyer>>,
    reason: Option<&str>,
    inputs: &mut Inputs<'_>,
) -> Result<Effects, Refusal> {
    let before = book.sale(id).ok_or(Refusal::NotFound("sale"))?;
    let mut objections = Objections::default();
    let reason = check_reason(reason, &mut objections.faults);
    let buyer = buyer.map(|buyer| check_buyer(book, buyer.as_ref(), &mut objections.faults));
    let draft = lines.map(|lines| redraft(book, before, lines, inputs, &mut objections));
    objections.raise()?;
    let mut sale = changed(open_sale(book, id, inputs)?, reason, inputs);
    if let Some(buyer) = buyer {
        sale.buyer = buyer;
    }
    if let Some(draft) = draft {
        sale.lines = relined(book, before, draft)?;
        sale.settle(book.currency()).map_err(too_much)?;
    }
    let back = before.lines.iter().map(|line| (line.product, line.quantity.gained()));
    let leaving = sale.lines.iter().map(|line| (line.product, line.quantity.taken()));
    let movements = book_for(book, &sale, Kind::Corrected, &net(back.chain(leaving)), inputs.now, inputs)?;
    Ok(Effects { movements, sales: vec![Written::changed(sale)], ..Effects::default() })
}

/// The lines a corrected sale shall have. What was on the sale before keeps its price.
fn redraft(
    book: &Book,
    sale: &Sale,
    lines: &[SellLine],
    inputs: &mut Inputs<'_>,
    objections: &mut Objections,
) -> Vec<DraftLine> {
    check_count(lines.len(), &mut objections.faults);
    let mut draft = Vec::with_capacity(lines.len());
    for (index, wanted) in lines.iter().enumerate() {
        let known = match known_line(sale, wanted, index) {
            Ok(known) => known,
            Err(fault) => {
                objections.faults.add(fault.0, fault.1, fault.2);
                continue;
            }
        };
        let Some(id) = known.map(|line| line.product).or(wanted.product) else {
            objections.faults.add(format!("/lines/{index}/product_id"), "required", "say what is sold");
            continue;
        };
        let Some(product) = product_of(book, id, index, &mut objections.faults) else {
            continue;
        };
        stock::check_quantity(product, wanted.quantity, &format!("/lines/{index}/quantity"), &mut objections.faults);
        let line = match known {
            Some(line) => {
                let unit_price = match wanted.unit_price {
                    Some(other) if other != line.unit_price => price(product, Some(other), inputs, objections),
                    Some(_) | None => line.unit_price,
                };
                DraftLine { id: line.id, product: id, quantity: wanted.quantity, unit_price }
            }
            None => {
                let unit_price = price(product, wanted.unit_price, inputs, objections);
                objections.unavailable = objections.unavailable.take().or_else(|| check_on_sale(product));
                DraftLine {
                    id: LineId::from_uuid((inputs.new_id)()),
                    product: id,
                    quantity: wanted.quantity,
                    unit_price,
                }
            }
        };
        merge(&mut draft, line, &mut objections.faults, index);
    }
    draft
}

/// The draft's lines, each with what was refunded of it, which correcting never goes below.
fn relined(book: &Book, before: &Sale, draft: Vec<DraftLine>) -> Result<Vec<SaleLine>, Refusal> {
    let mut lines = Vec::with_capacity(draft.len());
    for wanted in draft {
        let product = book.product(wanted.product).ok_or(Refusal::NotFound("product"))?;
        let mut line = wanted.priced(product).map_err(too_much)?;
        if let Some(known) = before.lines.iter().find(|known| known.id == line.id) {
            (line.sku, line.name) = (known.sku.clone(), known.name.clone());
            (line.refunded, line.restocked) = (known.refunded, known.restocked);
            if line.unit_price != known.unit_price && !known.refunded.is_zero() {
                return Err(Refusal::conflict("refunded", format!("some {} was refunded at the old price", line.sku)));
            }
        }
        lines.push(line);
    }
    for known in &before.lines {
        let now = lines.iter().find(|line| line.id == known.id).map_or(Quantity::ZERO, |line| line.quantity);
        if now < known.refunded {
            let detail = format!("{} of {} were refunded: the sale cannot have fewer", known.refunded, known.sku);
            return Err(Refusal::conflict("below_refunded", detail));
        }
    }
    Ok(lines)
}

/// Which line of the sale a requested one goes on with: the one it names, else the product's at the price named, else its only one.
fn known_line<'a>(sale: &'a Sale, wanted: &SellLine, index: usize) -> Result<Option<&'a SaleLine>, LineFault> {
    if let Some(id) = wanted.line {
        let line = find_line(sale, id, wanted.product, index)?;
        return Ok(Some(line));
    }
    let mut of_product = sale.lines.iter().filter(|line| Some(line.product) == wanted.product);
    if let Some(price) = wanted.unit_price {
        return Ok(of_product.find(|line| line.unit_price == price));
    }
    match (of_product.next(), of_product.next()) {
        (Some(_), Some(_)) => Err(ambiguous(index)),
        (only, _) => Ok(only),
    }
}
