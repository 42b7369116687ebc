//! Loads POS connections, what tills delivered, and what their products are.

use super::rows::{ConnectionRow, EventLineRow, EventRow};
use crate::{
    dialect::Sql,
    ledger::{
        failure::{Done, corrupt},
        loader::{Loader, Strength, ids},
        stock::MovementRow,
    },
    types::{Id, UuidSql},
};
use diesel::{QueryableByName, sql_types::Text};
use std::{collections::HashMap, sync::Arc};
use tradepost_domain::{
    ids::{PosConnectionId, PosEventId},
    ledger::{Book, Keys, ReadSet, pos::Reads},
    pos::PosConnection,
    stock::Movement,
};

/// A till's name of something.
type Named = (PosConnectionId, String);

pub(super) fn load(loader: &mut Loader<'_>, book: &mut Book, wanted: &mut ReadSet) -> Done {
    let Reads { owners, connections, connections_to_change, event_ids, waiting, events, mappings, event_movements } =
        std::mem::take(&mut wanted.pos);
    if !owners.is_empty() {
        let wanted = owners.sorted();
        let sql = Sql::new("SELECT id, connection_id, webhook_id AS name FROM pos_events WHERE ");
        let rows: Vec<NamedRow> = loader.read(sql.id_in("id", ids(&wanted)))?;
        book.pos.owners.enter_all(wanted, rows.into_iter().map(|row| (row.id.into(), row.connection_id.into())));
    }
    load_connections(loader, book, connections, connections_to_change)?;
    if !event_ids.is_empty() {
        let wanted = event_ids.sorted();
        let sql = Sql::new("SELECT id, connection_id, webhook_id AS name FROM pos_events WHERE ");
        let found = by_name(loader, sql, "webhook_id", &wanted)?;
        let found: Vec<_> = found.into_iter().map(|(name, id)| (name, id.into())).collect();
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
        let sql = Sql::new("SELECT product_id AS id, connection_id, external_id AS name FROM pos_products WHERE ");
        let found = by_name(loader, sql, "external_id", &wanted)?;
        let found: Vec<_> = found.into_iter().map(|(name, id)| (name, id.into())).collect();
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
) -> Done {
    let to_change = to_change.sorted();
    let mut wanted: Vec<PosConnectionId> = shared.sorted();
    wanted.extend_from_slice(&to_change);
    wanted.sort_unstable();
    wanted.dedup();
    let mut found: Vec<(PosConnectionId, Arc<PosConnection>)> = Vec::with_capacity(wanted.len());
    for run in wanted.chunk_by(|one, next| to_change.contains(one) == to_change.contains(next)) {
        let is_changed = run.first().is_some_and(|id| to_change.contains(id));
        let strength = if is_changed { Strength::Alone } else { Strength::Shared };
        let sql = Sql::new(ConnectionRow::SELECT).id_in("id", ids(run)).text(" ORDER BY id");
        for row in loader.hold::<ConnectionRow>(sql, strength)? {
            let connection = row.connection().map_err(corrupt)?;
            found.push((connection.id, Arc::new(connection)));
        }
    }
    let held = found.iter().map(|(id, _)| *id).filter(|id| to_change.contains(id));
    book.pos.connections_to_change.enter_all(to_change.iter().copied(), held.map(|id| (id, ())));
    book.pos.connections.enter_all(wanted, found);
    Ok(())
}

#[derive(QueryableByName)]
struct NamedRow {
    #[diesel(sql_type = UuidSql)]
    id: Id,
    #[diesel(sql_type = UuidSql)]
    connection_id: Id,
    #[diesel(sql_type = Text)]
    name: String,
}

/// Finds rows by connection and name. A few more than asked for may be found: the same name under another connection.
fn by_name(loader: &mut Loader<'_>, sql: Sql, column: &'static str, wanted: &[Named]) -> Done<Vec<(Named, Id)>> {
    let connections: Vec<PosConnectionId> = wanted.iter().map(|(connection, _)| *connection).collect();
    let names = wanted.iter().map(|(_, name)| name.clone()).collect();
    let sql = sql.id_in("connection_id", ids(&connections)).text(" AND ").text_in(column, names);
    let rows: Vec<NamedRow> = loader.read(sql)?;
    let found = rows.into_iter().map(|row| ((row.connection_id.into(), row.name), row.id));
    Ok(found.filter(|(named, _)| wanted.binary_search(named).is_ok()).collect())
}

#[derive(QueryableByName)]
struct IdRow {
    #[diesel(sql_type = UuidSql)]
    id: Id,
}

/// The held deliveries of a connection in which this product of it occurs, in the order they came.
fn load_waiting(loader: &mut Loader<'_>, (connection, external_id): &Named) -> Done<Vec<PosEventId>> {
    let sql = Sql::new("SELECT e.id FROM pos_events e WHERE e.status = 'held' AND e.connection_id = ")
        .with(Id::from(*connection))
        .text(" AND EXISTS (SELECT 1 FROM pos_event_lines l WHERE l.event_id = e.id AND l.ref_kind = 'external_id' AND l.ref_value = ")
        .with(external_id.as_str())
        .text(") ORDER BY e.received_at, e.id");
    let rows: Vec<IdRow> = loader.read(sql)?;
    Ok(rows.into_iter().map(|row| row.id.into()).collect())
}

fn load_events(loader: &mut Loader<'_>, book: &mut Book, wanted: Vec<PosEventId>) -> Done {
    let sql = Sql::new(EventRow::SELECT).id_in("id", ids(&wanted)).text(" ORDER BY id");
    let rows: Vec<EventRow> = loader.hold(sql, Strength::Alone)?;
    let sql = Sql::new(EventLineRow::SELECT).id_in("event_id", ids(&wanted)).text(" ORDER BY event_id, position");
    let mut lines: HashMap<Id, Vec<EventLineRow>> = HashMap::new();
    for line in loader.read::<EventLineRow>(sql)? {
        lines.entry(line.event_id).or_default().push(line);
    }
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        let lines = lines.remove(&row.id).unwrap_or_default();
        let event = row.event(lines).map_err(corrupt)?;
        found.push((event.id, Arc::new(event)));
    }
    book.pos.events.enter_all(wanted, found);
    Ok(())
}

fn load_movements(loader: &mut Loader<'_>, book: &mut Book, wanted: Vec<PosEventId>) -> Done {
    let sql = Sql::new(MovementRow::SELECT)
        .text("source_type = 'pos_event' AND ")
        .id_in("source_id", ids(&wanted))
        .text(" ORDER BY product_id, seq");
    let mut movements: HashMap<PosEventId, Vec<Movement>> = wanted.iter().map(|id| (*id, Vec::new())).collect();
    for row in loader.read::<MovementRow>(sql)? {
        let Some(event) = row.source_id.map(PosEventId::from) else { continue };
        movements.entry(event).or_default().push(row.movement().map_err(corrupt)?);
    }
    book.pos.event_movements.enter_all(wanted, movements);
    Ok(())
}
