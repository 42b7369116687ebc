//! Counting: what is booked is the difference between what was found and what the ledger had.

use super::{Limit, Posting, check_occurred_at, location_named, post_changes};
use crate::{
    field_errors::FieldErrors,
    ids::{LocationId, ProductId},
    instant::Instant,
    ledger::{Book, CLOCK_TOLERANCE_SECONDS, Effects, Inputs, Refusal, Stop, catalogue, lines},
    quantity::{Delta, MAX, Quantity, QuantityError},
    stock::{Change, Level, MovementKind},
};

/// How old a count may be, in seconds: 31 days. So no count reads more of a level's ledger than that.
pub(crate) const MAX_AGE_SECONDS: i64 = 31 * 24 * 3_600;

pub(super) fn count(
    book: &Book,
    (product, location): (ProductId, Option<LocationId>),
    counted: Quantity,
    counted_at: Option<Instant>,
    inputs: &mut Inputs<'_>,
) -> Result<Effects, Stop> {
    let place = location.unwrap_or(book.default_location());
    let mut errors = FieldErrors::new();
    check_count_time(counted_at, "/counted_at", &mut errors, inputs);
    let is_in_time = errors.is_empty();
    book.require_last(|need| {
        lines::need_stock(need, [product], place);
        need.stock.histories.extend(counted_at.filter(|_| is_in_time).map(|at| (product, place, at)));
    })?;
    let unit = &catalogue::addressed(book, product)?.unit;
    let location = location_named(book, location, &mut errors);
    if counted > MAX {
        errors.add("/counted", "too_large", QuantityError::TooLarge);
    } else if let Err(error) = unit.check(counted) {
        errors.add("/counted", "too_precise", error);
    }
    errors.into_result()?;
    let level = book.level(product, location);
    let change = match found(book, &level, counted, counted_at, inputs)? {
        Found::Difference(change) => change,
        Found::Superseded => {
            let detail = "a later count is booked already, or the first stock came later: this one changes nothing";
            return Err(Refusal::conflict("count_superseded", detail).into());
        }
    };
    let posting = Posting {
        kind: MovementKind::Counted,
        location,
        limit: Limit::OnHand,
        reason: None,
        source: None,
        occurred_at: counted_at.unwrap_or(inputs.now),
    };
    let mut effects =
        Effects::of_movements(post_changes(book, &[(product, Change::on_hand(change))], &posting, inputs)?);
    effects.name_products(book);
    Ok(effects)
}

/// Notes a count that lies too far back or ahead.
pub(in crate::ledger) fn check_count_time(
    at: Option<Instant>,
    pointer: &str,
    errors: &mut FieldErrors,
    inputs: &Inputs<'_>,
) {
    let at = check_occurred_at(at, pointer, errors, inputs);
    if at < inputs.now.plus_seconds(-MAX_AGE_SECONDS) {
        errors.add(pointer, "too_long_ago", "a count is at most 31 days old");
    }
}

/// What a count comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ledger) enum Found {
    /// What is to be booked.
    Difference(Delta),
    /// Nothing: it is not newer than the last one, or older than the level's first movement.
    Superseded,
}

/// What a count found to differ. One without a time says what is there now. One with a time is compared with what the ledger had on hand
/// at that moment, so that what was sold since stays sold; its history must be known.
pub(in crate::ledger) fn found(
    book: &Book,
    level: &Level,
    counted: Quantity,
    counted_at: Option<Instant>,
    inputs: &Inputs<'_>,
) -> Result<Found, Refusal> {
    let Some(at) = counted_at else { return Ok(Found::Difference(Delta::between(level.on_hand, counted))) };
    let history = book.stock.histories.get(&(level.product, level.location, at)).copied().unwrap_or_default();
    // A count that lies ahead was taken by a clock that has been set back since: it is no reason to refuse those that follow.
    let last = level.counted_at.filter(|last| *last <= inputs.now.plus_seconds(CLOCK_TOLERANCE_SECONDS));
    if last.is_some_and(|last| at <= last) || history.began_at.is_some_and(|began| at < began) {
        return Ok(Found::Superseded);
    }
    // On hand then is on hand now without what has changed since; it may be below zero where reports came out of order.
    let change = level
        .on_hand
        .as_increase()
        .checked_add(history.changed.reversed())
        .and_then(|then| counted.as_increase().checked_add(then.reversed()))
        .ok_or_else(|| Refusal::conflict("too_much_stock", "this count cannot be booked"))?;
    if change.is_negative() && change.magnitude() > level.on_hand {
        let detail = format!(
            "{counted} were counted at {at}, but {} have left since: count again and name the time of that count",
            history.changed.reversed()
        );
        return Err(Refusal::conflict("count_contradicted", detail));
    }
    Ok(Found::Difference(change))
}
