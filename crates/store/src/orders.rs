//! Orders with their lines and history, as they are read, and what holds stock. Nothing is written here: that is the ledger's.

use crate::{
    StoreError,
    dialect::{Sql, on_both},
    list::{Conditions, List, ListRequest, Page, Sort},
    parts::{by_parent, one_of},
    repository::unique_keys,
    schema::{customers, order_history, order_lines, orders, users},
    session::Session,
    types::{At, Id, InstantSql, UuidSql},
};
use diesel::{
    prelude::*,
    sql_types::{BigInt, Text},
};
use serde::Serialize;
use std::collections::{BTreeSet, HashMap};
use tradepost_domain::{
    ids::{CustomerId, LocationId, OrderId, ProductId},
    instant::Instant,
    orders::OrderStatus,
    text::fold,
};

unique_keys! {
    orders { orders_number (number) is "number", }
}

/// An order without its lines. Money is in minor units.
#[derive(Debug, Clone, Queryable, Selectable, Serialize)]
#[diesel(table_name = orders)]
pub struct OrderRow {
    /// UUIDv7; given once, never used again.
    pub id: Id,
    /// Short, for people: from 1, unique among orders; there may be gaps.
    pub number: i64,
    /// `pending`, `accepted`, `rejected`, `cancelled`, `shipped` or `delivered`.
    pub status: String,
    /// The customer it is for, perhaps erased since.
    pub customer_id: Id,
    /// The customer's name now.
    #[diesel(select_expression = customers::name)]
    pub customer_name: String,
    /// The customer's code now.
    #[diesel(select_expression = customers::code)]
    pub customer_code: String,
    /// The user who placed it; `None` for the program itself.
    pub placed_by: Option<Id>,
    /// The sum of the lines, 0 or more.
    pub subtotal: i64,
    /// What the promo code takes off: 0 to `subtotal`.
    pub discount: i64,
    /// What is to be paid: `subtotal` less `discount`.
    pub total: i64,
    /// The promo code, as it was written then; `None`: none.
    pub promo_code: Option<String>,
    /// The customer's words, up to 500 characters; `None`: none.
    pub notes: Option<String>,
    /// Where its goods are reserved.
    pub location_id: Id,
    /// Taken out of lists since, and not seen by its customer any more; `None`: it is in them.
    pub hidden_at: Option<At>,
    /// 1 when it was placed, and one more with every change.
    pub version: i64,
    /// When it was placed, by our clock.
    pub created_at: At,
    /// When it last changed, by our clock; as `created_at` until then.
    pub updated_at: At,
}

/// One line of an order. Money is in minor units, quantities in hundred-thousandths.
#[derive(Debug, Clone, Queryable, Selectable, Serialize)]
#[diesel(table_name = order_lines)]
pub struct OrderLineRow {
    /// UUIDv7; unique within its order.
    pub id: Id,
    order_id: Id,
    /// The product that was ordered, perhaps removed since.
    pub product_id: Id,
    /// Its SKU at that time.
    pub sku: String,
    /// Its name at that time.
    pub name: String,
    /// How much, more than 0.
    pub quantity: i64,
    /// How much of it came back after delivery: 0 to `quantity`.
    pub returned_quantity: i64,
    /// The price of one unit at that time, more than 0.
    pub unit_price: i64,
    /// The whole line's: quantity times price, rounded; returns do not change it.
    pub line_total: i64,
}

/// One step of an order's history.
#[derive(Debug, Clone, Queryable, Selectable, Serialize)]
#[diesel(table_name = order_history)]
pub struct HistoryRow {
    order_id: Id,
    /// Where it stood afterwards: one of the order's statuses.
    pub status: String,
    /// When the step was taken, by our clock.
    pub at: At,
    /// `user`, `connection` or `system`.
    pub actor_type: String,
    /// The user's or connection's id; `None` for `system`.
    pub actor_id: Option<Id>,
    /// Why, in their words, up to 500 characters; `None`: they said none.
    pub reason: Option<String>,
}

/// An order with its lines and history.
#[derive(Debug, Clone, Serialize)]
pub struct OrderWithParts {
    /// The order itself, without its lines and history.
    pub order: OrderRow,
    /// In the order in which they were written.
    pub lines: Vec<OrderLineRow>,
    /// Every step so far, the oldest first.
    pub history: Vec<HistoryRow>,
}

/// What a list of orders can be sorted by: by `created_at`, newest first, where nobody says.
pub const ORDERINGS: &[&str] = &["created_at", "total", "discount"];

