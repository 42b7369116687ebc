//! Connections and deliveries as they are stored.

use crate::{
    ledger::rows::{Read, quantity},
    types::{At, Id, InstantSql, UuidSql},
};
use diesel::{
    QueryableByName,
    sql_types::{BigInt, Binary, Nullable, Text},
};
use tradepost_domain::{
    pos::{OnShortage, PosConnection, PosEvent, PosEventLine, PosEventStatus, PosReason, Reference, Report},
    quantity::Delta,
};

#[derive(QueryableByName)]
pub(super) struct ConnectionRow {
    #[diesel(sql_type = UuidSql)]
    id: Id,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Nullable<UuidSql>)]
    location_id: Option<Id>,
    #[diesel(sql_type = Text)]
    on_shortage: String,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = InstantSql)]
    created_at: At,
    #[diesel(sql_type = InstantSql)]
    updated_at: At,
}

impl ConnectionRow {
    pub(super) const SELECT: &'static str = "SELECT id, name, location_id, on_shortage, version, created_at, updated_at \
        FROM pos_connections WHERE removed_at IS NULL AND ";

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

#[derive(QueryableByName)]
pub(super) struct EventRow {
    #[diesel(sql_type = UuidSql)]
    pub(super) id: Id,
    #[diesel(sql_type = UuidSql)]
    connection_id: Id,
    #[diesel(sql_type = Text)]
    webhook_id: String,
    #[diesel(sql_type = Binary)]
    body_hash: Vec<u8>,
    #[diesel(sql_type = Text)]
    status: String,
    #[diesel(sql_type = Nullable<Text>)]
    reason_code: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    reason: Option<String>,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = InstantSql)]
    received_at: At,
    #[diesel(sql_type = InstantSql)]
    updated_at: At,
}

impl EventRow {
    pub(super) const SELECT: &'static str = "SELECT id, connection_id, webhook_id, body_hash, status, reason_code, reason, version, \
        received_at, updated_at FROM pos_events WHERE ";

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

#[derive(QueryableByName)]
pub(super) struct EventLineRow {
    #[diesel(sql_type = UuidSql)]
    pub(super) event_id: Id,
    #[diesel(sql_type = Text)]
    ref_kind: String,
    #[diesel(sql_type = Text)]
    ref_value: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    change: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    counted: Option<i64>,
    #[diesel(sql_type = Nullable<InstantSql>)]
    counted_at: Option<At>,
    #[diesel(sql_type = Nullable<InstantSql>)]
    occurred_at: Option<At>,
    #[diesel(sql_type = Nullable<Text>)]
    reason: Option<String>,
}

impl EventLineRow {
    pub(super) const SELECT: &'static str = "SELECT event_id, ref_kind, ref_value, change, counted, counted_at, occurred_at, reason \
        FROM pos_event_lines WHERE ";

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
