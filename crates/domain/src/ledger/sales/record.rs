//! Recording a sale: stock leaves at once.

use super::{NewSale, check_buyer, need_buyer, post, written};
use crate::{
    ids::SaleId,
    ledger::{
        Book, Effects, Inputs, NumberSeries, Stop, Written,
        lines::{self, RequestErrors},
        stock,
    },
    money::Money,
    sales::{Sale, SaleStatus},
    stock::MovementKind,
};

pub(super) fn record(book: &Book, new: &NewSale, inputs: &mut Inputs<'_>) -> Result<Effects, Stop> {
    let place = new.location.unwrap_or(book.default_location());
    book.require_last(|need| {
        lines::need_stock(need, new.lines.iter().filter_map(|line| line.product), place);
        need_buyer(need, new.buyer.as_ref());
    })?;
    let mut errors = RequestErrors::default();
    lines::check_count(new.lines.len(), &mut errors.fields);
    let location = stock::location_named(book, new.location, &mut errors.fields);
    let buyer = check_buyer(book, new.buyer.as_ref(), &mut errors.fields);
    let occurred_at = stock::check_occurred_at(new.occurred_at, "/occurred_at", &mut errors.fields, inputs);
    let draft = lines::draft_new(book, &new.lines, inputs, &mut errors);
    errors.into_result()?;
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
    sale.update_totals(book.currency()).map_err(lines::too_much_money)?;
    let leaving = lines::sum_by_product(sale.lines.iter().map(|line| (line.product, line.quantity.as_decrease())));
    let movements = post(book, &sale, (MovementKind::Sold, occurred_at), &leaving, inputs)?;
    sale.number = (inputs.next_number)(NumberSeries::Sales);
    Ok(written(book, Written::new(sale), movements))
}
