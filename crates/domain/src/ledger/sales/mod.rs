//! Sales over the counter: recording, correcting, refunding and voiding them. Customers' orders are another wing.

mod command;
mod correct;
mod record;
mod refund;

pub use command::{Command, NewSale};

use super::{Book, Inputs, ReadSet, Refusal, Stop, Written, lines, shelf::shelves, stock};
use crate::{
    field_errors::FieldErrors,
    ids::{ProductId, SaleId},
    instant::Instant,
    quantity::Delta,
    sales::{Buyer, Sale, SaleStatus},
    stock::{Change, Movement, MovementKind, Source},
    text::{self, limits},
};
use std::sync::Arc;

shelves! {
    /// Sales with their lines, held alone until the batch is kept.
    sales: SaleId => Arc<Sale>, Documents;
}

/// What changes of sales.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields, default))]
pub struct Effects {
    /// Sales as they are now.
    pub sales: Vec<Written<Sale>>,
}

impl Effects {
    pub(super) fn is_empty(&self) -> bool {
        let Self { sales } = self;
        sales.is_empty()
    }
}

impl Shelves {
    pub(super) fn apply(&mut self, effects: &Effects) {
        let Effects { sales } = effects;
        for sale in sales.iter().map(|written| &written.value) {
            self.sales.enter(sale.id, Some(Arc::clone(sale)));
        }
    }
}

pub(super) fn decide(book: &Book, command: &Command, inputs: &mut Inputs<'_>) -> Result<super::Effects, Stop> {
    match command {
        Command::Record(new) => record::record(book, new, inputs),
        Command::Correct { id, lines, buyer, reason } => {
            correct::correct(book, *id, (lines.as_deref(), buyer.as_ref()), reason.as_deref(), inputs)
        }
        Command::Refund { id, lines, restock, reason } => {
            refund::refund(book, *id, (lines, *restock), reason.as_deref(), inputs)
        }
        Command::Void { id } => refund::void(book, *id, inputs),
    }
}

fn need_buyer(need: &mut ReadSet, buyer: Option<&Buyer>) {
    match buyer {
        Some(Buyer::Customer(id)) => need.customers.summaries.add(*id),
        Some(Buyer::Named(_)) | None => {}
    }
}

fn check_buyer(book: &Book, buyer: Option<&Buyer>, errors: &mut FieldErrors) -> Option<Buyer> {
    match buyer? {
        Buyer::Customer(id) if book.customers.summaries.get(id).is_none_or(|summary| summary.is_erased) => {
            errors.add("/customer_id", "unknown_customer", "there is no such customer");
            None
        }
        Buyer::Customer(id) => Some(Buyer::Customer(*id)),
        Buyer::Named(name) => errors.take("/customer_name", text::required(name, limits::NAME)).map(Buyer::Named),
    }
}

/// Looks a sale up, and requires what changing it depends on: the stock of its products and of these, who bought and who shall have.
fn sale_for_change<'b>(
    book: &'b Book,
    id: SaleId,
    more: impl Iterator<Item = ProductId>,
    buyer: Option<&Buyer>,
) -> Result<&'b Arc<Sale>, Stop> {
    book.require(|need| need.sales.sales.add(id))?;
    let sale = book.sales.sales.get(&id).ok_or(Refusal::NotFound("sale"))?;
    book.require_last(|need| {
        lines::need_stock(need, sale.lines.iter().map(|line| line.product).chain(more), sale.location);
        need_buyer(need, sale.buyer.as_ref());
        need_buyer(need, buyer);
    })?;
    Ok(sale)
}

/// The sale as it will be after this change.
fn next(sale: &Sale, reason: Option<String>, inputs: &Inputs<'_>) -> Result<Sale, Refusal> {
    inputs.check_version(sale.version)?;
    if sale.status == SaleStatus::Voided {
        return Err(Refusal::conflict("voided", "this sale was voided: it stays as it is"));
    }
    let mut sale = sale.clone();
    sale.reason = reason.or(sale.reason);
    sale.version += 1;
    sale.updated_at = inputs.now;
    Ok(sale)
}

/// The effects of a sale as it is now, and of what it moved.
fn written(book: &Book, sale: Written<Sale>, movements: Vec<Movement>) -> super::Effects {
    let mut effects = super::Effects::of_movements(movements);
    if let Some(Buyer::Customer(id)) = &sale.value.buyer {
        effects.name_customer(book, *id);
    }
    effects.sales.sales.push(sale);
    effects
}

/// The movements of a sale's stock by these changes of on hand.
fn post(
    book: &Book,
    sale: &Sale,
    (kind, occurred_at): (MovementKind, Instant),
    changes: &[(ProductId, Delta)],
    inputs: &mut Inputs<'_>,
) -> Result<Vec<Movement>, Refusal> {
    let changes_stock = changes.iter().any(|(_, change)| !change.is_zero());
    if changes_stock && book.location(sale.location).is_none() {
        let detail = "the location of this sale was removed: adjust stock elsewhere";
        return Err(Refusal::conflict("location_removed", detail));
    }
    let posting = stock::Posting {
        kind,
        location: sale.location,
        limit: stock::Limit::Available,
        reason: sale.reason.as_deref(),
        source: Some(Source::Sale(sale.id)),
        occurred_at,
    };
    stock::post_changes(book, &Change::all_on_hand(changes), &posting, inputs)
}
