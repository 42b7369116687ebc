//! Tills and POS accounts, the inbox of what they reported, and which of our products their products are.
//!
//! Connections are written here. Events and mappings change stock, so the ledger writes them; here they are read.

use crate::{
    StoreError,
    dialect::on_both,
    list::{Conditions, List, ListRequest, Page, Sort, unreadable},
    parts::{by_parent, one_of},
    repository::{repository, unique_keys},
    schema::{pos_event_lines, pos_events, pos_products, products, tables},
    session::Session,
    types::{At, Id},
};
use diesel::prelude::*;
use serde::Serialize;
use std::collections::HashMap;
use tradepost_domain::{
    ids::{PosConnectionId, PosEventId},
    instant::Instant,
    pos::{OnShortage, PosConnection, PosEventStatus},
    repository::{self, Remove},
    text::fold,
};

tables! {
    pos_connections (id) {
        id -> UuidSql,
        name -> Text,
        name_key -> Text,
        dialect -> Text,
        location_id -> Nullable<UuidSql>,
        on_shortage -> Text,
        secret -> Nullable<Text>,
        secret_before -> Nullable<Text>,
        secret_before_until -> Nullable<InstantSql>,
        removed_at -> Nullable<InstantSql>,
        version -> BigInt,
        created_at -> InstantSql,
        updated_at -> InstantSql,
    }
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = pos_connections, treat_none_as_null = true)]
pub(crate) struct Row {
    id: Id,
    name: String,
    name_key: String,
    location_id: Option<Id>,
    on_shortage: String,
    version: i64,
    created_at: At,
    updated_at: At,
}

unique_keys! {
    pos_connections { pos_connections_name_key (name_key) is "name", }
    pos_events { pos_events_webhook_id (connection_id, webhook_id) is "webhook_id", }
    pos_products { pos_products_pkey (connection_id, external_id) is "external_id", }
}

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
    pub(crate) fn connection(self) -> Result<PosConnection, StoreError> {
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

/// What a list of connections can be sorted by: by name where nobody says.
pub const CONNECTION_ORDERINGS: &[&str] = &["name", "created_at"];

/// Which connections, of those that were not removed; every `None` is: any.
#[derive(Debug, Clone, Default)]
pub struct ConnectionFilter {
    /// This name, without regard to case.
    pub name: Option<String>,
    /// Words that all occur in the name, without regard to case.
    pub search: Option<String>,
}

/// A page of those in use, by name unless told otherwise.
///
/// # Errors
/// Where the database cannot be read.
pub fn connections(
    session: &mut Session<'_>,
    request: &ListRequest<ConnectionFilter>,
) -> Result<Page<PosConnection>, StoreError> {
    let list = List::<Row>::new(" FROM pos_connections", Sort { field: "name", descending: false })
        .key("name", pos_connections::name_key, |row| row.name_key.clone())
        .key("created_at", pos_connections::created_at, |row| row.created_at)
        .key("id", pos_connections::id, |row| row.id);
    let mut conditions = Conditions::default();
    conditions.filter(pos_connections::removed_at.is_null());
    conditions.equals(pos_connections::name_key, request.filter.name.as_deref().map(fold));
    conditions.contains(pos_connections::name_key, request.filter.search.as_deref());
    list.page(session, conditions, request)?.map(Row::connection)
}

repository! {
    PosConnection, pos_connections,
    stored Row,
    read Row => |row, _session| row.connection(),
    alive pos_connections::removed_at.is_null(),
}

impl Remove<PosConnection> for Session<'_> {
    fn remove(&mut self, id: PosConnectionId, now: Instant) -> repository::Result<()> {
        let (id, now) = (Id::from(id), At::from(now));
        let connection = pos_connections::table.find(id).filter(pos_connections::removed_at.is_null());
        let removed = (
            pos_connections::secret.eq(None::<String>),
            pos_connections::secret_before.eq(None::<String>),
            pos_connections::secret_before_until.eq(None::<At>),
            pos_connections::removed_at.eq(Some(now)),
            pos_connections::updated_at.eq(now),
            pos_connections::version.eq(pos_connections::version + 1),
        );
        self.run(|conn| diesel::update(connection).set(removed).execute(conn))?;
        Ok(())
    }
}

