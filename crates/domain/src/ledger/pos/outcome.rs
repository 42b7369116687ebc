//! What comes of a delivery: its movements, all of them, or why it is refused or held.

use super::resolve::{Resolution, location, resolve};
use crate::{
    ids::ProductId,
    instant::Instant,
    ledger::{Book, Effects, Inputs, Refusal, Stop, Unavailable, Written, stock},
    pos::{OnShortage, PosConnection, PosEvent, PosEventLine, PosEventStatus, PosReason, Report},
    quantity::Quantity,
    stock::{Change, Movement, MovementKind, Source},
    text::limits,
};
use std::sync::Arc;

/// What comes of an event that was resolved to this.
pub(super) fn outcome(
    book: &Book,
    connection: &PosConnection,
    mut event: PosEvent,
    resolution: Resolution,
    inputs: &mut Inputs<'_>,
) -> Result<Effects, Stop> {
    let mut effects = Effects::default();
    let (status, why) = match resolution {
        // What is wrong with it was not known when it came, for its product was not: now somebody has to look at it.
        Resolution::Invalid(errors) => (PosEventStatus::Held, Some(reason("invalid", errors))),
        Resolution::Held(reason) => (PosEventStatus::Held, Some(reason)),
        Resolution::Products(products) => {
            match (book_lines(book, connection, &event, &products, inputs), connection.on_shortage) {
                (Ok(movements), _) => {
                    effects.stock.movements = movements;
                    (PosEventStatus::Applied, None)
                }
                (Err(refusal), OnShortage::Hold) => (PosEventStatus::Held, Some(reason(code(&refusal), refusal))),
                (Err(refusal), OnShortage::Refuse) => {
                    let why = reason(code(&refusal), &refusal);
                    effects.pos.refused = Some(refusal);
                    (PosEventStatus::Refused, Some(why))
                }
            }
        }
    };
    (event.status, event.reason) = (status, why);
    event.version += 1;
    event.updated_at = inputs.now;
    effects.pos.events.push(Written::changed(event));
    effects.name_products(book);
    Ok(effects)
}

/// Judges a delivery that was refused or is held.
pub(super) fn apply_again(
    book: &Book,
    connection: &PosConnection,
    event: &Arc<PosEvent>,
    inputs: &mut Inputs<'_>,
) -> Result<Effects, Stop> {
    let resolution = resolve(book, connection, &event.lines, Some(event.received_at), inputs)?;
    outcome(book, connection, (**event).clone(), resolution, inputs)
}

/// A reason, cut to what a note may have: a delivery of 200 lines can be short of 200 products.
pub(super) fn reason(code: &str, detail: impl std::fmt::Display) -> PosReason {
    let detail = detail.to_string();
    let cut =
        detail.char_indices().nth(limits::NOTE - 1).map_or(detail.clone(), |(end, _)| format!("{}…", &detail[..end]));
    PosReason { code: code.to_owned(), detail: cut }
}

const fn code(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::InsufficientStock(_) => "insufficient_stock",
        Refusal::ProductUnavailable { .. } => "product_unavailable",
        Refusal::Conflict { reason, .. } => reason,
        Refusal::Invalid(_) => "invalid",
        Refusal::Forbidden(_)
        | Refusal::NotFound(_)
        | Refusal::PreconditionFailed
        | Refusal::Duplicate { .. }
        | Refusal::InUse(_)
        | Refusal::IllegalTransition { .. }
        | Refusal::PromoRefused(_)
        | Refusal::CartEmpty
        | Refusal::KeyReused => "refused",
    }
}

/// Of several counts of one product the latest counts, so each level's history is read once. A count without a time was taken when it was
/// received: now (`None`), or in the past where the delivery had to wait.
pub(super) fn latest_counts<'l>(
    lines: impl Iterator<Item = (&'l PosEventLine, ProductId)>,
    received: Option<Instant>,
) -> Vec<(ProductId, Quantity, Option<Instant>)> {
    let mut latest: Vec<(ProductId, Quantity, Option<Instant>)> = Vec::new();
    for (line, product) in lines {
        let Report::Count { counted, counted_at } = &line.report else { continue };
        let at = counted_at.or(received);
        // Now is later than any time that was named.
        let order = |at: Option<Instant>| (at.is_none(), at);
        match latest.iter_mut().find(|(known, ..)| *known == product) {
            Some(one) if order(one.2) <= order(at) => *one = (product, *counted, at),
            Some(_) => {}
            None => latest.push((product, *counted, at)),
        }
    }
    latest
}

fn book_lines(
    book: &Book,
    connection: &PosConnection,
    event: &PosEvent,
    products: &[ProductId],
    inputs: &mut Inputs<'_>,
) -> Result<Vec<Movement>, Refusal> {
    let removed = products.iter().filter_map(|id| book.product(*id)).find(|product| product.removed_at.is_some());
    if let Some(product) = removed {
        let (id, sku) = (product.id, product.sku.clone());
        return Err(Refusal::ProductUnavailable { product: id, sku, why: Unavailable::Removed });
    }
    let limit = match connection.on_shortage {
        OnShortage::Hold => stock::Limit::OnHand,
        OnShortage::Refuse => stock::Limit::Available,
    };
    let posting = stock::Posting {
        kind: MovementKind::Pos,
        location: location(book, connection),
        limit,
        reason: None,
        source: Some(Source::PosEvent(event.id)),
        occurred_at: event.received_at,
    };
    let mut movements = stock::post_reports(book, &reports(event, products), &posting, inputs)?;
    movements.extend(book_counts(book, event, products, &posting, inputs)?);
    // The order in which they are read again, so that a delivery that comes twice is answered alike.
    movements.sort_by_key(|movement| (movement.product, movement.seq));
    Ok(movements)
}

/// Each change with its own words and time.
fn reports<'e>(event: &'e PosEvent, products: &[ProductId]) -> Vec<stock::ReportedChange<'e>> {
    let report = |(line, product): (&'e PosEventLine, &ProductId)| match &line.report {
        Report::Change { change, occurred_at, reason } => Some(stock::ReportedChange {
            product: *product,
            change: *change,
            occurred_at: occurred_at.unwrap_or(event.received_at),
            reason: reason.as_deref(),
        }),
        Report::Count { .. } => None,
    };
    event.lines.iter().zip(products).filter_map(report).collect()
}

/// One that is not newer than the last one booked changes nothing.
fn book_counts(
    book: &Book,
    event: &PosEvent,
    products: &[ProductId],
    posting: &stock::Posting<'_>,
    inputs: &mut Inputs<'_>,
) -> Result<Vec<Movement>, Refusal> {
    // An event that was never resolution came now.
    let received = (event.version > 0).then_some(event.received_at);
    let lines = event.lines.iter().zip(products.iter().copied());
    let mut movements = Vec::new();
    for (product, counted, at) in latest_counts(lines, received) {
        let level = book.level(product, posting.location);
        let stock::Found::Difference(change) = stock::found(book, &level, counted, at, inputs)? else { continue };
        let occurred_at = at.unwrap_or(event.received_at);
        let posting =
            stock::Posting { kind: MovementKind::Counted, limit: stock::Limit::OnHand, occurred_at, ..*posting };
        movements.extend(stock::post_changes(book, &[(product, Change::on_hand(change))], &posting, inputs)?);
    }
    Ok(movements)
}
