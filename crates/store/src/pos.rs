//! Tills and POS accounts, the inbox of what they reported, and which of our products their products are.
//!
//! Connections are written here. Events and mappings change stock, so the ledger writes them; here they are read.

use crate::{
    StoreError,
    dialect::Sql,
    list::{Conditions, KeyValue, ListRequest, Page, Shape, Sort, SortKeys, page, unreadable},
    schema::pos_connections,
    session::Session,
    types::{At, Id, InstantSql, UuidSql},
};
use diesel::{
    prelude::*,
    sql_types::{BigInt, Binary, Integer, Nullable, Text},
};
use serde::Serialize;
use std::collections::HashMap;
use tradepost_domain::{
    ids::{PosConnectionId, PosEventId},
    instant::Instant,
    pos::{OnShortage, PosConnection, PosEventStatus},
    repository::{self, PosConnections},
    text::fold,
};

#[derive(QueryableByName, Insertable, AsChangeset)]
#[diesel(table_name = pos_connections, treat_none_as_null = true)]
struct Row {
    id: Id,
    name: String,
    name_key: String,
    location_id: Option<Id>,
    on_shortage: String,
    version: i64,
    created_at: At,
    updated_at: At,
}

const COLUMNS: &str = "SELECT c.id, c.name, c.name_key, c.location_id, c.on_shortage, c.version, c.created_at, c.updated_at FROM pos_connections c";

impl From<&PosConnection> for Row {
    fn from(connection: &PosConnection) -> Self {
        Self {
            id: connection.id.into(),
            name: connection.name.clone(),
            name_key: fold(&connection.name),
            location_id: connection.location.map(Into::into),
            on_shortage: connection.on_shortage.as_str().to_owned(),
            version: connection.version,
            created_at: connection.created_at.into(),
            updated_at: connection.updated_at.into(),
        }
    }
}

impl Row {
    fn connection(self) -> Result<PosConnection, StoreError> {
        Ok(PosConnection {
            id: self.id.into(),
            name: self.name,
            location: self.location_id.map(Into::into),
            on_shortage: OnShortage::parse(&self.on_shortage).ok_or_else(|| unreadable("policy", self.on_shortage))?,
            version: self.version,
            created_at: self.created_at.into(),
            updated_at: self.updated_at.into(),
        })
    }
}

impl SortKeys for Row {
    fn key(&self, field: &str) -> KeyValue {
        match field {
            "name" => self.name_key.clone().into(),
            "created_at" => self.created_at.into(),
            _ => self.id.into(),
        }
    }
}

/// What a list of connections can be sorted by.
pub const CONNECTION_ORDERINGS: &[&str] = &["name", "created_at"];

/// Which connections.
#[derive(Debug, Clone, Default)]
pub struct ConnectionFilter {
    /// This name, without regard to case.
    pub name: Option<String>,
    /// Words in the name.
    pub search: Option<String>,
}

/// A page of those in use, by name unless told otherwise.
///
/// # Errors
/// What the database said.
pub fn connections(
    session: &mut Session<'_>,
    request: &ListRequest<ConnectionFilter>,
) -> Result<Page<PosConnection>, StoreError> {
    let shape = Shape {
        select: Sql::new(
            "SELECT c.id, c.name, c.name_key, c.location_id, c.on_shortage, c.version, c.created_at, c.updated_at ",
        ),
        from: Sql::new("FROM pos_connections c"),
        keys: &[("name", "c.name_key"), ("created_at", "c.created_at"), ("id", "c.id")],
        order: Sort { field: "name", descending: false },
    };
    let mut conditions = Conditions::always("c.removed_at IS NULL");
    conditions.when("c.name_key = ", request.filter.name.as_deref().map(fold));
    conditions.search("c.name_key", request.filter.search.as_deref());
    page::<Row, _>(session, &shape, conditions, request)?.map(Row::connection)
}

#[derive(QueryableByName)]
struct Secret {
    #[diesel(sql_type = Nullable<Text>)]
    secret: Option<String>,
}

