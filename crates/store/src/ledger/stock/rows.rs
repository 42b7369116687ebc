//! Levels, locations and movements as they are stored.

use crate::{
    ledger::rows::{Read, actor, quantity},
    types::{At, Id, InstantSql, UuidSql},
};
use diesel::{
    QueryableByName,
    sql_types::{BigInt, Bool, Nullable, Text},
};
use tradepost_domain::{
    ids::MovementId,
    quantity::Delta,
    stock::{Change, Level, Location, Movement, MovementKind, Source},
};

#[derive(QueryableByName)]
pub(super) struct LevelRow {
    #[diesel(sql_type = UuidSql)]
    product_id: Id,
    #[diesel(sql_type = UuidSql)]
    location_id: Id,
    #[diesel(sql_type = BigInt)]
    on_hand: i64,
    #[diesel(sql_type = BigInt)]
    reserved: i64,
    #[diesel(sql_type = BigInt)]
    seq: i64,
    #[diesel(sql_type = Nullable<InstantSql>)]
    counted_at: Option<At>,
    #[diesel(sql_type = Nullable<InstantSql>)]
    recorded_at: Option<At>,
}

impl LevelRow {
    pub(super) const COLUMNS: &'static str =
        "SELECT l.product_id, l.location_id, l.on_hand, l.reserved, l.seq, l.counted_at, l.recorded_at";

    pub(super) fn level(self) -> Read<Level> {
        Ok(Level {
            product: self.product_id.into(),
            location: self.location_id.into(),
            on_hand: quantity(self.on_hand)?,
            reserved: quantity(self.reserved)?,
            seq: self.seq,
            counted_at: self.counted_at.map(Into::into),
            recorded_at: self.recorded_at.map(Into::into),
        })
    }
}

#[derive(QueryableByName)]
pub(super) struct LocationRow {
    #[diesel(sql_type = UuidSql)]
    id: Id,
    #[diesel(sql_type = Text)]
    code: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Bool)]
    is_default: bool,
    #[diesel(sql_type = Nullable<InstantSql>)]
    removed_at: Option<At>,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = InstantSql)]
    created_at: At,
    #[diesel(sql_type = InstantSql)]
    updated_at: At,
}

impl LocationRow {
    pub(super) const SELECT: &'static str =
        "SELECT id, code, name, is_default, removed_at, version, created_at, updated_at FROM locations WHERE ";

    pub(super) fn location(self) -> Location {
        Location {
            id: self.id.into(),
            code: self.code,
            name: self.name,
            is_default: self.is_default,
            removed_at: self.removed_at.map(Into::into),
            version: self.version,
            created_at: self.created_at.into(),
            updated_at: self.updated_at.into(),
        }
    }
}

#[derive(QueryableByName)]
pub(in crate::ledger) struct MovementRow {
    #[diesel(sql_type = UuidSql)]
    id: Id,
    #[diesel(sql_type = UuidSql)]
    product_id: Id,
    #[diesel(sql_type = UuidSql)]
    location_id: Id,
    #[diesel(sql_type = BigInt)]
    seq: i64,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = BigInt)]
    on_hand_change: i64,
    #[diesel(sql_type = BigInt)]
    reserved_change: i64,
    #[diesel(sql_type = BigInt)]
    on_hand_after: i64,
    #[diesel(sql_type = BigInt)]
    reserved_after: i64,
    #[diesel(sql_type = Nullable<Text>)]
    reason: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    source_type: Option<String>,
    #[diesel(sql_type = Nullable<UuidSql>)]
    pub(in crate::ledger) source_id: Option<Id>,
    #[diesel(sql_type = Text)]
    actor_type: String,
    #[diesel(sql_type = Nullable<UuidSql>)]
    actor_id: Option<Id>,
    #[diesel(sql_type = InstantSql)]
    occurred_at: At,
    #[diesel(sql_type = InstantSql)]
    recorded_at: At,
}

impl MovementRow {
    pub(in crate::ledger) const SELECT: &'static str = "SELECT id, product_id, location_id, seq, kind, on_hand_change, reserved_change, \
        on_hand_after, reserved_after, reason, source_type, source_id, actor_type, actor_id, occurred_at, recorded_at \
        FROM movements WHERE ";

    pub(in crate::ledger) fn movement(self) -> Read<Movement> {
        let source = self.source_type.as_deref().zip(self.source_id);
        let source = source.map(|(kind, id)| Source::from_parts(kind, id.0).ok_or(format!("source type {kind}")));
        Ok(Movement {
            id: MovementId::from_uuid(self.id.0),
            product: self.product_id.into(),
            location: self.location_id.into(),
            seq: self.seq,
            kind: MovementKind::parse(&self.kind).ok_or(format!("movement kind {}", self.kind))?,
            change: Change {
                on_hand: Delta::from_hundred_thousandths(self.on_hand_change),
                reserved: Delta::from_hundred_thousandths(self.reserved_change),
            },
            on_hand_after: quantity(self.on_hand_after)?,
            reserved_after: quantity(self.reserved_after)?,
            reason: self.reason,
            source: source.transpose()?,
            actor: actor(&self.actor_type, self.actor_id)?,
            occurred_at: self.occurred_at.into(),
            recorded_at: self.recorded_at.into(),
        })
    }
}
