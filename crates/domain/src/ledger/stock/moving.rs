//! Moving stock: the one place that judges whether there is enough.

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

/// How a change that takes away is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ledger) enum Judged {
    /// Only what is promised to nobody else may go.
    AsPromise,
    /// It has happened: whatever is on hand may go.
    AsFact,
}

/// What all movements of one decision have in common.
#[derive(Clone, Copy)]
pub(in crate::ledger) struct Moving<'a> {
    pub kind: MovementKind,
    pub location: LocationId,
    pub judged: Judged,
    pub reason: Option<&'a str>,
    pub source: Option<Source>,
    pub occurred_at: Instant,
}

/// The movements for these changes, one for each product (which occurs once), or all that is short.
pub(in crate::ledger) fn move_stock(
    book: &Book,
    changes: &[(ProductId, Change)],
    moving: &Moving<'_>,
    inputs: &mut Inputs<'_>,
) -> Result<Vec<Movement>, Refusal> {
    let mut shortages = Vec::new();
    let mut movements = Vec::with_capacity(changes.len());
    for &(product, change) in changes {
        if change == Change::default() && moving.kind != MovementKind::Counted {
            continue;
        }
        let level = book.level(product, moving.location);
        match judge(level, change, moving.judged) {
            Ok(after) => movements.push(movement(level, change, after, moving, inputs)),
            Err(unfit) => shortages.push(unfit.shortage(book, &level)?),
        }
    }
    if shortages.is_empty() { Ok(movements) } else { Err(Refusal::InsufficientStock(shortages)) }
}

/// A change that somebody reports, with words and a time of its own.
#[derive(Debug, Clone, Copy)]
pub(in crate::ledger) struct Report<'a> {
    pub product: ProductId,
    pub change: Delta,
    pub occurred_at: Instant,
    pub reason: Option<&'a str>,
}

/// Judges the reports together, each product by what all of them come to, and books them one by one: what came in first, so that nothing
/// is ever booked below zero on the way.
pub(in crate::ledger) fn move_each(
    book: &Book,
    reports: &[Report<'_>],
    moving: &Moving<'_>,
    inputs: &mut Inputs<'_>,
) -> Result<Vec<Movement>, Refusal> {
    let mut shortages = Vec::new();
    for (product, change) in lines::net(reports.iter().map(|report| (report.product, report.change))) {
        let level = book.level(product, moving.location);
        if let Err(unfit) = judge(level, Change::on_hand(change), moving.judged) {
            shortages.push(unfit.shortage(book, &level)?);
        }
    }
    if !shortages.is_empty() {
        return Err(Refusal::InsufficientStock(shortages));
    }
    let (leaving, coming): (Vec<_>, Vec<_>) = reports.iter().partition(|report| report.change.is_negative());
    let mut levels: HashMap<ProductId, Level> = HashMap::new();
    let mut movements = Vec::with_capacity(reports.len());
    for Report { product, change, occurred_at, reason } in coming.into_iter().chain(leaving).copied() {
        let level = levels.entry(product).or_insert_with(|| book.level(product, moving.location));
        let moving = Moving { occurred_at, reason, ..*moving };
        // The promise was judged above, by the sum.
        let after = judge(*level, Change::on_hand(change), Judged::AsFact);
        let after = after.map_err(|_| Refusal::conflict("too_much_stock", TOO_MUCH))?;
        let movement = movement(*level, Change::on_hand(change), after, &moving, inputs);
        *level = level.after(&movement);
        movements.push(movement);
    }
    Ok(movements)
}

const TOO_MUCH: &str = "more than 10^10 cannot be on hand at one location";

enum Unfit {
    Short { requested: Quantity, available: Quantity },
    TooMuch,
    NotReserved,
}

impl Unfit {
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
            Self::TooMuch => Err(Refusal::conflict("too_much_stock", TOO_MUCH)),
            Self::NotReserved => Err(Refusal::conflict("not_reserved", "less is reserved than would be released")),
        }
    }
}

/// The two figures after the change.
fn judge(level: Level, change: Change, judged: Judged) -> Result<(Quantity, Quantity), Unfit> {
    let available = match judged {
        Judged::AsPromise => level.available(),
        Judged::AsFact => level.on_hand,
    };
    let requested = if change.on_hand.is_negative() {
        change.on_hand.magnitude()
    } else {
        Quantity::ZERO.after(change.reserved).unwrap_or(Quantity::ZERO)
    };
    if available < requested {
        return Err(Unfit::Short { requested, available });
    }
    let reserved = level.reserved.after(change.reserved).ok_or(Unfit::NotReserved)?;
    match level.on_hand.after(change.on_hand) {
        Some(on_hand) if on_hand.hundred_thousandths() <= MAX_ON_HAND => Ok((on_hand, reserved)),
        _ => Err(Unfit::TooMuch),
    }
}

fn movement(
    level: Level,
    change: Change,
    (on_hand_after, reserved_after): (Quantity, Quantity),
    moving: &Moving<'_>,
    inputs: &mut Inputs<'_>,
) -> Movement {
    Movement {
        id: MovementId::from_uuid((inputs.new_id)()),
        product: level.product,
        location: level.location,
        seq: level.seq + 1,
        kind: moving.kind,
        change,
        on_hand_after,
        reserved_after,
        reason: moving.reason.map(str::to_owned),
        source: moving.source,
        actor: inputs.principal.actor,
        occurred_at: moving.occurred_at,
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
