//! Recording, correcting, refunding and voiding sales.

mod correct;
mod refund;

pub(in crate::ledger) use correct::correct;
pub(in crate::ledger) use refund::{refund, void};

use super::{
    Book, Effects, Inputs, Refusal, SellLine, Series, Written,
    lines::{self, Objections},
    stock,
};
use crate::{
    faults::Faults,
    identity::Actor,
    ids::{LocationId, ProductId, SaleId, UserId},
    instant::Instant,
    money::Money,
    quantity::Delta,
    sales::{Buyer, Sale, SaleStatus},
    stock::{Change, Kind, Source},
    text::{self, limits},
};

fn check_buyer(book: &Book, buyer: Option<&Buyer>, faults: &mut Faults) -> Option<Buyer> {
    match buyer? {
        Buyer::Customer(id) if book.customer(*id).is_none_or(|card| card.is_erased) => {
            faults.add("/customer_id", "unknown_customer", "there is no such customer");
            None
        }
        Buyer::Customer(id) => Some(Buyer::Customer(*id)),
        Buyer::Named(name) => faults.take("/customer_name", text::required(name, limits::NAME)).map(Buyer::Named),
    }
}

pub(super) fn record(
    book: &Book,
    wanted: &[SellLine],
    buyer: Option<&Buyer>,
    location: Option<LocationId>,
    occurred_at: Option<Instant>,
    inputs: &mut Inputs<'_>,
) -> Result<Effects, Refusal> {
    let mut objections = Objections::default();
    lines::check_count(wanted.len(), &mut objections.faults);
    let location = stock::location(book, location, &mut objections.faults);
    let buyer = check_buyer(book, buyer, &mut objections.faults);
    let occurred_at = stock::happened(occurred_at, "/occurred_at", &mut objections.faults, inputs);
    let draft = lines::draft(book, wanted, inputs, &mut objections);
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
        sold_by: seller(inputs),
        reason: None,
        occurred_at,
        version: 1,
        created_at: inputs.now,
        updated_at: inputs.now,
    };
    sale.settle(book.currency()).map_err(lines::too_much)?;
    let leaving = lines::net(sale.lines.iter().map(|line| (line.product, line.quantity.taken())));
    let movements = book_for(book, &sale, Kind::Sold, &leaving, occurred_at, inputs)?;
    sale.number = (inputs.next_number)(Series::Sales);
    Ok(Effects { movements, sales: vec![Written::new(sale)], ..Effects::default() })
}

pub(super) fn seller(inputs: &Inputs<'_>) -> Option<UserId> {
    match inputs.principal.actor {
        Actor::User(id) => Some(id),
        Actor::Connection(_) | Actor::System => None,
    }
}

fn book_for(
    book: &Book,
    sale: &Sale,
    kind: Kind,
    changes: &[(ProductId, Delta)],
    occurred_at: Instant,
    inputs: &mut Inputs<'_>,
) -> Result<Vec<crate::stock::Movement>, Refusal> {
    let moves = changes.iter().any(|(_, change)| !change.is_zero());
    if moves && book.location(sale.location).is_none() {
        return Err(Refusal::conflict(
            "location_removed",
            "the location of this sale was removed: adjust stock elsewhere",
        ));
    }
    let moving = stock::Moving {
        kind,
        location: sale.location,
        judged: stock::Judged::AsPromise,
        reason: sale.reason.as_deref(),
        source: Some(Source::Sale(sale.id)),
        occurred_at,
    };
    stock::move_stock(book, &Change::all_on_hand(changes), &moving, inputs)
}

fn open_sale(book: &Book, id: SaleId, inputs: &Inputs<'_>) -> Result<Sale, Refusal> {
    let sale = book.sale(id).ok_or(Refusal::NotFound("sale"))?;
    inputs.check_version(sale.version)?;
    if sale.status == SaleStatus::Voided {
        return Err(Refusal::conflict("voided", "this sale was voided: it stays as it is"));
    }
    Ok((**sale).clone())
}

fn changed(mut sale: Sale, reason: Option<String>, inputs: &Inputs<'_>) -> Sale {
    sale.reason = reason.or(sale.reason);
    sale.version += 1;
    sale.updated_at = inputs.now;
    sale
}