impl PosConnections for Session<'_> {
    fn connection(&mut self, id: PosConnectionId) -> repository::Result<Option<PosConnection>> {
        let sql = Sql::new(COLUMNS).text(" WHERE c.removed_at IS NULL AND c.id = ").with(Id::from(id));
        Ok(self.first::<Row>(sql)?.map(Row::connection).transpose()?)
    }

    fn connection_secret(&mut self, id: PosConnectionId) -> repository::Result<Option<String>> {
        let sql = Sql::new("SELECT secret FROM pos_connections WHERE removed_at IS NULL AND id = ").with(Id::from(id));
        Ok(self.first::<Secret>(sql)?.and_then(|row| row.secret))
    }

    fn add_connection(&mut self, connection: &PosConnection, secret: &str) -> repository::Result<()> {
        let row = (Row::from(connection), pos_connections::secret.eq(secret));
        self.run(|conn| diesel::insert_into(pos_connections::table).values(row).execute(conn))?;
        Ok(())
    }

    fn update_connection(&mut self, connection: &PosConnection) -> repository::Result<()> {
        let row = Row::from(connection);
        let before = pos_connections::table
            .find(row.id)
            .filter(pos_connections::version.eq(row.version - 1))
            .filter(pos_connections::removed_at.is_null());
        let changed = self.run(|conn| diesel::update(before).set(&row).execute(conn))?;
        Ok(self.exactly_one(changed)?)
    }

    fn remove_connection(&mut self, id: PosConnectionId, now: Instant) -> repository::Result<()> {
        let sql = Sql::new("UPDATE pos_connections SET secret = NULL, removed_at = ")
            .with(now)
            .text(", updated_at = ")
            .with(now)
            .text(", version = version + 1 WHERE removed_at IS NULL AND id = ")
            .with(Id::from(id));
        self.execute(sql)?;
        Ok(())
    }
}

/// One delivery in the inbox.
#[derive(Debug, Clone, QueryableByName, Serialize)]
pub struct EventRow {
    /// Our id of it.
    #[diesel(sql_type = UuidSql)]
    pub id: Id,
    /// From whom.
    #[diesel(sql_type = UuidSql)]
    pub connection_id: Id,
    /// The sender's id of it.
    #[diesel(sql_type = Text)]
    pub webhook_id: String,
    /// `received`, `applied`, `refused`, `held` or `dismissed`.
    #[diesel(sql_type = Text)]
    pub status: String,
    /// Why, for programs.
    #[diesel(sql_type = Nullable<Text>)]
    pub reason_code: Option<String>,
    /// Why, for people.
    #[diesel(sql_type = Nullable<Text>)]
    pub reason: Option<String>,
    /// When it came.
    #[diesel(sql_type = InstantSql)]
    pub received_at: At,
    /// When it was last judged.
    #[diesel(sql_type = InstantSql)]
    pub updated_at: At,
    /// Counts judgements.
    #[diesel(sql_type = BigInt)]
    pub version: i64,
}

/// One line of a delivery. Quantities are in hundred-thousandths.
#[derive(Debug, Clone, QueryableByName, Serialize)]
pub struct EventLineRow {
    #[diesel(sql_type = UuidSql)]
    event_id: Id,
    /// Its place in the body.
    #[diesel(sql_type = Integer)]
    pub position: i32,
    /// `product_id`, `sku` or `external_id`.
    #[diesel(sql_type = Text)]
    pub ref_kind: String,
    /// What that is.
    #[diesel(sql_type = Text)]
    pub ref_value: String,
    /// So much more or less.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub change: Option<i64>,
    /// Or: so much was there.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub counted: Option<i64>,
    /// When it was counted.
    #[diesel(sql_type = Nullable<InstantSql>)]
    pub counted_at: Option<At>,
    /// When it happened.
    #[diesel(sql_type = Nullable<InstantSql>)]
    pub occurred_at: Option<At>,
    /// The till's words.
    #[diesel(sql_type = Nullable<Text>)]
    pub reason: Option<String>,
}

/// A delivery with its lines.
#[derive(Debug, Clone, Serialize)]
pub struct EventWithLines {
    /// The delivery.
    pub event: EventRow,
    /// In the order of the body.
    pub lines: Vec<EventLineRow>,
}

/// A delivery as it came.
#[derive(Debug, Clone, QueryableByName)]
pub struct RawEvent {
    /// Byte for byte.
    #[diesel(sql_type = Binary)]
    pub body: Vec<u8>,
    /// The headers that were signed, as JSON.
    #[diesel(sql_type = Text)]
    pub headers: String,
}

impl SortKeys for EventRow {
    fn key(&self, field: &str) -> KeyValue {
        match field {
            "received_at" => self.received_at.into(),
            "updated_at" => self.updated_at.into(),
            _ => self.id.into(),
        }
    }
}

/// What the inbox can be sorted by.
pub const EVENT_ORDERINGS: &[&str] = &["received_at", "updated_at"];

/// Which deliveries.
#[derive(Debug, Clone, Default)]
pub struct EventFilter {
    /// From this till.
    pub connection: Option<PosConnectionId>,
    /// Where it stands.
    pub status: Option<PosEventStatus>,
    /// The sender's id of it.
    pub webhook_id: Option<String>,
    /// Why it was refused or is held.
    pub reason_code: Option<String>,
    /// Came from then on.
    pub received_after: Option<Instant>,
    /// Came before then.
    pub received_before: Option<Instant>,
}

