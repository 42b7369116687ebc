//! Connections and deliveries as they are stored.

use crate::{
    ledger::rows::{Read, quantity},
    schema::{pos_connections, pos_event_lines, pos_events},
    types::{At, Id},
};
use diesel::{Queryable, Selectable};
use tradepost_domain::{
    pos::{OnShortage, PosConnection, PosEvent, PosEventLine, PosEventStatus, PosReason, Reference, Report},
    quantity::Delta,
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = pos_connections)]
pub(super) struct ConnectionRow {
    id: Id,
    name: String,
    location_id: Option<Id>,
    on_shortage: String,
    version: i64,
    created_at: At,
    updated_at: At,
}

impl ConnectionRow {
    pub(super) fn connection(self) -> Read<PosConnection> {
        Ok(PosConnection {
            id: self.id.into(),
            name: self.name,
            location: self.location_id.map(Into::into),
            on_shortage: OnShortage::parse(&self.on_shortage).ok_or(format!("policy {}", self.on_shortage))?,
            version: self.version,
            created_at: self.created_at.into(),
            updated_at: self.updated_at.into(),
        })
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = pos_events)]
pub(super) struct EventRow {
    pub(super) id: Id,
    connection_id: Id,
    webhook_id: String,
    body_hash: Vec<u8>,
    status: String,
    reason_code: Option<String>,
    reason: Option<String>,
    version: i64,
    received_at: At,
    updated_at: At,
}

impl EventRow {
    pub(super) fn event(self, lines: Vec<EventLineRow>) -> Read<PosEvent> {
        let reason = self.reason_code.zip(self.reason).map(|(code, detail)| PosReason { code, detail });
        Ok(PosEvent {
            id: self.id.into(),
            connection: self.connection_id.into(),
            webhook_id: self.webhook_id,
            body_hash: self.body_hash.try_into().map_err(|_| "a hash has 32 bytes")?,
            lines: lines.into_iter().map(EventLineRow::line).collect::<Read<_>>()?,
            status: PosEventStatus::parse(&self.status).ok_or(format!("event status {}", self.status))?,
            reason,
            version: self.version,
            received_at: self.received_at.into(),
            updated_at: self.updated_at.into(),
        })
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = pos_event_lines)]
pub(super) struct EventLineRow {
    pub(super) event_id: Id,
    ref_kind: String,
    ref_value: String,
    change: Option<i64>,
    counted: Option<i64>,
    counted_at: Option<At>,
    occurred_at: Option<At>,
    reason: Option<String>,
}

impl EventLineRow {
    /// How the till named the product.
    fn reference(&self) -> Option<Reference> {
        match self.ref_kind.as_str() {
            "product_id" => self.ref_value.parse().ok().map(Reference::Product),
            "sku" => Some(Reference::Sku(self.ref_value.clone())),
            "external_id" => Some(Reference::External(self.ref_value.clone())),
            _ => None,
        }
    }

    fn line(self) -> Read<PosEventLine> {
        let product = self.reference().ok_or(format!("reference {} {}", self.ref_kind, self.ref_value))?;
        let report = match (self.change, self.counted) {
            (Some(change), None) => Report::Change {
                change: Delta::from_hundred_thousandths(change),
                occurred_at: self.occurred_at.map(Into::into),
                reason: self.reason,
            },
            (None, Some(counted)) => {
                Report::Count { counted: quantity(counted)?, counted_at: self.counted_at.map(Into::into) }
            }
            _ => return Err("a line is a change or a count".into()),
        };
        Ok(PosEventLine { product, report })
    }
}
