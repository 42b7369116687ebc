//! Moving stock: the one place that judges whether there is enough, and the commands that do nothing else.

use super::{Book, CLOCK_TOLERANCE_SECONDS, Effects, Inputs, MAX_ON_HAND, Refusal, Shortage, Written};
use crate::{
    catalogue::Product,
    faults::Faults,
    ids::{LocationId, MovementId, ProductId},
    instant::Instant,
    quantity::{Delta, Quantity},
    stock::{Change, Kind, Level, Movement, Source},
    text::{self, limits},
};
use std::sync::Arc;

/// How a change that takes away is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Judged {
    /// Only what is promised to nobody else may go.
    AsPromise,
    /// It has happened: whatever is on hand may go.
    AsFact,
}

/// What all movements of one decision have in common.
pub(super) struct Moving<'a> {
    pub kind: Kind,
    pub location: LocationId,
    pub judged: Judged,
    pub reason: Option<&'a str>,
    pub source: Option<Source>,
    pub occurred_at: Instant,
}

/// The movements for these changes, one for each product (which occurs once), or all that is short.
pub(super) fn move_stock(
    book: &Book,
    changes: &[(ProductId, Change)],
    moving: &Moving<'_>,
    inputs: &mut Inputs<'_>,
) -> Result<Vec<Movement>, Refusal> {
    let mut shortages = Vec::new();
    let mut movements = Vec::with_capacity(changes.len());
    for &(product, change) in changes {
        if change == Change::default() && moving.kind != Kind::Counted {
            continue;
        }
        let level = book.level(product, moving.location);
        match judge(level, change, moving.judged) {
            Ok(after) => movements.push(movement(level, change, after, moving, inputs)),
            Err(Unfit::Short { requested, available }) => {
                shortages.push(shortage(book, &level, requested, available)?);
            }
            Err(Unfit::TooMuch) => {
                return Err(Refusal::conflict("too_much_stock", "more than 10^10 cannot be on hand at one location"));
            }
            Err(Unfit::NotReserved) => {
                return Err(Refusal::conflict("not_reserved", "less is reserved than would be released"));
            }
        }
    }
    if shortages.is_empty() { Ok(movements) } else { Err(Refusal::InsufficientStock(shortages)) }
}