const EVENT: &str = "SELECT e.id, e.connection_id, e.webhook_id, e.status, e.reason_code, e.reason, e.received_at, e.updated_at, e.version ";

/// A page of the inbox, newest first unless told otherwise. Two statements.
///
/// # Errors
/// What the database said.
pub fn events(
    session: &mut Session<'_>,
    request: &ListRequest<EventFilter>,
) -> Result<Page<EventWithLines>, StoreError> {
    let shape = Shape {
        select: Sql::new(EVENT),
        from: Sql::new("FROM pos_events e"),
        keys: &[("received_at", "e.received_at"), ("updated_at", "e.updated_at"), ("id", "e.id")],
        order: Sort { field: "received_at", descending: true },
    };
    let filter = &request.filter;
    let mut conditions = Conditions::default();
    conditions.when("e.connection_id = ", filter.connection.map(Id::from));
    conditions.when("e.status = ", filter.status.map(PosEventStatus::as_str));
    conditions.when("e.webhook_id = ", filter.webhook_id.as_deref());
    conditions.when("e.reason_code = ", filter.reason_code.as_deref());
    conditions.between("e.received_at", filter.received_after, filter.received_before);
    let page = page::<EventRow, _>(session, &shape, conditions, request)?;
    let mut lines = event_lines(session, page.rows.iter().map(|event| event.id).collect())?;
    page.map(|event| Ok(EventWithLines { lines: lines.remove(&event.id).unwrap_or_default(), event }))
}

/// One delivery. Two statements.
///
/// # Errors
/// What the database said.
pub fn event(session: &mut Session<'_>, id: PosEventId) -> Result<Option<EventWithLines>, StoreError> {
    let sql = Sql::new(EVENT).text("FROM pos_events e WHERE e.id = ").with(Id::from(id));
    let Some(event) = session.first::<EventRow>(sql)? else { return Ok(None) };
    let lines = event_lines(session, vec![event.id])?.remove(&event.id).unwrap_or_default();
    Ok(Some(EventWithLines { event, lines }))
}

/// The delivery as it came.
///
/// # Errors
/// What the database said.
pub fn raw_event(session: &mut Session<'_>, id: PosEventId) -> Result<Option<RawEvent>, StoreError> {
    session.first(Sql::new("SELECT body, headers FROM pos_events WHERE id = ").with(Id::from(id)))
}

fn event_lines(session: &mut Session<'_>, events: Vec<Id>) -> Result<HashMap<Id, Vec<EventLineRow>>, StoreError> {
    let sql = Sql::new(
        "SELECT event_id, position, ref_kind, ref_value, change, counted, counted_at, occurred_at, reason FROM pos_event_lines WHERE ",
    )
    .id_in("event_id", events)
    .text(" ORDER BY event_id, position");
    let mut lines: HashMap<Id, Vec<EventLineRow>> = HashMap::new();
    for line in session.load::<EventLineRow>(sql)? {
        lines.entry(line.event_id).or_default().push(line);
    }
    Ok(lines)
}

/// Which of our products a till's product is.
#[derive(Debug, Clone, QueryableByName, Serialize)]
pub struct MappingRow {
    /// The till's id of it.
    #[diesel(sql_type = Text)]
    pub external_id: String,
    /// Ours.
    #[diesel(sql_type = UuidSql)]
    pub product_id: Id,
    /// Our SKU.
    #[diesel(sql_type = Text)]
    pub sku: String,
    /// Our name.
    #[diesel(sql_type = Text)]
    pub name: String,
}

impl SortKeys for MappingRow {
    fn key(&self, _: &str) -> KeyValue {
        self.external_id.clone().into()
    }
}

/// A page of a till's mappings, by the till's id.
///
/// # Errors
/// What the database said.
pub fn mappings(
    session: &mut Session<'_>,
    request: &ListRequest<PosConnectionId>,
) -> Result<Page<MappingRow>, StoreError> {
    let shape = Shape {
        select: Sql::new("SELECT m.external_id, m.product_id, p.sku, p.name "),
        from: Sql::new("FROM pos_products m JOIN products p ON p.id = m.product_id"),
        keys: &[("id", "m.external_id")],
        order: Sort { field: "id", descending: false },
    };
    let mut conditions = Conditions::default();
    conditions.when("m.connection_id = ", Some(Id::from(request.filter)));
    page(session, &shape, conditions, request)
}
