//! A delivery comes in: for the first time, or again.

use super::{DuplicateDelivery, outcome, resolve};
use crate::{
    field_errors::FieldErrors,
    ids::PosEventId,
    ledger::{Book, Effects, Inputs, Refusal, Stop},
    pos::{PosConnection, PosEvent, PosEventLine, PosEventStatus, Reference, Report, WebhookDelivery},
    text::{self, limits},
};
use std::sync::Arc;

pub(super) fn apply(book: &Book, delivery: &Arc<WebhookDelivery>, inputs: &mut Inputs<'_>) -> Result<Effects, Stop> {
    let key = (delivery.connection, delivery.webhook_id.clone());
    book.require(|need| {
        need.pos.connections.add(delivery.connection);
        need.pos.event_ids.add(key.clone());
    })?;
    let connection = book.pos.connections.get(&delivery.connection).ok_or(Refusal::NotFound("connection"))?;
    if let Some(id) = book.pos.event_ids.get(&key) {
        return again(book, connection, *id, delivery, inputs);
    }
    let lines = stored_lines(&delivery.lines)?;
    let resolution = resolve::resolve(book, connection, &lines, None, inputs)?;
    if let resolve::Resolution::Invalid(errors) = resolution {
        return Err(errors.into());
    }
    let event = PosEvent {
        id: PosEventId::from_uuid((inputs.new_id)()),
        connection: delivery.connection,
        webhook_id: delivery.webhook_id.clone(),
        body_hash: delivery.body_hash,
        lines,
        status: PosEventStatus::Received,
        reason: None,
        version: 0,
        received_at: inputs.now,
        updated_at: inputs.now,
    };
    let mut effects = outcome::outcome(book, connection, event, resolution, inputs)?;
    effects.pos.delivery = Some(Arc::clone(delivery));
    effects.pos.events.iter_mut().for_each(|event| (event.is_new, event.has_new_lines) = (true, true));
    Ok(effects)
}

/// The same id came before: with the same body it is answered as then, or judged again where it was refused.
fn again(
    book: &Book,
    connection: &PosConnection,
    id: PosEventId,
    delivery: &WebhookDelivery,
    inputs: &mut Inputs<'_>,
) -> Result<Effects, Stop> {
    book.require(|need| need.pos.events.add(id))?;
    let event = book.pos.events.get(&id).ok_or(Refusal::NotFound("event"))?;
    if event.body_hash != delivery.body_hash {
        return Err(Refusal::KeyReused.into());
    }
    match event.status {
        PosEventStatus::Applied | PosEventStatus::Held | PosEventStatus::Dismissed => duplicate(book, event),
        PosEventStatus::Received | PosEventStatus::Refused => outcome::apply_again(book, connection, event, inputs),
    }
}

fn duplicate(book: &Book, event: &Arc<PosEvent>) -> Result<Effects, Stop> {
    book.require(|need| need.pos.event_movements.add(event.id))?;
    let movements = book.pos.event_movements.get(&event.id).cloned().unwrap_or_default();
    book.require_last(|need| need.catalogue.products.extend(movements.iter().map(|movement| movement.product)))?;
    let mut effects = Effects::default();
    for movement in &movements {
        effects.names.skus.insert(movement.product, book.sku(movement.product));
    }
    effects.pos.duplicate = Some(DuplicateDelivery { event: Arc::clone(event), movements });
    Ok(effects)
}

/// The lines as they are kept: their texts trimmed, for so they are looked up, and of a length that can be stored.
fn stored_lines(lines: &[PosEventLine]) -> Result<Vec<PosEventLine>, FieldErrors> {
    let mut errors = FieldErrors::new();
    let mut stored = Vec::with_capacity(lines.len());
    for (index, line) in lines.iter().enumerate() {
        let list = resolve::list_of(&line.report);
        let mut name = |name: &str| {
            let pointer = format!("/{list}/{index}/{}", line.product.kind());
            errors.take(&pointer, text::required(name, limits::CODE)).unwrap_or_default()
        };
        let product = match &line.product {
            Reference::Product(id) => Reference::Product(*id),
            Reference::Sku(sku) => Reference::Sku(name(sku)),
            Reference::External(id) => Reference::External(name(id)),
        };
        let report = match &line.report {
            Report::Change { change, occurred_at, reason } => {
                let reason = reason.as_deref().map(|reason| text::optional(reason, limits::NOTE));
                let reason = reason.and_then(|reason| errors.take(&format!("/changes/{index}/reason"), reason));
                let reason = reason.filter(|reason| !reason.is_empty());
                Report::Change { change: *change, occurred_at: *occurred_at, reason }
            }
            Report::Count { counted, counted_at } => Report::Count { counted: *counted, counted_at: *counted_at },
        };
        stored.push(PosEventLine { product, report });
    }
    errors.into_result()?;
    Ok(stored)
}
