//! Keeps what tills delivered, and what their products are.

use crate::{
    bulk::{When, Writes, insertable_rows},
    dialect::Sql,
    ledger::{
        failure::LedgerResult,
        wing::{DecidedBatch, latest, position},
    },
    types::{At, Id},
};
use std::collections::{BTreeMap, HashMap};
use tradepost_domain::{
    ids::{PosConnectionId, PosEventId, ProductId},
    ledger::pos::{Effects, Mapping},
    pos::{PosEvent, Report, WebhookDelivery},
};

insertable_rows! {
    /// A delivery from a till.
    EventRow<'a> in pos_events {
        id: Id,
        connection_id: Id,
        webhook_id: &'a str,
        body_hash: &'a [u8],
        body: &'a [u8],
        headers: &'a str,
        status: &'a str,
        reason_code: Option<&'a str>,
        reason: Option<&'a str>,
        received_at: At,
        updated_at: At,
        version: i64,
    }
    /// A line of a delivery.
    EventLineRow<'a> in pos_event_lines {
        event_id: Id,
        position: i32,
        ref_kind: &'a str,
        ref_value: String,
        change: Option<i64>,
        counted: Option<i64>,
        counted_at: Option<At>,
        occurred_at: Option<At>,
        reason: Option<&'a str>,
    }
    /// What judging a delivery changes of it.
    JudgedRow<'a> in pos_events by (id) at version {
        id: Id,
        status: &'a str,
        reason_code: Option<&'a str>,
        reason: Option<&'a str>,
        updated_at: At,
        version: i64,
    }
}

pub(super) fn persist<'e>(writes: &mut Writes<'_, 'e>, batch: &DecidedBatch<'e>) -> LedgerResult {
    write_events(writes, batch)?;
    // A product that a batch maps several times is what it was last said to be.
    let mut mapped: BTreeMap<(PosConnectionId, &str), Option<ProductId>> = BTreeMap::new();
    for Mapping { connection, external_id, product } in batch.effects.iter().filter_map(|e| e.pos.mapping.as_ref()) {
        mapped.insert((*connection, external_id.as_str()), *product);
    }
    for ((connection, external_id), product) in mapped {
        write_mapping(writes, connection, external_id, product)?;
    }
    Ok(())
}

fn write_events<'e>(writes: &mut Writes<'_, 'e>, batch: &DecidedBatch<'e>) -> LedgerResult {
    // An event that one batch stores and then judges again is kept as it stands at the end.
    let mut deliveries: HashMap<PosEventId, &WebhookDelivery> = HashMap::new();
    for effects in batch.effects {
        // The mapping is kept by who calls this; the rest is for the answer.
        let Effects { events, delivery, mapping: _, refused: _, duplicate: _ } = &effects.pos;
        if let (Some(delivery), Some(event)) = (delivery, events.first()) {
            deliveries.insert(event.value.id, delivery);
        }
    }
    let written = batch.effects.iter().flat_map(|effects| &effects.pos.events);
    let events = latest(written, |event| event.id, |event| event.version);
    let (fresh, judged): (Vec<_>, Vec<_>) = events.into_iter().partition(|event| event.is_new);
    let new = |event: &'e PosEvent| deliveries.get(&event.id).map(|delivery| event_row(event, delivery));
    writes.insert(fresh.iter().filter_map(|event| new(event.value)).collect())?;
    writes.insert(fresh.iter().flat_map(|event| event_line_rows(event.value)).collect())?;
    writes.update(judged.iter().map(|event| (judged_row(event.value), event.loaded_version)).collect())?;
    Ok(())
}

fn judged_row(event: &PosEvent) -> JudgedRow<'_> {
    JudgedRow {
        id: event.id.into(),
        status: event.status.as_str(),
        reason_code: event.reason.as_ref().map(|reason| reason.code.as_str()),
        reason: event.reason.as_ref().map(|reason| reason.detail.as_str()),
        updated_at: event.updated_at.into(),
        version: event.version,
    }
}

fn event_row<'a>(event: &'a PosEvent, delivery: &'a WebhookDelivery) -> EventRow<'a> {
    EventRow {
        id: event.id.into(),
        connection_id: event.connection.into(),
        webhook_id: &event.webhook_id,
        body_hash: &event.body_hash,
        body: &delivery.body,
        headers: &delivery.headers,
        status: event.status.as_str(),
        reason_code: event.reason.as_ref().map(|reason| reason.code.as_str()),
        reason: event.reason.as_ref().map(|reason| reason.detail.as_str()),
        received_at: event.received_at.into(),
        updated_at: event.updated_at.into(),
        version: event.version,
    }
}

fn event_line_rows(event: &PosEvent) -> impl Iterator<Item = EventLineRow<'_>> {
    event.lines.iter().enumerate().map(|(index, line)| {
        let mut row = EventLineRow {
            event_id: event.id.into(),
            position: position(index),
            ref_kind: line.product.kind(),
            ref_value: line.product.value(),
            change: None,
            counted: None,
            counted_at: None,
            occurred_at: None,
            reason: None,
        };
        match &line.report {
            Report::Change { change, occurred_at, reason } => {
                row.change = Some(change.hundred_thousandths());
                row.occurred_at = occurred_at.map(Into::into);
                row.reason = reason.as_deref();
            }
            Report::Count { counted, counted_at } => {
                row.counted = Some(counted.hundred_thousandths());
                row.counted_at = counted_at.map(Into::into);
            }
        }
        row
    })
}

fn write_mapping(
    writes: &mut Writes<'_, '_>,
    connection: PosConnectionId,
    external_id: &str,
    product: Option<ProductId>,
) -> LedgerResult {
    let sql = match product {
        Some(product) => Sql::new("INSERT INTO pos_products (connection_id, external_id, product_id) VALUES (")
            .with(Id::from(connection))
            .text(", ")
            .with(external_id)
            .text(", ")
            .with(Id::from(product))
            .text(") ON CONFLICT (connection_id, external_id) DO UPDATE SET product_id = excluded.product_id"),
        None => Sql::new("DELETE FROM pos_products WHERE connection_id = ")
            .with(Id::from(connection))
            .text(" AND external_id = ")
            .with(external_id),
    };
    writes.run(When::First, "pos_products", None, sql)?;
    Ok(())
}
