//! What the shop sells, as it is read: products with their stock, for the public and for staff. Nothing is written here: that is the
//! ledger's, because the rules of products depend on stock.

use crate::{
    StoreError,
    dialect::Sql,
    list::{Conditions, KeyValue, ListRequest, Page, Shape, Sort, SortKeys, page},
    repository::unique_keys,
    schema::products,
    session::Session,
    types::{At, Id},
};
use diesel::{
    prelude::*,
    sql_types::{BigInt, Nullable, Text},
};
use serde::Serialize;
use tradepost_domain::{
    ids::{CategoryId, ProductId},
    instant::Instant,
    quantity::Quantity,
    text::fold,
};

unique_keys! {
    products {
        products_sku_key (sku_key) is "sku",
        products_name_in_category (category_id, name_key) is "name",
        products_name_without_category (name_key) is "name",
    }
}

/// Who looks, which decides what is found and which stock is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// Enabled products, with what is available at the default location.
    Public,
    /// All products, with what there is at all locations together. By id also those that were removed.
    Staff,
}

/// A product with its stock, shaped for the answer. Prices are in minor units, quantities in hundred-thousandths.
#[derive(Debug, Clone, QueryableByName, Serialize)]
#[diesel(table_name = products)]
pub struct ProductRow {
    /// UUIDv7; given once, never used again.
    pub id: Id,
    /// As written, 1 to 64 characters; unique for ever, without regard to case.
    pub sku: String,
    sku_key: String,
    /// As written, 1 to 200 characters; unique within its category, without regard to case.
    pub name: String,
    name_key: String,
    /// Up to 10,000 characters; may be empty.
    pub description: String,
    /// Of one unit, in minor units of the shop's currency; more than 0.
    pub price: i64,
    /// The category it stands in; `None`: in none.
    pub category_id: Option<Id>,
    /// The category's name now; `None`: it stands in none.
    #[diesel(sql_type = Nullable<Text>)]
    pub category_name: Option<String>,
    /// What a scanner reads, up to 64 characters; `None`: it has none. Not unique.
    pub barcode: Option<String>,
    /// The address of a picture, up to 2,000 characters; `None`: it has none.
    pub image_url: Option<String>,
    /// What it is counted in, for example `each`.
    pub unit: String,
    /// How many decimals its quantities have, 0 to 5.
    pub unit_decimals: i32,
    /// At or below this it counts as low; `None`: it never does.
    pub low_stock_threshold: Option<i64>,
    /// On sale or not.
    pub enabled: bool,
    /// Taken out of every list since; `None`: it is in them.
    pub removed_at: Option<At>,
    /// 1 when it was added, and one more with every edit.
    pub version: i64,
    /// When it was added, by our clock.
    pub created_at: At,
    /// When it was last edited, by our clock; as `created_at` until then.
    pub updated_at: At,
    /// What is there, where the view looks; never negative.
    #[diesel(sql_type = BigInt)]
    pub on_hand: i64,
    /// What is promised to open orders; never negative, and may be more than there is.
    #[diesel(sql_type = BigInt)]
    pub reserved: i64,
    /// What can be promised; never negative.
    #[diesel(sql_type = BigInt)]
    pub available: i64,
}

impl SortKeys for ProductRow {
    fn key(&self, field: &str) -> KeyValue {
        match field {
            "name" => self.name_key.clone().into(),
            "sku" => self.sku_key.clone().into(),
            "price" => self.price.into(),
            "available" => self.available.into(),
            "created_at" => self.created_at.into(),
            _ => self.id.into(),
        }
    }
}

/// What a list of products can be sorted by: by name where nobody says.
pub const ORDERINGS: &[&str] = &["name", "sku", "price", "available", "created_at"];

/// Which products: those for which all of it is so. Every `None` is: any.
#[derive(Debug, Clone, Default)]
pub struct ProductFilter {
    /// In this category; there is no asking for those in none.
    pub category: Option<CategoryId>,
    /// With this SKU, without regard to case.
    pub sku: Option<String>,
    /// With this name, without regard to case.
    pub name: Option<String>,
    /// With a price of at least so much, in minor units.
    pub price_min: Option<i64>,
    /// With a price of at most so much, in minor units.
    pub price_max: Option<i64>,
    /// At least so much available, where the view looks.
    pub available_min: Option<Quantity>,
    /// At most so much available, where the view looks.
    pub available_max: Option<Quantity>,
    /// `true`: anything available; `false`: nothing.
    pub in_stock: Option<bool>,
    /// At or below its threshold, or not; what has no threshold is not.
    pub low_stock: Option<bool>,
    /// On sale or not (the public sees only what is).
    pub enabled: Option<bool>,
    /// Words that all occur in SKU, barcode, name or description, without regard to case.
    pub search: Option<String>,
    /// Added then or later.
    pub created_after: Option<Instant>,
    /// Added before then, not at that instant.
    pub created_before: Option<Instant>,
}

const SELECT: &str = "SELECT p.id, p.sku, p.sku_key, p.name, p.name_key, p.description, p.price, p.category_id, \
    c.name AS category_name, p.barcode, p.image_url, p.unit, p.unit_decimals, p.low_stock_threshold, p.enabled, p.removed_at, \
    p.version, p.created_at, p.updated_at, ";

/// What the public sees of stock: the level at the default location.
const PUBLIC_STOCK: &str = "COALESCE(l.on_hand, 0) AS on_hand, COALESCE(l.reserved, 0) AS reserved, \
    CASE WHEN l.on_hand > l.reserved THEN l.on_hand - l.reserved ELSE 0 END AS available ";
