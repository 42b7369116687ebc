//! What people do with deliveries that were refused or are held. How a delivery is judged is in `resolve` and `outcome`.

use super::outcome;
use crate::{
    ids::PosEventId,
    ledger::{AuditEntry, Book, Effects, Inputs, Refusal, Stop, Written},
    pos::{PosEvent, PosEventStatus, PosReason},
    text::{self, limits},
};
use std::sync::Arc;

pub(super) fn retry(book: &Book, id: PosEventId, inputs: &mut Inputs<'_>) -> Result<Effects, Stop> {
    book.require(|need| need.pos.owners.add(id))?;
    let owner = *book.pos.owners.get(&id).ok_or(Refusal::NotFound("event"))?;
    book.require(|need| {
        need.pos.connections.add(owner);
        need.pos.events.add(id);
    })?;
    let event = open_event(book, id, inputs)?;
    let connection = book.pos.connections.get(&owner).ok_or_else(|| {
        Refusal::conflict("connection_removed", "the connection of this delivery was removed: dismiss it instead")
    })?;
    outcome::apply_again(book, connection, event, inputs)
}

pub(super) fn dismiss(
    book: &Book,
    id: PosEventId,
    reason: Option<&str>,
    inputs: &mut Inputs<'_>,
) -> Result<Effects, Stop> {
    let reason = text::optional(reason.unwrap_or(""), limits::NOTE);
    let reason = reason.map_err(|error| Refusal::invalid("/reason", "invalid", error))?;
    book.require_last(|need| need.pos.events.add(id))?;
    let mut event = (**open_event(book, id, inputs)?).clone();
    event.status = PosEventStatus::Dismissed;
    event.reason = Some(PosReason { code: "dismissed".to_owned(), detail: reason });
    event.version += 1;
    event.updated_at = inputs.now;
    let mut effects = Effects::default();
    effects.pos.events.push(Written::changed(event));
    effects.audit.push(AuditEntry::of("pos_event.dismissed", ("pos_event", id.uuid()), inputs));
    Ok(effects)
}

fn open_event<'b>(book: &'b Book, id: PosEventId, inputs: &Inputs<'_>) -> Result<&'b Arc<PosEvent>, Refusal> {
    let event = book.pos.events.get(&id).ok_or(Refusal::NotFound("event"))?;
    inputs.check_version(event.version)?;
    match event.status {
        PosEventStatus::Received | PosEventStatus::Refused | PosEventStatus::Held => Ok(event),
        PosEventStatus::Applied | PosEventStatus::Dismissed => {
            Err(Refusal::IllegalTransition { from: event.status.as_str(), allowed: &[] })
        }
    }
}
