//! Changing what is on hand because somebody says so.

use super::{Judged, Moving, location_named, move_stock};
use crate::{
    faults::Faults,
    ids::{LocationId, ProductId},
    ledger::{Book, Effects, Inputs, Stop, catalogue, lines},
    quantity::Delta,
    stock::{Change, Kind},
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
    let mut faults = Faults::new();
    let location = location_named(book, location, &mut faults);
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
    let mut effects = Effects::moving(move_stock(book, &[(product, Change::on_hand(change))], &moving, inputs)?);
    effects.name_moved(book);
    Ok(effects)
}
