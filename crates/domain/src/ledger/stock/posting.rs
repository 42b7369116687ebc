//! Posting movements to the ledger: the one place that judges whether there is enough. Why something moves is its caller's to say.

use crate::{
    catalogue::Product,
    field_errors::FieldErrors,
    ids::{LocationId, MovementId, ProductId},
    instant::Instant,
    ledger::{Book, Inputs, MAX_ON_HAND, Refusal, Shortage, lines},
    quantity::{Delta, Quantity},
    stock::{Change, Level, Movement, MovementKind, Source},
};
use std::collections::HashMap;

/// How much a change that takes stock away may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ledger) enum Limit {
    /// What is available: nobody else was promised it. For promises.
    Available,
    /// Whatever is on hand, promised or not. For facts: it has happened.
    OnHand,
}

/// What all movements of one decision have in common: how they are posted.
#[derive(Clone, Copy)]
pub(in crate::ledger) struct Posting<'a> {
    pub kind: MovementKind,
    pub location: LocationId,
    pub limit: Limit,
    pub reason: Option<&'a str>,
    pub source: Option<Source>,
    pub occurred_at: Instant,
}

/// The movements for these changes, one for each product (which occurs once), or all that is short.
pub(in crate::ledger) fn post_changes(
    book: &Book,
    changes: &[(ProductId, Change)],
    posting: &Posting<'_>,
    inputs: &mut Inputs<'_>,
) -> Result<Vec<Movement>, Refusal> {
    let mut shortages = Vec::new();
    let mut movements = Vec::with_capacity(changes.len());
    for &(product, change) in changes {
        if change == Change::default() && posting.kind != MovementKind::Counted {
            continue;
        }
        let level = book.level(product, posting.location);
        match figures_after(level, change, posting.limit) {
            Ok(after) => movements.push(movement(level, change, after, posting, inputs)),
            Err(error) => shortages.push(error.shortage(book, &level)?),
        }
    }
    if shortages.is_empty() { Ok(movements) } else { Err(Refusal::InsufficientStock(shortages)) }
}

/// A change of on hand that somebody reports, with words and a time of its own.
#[derive(Debug, Clone, Copy)]
pub(in crate::ledger) struct ReportedChange<'a> {
    pub product: ProductId,
    pub change: Delta,
    pub occurred_at: Instant,
    pub reason: Option<&'a str>,
}