/// Which orders, of those that were not hidden; every `None` is: any.
#[derive(Debug, Clone, Default)]
pub struct OrderFilter {
    /// Only this customer's, whatever else is asked for: what a shopper may see.
    pub only_of: Option<CustomerId>,
    /// Those that stand there now.
    pub status: Option<OrderStatus>,
    /// For this customer; together with another `only_of` there are none.
    pub customer: Option<CustomerId>,
    /// Placed by the user with this e-mail address, without regard to case.
    pub user_email: Option<String>,
    /// With this promo code, without regard to case.
    pub promo_code: Option<String>,
    /// With this number: one, or none.
    pub number: Option<i64>,
    /// To be paid at least so much, in minor units.
    pub total_min: Option<i64>,
    /// To be paid at most so much, in minor units.
    pub total_max: Option<i64>,
    /// At least so much off, in minor units.
    pub discount_min: Option<i64>,
    /// At most so much off, in minor units.
    pub discount_max: Option<i64>,
    /// Placed then or later.
    pub created_after: Option<Instant>,
    /// Placed before then, not at that instant.
    pub created_before: Option<Instant>,
    /// Words that all occur in notes, SKUs and names of lines, or the customer's record, without regard to case.
    pub search: Option<String>,
}

/// A page of those that were not hidden, newest first unless told otherwise. Three statements.
///
/// # Errors
/// Where the database cannot be read.
pub fn list(session: &mut Session<'_>, request: &ListRequest<OrderFilter>) -> Result<Page<OrderWithParts>, StoreError> {
    let list = List::<OrderRow>::new(
        " FROM orders JOIN customers ON customers.id = orders.customer_id",
        Sort { field: "created_at", descending: true },
    )
    .key("created_at", orders::created_at, |row| row.created_at)
    .key("total", orders::total, |row| row.total)
    .key("discount", orders::discount, |row| row.discount)
    .key("id", orders::id, |row| row.id);
    let page = list.page(session, conditions(&request.filter), request)?;
    let mut parts = Parts::of(session, page.rows.iter().map(|order| order.id).collect())?;
    page.map(|order| Ok(parts.with(order)))
}

fn conditions(filter: &OrderFilter) -> Conditions {
    let mut conditions = Conditions::default();
    conditions.filter(orders::hidden_at.is_null());
    conditions.equals(orders::customer_id, filter.only_of.map(Id::from));
    conditions.equals(orders::status, filter.status.map(OrderStatus::as_str));
    conditions.equals(orders::customer_id, filter.customer.map(Id::from));
    if let Some(email) = &filter.user_email {
        let user = users::table.filter(users::email_key.eq(fold(email))).select(users::id.nullable());
        conditions.filter(orders::placed_by.eq(user.single_value()));
    }
    conditions.equals(orders::promo_code_key, filter.promo_code.as_deref().map(fold));
    conditions.equals(orders::number, filter.number);
    conditions.at_least(orders::total, filter.total_min);
    conditions.at_most(orders::total, filter.total_max);
    conditions.at_least(orders::discount, filter.discount_min);
    conditions.at_most(orders::discount, filter.discount_max);
    conditions.spans(orders::created_at, filter.created_after, filter.created_before);
    let words = orders::search_text.concat(" ").concat(customers::search_text);
    conditions.contains(words, filter.search.as_deref());
    conditions
}

/// One order with its lines and history, hidden or not; `None`: there is none with this id. Three statements.
///
/// # Errors
/// Where the database cannot be read.
pub fn order(session: &mut Session<'_>, id: OrderId) -> Result<Option<OrderWithParts>, StoreError> {
    let order = orders::table
        .find(Id::from(id))
        .inner_join(customers::table.on(customers::id.eq(orders::customer_id)))
        .select(OrderRow::as_select());
    let Some(order) = session.run(|conn| order.first(conn).optional())? else { return Ok(None) };
    Ok(Some(Parts::of(session, vec![order.id])?.with(order)))
}

/// Lines and history of some orders.
struct Parts {
    lines: HashMap<Id, Vec<OrderLineRow>>,
    history: HashMap<Id, Vec<HistoryRow>>,
}

impl Parts {
    fn of(session: &mut Session<'_>, orders: Vec<Id>) -> Result<Self, StoreError> {
        let rows = order_lines::table.filter(one_of(order_lines::order_id, orders.clone())).order((
            order_lines::order_id,
            order_lines::position,
            order_lines::id,
        ));
        let rows = session.run(|conn| on_both!(conn, c => rows.select(OrderLineRow::as_select()).load(c)))?;
        let lines = by_parent(rows, |line| line.order_id);
        let rows = order_history::table
            .filter(one_of(order_history::order_id, orders))
            .order((order_history::order_id, order_history::position));
        let rows = session.run(|conn| on_both!(conn, c => rows.select(HistoryRow::as_select()).load(c)))?;
        let history = by_parent(rows, |entry| entry.order_id);
        Ok(Self { lines, history })
    }

