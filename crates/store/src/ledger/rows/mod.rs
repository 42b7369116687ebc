//! The ledger's rows and what they are to the domain.

mod lines;
mod orders;

pub(super) use lines::LineRow;
pub(super) use orders::{HistoryRow, OrderRow};

use crate::{
    connection::Conn,
    dialect::Sql,
    types::{At, Id, InstantSql, UuidSql},
};
use diesel::{
    QueryResult, QueryableByName,
    sql_types::{BigInt, Binary, Bool, Integer, Nullable, Text},
};
use tradepost_domain::{
    catalogue::{Product, Unit},
    identity::Actor,
    ids::{ConnectionId, LocationId, MovementId, ProductId, UserId},
    money::{Currency, Money, Price},
    pos::{Connection, Event, EventLine, EventStatus, OnShortage, Reason, Reference, Report},
    quantity::{Delta, Quantity},
    sales::{Buyer, Sale, SaleStatus},
    sku::Sku,
    stock::{Change, Kind, Level, Location, Movement, Source},
};

type Read<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn quantity(stored: i64) -> Read<Quantity> {
    Ok(Quantity::from_hundred_thousandths(stored)?)
}

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
    pub(super) const SELECT: &'static str =
        "SELECT product_id, location_id, on_hand, reserved, seq, counted_at, recorded_at FROM levels WHERE ";

    /// Those of these levels that exist, locked in the order of their ids.
    pub(super) fn load_named(conn: &mut Conn, wanted: &[(ProductId, LocationId)]) -> QueryResult<Vec<Self>> {
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let products: Vec<Id> = wanted.iter().map(|(product, _)| (*product).into()).collect();
        let locations: Vec<Id> = wanted.iter().map(|(_, location)| (*location).into()).collect();
        Sql::new("SELECT l.product_id, l.location_id, l.on_hand, l.reserved, l.seq, l.counted_at, l.recorded_at FROM levels l JOIN ")
            .id_pairs(products, locations)
            .text(" ON l.product_id = w.p AND l.location_id = w.q ORDER BY l.product_id, l.location_id")
            .either(" FOR UPDATE OF l", "")
            .load(conn)
    }

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
pub(super) struct ProductRow {
    #[diesel(sql_type = UuidSql)]
    id: Id,
    #[diesel(sql_type = Text)]
    sku: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    description: String,
    #[diesel(sql_type = BigInt)]
    price: i64,
    #[diesel(sql_type = Nullable<UuidSql>)]
    category_id: Option<Id>,
    #[diesel(sql_type = Nullable<Text>)]
    barcode: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    image_url: Option<String>,
    #[diesel(sql_type = Text)]
    unit: String,
    #[diesel(sql_type = Integer)]
    unit_decimals: i32,
    #[diesel(sql_type = Nullable<BigInt>)]
    low_stock_threshold: Option<i64>,
    #[diesel(sql_type = Bool)]
    enabled: bool,
    #[diesel(sql_type = Nullable<InstantSql>)]
    removed_at: Option<At>,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = InstantSql)]
    created_at: At,
    #[diesel(sql_type = InstantSql)]
    updated_at: At,
}

impl ProductRow {
    pub(super) const SELECT: &'static str = "SELECT id, sku, name, description, price, category_id, barcode, image_url, unit, \
        unit_decimals, low_stock_threshold, enabled, removed_at, version, created_at, updated_at FROM products WHERE ";

