//! Correcting a sale: its lines are replaced, the net difference moves.

use super::{book_for, changed, check_buyer, open_sale};
use crate::{
    ids::SaleId,
    ledger::{
        Book, Effects, Inputs, Refusal, SellLine, Written,
        lines::{self, Objections},
    },
    sales::Buyer,
    stock::Kind,
};

pub(in crate::ledger) fn correct(
    book: &Book,
    id: SaleId,
    wanted: Option<&[SellLine]>,
    buyer: Option<&Option<Buyer>>,
    reason: Option<&str>,
    inputs: &mut Inputs<'_>,
) -> Result<Effects, Refusal> {
    let before = book.sale(id).ok_or(Refusal::NotFound("sale"))?;
    let mut objections = Objections::default();
    let reason = lines::check_reason(reason, &mut objections.faults);
    let buyer = buyer.map(|buyer| check_buyer(book, buyer.as_ref(), &mut objections.faults));
    let draft = wanted.map(|wanted| lines::redraft(book, &before.lines, wanted, inputs, &mut objections));
    objections.raise()?;
    let mut sale = changed(open_sale(book, id, inputs)?, reason, inputs);
    if let Some(buyer) = buyer {
        sale.buyer = buyer;
    }
    if let Some(draft) = draft {
        sale.lines = lines::relined(book, &before.lines, draft)?;
        sale.settle(book.currency()).map_err(lines::too_much)?;
    }
    let back = before.lines.iter().map(|line| (line.product, line.quantity.gained()));
    let leaving = sale.lines.iter().map(|line| (line.product, line.quantity.taken()));
    let movements = book_for(book, &sale, Kind::Corrected, &lines::net(back.chain(leaving)), inputs.now, inputs)?;
    Ok(Effects { movements, sales: vec![Written::changed(sale)], ..Effects::default() })
}