enum Unfit {
    Short { requested: Quantity, available: Quantity },
    TooMuch,
    NotReserved,
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

fn shortage(book: &Book, level: &Level, requested: Quantity, available: Quantity) -> Result<Shortage, Refusal> {
    let product = book.product(level.product).ok_or(Refusal::NotFound("product"))?;
    Ok(Shortage {
        product: level.product,
        sku: product.sku.clone(),
        location: level.location,
        requested,
        available,
        reserved: level.reserved,
    })
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

/// The location named, or the default one.
pub(super) fn location(book: &Book, named: Option<LocationId>, faults: &mut Faults) -> LocationId {
    let id = named.unwrap_or(book.default_location());
    if book.location(id).is_none() {
        faults.add("/location_id", "unknown_location", "there is no such location");
    }
    id
}

/// When it happened: by the caller's word, at most five minutes ahead of us.
pub(super) fn happened(at: Option<Instant>, pointer: &str, faults: &mut Faults, inputs: &Inputs<'_>) -> Instant {
    let at = at.unwrap_or(inputs.now);
    if at > inputs.now.plus_seconds(CLOCK_TOLERANCE_SECONDS) {
        faults.add(pointer, "in_the_future", "this is more than five minutes ahead of our clock");
    }
    at
}

/// The product addressed by the request's path.
pub(super) fn addressed(book: &Book, id: ProductId) -> Result<&Arc<Product>, Refusal> {
    book.product(id).filter(|product| product.removed_at.is_none()).ok_or(Refusal::NotFound("product"))
}

pub(super) fn adjust(
    book: &Book,
    product: ProductId,
    named: Option<LocationId>,
    change: Delta,
    reason: &str,
    inputs: &mut Inputs<'_>,
) -> Result<Effects, Refusal> {
    let unit = &addressed(book, product)?.unit;
    let mut faults = Faults::new();
    let location = location(book, named, &mut faults);
    if change.is_zero() {
        faults.add("/quantity_change", "zero", "a change is not zero");
    } else if let Err(misfit) = unit.check_change(change) {
        faults.add("/quantity_change", "too_precise", misfit);
    }
    let reason = faults.take("/reason", text::required(reason, limits::NOTE)).unwrap_or_default();
    faults.into_result()?;
    let moving = Moving {
        kind: Kind::Adjusted,
        location,
        judged: Judged::AsPromise,
        reason: Some(&reason),
        source: None,
        occurred_at: inputs.now,
    };
    let movements = move_stock(book, &[(product, Change::on_hand(change))], &moving, inputs)?;
    Ok(Effects { movements, ..Effects::default() })
}

pub(super) fn count(
    book: &Book,
    product: ProductId,
    named: Option<LocationId>,
    counted: Quantity,
    counted_at: Option<Instant>,
    inputs: &mut Inputs<'_>,
) -> Result<Effects, Refusal> {
    let unit = &addressed(book, product)?.unit;
    let mut faults = Faults::new();
    let location = location(book, named, &mut faults);
    if let Err(misfit) = unit.check(counted) {
        faults.add("/counted", "too_precise", misfit);
    }
    let counted_at = happened(counted_at, "/counted_at", &mut faults, inputs);
    faults.into_result()?;
    let level = book.level(product, location);
    if level.counted_at.is_some_and(|last| last > counted_at) {
        return Err(Refusal::conflict("count_superseded", "a later count is booked already: this one changes nothing"));
    }
    let change = found(book, &level, counted, counted_at)?;
    let moving = Moving {
        kind: Kind::Counted,
        location,
        judged: Judged::AsFact,
        reason: None,
        source: None,
        occurred_at: counted_at,
    };
    let movements = move_stock(book, &[(product, Change::on_hand(change))], &moving, inputs)?;
    Ok(Effects { movements, ..Effects::default() })
}

/// What a count found to differ: counted minus what the ledger had on hand at that moment, so that what was sold since stays sold.
pub(super) fn found(book: &Book, level: &Level, counted: Quantity, at: Instant) -> Result<Delta, Refusal> {
    let since = book.changed_since(level.product, level.location, at);
    // On hand then is on hand now without what has changed since; it may be below zero where reports came out of order.
    let now = level.on_hand.gained();
    let change = now
        .checked_add(since.reversed())
        .and_then(|then| counted.gained().checked_add(then.reversed()))
        .ok_or_else(|| Refusal::conflict("too_much_stock", "this count cannot be booked"))?;
    if change.is_negative() && change.magnitude() > level.on_hand {
        return Err(Refusal::conflict(
            "count_contradicted",
            format!(
                "{counted} were counted at {at}, but {} have left since: count again and name the time of that count",
                since.reversed()
            ),
        ));
    }
    Ok(change)
}

pub(super) fn remove_location(book: &Book, id: LocationId, inputs: &mut Inputs<'_>) -> Result<Effects, Refusal> {
    let location = book.location(id).ok_or(Refusal::NotFound("location"))?;
    inputs.check_version(location.version)?;
    if location.is_default {
        return Err(Refusal::InUse("this is the default location".to_owned()));
    }
    let holding = book.levels().filter(|l| l.location == id && !(l.on_hand.is_zero() && l.reserved.is_zero())).count();
    if holding > 0 {
        return Err(Refusal::InUse(format!(
            "there is stock of {holding} products at this location: transfer or adjust it first"
        )));
    }
    let mut removed = (**location).clone();
    removed.removed_at = Some(inputs.now);
    removed.updated_at = inputs.now;
    removed.version += 1;
    Ok(Effects { locations: vec![Written::changed(removed)], ..Effects::default() })
}

/// Notes what is wrong with a quantity that somebody asks for.
pub(super) fn check_quantity(product: &Product, quantity: Quantity, pointer: &str, faults: &mut Faults) {
    if let Err((code, detail)) = product.unit.check_wanted(quantity) {
        faults.add(pointer, code, detail);
    }
}