    pub(super) fn product(self, currency: Currency) -> Read<Product> {
        Ok(Product {
            id: self.id.into(),
            sku: Sku::parse(&self.sku)?,
            name: self.name,
            description: self.description,
            price: Price::new(Money::from_minor(self.price, currency))?,
            category: self.category_id.map(Into::into),
            barcode: self.barcode,
            image_url: self.image_url,
            unit: Unit::new(&self.unit, u8::try_from(self.unit_decimals)?)?,
            low_stock_threshold: self.low_stock_threshold.map(quantity).transpose()?,
            enabled: self.enabled,
            removed_at: self.removed_at.map(Into::into),
            version: self.version,
            created_at: self.created_at.into(),
            updated_at: self.updated_at.into(),
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
pub(super) struct MovementRow {
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
    pub(super) source_id: Option<Id>,
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
    pub(super) const SELECT: &'static str = "SELECT id, product_id, location_id, seq, kind, on_hand_change, reserved_change, \
        on_hand_after, reserved_after, reason, source_type, source_id, actor_type, actor_id, occurred_at, recorded_at \
        FROM movements WHERE ";

    pub(super) fn movement(self) -> Read<Movement> {
        let source = self.source_type.as_deref().zip(self.source_id);
        let source = source.map(|(kind, id)| Source::from_parts(kind, id.0).ok_or(format!("source type {kind}")));
        Ok(Movement {
            id: MovementId::from_uuid(self.id.0),
            product: self.product_id.into(),
            location: self.location_id.into(),
            seq: self.seq,
            kind: Kind::parse(&self.kind).ok_or(format!("movement kind {}", self.kind))?,
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

fn actor(kind: &str, id: Option<Id>) -> Read<Actor> {
    match (kind, id) {
        ("user", Some(id)) => Ok(Actor::User(UserId::from_uuid(id.0))),
        ("connection", Some(id)) => Ok(Actor::Connection(ConnectionId::from_uuid(id.0))),
        ("system", None) => Ok(Actor::System),
        _ => Err(format!("actor type {kind}").into()),
    }
}

/// The two columns that say who did a thing.
pub(super) fn actor_columns(actor: Actor) -> (&'static str, Option<Id>) {
    match actor {
        Actor::User(id) => ("user", Some(id.into())),
        Actor::Connection(id) => ("connection", Some(id.into())),
        Actor::System => ("system", None),
    }
}

#[derive(QueryableByName)]
pub(super) struct SaleRow {
    #[diesel(sql_type = UuidSql)]
    pub(super) id: Id,
    #[diesel(sql_type = BigInt)]
    number: i64,
    #[diesel(sql_type = Text)]
    status: String,
    #[diesel(sql_type = UuidSql)]
    location_id: Id,
    #[diesel(sql_type = Nullable<UuidSql>)]
    customer_id: Option<Id>,
    #[diesel(sql_type = Nullable<Text>)]
    customer_name: Option<String>,
    #[diesel(sql_type = Nullable<UuidSql>)]
    sold_by: Option<Id>,
    #[diesel(sql_type = BigInt)]
    total: i64,
    #[diesel(sql_type = BigInt)]
    refunded_total: i64,
    #[diesel(sql_type = Nullable<Text>)]
    reason: Option<String>,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = InstantSql)]
    occurred_at: At,
    #[diesel(sql_type = InstantSql)]
    created_at: At,
    #[diesel(sql_type = InstantSql)]
    updated_at: At,
}

impl SaleRow {
    pub(super) const SELECT: &'static str = "SELECT id, number, status, location_id, customer_id, customer_name, sold_by, total, \
        refunded_total, reason, version, occurred_at, created_at, updated_at FROM sales WHERE ";

    pub(super) fn sale(self, lines: Vec<LineRow>, currency: Currency) -> Read<Sale> {
        let buyer = match (self.customer_id, self.customer_name) {
            (Some(id), _) => Some(Buyer::Customer(id.into())),
            (None, Some(name)) => Some(Buyer::Named(name)),
            (None, None) => None,
        };
        Ok(Sale {
            id: self.id.into(),
            number: self.number,
            status: SaleStatus::parse(&self.status).ok_or(format!("sale status {}", self.status))?,
            lines: lines.into_iter().map(|line| line.line(currency)).collect::<Read<_>>()?,
            total: Money::from_minor(self.total, currency),
            refunded_total: Money::from_minor(self.refunded_total, currency),
            buyer,
            location: self.location_id.into(),
            sold_by: self.sold_by.map(Into::into),
            reason: self.reason,
            occurred_at: self.occurred_at.into(),
            version: self.version,
            created_at: self.created_at.into(),
            updated_at: self.updated_at.into(),
        })
    }
}

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

    pub(super) fn connection(self) -> Read<Connection> {
        Ok(Connection {
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

impl EventRow {
    pub(super) const SELECT: &'static str = "SELECT id, connection_id, webhook_id, body_hash, status, reason_code, reason, version, \
        received_at, updated_at FROM pos_events WHERE ";

    pub(super) fn event(self, lines: Vec<EventLineRow>) -> Read<Event> {
        let reason = self.reason_code.zip(self.reason).map(|(code, detail)| Reason { code, detail });
        Ok(Event {
            id: self.id.into(),
            connection: self.connection_id.into(),
            webhook_id: self.webhook_id,
            body_hash: self.body_hash.try_into().map_err(|_| "a hash has 32 bytes")?,
            lines: lines.into_iter().map(EventLineRow::line).collect::<Read<_>>()?,
            status: EventStatus::parse(&self.status).ok_or(format!("event status {}", self.status))?,
            reason,
            version: self.version,
            received_at: self.received_at.into(),
            updated_at: self.updated_at.into(),
        })
    }
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

    fn line(self) -> Read<EventLine> {
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
        Ok(EventLine { product, report })
    }
}
