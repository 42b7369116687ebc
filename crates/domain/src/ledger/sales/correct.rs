//! Correcting a sale: its lines are replaced, the net difference moves.

use super::{check_buyer, next, post, sale_for_change, written};
use crate::{
    ids::SaleId,
    ledger::{
        Book, Effects, Inputs, SellLine, Stop, Written,
        lines::{self, RequestErrors},
    },
    sales::Buyer,
    stock::MovementKind,
};

pub(super) fn correct(
    book: &Book,
    id: SaleId,
    (wanted, buyer): (Option<&[SellLine]>, Option<&Option<Buyer>>),
    reason: Option<&str>,
    inputs: &mut Inputs<'_>,
) -> Result<Effects, Stop> {
    let more = wanted.unwrap_or_default().iter().filter_map(|line| line.product);
    let before = sale_for_change(book, id, more, buyer.and_then(Option::as_ref))?;
    let mut errors = RequestErrors::default();
    let reason = lines::check_reason(reason, &mut errors.fields);
    let buyer = buyer.map(|buyer| check_buyer(book, buyer.as_ref(), &mut errors.fields));
    let draft = wanted.map(|wanted| lines::draft_edited(book, &before.lines, wanted, inputs, &mut errors));
    errors.into_result()?;
    let mut sale = next(before, reason, inputs)?;
    if let Some(buyer) = buyer {
        sale.buyer = buyer;
    }
    let Some(draft) = draft else {
        return Ok(written(book, Written::changed(sale), Vec::new()));
    };
    sale.lines = lines::lines_after_edit(book, &before.lines, draft)?;
    sale.update_totals(book.currency()).map_err(lines::too_much_money)?;
    let back = before.lines.iter().map(|line| (line.product, line.quantity.as_increase()));
    let leaving = sale.lines.iter().map(|line| (line.product, line.quantity.as_decrease()));
    let changes = lines::sum_by_product(back.chain(leaving));
    let movements = post(book, &sale, (MovementKind::Corrected, inputs.now), &changes, inputs)?;
    Ok(written(book, Written::rewritten(sale), movements))
}
