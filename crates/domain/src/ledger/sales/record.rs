//! Recording a sale: stock leaves at once.

use super::{NewSale, check_buyer, moved, need_buyer, written};
use crate::{
    ids::SaleId,
    ledger::{
        Book, Effects, Inputs, Series, Stop, Written,
        lines::{self, Objections},
        stock,
    },
    money::Money,
    sales::{Sale, SaleStatus},
    stock::Kind,
};

pub(super) fn record(book: &Book, new: &NewSale, inputs: &mut Inputs<'_>) -> Result<Effects, Stop> {
    let place = new.location.unwrap_or(book.default_location());
    book.require_last(|need| {
        lines::stock_of(need, new.lines.iter().filter_map(|line| line.product), place);
        need_buyer(need, new.buyer.as_ref());
    })?;
    let mut objections = Objections::default();
    lines::check_count(new.lines.len(), &mut objections.faults);
    let location = stock::location_named(book, new.location, &mut objections.faults);
    let buyer = check_buyer(book, new.buyer.as_ref(), &mut objections.faults);
    let occurred_at = stock::happened(new.occurred_at, "/occurred_at", &mut objections.faults, inputs);
    let draft = lines::draft(book, &new.lines, inputs, &mut objections);
    objections.raise()?;
    let mut sale = Sale {
        id: SaleId::from_uuid((inputs.new_id)()),
        number: 0,
        status: SaleStatus::Completed,
        lines: lines::priced(book, draft)?,
        total: Money::zero(book.currency()),
        refunded_total: Money::zero(book.currency()),
        buyer,
        location,
        sold_by: inputs.user(),
        reason: None,
        occurred_at,
        version: 1,
        created_at: inputs.now,
        updated_at: inputs.now,
    };
    sale.settle(book.currency()).map_err(lines::too_much)?;
    let leaving = lines::net(sale.lines.iter().map(|line| (line.product, line.quantity.taken())));
    let movements = moved(book, &sale, (Kind::Sold, occurred_at), &leaving, inputs)?;
    sale.number = (inputs.next_number)(Series::Sales);
    Ok(written(book, Written::new(sale), movements))
}