    fn with(&mut self, order: OrderRow) -> OrderWithParts {
        let lines = self.lines.remove(&order.id).unwrap_or_default();
        let history = self.history.remove(&order.id).unwrap_or_default();
        OrderWithParts { order, lines, history }
    }
}

/// How many orders wait in one state, and which of them was placed first.
#[derive(Debug, Clone, QueryableByName, Serialize)]
pub struct WaitingRow {
    /// `pending`, `accepted` or `shipped`.
    #[diesel(sql_type = Text)]
    pub status: String,
    /// How many orders wait there: at least 1.
    #[diesel(sql_type = BigInt)]
    pub count: i64,
    /// The oldest one's id.
    #[diesel(sql_type = UuidSql)]
    pub oldest_id: Id,
    /// The oldest one's number.
    #[diesel(sql_type = BigInt)]
    pub oldest_number: i64,
    /// When the oldest one was placed.
    #[diesel(sql_type = InstantSql)]
    pub oldest_created_at: At,
}

/// What waits to be accepted, shipped and delivered; a state in which nothing waits has no row. One statement.
///
/// # Errors
/// Where the database cannot be read.
pub fn waiting(session: &mut Session<'_>) -> Result<Vec<WaitingRow>, StoreError> {
    session.load(Sql::new(
        "SELECT w.status, w.count, o.id AS oldest_id, o.number AS oldest_number, o.created_at AS oldest_created_at FROM \
            (SELECT status, COUNT(*) AS count FROM orders WHERE status IN ('pending', 'accepted', 'shipped') GROUP BY status) w \
            JOIN orders o ON o.id = (SELECT x.id FROM orders x WHERE x.status = w.status ORDER BY x.created_at, x.id LIMIT 1) \
            ORDER BY CASE w.status WHEN 'pending' THEN 1 WHEN 'accepted' THEN 2 ELSE 3 END",
    ))
}

/// An open order that holds some of a product. Quantities are in hundred-thousandths.
#[derive(Debug, Clone, QueryableByName, Serialize)]
pub struct HolderRow {
    /// The product that is held.
    #[diesel(sql_type = UuidSql)]
    pub product_id: Id,
    /// The location at which it is held.
    #[diesel(sql_type = UuidSql)]
    pub location_id: Id,
    /// The order that holds it: pending or accepted.
    #[diesel(sql_type = UuidSql)]
    pub order_id: Id,
    /// The order's number, for people.
    #[diesel(sql_type = BigInt)]
    pub number: i64,
    /// How much all its lines hold together, more than 0.
    #[diesel(sql_type = BigInt)]
    pub quantity: i64,
}

/// How many holders of one product at one location are named at most.
pub const MOST_HOLDERS: i64 = 10;

/// What holds these products at these locations: the oldest open orders, at most [`MOST_HOLDERS`] for each. One statement.
///
/// # Errors
/// Where the database cannot be read.
pub fn holders(session: &mut Session<'_>, of: &[(ProductId, LocationId)]) -> Result<Vec<HolderRow>, StoreError> {
    if of.is_empty() {
        return Ok(Vec::new());
    }
    // Named twice it would be added up twice.
    let of: BTreeSet<(ProductId, LocationId)> = of.iter().copied().collect();
    let products = of.iter().map(|(product, _)| (*product).into()).collect();
    let locations = of.iter().map(|(_, location)| (*location).into()).collect();
    let sql = Sql::new(
        "SELECT product_id, location_id, order_id, number, quantity FROM (\
            SELECT l.product_id, o.location_id, o.id AS order_id, o.number, CAST(SUM(l.quantity) AS BIGINT) AS quantity, \
                ROW_NUMBER() OVER (PARTITION BY l.product_id, o.location_id ORDER BY o.created_at, o.id) AS place \
            FROM orders o JOIN order_lines l ON l.order_id = o.id JOIN ",
    )
    .id_pairs(products, locations)
    .text(
        " ON w.p = l.product_id AND w.q = o.location_id WHERE o.status IN ('pending', 'accepted') \
            GROUP BY l.product_id, o.location_id, o.id, o.number, o.created_at) h WHERE place <= ",
    )
    .with(MOST_HOLDERS)
    .text(" ORDER BY product_id, location_id, place");
    session.load(sql)
}
