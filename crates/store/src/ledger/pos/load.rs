//! Loads POS connections, what tills delivered, and what their products are.

use super::rows::{ConnectionRow, EventLineRow, EventRow};
use crate::{
    dialect::Sql,
    ledger::{
        failure::{LedgerResult, corrupt},
        loader::{Loader, Strength, by_document, ids},
        stock::MovementRow,
    },
    schema::{movements, pos_connections, pos_event_lines, pos_events, pos_products},
    types::Id,
};
use diesel::{NullableExpressionMethods, Queryable, Selectable};
use std::{collections::HashMap, sync::Arc};
use tradepost_domain::{
    ids::{PosConnectionId, PosEventId},
    ledger::{Book, Keys, ReadSet, pos::Reads},
    pos::PosConnection,
    stock::Movement,
};

/// A till's name of something.
type Named = (PosConnectionId, String);

pub(super) fn load(loader: &mut Loader<'_>, book: &mut Book, wanted: &mut ReadSet) -> LedgerResult {
    let Reads { owners, connections, connections_to_change, event_ids, waiting, events, mappings, event_movements } =
        std::mem::take(&mut wanted.pos);
    if !owners.is_empty() {
        let wanted = owners.sorted();
        let sql = Sql::select::<NamedEventRow>().text(" FROM pos_events WHERE ").one_of(pos_events::id, ids(&wanted));
        let rows = loader.read(sql)?;
        book.pos.owners.enter_all(wanted, rows.into_iter().map(|row| (row.id.into(), row.connection_id.into())));
    }
    load_connections(loader, book, connections, connections_to_change)?;
    if !event_ids.is_empty() {
        let wanted = event_ids.sorted();
        let (connections, names) = names(&wanted);
        let sql = Sql::select::<NamedEventRow>()
            .text(" FROM pos_events WHERE ")
            .one_of(pos_events::connection_id, connections)
            .text(" AND ")
            .one_of_texts(pos_events::webhook_id, names);
        let found = loader.read(sql)?.into_iter();
        let found = found.map(|row| ((row.connection_id.into(), row.webhook_id), row.id.into()));
        let found: Vec<_> = found.filter(|(named, _)| wanted.binary_search(named).is_ok()).collect();
        book.pos.event_ids.enter_all(wanted, found);
    }
    for key in waiting.sorted() {
        let events = load_waiting(loader, &key)?;
        book.pos.waiting.enter(key, Some(events));
    }
    if !events.is_empty() {
        load_events(loader, book, events.sorted())?;
    }
    if !mappings.is_empty() {
        let wanted = mappings.sorted();
        let (connections, names) = names(&wanted);
        let sql = Sql::select::<MappingRow>()
            .text(" FROM pos_products WHERE ")
            .one_of(pos_products::connection_id, connections)
            .text(" AND ")
            .one_of_texts(pos_products::external_id, names);
        let found = loader.read(sql)?.into_iter();
        let found = found.map(|row| ((row.connection_id.into(), row.external_id), row.product_id.into()));
        let found: Vec<_> = found.filter(|(named, _)| wanted.binary_search(named).is_ok()).collect();
        book.pos.mappings.enter_all(wanted, found);
    }
    if !event_movements.is_empty() {
        load_movements(loader, book, event_movements.sorted())?;
    }
    Ok(())
}

/// In one order, whether a connection is to be shared or held alone: one statement for each run of the same kind.
fn load_connections(
    loader: &mut Loader<'_>,
    book: &mut Book,
    shared: Keys<PosConnectionId>,
    to_change: Keys<PosConnectionId>,
) -> LedgerResult {
    let to_change = to_change.sorted();
    let mut wanted: Vec<PosConnectionId> = shared.sorted();
    wanted.extend_from_slice(&to_change);
    wanted.sort_unstable();
    wanted.dedup();
    let mut found: Vec<(PosConnectionId, Arc<PosConnection>)> = Vec::with_capacity(wanted.len());
    for run in wanted.chunk_by(|one, next| to_change.contains(one) == to_change.contains(next)) {
        let is_changed = run.first().is_some_and(|id| to_change.contains(id));
        let strength = if is_changed { Strength::Alone } else { Strength::Shared };
        let sql = Sql::select::<ConnectionRow>()
            .text(" FROM pos_connections WHERE removed_at IS NULL AND ")
            .one_of(pos_connections::id, ids(run))
            .text(" ORDER BY id");
        for row in loader.read_locked(sql, strength)? {
            let connection = row.connection().map_err(corrupt)?;
            found.push((connection.id, Arc::new(connection)));
        }
    }
    let held = found.iter().map(|(id, _)| *id).filter(|id| to_change.contains(id));
    book.pos.connections_to_change.enter_all(to_change.iter().copied(), held.map(|id| (id, ())));
    book.pos.connections.enter_all(wanted, found);
    Ok(())
}

