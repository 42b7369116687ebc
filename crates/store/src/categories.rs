//! Categories of products. What stands in them is the catalogue's.

use crate::{
    StoreError,
    list::{Conditions, List, ListRequest, Page, Sort, search_text},
    repository::{repository, unique_keys},
    schema::{products, tables},
    session::Session,
    types::{At, Id},
};
use diesel::prelude::*;
use tradepost_domain::{
    catalogue::Category,
    ids::CategoryId,
    instant::Instant,
    repository::{self, Remove},
    text::fold,
};

tables! {
    categories (id) {
        id -> UuidSql,
        name -> Text,
        name_key -> Text,
        description -> Text,
        search_text -> Text,
        version -> BigInt,
        created_at -> InstantSql,
        updated_at -> InstantSql,
    }
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = categories)]
struct Row {
    id: Id,
    name: String,
    name_key: String,
    description: String,
    search_text: String,
    version: i64,
    created_at: At,
    updated_at: At,
}

unique_keys! {
    categories { categories_name_key (name_key) is "name", }
}

impl From<&Category> for Row {
    fn from(category: &Category) -> Self {
        Self {
            id: category.id.into(),
            name: category.name.clone(),
            name_key: fold(&category.name),
            description: category.description.clone(),
            search_text: search_text(&[&category.name, &category.description]),
            version: category.version,
            created_at: category.created_at.into(),
            updated_at: category.updated_at.into(),
        }
    }
}

impl From<Row> for Category {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.into(),
            name: row.name,
            description: row.description,
            version: row.version,
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
        }
    }
}

/// What a list of categories can be sorted by: by name where nobody says.
pub const ORDERINGS: &[&str] = &["name", "created_at"];

/// Which categories; every `None` is: any.
#[derive(Debug, Clone, Default)]
pub struct CategoryFilter {
    /// This name, without regard to case.
    pub name: Option<String>,
    /// Words that all occur in name or description, without regard to case.
    pub search: Option<String>,
}

/// A page of them, by name unless told otherwise.
///
/// # Errors
/// Where the database cannot be read.
pub fn list(session: &mut Session<'_>, request: &ListRequest<CategoryFilter>) -> Result<Page<Category>, StoreError> {
    let list = List::<Row>::new(" FROM categories", Sort { field: "name", descending: false })
        .key("name", categories::name_key, |row| row.name_key.clone())
        .key("created_at", categories::created_at, |row| row.created_at)
        .key("id", categories::id, |row| row.id);
    let mut conditions = Conditions::default();
    conditions.equals(categories::name_key, request.filter.name.as_deref().map(fold));
    conditions.contains(categories::search_text, request.filter.search.as_deref());
    list.page(session, conditions, request)?.map(|row| Ok(row.into()))
}

repository! {
    Category, categories,
    stored Row,
    read Row => |row, _session| Ok(row.into()),
}

impl Remove<Category> for Session<'_> {
    fn remove(&mut self, id: CategoryId, _now: Instant) -> repository::Result<()> {
        let id = Id::from(id);
        let removed = products::table.filter(products::category_id.eq(id)).filter(products::removed_at.is_not_null());
        let no_category = products::category_id.eq(None::<Id>);
        self.run(|conn| diesel::update(removed).set(no_category).execute(conn))?;
        self.run(|conn| diesel::delete(categories::table.find(id)).execute(conn)).map_err(|error| match error {
            // The only thing that refers to a category is a product.
            StoreError::Refused(_) => StoreError::InUse { what: "products" },
            other => other,
        })?;
        Ok(())
    }
}
