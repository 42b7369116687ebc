//! Loads POS connections, what tills delivered, and what their products are.

use super::{Loaded, corrupt, ids};
use crate::{
    connection::Conn,
    dialect::Sql,
    ledger::rows::{ConnectionRow, EventLineRow, EventRow, MovementRow},
    types::{Id, UuidSql},
};
use diesel::{QueryableByName, sql_types::Text};
use std::{collections::HashMap, sync::Arc};
use tradepost_domain::{
    ids::{ConnectionId, EventId},
    ledger::{Book, Needs},
    pos::Event,
};

pub(super) fn load_connections(conn: &mut Conn, book: &mut Book, wanted: &[ConnectionId]) -> Loaded<()> {
    let missing: Vec<ConnectionId> = wanted.iter().copied().filter(|id| book.connection(*id).is_none()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let sql = Sql::new(ConnectionRow::SELECT).id_in("id", ids(&missing));
    for row in sql.load::<ConnectionRow>(conn)? {
        book.enter_connection(Arc::new(row.connection().map_err(corrupt)?));
    }
    Ok(())
}

#[derive(QueryableByName)]
struct EventKeyRow {
    #[diesel(sql_type = UuidSql)]
    id: Id,
    #[diesel(sql_type = UuidSql)]
    connection_id: Id,
    #[diesel(sql_type = Text)]
    webhook_id: String,
}

pub(super) fn load_events(conn: &mut Conn, book: &mut Book, needs: &Needs) -> Loaded<()> {
    let mut wanted = ids(&needs.events);
    if !needs.webhook_ids.is_empty() {
        // A few more than asked for may be found: the same sender's id under another connection.
        let names = needs.webhook_ids.iter().map(|(_, id)| id.clone()).collect();
        let connections: Vec<ConnectionId> = needs.webhook_ids.iter().map(|(connection, _)| *connection).collect();
        let sql = Sql::new("SELECT id, connection_id, webhook_id FROM pos_events WHERE ")
            .id_in("connection_id", ids(&connections))
            .text(" AND ")
            .text_in("webhook_id", names);
        let found: Vec<EventKeyRow> = sql.load(conn)?;
        let asked = |row: &EventKeyRow| {
            needs.webhook_ids.binary_search(&(row.connection_id.into(), row.webhook_id.clone())).is_ok()
        };
        wanted.extend(found.into_iter().filter(asked).map(|row| row.id));
    }
    let mut waiting: HashMap<ConnectionId, Vec<EventId>> = HashMap::new();
    if !needs.waiting.is_empty() {
        let sql = Sql::new("SELECT id, connection_id, webhook_id FROM pos_events WHERE status = 'held' AND ")
            .id_in("connection_id", ids(&needs.waiting))
            .text(" ORDER BY received_at, id");
        for row in sql.load::<EventKeyRow>(conn)? {
            waiting.entry(row.connection_id.into()).or_default().push(row.id.into());
            wanted.push(row.id);
        }
    }
    wanted.sort_unstable();
    wanted.dedup();
    if !wanted.is_empty() {
        enter_events(conn, book, wanted)?;
    }
    for (connection, events) in waiting {
        book.enter_waiting(connection, events);
    }
    Ok(())
}

fn enter_events(conn: &mut Conn, book: &mut Book, wanted: Vec<Id>) -> Loaded<()> {
    let sql = Sql::new(EventRow::SELECT).id_in("id", wanted.clone()).text(" ORDER BY id").either(" FOR UPDATE", "");
    let events: Vec<EventRow> = sql.load(conn)?;
    let sql = Sql::new(EventLineRow::SELECT).id_in("event_id", wanted.clone()).text(" ORDER BY event_id, position");
    let mut lines: HashMap<Id, Vec<EventLineRow>> = HashMap::new();
    for line in sql.load::<EventLineRow>(conn)? {
        lines.entry(line.event_id).or_default().push(line);
    }
    let sql = Sql::new(MovementRow::SELECT)
        .text("source_type = 'pos_event' AND ")
        .id_in("source_id", wanted)
        .text(" ORDER BY recorded_at, id");
    let mut movements: HashMap<Option<Id>, Vec<MovementRow>> = HashMap::new();
    for movement in sql.load::<MovementRow>(conn)? {
        movements.entry(movement.source_id).or_default().push(movement);
    }
    for event in events {
        let (lines, moved) = (lines.remove(&event.id), movements.remove(&Some(event.id)));
        let moved: Result<Vec<_>, _> = moved.unwrap_or_default().into_iter().map(MovementRow::movement).collect();
        let event: Event = event.event(lines.unwrap_or_default()).map_err(corrupt)?;
        book.enter_event(Arc::new(event), moved.map_err(corrupt)?);
    }
    Ok(())
}

#[derive(QueryableByName)]
struct MappingRow {
    #[diesel(sql_type = UuidSql)]
    connection_id: Id,
    #[diesel(sql_type = Text)]
    external_id: String,
    #[diesel(sql_type = UuidSql)]
    product_id: Id,
}

pub(super) fn load_mappings(conn: &mut Conn, book: &mut Book, wanted: &[(ConnectionId, String)]) -> Loaded<()> {
    if wanted.is_empty() {
        return Ok(());
    }
    let connections: Vec<ConnectionId> = wanted.iter().map(|(connection, _)| *connection).collect();
    let names = wanted.iter().map(|(_, name)| name.clone()).collect();
    let sql = Sql::new("SELECT connection_id, external_id, product_id FROM pos_products WHERE ")
        .id_in("connection_id", ids(&connections))
        .text(" AND ")
        .text_in("external_id", names);
    for row in sql.load::<MappingRow>(conn)? {
        book.enter_mapping(row.connection_id.into(), row.external_id, row.product_id.into());
    }
    Ok(())
}