/// A delivery by its connection and the name that its till gave it.
#[derive(Queryable, Selectable)]
#[diesel(table_name = pos_events)]
struct NamedEventRow {
    id: Id,
    connection_id: Id,
    webhook_id: String,
}

/// What a till calls a product.
#[derive(Queryable, Selectable)]
#[diesel(table_name = pos_products)]
struct MappingRow {
    connection_id: Id,
    external_id: String,
    product_id: Id,
}

/// Connections and names, each for itself: what is found by them may be a few more than those that were asked for, the same name under
/// another connection.
fn names(wanted: &[Named]) -> (Vec<Id>, Vec<String>) {
    wanted.iter().map(|(connection, name)| (Id::from(*connection), name.clone())).unzip()
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = pos_events)]
struct IdRow {
    id: Id,
}

/// The held deliveries of a connection in which this product of it occurs, in the order they came.
fn load_waiting(loader: &mut Loader<'_>, (connection, external_id): &Named) -> LedgerResult<Vec<PosEventId>> {
    let sql = Sql::select::<IdRow>()
        .text(" FROM pos_events WHERE status = 'held' AND connection_id = ")
        .with(Id::from(*connection))
        .text(" AND EXISTS (SELECT 1 FROM pos_event_lines l WHERE l.event_id = pos_events.id AND l.ref_kind = 'external_id' AND l.ref_value = ")
        .with(external_id.as_str())
        .text(") ORDER BY received_at, id");
    let rows = loader.read(sql)?;
    Ok(rows.into_iter().map(|row| row.id.into()).collect())
}

fn load_events(loader: &mut Loader<'_>, book: &mut Book, wanted: Vec<PosEventId>) -> LedgerResult {
    let sql = Sql::select::<EventRow>()
        .text(" FROM pos_events WHERE ")
        .one_of(pos_events::id, ids(&wanted))
        .text(" ORDER BY id");
    let rows: Vec<EventRow> = loader.read_locked(sql, Strength::Alone)?;
    let sql = Sql::select::<EventLineRow>()
        .text(" FROM pos_event_lines WHERE ")
        .one_of(pos_event_lines::event_id, ids(&wanted))
        .text(" ORDER BY event_id, position");
    let mut lines = by_document(loader.read(sql)?, |line| line.event_id);
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        let lines = lines.remove(&row.id).unwrap_or_default();
        let event = row.event(lines).map_err(corrupt)?;
        found.push((event.id, Arc::new(event)));
    }
    book.pos.events.enter_all(wanted, found);
    Ok(())
}

fn load_movements(loader: &mut Loader<'_>, book: &mut Book, wanted: Vec<PosEventId>) -> LedgerResult {
    let sql = Sql::select::<MovementRow>()
        .text(" FROM movements WHERE source_type = 'pos_event' AND ")
        .one_of(movements::source_id.assume_not_null(), ids(&wanted))
        .text(" ORDER BY product_id, seq");
    let mut movements: HashMap<PosEventId, Vec<Movement>> = wanted.iter().map(|id| (*id, Vec::new())).collect();
    for row in loader.read(sql)? {
        let Some(event) = row.source_id.map(PosEventId::from) else { continue };
        movements.entry(event).or_default().push(row.movement().map_err(corrupt)?);
    }
    book.pos.event_movements.enter_all(wanted, movements);
    Ok(())
}