/// Judges the reports together, each product by what all of them come to, and books them one by one, each as a movement: product by product,
/// and of each product in the order they were given; but what would leave less than nothing on hand waits until enough of it came in.
pub(in crate::ledger) fn post_reports(
    book: &Book,
    reports: &[ReportedChange<'_>],
    posting: &Posting<'_>,
    inputs: &mut Inputs<'_>,
) -> Result<Vec<Movement>, Refusal> {
    let mut shortages = Vec::new();
    for (product, change) in lines::sum_by_product(reports.iter().map(|report| (report.product, report.change))) {
        let level = book.level(product, posting.location);
        if let Err(error) = figures_after(level, Change::on_hand(change), posting.limit) {
            shortages.push(error.shortage(book, &level)?);
        }
    }
    if !shortages.is_empty() {
        return Err(Refusal::InsufficientStock(shortages));
    }
    let mut queues: HashMap<ProductId, Vec<&ReportedChange<'_>>> = HashMap::new();
    for report in reports {
        queues.entry(report.product).or_default().push(report);
    }
    let mut movements = Vec::with_capacity(reports.len());
    for report in reports {
        // All of a product where it first occurs.
        let Some(queue) = queues.remove(&report.product) else { continue };
        post_in_turn(book.level(report.product, posting.location), queue, posting, inputs, &mut movements)?;
    }
    Ok(movements)
}

/// Books the reports of one product, which together leave no less than nothing.
fn post_in_turn(
    mut level: Level,
    mut queue: Vec<&ReportedChange<'_>>,
    posting: &Posting<'_>,
    inputs: &mut Inputs<'_>,
    movements: &mut Vec<Movement>,
) -> Result<(), Refusal> {
    while !queue.is_empty() {
        // The limit was checked by the sum, so here it is enough that nothing is below zero. What comes in always fits, unless it is too
        // much to be kept anywhere; and where all that is left goes out, each of it does.
        let after = |report: &ReportedChange<'_>| figures_after(level, Change::on_hand(report.change), Limit::OnHand);
        let next = queue.iter().position(|report| after(report).is_ok()).unwrap_or(0);
        let report = queue.remove(next);
        let after = after(report).map_err(|_| Refusal::conflict("too_much_stock", TOO_MUCH_STOCK))?;
        let ReportedChange { change, occurred_at, reason, .. } = *report;
        let posting = Posting { occurred_at, reason, ..*posting };
        let movement = movement(level, Change::on_hand(change), after, &posting, inputs);
        level = level.after(&movement);
        movements.push(movement);
    }
    Ok(())
}

const TOO_MUCH_STOCK: &str = "more than 10^10 cannot be on hand at one location";

enum LevelError {
    Short { requested: Quantity, available: Quantity },
    TooMuch,
    NotReserved,
}

impl LevelError {
    /// What is short, or the refusal of a change that has nothing to do with shortage.
    fn shortage(self, book: &Book, level: &Level) -> Result<Shortage, Refusal> {
        match self {
            Self::Short { requested, available } => Ok(Shortage {
                product: level.product,
                sku: book.sku(level.product),
                location: level.location,
                requested,
                available,
                reserved: level.reserved,
            }),
            Self::TooMuch => Err(Refusal::conflict("too_much_stock", TOO_MUCH_STOCK)),
            Self::NotReserved => Err(Refusal::conflict("not_reserved", "less is reserved than would be released")),
        }
    }
}

/// The two figures after the change.
fn figures_after(level: Level, change: Change, limit: Limit) -> Result<(Quantity, Quantity), LevelError> {
    let available = match limit {
        Limit::Available => level.available(),
        Limit::OnHand => level.on_hand,
    };
    let requested = if change.on_hand.is_negative() {
        change.on_hand.magnitude()
    } else {
        Quantity::ZERO.after(change.reserved).unwrap_or(Quantity::ZERO)
    };
    if available < requested {
        return Err(LevelError::Short { requested, available });
    }
    let reserved = level.reserved.after(change.reserved).ok_or(LevelError::NotReserved)?;
    match level.on_hand.after(change.on_hand) {
        Some(on_hand) if on_hand.hundred_thousandths() <= MAX_ON_HAND => Ok((on_hand, reserved)),
        _ => Err(LevelError::TooMuch),
    }
}

fn movement(
    level: Level,
    change: Change,
    (on_hand_after, reserved_after): (Quantity, Quantity),
    posting: &Posting<'_>,
    inputs: &mut Inputs<'_>,
) -> Movement {
    Movement {
        id: MovementId::from_uuid((inputs.new_id)()),
        product: level.product,
        location: level.location,
        seq: level.seq + 1,
        kind: posting.kind,
        change,
        on_hand_after,
        reserved_after,
        reason: posting.reason.map(str::to_owned),
        source: posting.source,
        actor: inputs.principal.actor,
        occurred_at: posting.occurred_at,
        // Clocks of replicas differ; the order of a level's rows must not.
        recorded_at: level.recorded_at.map_or(inputs.now, |last| last.max(inputs.now)),
    }
}

/// Notes what is wrong with a quantity that somebody asks for.
pub(in crate::ledger) fn check_quantity(
    product: &Product,
    quantity: Quantity,
    pointer: &str,
    errors: &mut FieldErrors,
) {
    if let Err((code, detail)) = product.unit.check_wanted(quantity) {
        errors.add(pointer, code, detail);
    }
}
