//! Keeping what tills delivered, and what their products are.

use super::{Kept, again, position};
use crate::{
    connection::Conn,
    dialect::Sql,
    ledger::insert::{Rows as _, insertable_rows},
    types::{At, Id, InstantSql, UuidSql},
};
use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text};
use tradepost_domain::{
    ledger::{Effects, Mapping},
    pos::{Delivery, Event, Report},
};

insertable_rows! {
    /// A delivery from a till.
    EventRow<'a> in pos_events {
        id: Id as UuidSql,
        connection_id: Id as UuidSql,
        webhook_id: &'a str as Text,
        body_hash: &'a [u8] as Binary,
        body: &'a [u8] as Binary,
        headers: &'a str as Text,
        status: &'a str as Text,
        reason_code: Option<&'a str> as Nullable<Text>,
        reason: Option<&'a str> as Nullable<Text>,
        received_at: At as InstantSql,
        updated_at: At as InstantSql,
        version: i64 as BigInt,
    }
    /// A line of a delivery.
    EventLineRow<'a> in pos_event_lines {
        event_id: Id as UuidSql,
        position: i32 as Integer,
        ref_kind: &'a str as Text,
        ref_value: String as Text,
        change: Option<i64> as Nullable<BigInt>,
        counted: Option<i64> as Nullable<BigInt>,
        counted_at: Option<At> as Nullable<InstantSql>,
        occurred_at: Option<At> as Nullable<InstantSql>,
        reason: Option<&'a str> as Nullable<Text>,
    }
}

pub(super) fn keep_events(conn: &mut Conn, effects: &[Effects]) -> Kept {
    let (mut events, mut lines) = (Vec::new(), Vec::new());
    for effect in effects {
        for written in &effect.events {
            match &effect.delivery {
                Some(delivery) if written.is_new => {
                    events.push(event_row(&written.value, delivery));
                    lines.extend(event_line_rows(&written.value));
                }
                _ => {}
            }
        }
    }
    EventRow::insert_all(conn, events)?;
    EventLineRow::insert_all(conn, lines)?;
    for event in effects.iter().flat_map(|e| &e.events).filter(|event| !event.is_new) {
        update_event(conn, &event.value)?;
    }
    Ok(())
}

fn event_row<'a>(event: &'a Event, delivery: &'a Delivery) -> EventRow<'a> {
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

fn event_line_rows(event: &Event) -> impl Iterator<Item = EventLineRow<'_>> {
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

fn update_event(conn: &mut Conn, event: &Event) -> Kept {
    let changed = Sql::new("UPDATE pos_events SET status = ")
        .with(event.status.as_str())
        .text(", reason_code = ")
        .with(event.reason.as_ref().map(|reason| reason.code.clone()))
        .text(", reason = ")
        .with(event.reason.as_ref().map(|reason| reason.detail.clone()))
        .text(", updated_at = ")
        .with(At::from(event.updated_at))
        .text(", version = ")
        .with(event.version)
        .text(" WHERE id = ")
        .with(Id::from(event.id))
        .text(" AND version < ")
        .with(event.version)
        .execute(conn)?;
    if changed == 1 { Ok(()) } else { Err(again("delivery")) }
}

pub(super) fn keep_mapping(conn: &mut Conn, mapping: &Mapping) -> Kept {
    let Some(product) = mapping.product else {
        Sql::new("DELETE FROM pos_products WHERE connection_id = ")
            .with(Id::from(mapping.connection))
            .text(" AND external_id = ")
            .with(mapping.external_id.as_str())
            .execute(conn)?;
        return Ok(());
    };
    Sql::new("INSERT INTO pos_products (connection_id, external_id, product_id) VALUES (")
        .with(Id::from(mapping.connection))
        .text(", ")
        .with(mapping.external_id.as_str())
        .text(", ")
        .with(Id::from(product))
        .text(") ON CONFLICT (connection_id, external_id) DO UPDATE SET product_id = excluded.product_id")
        .execute(conn)?;
    Ok(())
}
