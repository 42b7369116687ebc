//! Where stock is. Removing a location is a command of the ledger.

use crate::{
    StoreError,
    dialect::Sql,
    list::{Conditions, KeyValue, ListRequest, Page, Shape, Sort, SortKeys, page},
    repository::repository,
    schema::locations,
    session::Session,
    types::{At, Id},
};
use diesel::prelude::*;
use tradepost_domain::{stock::Location, text::fold};

#[derive(Queryable, Selectable, QueryableByName, Insertable, AsChangeset)]
#[diesel(table_name = locations)]
struct Row {
    id: Id,
    code: String,
    code_key: String,
    name: String,
    name_key: String,
    is_default: bool,
    removed_at: Option<At>,
    version: i64,
    created_at: At,
    updated_at: At,
}

const COLUMNS: &str = "SELECT l.id, l.code, l.code_key, l.name, l.name_key, l.is_default, l.removed_at, l.version, l.created_at, \
    l.updated_at ";

impl From<&Location> for Row {
    fn from(location: &Location) -> Self {
        Self {
            id: location.id.into(),
            code: location.code.clone(),
            code_key: fold(&location.code),
            name: location.name.clone(),
            name_key: fold(&location.name),
            is_default: location.is_default,
            removed_at: location.removed_at.map(Into::into),
            version: location.version,
            created_at: location.created_at.into(),
            updated_at: location.updated_at.into(),
        }
    }
}

impl From<Row> for Location {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.into(),
            code: row.code,
            name: row.name,
            is_default: row.is_default,
            removed_at: row.removed_at.map(Into::into),
            version: row.version,
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
        }
    }
}

impl SortKeys for Row {
    fn key(&self, field: &str) -> KeyValue {
        match field {
            "code" => self.code_key.clone().into(),
            "name" => self.name_key.clone().into(),
            "created_at" => self.created_at.into(),
            _ => self.id.into(),
        }
    }
}

/// What a list of locations can be sorted by.
pub const ORDERINGS: &[&str] = &["name", "code", "created_at"];

/// Which locations.
#[derive(Debug, Clone, Default)]
pub struct LocationFilter {
    /// This code, without regard to case.
    pub code: Option<String>,
    /// This name, without regard to case.
    pub name: Option<String>,
    /// Words in code and name.
    pub search: Option<String>,
}

/// A page of those in use, by name unless told otherwise.
///
/// # Errors
/// What the database said.
pub fn list(session: &mut Session<'_>, request: &ListRequest<LocationFilter>) -> Result<Page<Location>, StoreError> {
    let shape = Shape {
        select: Sql::new(COLUMNS),
        from: Sql::new("FROM locations l"),
        keys: &[("name", "l.name_key"), ("code", "l.code_key"), ("created_at", "l.created_at"), ("id", "l.id")],
        order: Sort { field: "name", descending: false },
    };
    let mut conditions = Conditions::always("l.removed_at IS NULL");
    conditions.when("l.code_key = ", request.filter.code.as_deref().map(fold));
    conditions.when("l.name_key = ", request.filter.name.as_deref().map(fold));
    conditions.search("(l.code_key || ' ' || l.name_key)", request.filter.search.as_deref());
    page::<Row, _>(session, &shape, conditions, request)?.map(|row| Ok(row.into()))
}

repository! {
    Location, locations,
    stored Row,
    read Row => |row, _session| Ok(row.into()),
    alive locations::removed_at.is_null(),
}