/// One delivery in the inbox.
#[derive(Debug, Clone, Queryable, Selectable, Serialize)]
#[diesel(table_name = pos_events)]
pub struct EventRow {
    /// Our id of it.
    pub id: Id,
    /// The connection it came through, perhaps removed since.
    pub connection_id: Id,
    /// The sender's id of it, 1 to 255 characters; unique for its connection.
    pub webhook_id: String,
    /// `received`, `applied`, `refused`, `held` or `dismissed`.
    pub status: String,
    /// Why it was refused, is held or was dismissed, for programs; `None` where it was not.
    pub reason_code: Option<String>,
    /// The same for people, up to 500 characters; `None` where there is no code.
    pub reason: Option<String>,
    /// When it came, by our clock.
    pub received_at: At,
    /// When it was last judged or dismissed, by our clock.
    pub updated_at: At,
    /// 1 when it was first judged, and one more each time it is judged again or dismissed.
    pub version: i64,
}

/// One line of a delivery. Quantities are in hundred-thousandths.
#[derive(Debug, Clone, Queryable, Selectable, Serialize)]
#[diesel(table_name = pos_event_lines)]
pub struct EventLineRow {
    event_id: Id,
    /// Its place in the body, from 0.
    pub position: i32,
    /// `product_id`, `sku` or `external_id`.
    pub ref_kind: String,
    /// Our id, our SKU or the till's own id of the product; what is no product of ours may stand here too.
    pub ref_value: String,
    /// So much more or less: signed; `None` where it is a count.
    pub change: Option<i64>,
    /// So much was there; `None` where it is a change. A line is one of the two.
    pub counted: Option<i64>,
    /// When it was counted, by the till's clock; `None`: when it was received, or it is a change.
    pub counted_at: Option<At>,
    /// When it happened, by the till's clock; `None`: when it was received, or it is a count.
    pub occurred_at: Option<At>,
    /// The till's words, up to 500 characters; `None`: it said none, or it is a count.
    pub reason: Option<String>,
}

/// A delivery with its lines.
#[derive(Debug, Clone, Serialize)]
pub struct EventWithLines {
    /// The delivery itself, without its lines and its body.
    pub event: EventRow,
    /// Up to 200, in the order of the body.
    pub lines: Vec<EventLineRow>,
}

/// A delivery as it came.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = pos_events)]
pub struct RawEvent {
    /// Byte for byte what was signed.
    pub body: Vec<u8>,
    /// The sender's id, timestamp and signature, as a JSON object by the headers they came in.
    pub headers: String,
}

/// What the inbox can be sorted by: by `received_at`, newest first, where nobody says.
pub const EVENT_ORDERINGS: &[&str] = &["received_at", "updated_at"];

/// Which deliveries: those for which all of it is so. Every `None` is: any.
#[derive(Debug, Clone, Default)]
pub struct EventFilter {
    /// Through this connection, removed or not.
    pub connection: Option<PosConnectionId>,
    /// Those that stand there now.
    pub status: Option<PosEventStatus>,
    /// With exactly this id of the sender's; each connection may have one.
    pub webhook_id: Option<String>,
    /// With this code of why it was refused, is held or was dismissed.
    pub reason_code: Option<String>,
    /// Came then or later.
    pub received_after: Option<Instant>,
    /// Came before then, not at that instant.
    pub received_before: Option<Instant>,
}

