//! Levels, locations and movements as they are stored.

use crate::{
    bulk::insertable_rows,
    ledger::rows::{Read, actor, quantity},
    schema::{levels, locations, movements},
    types::{At, Id},
};
use diesel::{Queryable, Selectable};
use tradepost_domain::{
    ids::MovementId,
    quantity::Delta,
    stock::{Change, Level, Location, Movement, MovementKind, Source},
};

insertable_rows! {
    /// A level, as it is read and as it is written.
    #[derive(Queryable, Selectable)]
    #[diesel(table_name = levels)]
    LevelRow in levels by (product_id, location_id) at seq {
        product_id: Id,
        location_id: Id,
        on_hand: i64,
        reserved: i64,
        seq: i64,
        counted_at: Option<At>,
        recorded_at: Option<At>,
    }
}

impl From<&Level> for LevelRow {
    fn from(level: &Level) -> Self {
        Self {
            product_id: level.product.into(),
            location_id: level.location.into(),
            on_hand: level.on_hand.hundred_thousandths(),
            reserved: level.reserved.hundred_thousandths(),
            seq: level.seq,
            counted_at: level.counted_at.map(Into::into),
            recorded_at: level.recorded_at.map(Into::into),
        }
    }
}

impl LevelRow {
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

#[derive(Queryable, Selectable)]
#[diesel(table_name = locations)]
pub(super) struct LocationRow {
    id: Id,
    code: String,
    name: String,
    is_default: bool,
    removed_at: Option<At>,
    version: i64,
    created_at: At,
    updated_at: At,
}

impl LocationRow {
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

#[derive(Queryable, Selectable)]
#[diesel(table_name = movements)]
pub(in crate::ledger) struct MovementRow {
    id: Id,
    product_id: Id,
    location_id: Id,
    seq: i64,
    kind: String,
    on_hand_change: i64,
    reserved_change: i64,
    on_hand_after: i64,
    reserved_after: i64,
    reason: Option<String>,
    source_type: Option<String>,
    pub(in crate::ledger) source_id: Option<Id>,
    actor_type: String,
    actor_id: Option<Id>,
    occurred_at: At,
    recorded_at: At,
}

impl MovementRow {
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
