//! Sales with their lines, as they are read. Nothing is written here: that is the ledger's.

use crate::{
    StoreError,
    dialect::on_both,
    list::{Conditions, List, ListRequest, Page, Sort},
    parts::{by_parent, one_of},
    repository::unique_keys,
    schema::{customers, sale_lines, sales},
    session::Session,
    types::{At, Id},
};
use diesel::{
    dsl::exists,
    prelude::*,
    sql_types::{Nullable, Text},
};
use serde::Serialize;
use std::collections::HashMap;
use tradepost_domain::{
    ids::{CustomerId, LocationId, ProductId, SaleId, UserId},
    instant::Instant,
    sales::SaleStatus,
};

unique_keys! {
    sales { sales_number (number) is "number", }
}

#[diesel::declare_sql_function]
extern "SQL" {
    fn coalesce(first: Nullable<Text>, second: Nullable<Text>) -> Nullable<Text>;
}

/// A sale without its lines. Money is in minor units.
#[derive(Debug, Clone, Queryable, Selectable, Serialize)]
#[diesel(table_name = sales)]
pub struct SaleRow {
    /// UUIDv7; given once, never used again.
    pub id: Id,
    /// Short, for people: from 1, unique among sales; there may be gaps.
    pub number: i64,
    /// `completed`, `partly_refunded`, `refunded` or `voided`.
    pub status: String,
    /// Where the stock left from.
    pub location_id: Id,
    /// Who bought; `None`: a mere name, or nobody said.
    pub customer_id: Option<Id>,
    /// The name in the record, or the one on the receipt; `None`: nobody said.
    #[diesel(select_expression = coalesce(customers::name.nullable(), sales::customer_name))]
    pub customer_name: Option<String>,
    /// The code in the record; `None` where there is no record.
    #[diesel(select_expression = customers::code.nullable())]
    pub customer_code: Option<String>,
    /// The user who sold; `None` for the program itself.
    pub sold_by: Option<Id>,
    /// The sum of the lines, 0 or more. Refunds do not change it.
    pub total: i64,
    /// What was paid back: 0 to `total`.
    pub refunded_total: i64,
    /// Why it was corrected, refunded or voided last, up to 500 characters; `None`: nobody said.
    pub reason: Option<String>,
    /// 1 when it was recorded, and one more with every change.
    pub version: i64,
    /// When it happened, by the seller's word.
    pub occurred_at: At,
    /// When it was recorded, by our clock.
    pub created_at: At,
    /// When it last changed, by our clock; as `created_at` until then.
    pub updated_at: At,
}

/// One line of a sale. Money is in minor units, quantities in hundred-thousandths.
#[derive(Debug, Clone, Queryable, Selectable, Serialize)]
#[diesel(table_name = sale_lines)]
pub struct SaleLineRow {
    /// UUIDv7; unique within its sale.
    pub id: Id,
    sale_id: Id,
    /// The product that was sold, perhaps removed since.
    pub product_id: Id,
    /// Its SKU at that time.
    pub sku: String,
    /// Its name at that time.
    pub name: String,
    /// How much, more than 0.
    pub quantity: i64,
    /// How much of it was refunded: 0 to `quantity`.
    pub refunded_quantity: i64,
    /// The price of one unit at that time, more than 0.
    pub unit_price: i64,
    /// The whole line's: quantity times price, rounded; refunds do not change it.
    pub line_total: i64,
}

/// A sale with its lines.
#[derive(Debug, Clone, Serialize)]
pub struct SaleWithLines {
    /// The sale itself, without its lines.
    pub sale: SaleRow,
    /// In the order in which they were written.
    pub lines: Vec<SaleLineRow>,
}

/// What a list of sales can be sorted by: by `created_at`, newest first, where nobody says.
pub const ORDERINGS: &[&str] = &["created_at", "occurred_at", "number", "total"];

