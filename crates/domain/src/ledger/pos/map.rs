//! What a till's products are. What their reports come to is in `outcome`.

use super::{Mapping, outcome, resolve};
use crate::{
    ids::{PosConnectionId, ProductId},
    ledger::{AuditEntry, Book, Effects, Inputs, Refusal, Stop},
    pos::{PosEvent, PosEventStatus, Reference},
    text::{self, limits},
};
use std::sync::Arc;

pub(super) fn map(
    book: &Book,
    connection: PosConnectionId,
    external_id: &str,
    product: ProductId,
    inputs: &mut Inputs<'_>,
) -> Result<Effects, Stop> {
    let external_id = text::required(external_id, limits::CODE);
    let external_id = external_id.map_err(|error| Refusal::invalid("/external_id", "invalid", error))?;
    let events = waiting(book, connection, &external_id)?;
    let from = book.pos.connections.get(&connection).ok_or(Refusal::NotFound("connection"))?;
    let mut effects = Effects::default();
    effects.pos.mapping = Some(Mapping { connection, external_id, product: Some(product) });
    // Each waiting delivery is judged by what those before it left, so they go through a book of their own.
    let mut after = book.clone();
    after.apply(&effects);
    after.require(|need| events.iter().for_each(|event| resolve::need_lookups(need, connection, &event.lines)))?;
    after.require_last(|need| {
        need.catalogue.products.add(product);
        // A count that is too old by now is not booked, and reads no history.
        let in_time =
            |event: &&&Arc<PosEvent>| resolve::check_times(&event.lines, Some(event.received_at), inputs).is_empty();
        for event in events.iter().filter(in_time) {
            let products = resolve::products_of(&after, connection, &event.lines);
            resolve::need_stock_of(need, &after, from, &event.lines, &products, Some(event.received_at));
        }
    })?;
    if book.product(product).is_none_or(|product| product.removed_at.is_some()) {
        return Err(Refusal::invalid("/product_id", "unknown_product", "there is no such product").into());
    }
    for event in events {
        let next = outcome::apply_again(&after, from, event, inputs)?;
        after.apply(&next);
        effects.stock.movements.extend(next.stock.movements);
        effects.pos.events.extend(next.pos.events);
    }
    effects.audit.push(audited("pos_product.mapped", connection, inputs));
    Ok(effects)
}

/// The deliveries that are held and name this product of the till, in the order they came. The connection is held alone meanwhile, so that
/// none comes in between.
fn waiting<'b>(book: &'b Book, connection: PosConnectionId, external_id: &str) -> Result<Vec<&'b Arc<PosEvent>>, Stop> {
    let key = (connection, external_id.to_owned());
    book.require(|need| {
        need.pos.connections_to_change.add(connection);
        need.pos.connections.add(connection);
        need.pos.waiting.add(key.clone());
    })?;
    let ids = book.pos.waiting.get(&key).map_or(&[][..], Vec::as_slice);
    book.require(|need| need.pos.events.extend(ids.iter().copied()))?;
    let named = Reference::External(key.1);
    let waits = |event: &&Arc<PosEvent>| {
        event.status == PosEventStatus::Held && event.lines.iter().any(|line| line.product == named)
    };
    Ok(ids.iter().filter_map(|id| book.pos.events.get(id)).filter(waits).collect())
}

pub(super) fn unmap(
    book: &Book,
    connection: PosConnectionId,
    external_id: &str,
    inputs: &mut Inputs<'_>,
) -> Result<Effects, Stop> {
    let external_id = external_id.trim().to_owned();
    let key = (connection, external_id.clone());
    book.require_last(|need| {
        need.pos.connections_to_change.add(connection);
        need.pos.connections.add(connection);
        need.pos.mappings.add(key.clone());
    })?;
    book.pos.connections.get(&connection).ok_or(Refusal::NotFound("connection"))?;
    book.pos.mappings.get(&key).ok_or(Refusal::NotFound("mapping"))?;
    let mut effects = Effects::default();
    effects.pos.mapping = Some(Mapping { connection, external_id, product: None });
    effects.audit.push(audited("pos_product.unmapped", connection, inputs));
    Ok(effects)
}

fn audited(action: &'static str, connection: PosConnectionId, inputs: &mut Inputs<'_>) -> AuditEntry {
    AuditEntry::of(action, ("pos_connection", connection.uuid()), inputs)
}
