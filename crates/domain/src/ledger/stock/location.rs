//! Where things happen and when: locations as requests name them, and taking one out of use.

use crate::{
    field_errors::FieldErrors,
    ids::LocationId,
    instant::Instant,
    ledger::{AuditEntry, Book, CLOCK_TOLERANCE_SECONDS, Effects, Inputs, Refusal, Stop, Written},
};

/// The location named, or the default one.
pub(in crate::ledger) fn named(book: &Book, named: Option<LocationId>, errors: &mut FieldErrors) -> LocationId {
    let id = named.unwrap_or(book.default_location());
    if book.location(id).is_none() {
        errors.add("/location_id", "unknown_location", "there is no such location");
    }
    id
}

/// When it happened: by the caller's word, at most five minutes ahead of us.
pub(in crate::ledger) fn check_occurred_at(
    at: Option<Instant>,
    pointer: &str,
    errors: &mut FieldErrors,
    inputs: &Inputs<'_>,
) -> Instant {
    let at = at.unwrap_or(inputs.now);
    if at > inputs.now.plus_seconds(CLOCK_TOLERANCE_SECONDS) {
        errors.add(pointer, "in_the_future", "this is more than five minutes ahead of our clock");
    }
    at
}

pub(super) fn remove(book: &Book, id: LocationId, inputs: &mut Inputs<'_>) -> Result<Effects, Stop> {
    book.require_last(|need| {
        need.stock.locations_to_change.add(id);
        need.stock.levels_at.add(id);
    })?;
    let location = book.location(id).ok_or(Refusal::NotFound("location"))?;
    inputs.check_version(location.version)?;
    if location.is_default {
        return Err(Refusal::InUse("this is the default location".to_owned()).into());
    }
    let products = book.stock.levels_at.get(&id).map_or(&[][..], Vec::as_slice);
    let holds = |product: &&_| {
        let level = book.level(**product, id);
        !(level.on_hand.is_zero() && level.reserved.is_zero())
    };
    let holding = products.iter().filter(holds).count();
    if holding > 0 {
        let detail = format!("there is stock of {holding} products at this location: transfer or adjust it first");
        return Err(Refusal::InUse(detail).into());
    }
    let mut removed = (**location).clone();
    removed.removed_at = Some(inputs.now);
    removed.updated_at = inputs.now;
    removed.version += 1;
    let mut effects = Effects::default();
    effects.stock.locations.push(Written::changed(removed));
    effects.audit.push(AuditEntry::of("location.removed", ("location", id.uuid()), inputs));
    Ok(effects)
}
