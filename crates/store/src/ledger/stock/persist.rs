//! Keeps movements, the levels they lead to, and changed locations.

use super::rows::LevelRow;
use crate::{
    bulk::{Writes, insertable_rows},
    ledger::{
        failure::LedgerResult,
        rows::actor_columns,
        wing::{DecidedBatch, latest},
    },
    types::{At, Id},
};
use std::collections::{BTreeMap, HashSet};
use tradepost_domain::{
    ids::{LocationId, ProductId},
    ledger::stock::Effects,
    stock::Movement,
};

insertable_rows! {
    /// A row of the ledger.
    NewMovementRow<'a> in movements {
        id: Id,
        product_id: Id,
        location_id: Id,
        seq: i64,
        kind: &'a str,
        on_hand_change: i64,
        reserved_change: i64,
        on_hand_after: i64,
        reserved_after: i64,
        reason: Option<&'a str>,
        source_type: Option<&'a str>,
        source_id: Option<Id>,
        actor_type: &'a str,
        actor_id: Option<Id>,
        occurred_at: At,
        recorded_at: At,
    }
    /// What a removal changes of a location.
    ChangedLocationRow in locations by (id) at version {
        id: Id,
        removed_at: Option<At>,
        updated_at: At,
        version: i64,
    }
}

pub(super) fn persist<'e>(writes: &mut Writes<'_, 'e>, batch: &DecidedBatch<'e>) -> LedgerResult {
    write_levels(writes, batch)?;
    let movements = batch.effects.iter().flat_map(|effects| effects.movements());
    writes.insert(movements.map(movement_row).collect())?;
    let written = batch.effects.iter().flat_map(|effects| {
        // The movements are kept above.
        let Effects { movements: _, locations } = &effects.stock;
        locations
    });
    let locations = latest(written, |location| location.id, |location| location.version);
    let row = |location: &tradepost_domain::stock::Location| ChangedLocationRow {
        id: location.id.into(),
        removed_at: location.removed_at.map(Into::into),
        updated_at: location.updated_at.into(),
        version: location.version,
    };
    writes.update(locations.iter().map(|location| (row(location.value), location.loaded_version)).collect())?;
    Ok(())
}

fn write_levels<'e>(writes: &mut Writes<'_, 'e>, batch: &DecidedBatch<'e>) -> LedgerResult {
    // The first movement of a level says after which one it was loaded; the order is that of the locks.
    let mut loaded: BTreeMap<(ProductId, LocationId), i64> = BTreeMap::new();
    for movement in batch.effects.iter().flat_map(|effects| effects.movements()) {
        loaded.entry((movement.product, movement.location)).or_insert(movement.seq - 1);
    }
    // A level is there before it is moved, but for those of products that this batch adds.
    let products = batch.effects.iter().flat_map(|effects| &effects.catalogue.products);
    let added: HashSet<ProductId> = products.filter(|product| product.is_new).map(|product| product.value.id).collect();
    let (fresh, moved): (Vec<_>, Vec<_>) = loaded.into_iter().partition(|((product, _), _)| added.contains(product));
    let row = |product, location| LevelRow::from(&batch.book.level(product, location));
    writes.update(moved.into_iter().map(|((product, location), seq)| (row(product, location), seq)).collect())?;
    writes.insert(fresh.into_iter().map(|((product, location), _)| row(product, location)).collect())?;
    Ok(())
}

fn movement_row(movement: &Movement) -> NewMovementRow<'_> {
    let (actor_type, actor_id) = actor_columns(movement.actor);
    NewMovementRow {
        id: movement.id.into(),
        product_id: movement.product.into(),
        location_id: movement.location.into(),
        seq: movement.seq,
        kind: movement.kind.as_str(),
        on_hand_change: movement.change.on_hand.hundred_thousandths(),
        reserved_change: movement.change.reserved.hundred_thousandths(),
        on_hand_after: movement.on_hand_after.hundred_thousandths(),
        reserved_after: movement.reserved_after.hundred_thousandths(),
        reason: movement.reason.as_deref(),
        source_type: movement.source.map(|source| source.type_name()),
        source_id: movement.source.map(|source| Id(source.uuid())),
        actor_type,
        actor_id,
        occurred_at: movement.occurred_at.into(),
        recorded_at: movement.recorded_at.into(),
    }
}
