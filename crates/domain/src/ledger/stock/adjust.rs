//! Changing what is on hand because somebody says so. Whether there is enough is judged by posting it.

use super::{Limit, Posting, location_named, post_changes};
use crate::{
    field_errors::FieldErrors,
    ids::{LocationId, ProductId},
    ledger::{Book, Effects, Inputs, Stop, catalogue, lines},
    quantity::{Delta, MAX, QuantityError},
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
    book.require_last(|need| lines::need_stock(need, [product], place))?;
    let unit = &catalogue::addressed(book, product)?.unit;
    let mut errors = FieldErrors::new();
    let location = location_named(book, location, &mut errors);
    if change.is_zero() {
        errors.add("/quantity_change", "zero", "a change is not zero");
    } else if change.magnitude() > MAX {
        errors.add("/quantity_change", "too_large", QuantityError::TooLarge);
    } else if let Err(error) = unit.check_change(change) {
        errors.add("/quantity_change", "too_precise", error);
    }
    let reason = errors.take("/reason", text::required(reason, limits::NOTE)).unwrap_or_default();
    errors.into_result()?;
    let posting = Posting {
        kind: MovementKind::Adjusted,
        location,
        limit: Limit::Available,
        reason: Some(&reason),
        source: None,
        occurred_at: inputs.now,
    };
    let mut effects =
        Effects::of_movements(post_changes(book, &[(product, Change::on_hand(change))], &posting, inputs)?);
    effects.name_products(book);
    Ok(effects)
}