/// Which sales: those for which all of it is so. Every `None` is: any.
#[derive(Debug, Clone, Default)]
pub struct SaleFilter {
    /// With this number: one, or none.
    pub number: Option<i64>,
    /// Those that stand there now.
    pub status: Option<SaleStatus>,
    /// To the customer with this record, not to a mere name.
    pub customer: Option<CustomerId>,
    /// Whose stock left from this location, removed or not.
    pub location: Option<LocationId>,
    /// Sold by this user.
    pub sold_by: Option<UserId>,
    /// With a line of this product, refunded or not.
    pub product: Option<ProductId>,
    /// With a total of at least so much, in minor units.
    pub total_min: Option<i64>,
    /// With a total of at most so much, in minor units.
    pub total_max: Option<i64>,
    /// Recorded then or later.
    pub created_after: Option<Instant>,
    /// Recorded before then, not at that instant.
    pub created_before: Option<Instant>,
    /// Happened then or later.
    pub occurred_after: Option<Instant>,
    /// Happened before then, not at that instant.
    pub occurred_before: Option<Instant>,
    /// Words in the name on the receipt or in the customer's record.
    pub search: Option<String>,
}

/// A page of them, newest first unless told otherwise. Two statements.
///
/// # Errors
/// Where the database cannot be read.
pub fn list(session: &mut Session<'_>, request: &ListRequest<SaleFilter>) -> Result<Page<SaleWithLines>, StoreError> {
    let list = List::<SaleRow>::new(
        " FROM sales LEFT JOIN customers ON customers.id = sales.customer_id",
        Sort { field: "created_at", descending: true },
    )
    .key("created_at", sales::created_at, |row| row.created_at)
    .key("occurred_at", sales::occurred_at, |row| row.occurred_at)
    .key("number", sales::number, |row| row.number)
    .key("total", sales::total, |row| row.total)
    .key("id", sales::id, |row| row.id);
    let filter = &request.filter;
    let mut conditions = Conditions::default();
    conditions.equals(sales::number, filter.number);
    conditions.equals(sales::status, filter.status.map(SaleStatus::as_str));
    conditions.equals(sales::customer_id, filter.customer.map(Id::from));
    conditions.equals(sales::location_id, filter.location.map(Id::from));
    conditions.equals(sales::sold_by, filter.sold_by.map(Id::from));
    if let Some(product) = filter.product {
        let lines = sale_lines::table.filter(sale_lines::sale_id.eq(sales::id));
        conditions.filter(exists(lines.filter(sale_lines::product_id.eq(Id::from(product)))));
    }
    conditions.at_least(sales::total, filter.total_min);
    conditions.at_most(sales::total, filter.total_max);
    conditions.spans(sales::created_at, filter.created_after, filter.created_before);
    conditions.spans(sales::occurred_at, filter.occurred_after, filter.occurred_before);
    conditions.search("COALESCE(customers.search_text, LOWER(sales.customer_name), '')", filter.search.as_deref());
    let page = list.page(session, conditions, request)?;
    let mut lines = lines(session, page.rows.iter().map(|sale| sale.id).collect())?;
    page.map(|sale| Ok(SaleWithLines { lines: lines.remove(&sale.id).unwrap_or_default(), sale }))
}

/// One sale with its lines; `None`: there is none with this id. Two statements.
///
/// # Errors
/// Where the database cannot be read.
pub fn sale(session: &mut Session<'_>, id: SaleId) -> Result<Option<SaleWithLines>, StoreError> {
    let sale = sales::table
        .find(Id::from(id))
        .left_join(customers::table.on(customers::id.nullable().eq(sales::customer_id)))
        .select(SaleRow::as_select());
    let Some(sale) = session.run(|conn| sale.first(conn).optional())? else { return Ok(None) };
    let lines = lines(session, vec![sale.id])?.remove(&sale.id).unwrap_or_default();
    Ok(Some(SaleWithLines { sale, lines }))
}

fn lines(session: &mut Session<'_>, sales: Vec<Id>) -> Result<HashMap<Id, Vec<SaleLineRow>>, StoreError> {
    let rows = sale_lines::table.filter(one_of(sale_lines::sale_id, sales)).order((
        sale_lines::sale_id,
        sale_lines::position,
        sale_lines::id,
    ));
    let rows = session.run(|conn| on_both!(conn, c => rows.select(SaleLineRow::as_select()).load(c)))?;
    Ok(by_parent(rows, |line| line.sale_id))
}