const PUBLIC_AVAILABLE: &str = "(CASE WHEN l.on_hand > l.reserved THEN l.on_hand - l.reserved ELSE 0 END)";
const PUBLIC_FROM: &str = "FROM products p LEFT JOIN categories c ON c.id = p.category_id \
    LEFT JOIN levels l ON l.product_id = p.id AND l.location_id = (SELECT d.id FROM locations d WHERE d.is_default)";

/// What staff see: all levels together. Each is looked up by the product's id, for the rows of the page only.
const STAFF_STOCK: &str = "\
    CAST((SELECT COALESCE(SUM(l.on_hand), 0) FROM levels l WHERE l.product_id = p.id) AS BIGINT) AS on_hand, \
    CAST((SELECT COALESCE(SUM(l.reserved), 0) FROM levels l WHERE l.product_id = p.id) AS BIGINT) AS reserved, \
    CAST((SELECT COALESCE(SUM(CASE WHEN l.on_hand > l.reserved THEN l.on_hand - l.reserved ELSE 0 END), 0) \
        FROM levels l WHERE l.product_id = p.id) AS BIGINT) AS available ";
const STAFF_AVAILABLE: &str = "CAST((SELECT COALESCE(SUM(CASE WHEN l.on_hand > l.reserved THEN l.on_hand - l.reserved ELSE 0 END), 0) \
    FROM levels l WHERE l.product_id = p.id) AS BIGINT)";
const STAFF_FROM: &str = "FROM products p LEFT JOIN categories c ON c.id = p.category_id";

const PUBLIC_KEYS: &[(&str, &str)] = &[
    ("name", "p.name_key"),
    ("sku", "p.sku_key"),
    ("price", "p.price"),
    ("available", PUBLIC_AVAILABLE),
    ("created_at", "p.created_at"),
    ("id", "p.id"),
];
const STAFF_KEYS: &[(&str, &str)] = &[
    ("name", "p.name_key"),
    ("sku", "p.sku_key"),
    ("price", "p.price"),
    ("available", STAFF_AVAILABLE),
    ("created_at", "p.created_at"),
    ("id", "p.id"),
];

fn shape(view: View) -> Shape {
    let order = Sort { field: "name", descending: false };
    match view {
        View::Public => {
            Shape { select: Sql::new(SELECT).text(PUBLIC_STOCK), from: Sql::new(PUBLIC_FROM), keys: PUBLIC_KEYS, order }
        }
        View::Staff => {
            Shape { select: Sql::new(SELECT).text(STAFF_STOCK), from: Sql::new(STAFF_FROM), keys: STAFF_KEYS, order }
        }
    }
}

/// A page of those that were not removed, by name unless told otherwise.
///
/// # Errors
/// Where the database cannot be read.
pub fn list(
    session: &mut Session<'_>,
    view: View,
    request: &ListRequest<ProductFilter>,
) -> Result<Page<ProductRow>, StoreError> {
    let (available, filter) = (if view == View::Public { PUBLIC_AVAILABLE } else { STAFF_AVAILABLE }, &request.filter);
    let mut conditions = match view {
        View::Public => Conditions::always("p.removed_at IS NULL AND p.enabled"),
        View::Staff => Conditions::always("p.removed_at IS NULL"),
    };
    conditions.when("p.category_id = ", filter.category.map(Id::from));
    conditions.when("p.sku_key = ", filter.sku.as_deref().map(fold));
    conditions.when("p.name_key = ", filter.name.as_deref().map(fold));
    conditions.when("p.price >= ", filter.price_min);
    conditions.when("p.price <= ", filter.price_max);
    conditions.compare(available, " >= ", filter.available_min.map(Quantity::hundred_thousandths));
    conditions.compare(available, " <= ", filter.available_max.map(Quantity::hundred_thousandths));
    conditions.compare(
        available,
        if filter.in_stock == Some(true) { " > " } else { " <= " },
        filter.in_stock.map(|_| 0),
    );
    conditions.low_stock("p.low_stock_threshold", available, filter.low_stock);
    conditions.when("p.enabled = ", filter.enabled);
    conditions.between("p.created_at", filter.created_after, filter.created_before);
    conditions.search("p.search_text", filter.search.as_deref());
    page(session, &shape(view), conditions, request)
}

/// One product; `None`: there is none with this id. The public does not find what is disabled or removed.
///
/// # Errors
/// Where the database cannot be read.
pub fn product(session: &mut Session<'_>, view: View, id: ProductId) -> Result<Option<ProductRow>, StoreError> {
    let shape = shape(view);
    let mut sql = shape.select;
    sql.append(&shape.from).push(" WHERE p.id = ").bind(Id::from(id));
    if view == View::Public {
        sql.push(" AND p.enabled AND p.removed_at IS NULL");
    }
    session.first(sql)
}

/// These products as staff see them, disabled and removed ones too, in no order.
///
/// # Errors
/// Where the database cannot be read.
pub fn products(session: &mut Session<'_>, ids: &[ProductId]) -> Result<Vec<ProductRow>, StoreError> {
    let shape = shape(View::Staff);
    let mut sql = shape.select;
    sql.append(&shape.from);
    session.load(sql.text(" WHERE ").id_in("p.id", ids.iter().map(|id| Id::from(*id)).collect()))
}

/// Is there anything in the catalogue, or was there ever?
///
/// # Errors
/// Where the database cannot be read.
pub fn is_empty(session: &mut Session<'_>) -> Result<bool, StoreError> {
    let any = products::table.select(products::id);
    let any: Option<Id> = session.run(|conn| any.first(conn).optional())?;
    Ok(any.is_none())
}
