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

/// Who looks.
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
    /// Its id.
    pub id: Id,
    /// As written.
    pub sku: String,
    sku_key: String,
    /// As written.
    pub name: String,
    name_key: String,
    /// May be empty.
    pub description: String,
    /// In minor units.
    pub price: i64,
    /// Where it stands.
    pub category_id: Option<Id>,
    /// The category's name.
    #[diesel(sql_type = Nullable<Text>)]
    pub category_name: Option<String>,
    /// What a scanner reads.
    pub barcode: Option<String>,
    /// A picture.
    pub image_url: Option<String>,
    /// What it is counted in.
    pub unit: String,
    /// How many decimals its quantities have.
    pub unit_decimals: i32,
    /// In hundred-thousandths.
    pub low_stock_threshold: Option<i64>,
    /// On sale or not.
    pub enabled: bool,
    /// Taken out of every list since.
    pub removed_at: Option<At>,
    /// Counts edits.
    pub version: i64,
    /// When added.
    pub created_at: At,
    /// When last edited.
    pub updated_at: At,
    /// What is there, in hundred-thousandths.
    #[diesel(sql_type = BigInt)]
    pub on_hand: i64,
    /// What is promised, in hundred-thousandths.
    #[diesel(sql_type = BigInt)]
    pub reserved: i64,
    /// What can be promised, in hundred-thousandths.
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

/// What a list of products can be sorted by.
pub const ORDERINGS: &[&str] = &["name", "sku", "price", "available", "created_at"];

/// Which products.
#[derive(Debug, Clone, Default)]
pub struct ProductFilter {
    /// In this category.
    pub category: Option<CategoryId>,
    /// With this SKU, without regard to case.
    pub sku: Option<String>,
    /// With this name, without regard to case.
    pub name: Option<String>,
    /// At least so much, in minor units.
    pub price_min: Option<i64>,
    /// At most so much, in minor units.
    pub price_max: Option<i64>,
    /// At least so much available.
    pub available_min: Option<Quantity>,
    /// At most so much available.
    pub available_max: Option<Quantity>,
    /// Anything available, or nothing.
    pub in_stock: Option<bool>,
    /// At or below its threshold, or not.
    pub low_stock: Option<bool>,
    /// On sale or not (the public sees only what is).
    pub enabled: Option<bool>,
    /// Words in SKU, barcode, name and description.
    pub search: Option<String>,
    /// Added from then on.
    pub created_after: Option<Instant>,
    /// Added before then.
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

/// One product. The public does not find what is disabled or removed.
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
