//! Changing what is on hand because somebody says so.

use super::{Judged, Moving, location_named, move_stock};
use crate::{
    field_errors::FieldErrors,
    ids::{LocationId, ProductId},
    ledger::{Book, Effects, Inputs, Stop, catalogue, lines},
    quantity::Delta,
    stock::{Change, MovementKind},
    text::{self, limits},
};

pub(super) fn adjust(
    book: &Book,
    (product, location): (ProductId, Option<LocationId>),
    change: Delta,
    reason: &str,
    inputs: &mut Inputs<'_>,
) -> Result<Effects, Stop> {
    let place = location.unwrap_or(book.default_location());
    book.require_last(|need| lines::stock_of(need, [product], place))?;
    let unit = &catalogue::addressed(book, product)?.unit;
    let mut errors = FieldErrors::new();
    let location = location_named(book, location, &mut errors);
    if change.is_zero() {
        errors.add("/quantity_change", "zero", "a change is not zero");
    } else if let Err(misfit) = unit.check_change(change) {
        errors.add("/quantity_change", "too_precise", misfit);
    }
    let reason = errors.take("/reason", text::required(reason, limits::NOTE)).unwrap_or_default();
    errors.into_result()?;
    let moving = Moving {
        kind: MovementKind::Adjusted,
        location,
        judged: Judged::AsPromise,
        reason: Some(&reason),
        source: None,
        occurred_at: inputs.now,
    };
    let mut effects = Effects::moving(move_stock(book, &[(product, Change::on_hand(change))], &moving, inputs)?);
    effects.name_moved(book);
    Ok(effects)
}