/// A page of the inbox, newest first unless told otherwise. Two statements.
///
/// # Errors
/// Where the database cannot be read.
pub fn events(
    session: &mut Session<'_>,
    request: &ListRequest<EventFilter>,
) -> Result<Page<EventWithLines>, StoreError> {
    let list = List::<EventRow>::new(" FROM pos_events", Sort { field: "received_at", descending: true })
        .key("received_at", pos_events::received_at, |row| row.received_at)
        .key("updated_at", pos_events::updated_at, |row| row.updated_at)
        .key("id", pos_events::id, |row| row.id);
    let filter = &request.filter;
    let mut conditions = Conditions::default();
    conditions.equals(pos_events::connection_id, filter.connection.map(Id::from));
    conditions.equals(pos_events::status, filter.status.map(PosEventStatus::as_str));
    conditions.equals(pos_events::webhook_id, filter.webhook_id.as_deref());
    conditions.equals(pos_events::reason_code, filter.reason_code.as_deref());
    conditions.spans(pos_events::received_at, filter.received_after, filter.received_before);
    let page = list.page(session, conditions, request)?;
    let mut lines = event_lines(session, page.rows.iter().map(|event| event.id).collect())?;
    page.map(|event| Ok(EventWithLines { lines: lines.remove(&event.id).unwrap_or_default(), event }))
}

/// One delivery; `None`: there is none with this id. Two statements.
///
/// # Errors
/// Where the database cannot be read.
pub fn event(session: &mut Session<'_>, id: PosEventId) -> Result<Option<EventWithLines>, StoreError> {
    let event = pos_events::table.find(Id::from(id)).select(EventRow::as_select());
    let Some(event) = session.run(|conn| event.first(conn).optional())? else { return Ok(None) };
    let lines = event_lines(session, vec![event.id])?.remove(&event.id).unwrap_or_default();
    Ok(Some(EventWithLines { event, lines }))
}

/// The delivery as it came; `None`: there is none with this id.
///
/// # Errors
/// Where the database cannot be read.
pub fn raw_event(session: &mut Session<'_>, id: PosEventId) -> Result<Option<RawEvent>, StoreError> {
    let event = pos_events::table.find(Id::from(id)).select(RawEvent::as_select());
    session.run(|conn| event.first(conn).optional())
}

fn event_lines(session: &mut Session<'_>, events: Vec<Id>) -> Result<HashMap<Id, Vec<EventLineRow>>, StoreError> {
    let rows = pos_event_lines::table
        .filter(one_of(pos_event_lines::event_id, events))
        .order((pos_event_lines::event_id, pos_event_lines::position));
    let rows = session.run(|conn| on_both!(conn, c => rows.select(EventLineRow::as_select()).load(c)))?;
    Ok(by_parent(rows, |line| line.event_id))
}

/// Which of our products a till's product is.
#[derive(Debug, Clone, Queryable, Selectable, Serialize)]
#[diesel(table_name = pos_products)]
pub struct MappingRow {
    /// The till's id of it, 1 to 64 characters; unique for its connection.
    pub external_id: String,
    /// The product of ours that it is, perhaps removed since.
    pub product_id: Id,
    /// Our SKU as it is now.
    #[diesel(select_expression = products::sku)]
    pub sku: String,
    /// Our name as it is now.
    #[diesel(select_expression = products::name)]
    pub name: String,
}

/// A page of a till's mappings, by the till's id.
///
/// # Errors
/// Where the database cannot be read.
pub fn mappings(
    session: &mut Session<'_>,
    request: &ListRequest<PosConnectionId>,
) -> Result<Page<MappingRow>, StoreError> {
    let list = List::<MappingRow>::new(
        " FROM pos_products JOIN products ON products.id = pos_products.product_id",
        Sort { field: "id", descending: false },
    )
    .key("id", pos_products::external_id, |row| row.external_id.clone());
    let mut conditions = Conditions::default();
    conditions.equals(pos_products::connection_id, Some(Id::from(request.filter)));
    list.page(session, conditions, request)
}
