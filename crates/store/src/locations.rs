//! Where stock is. How much is there is `stock`'s; removing a location is a command of the ledger.

use crate::{
    StoreError,
    list::{Conditions, List, ListRequest, Page, Sort},
    repository::{repository, unique_keys},
    schema::tables,
    session::Session,
    types::{At, Id},
};
use diesel::prelude::*;
use tradepost_domain::{stock::Location, text::fold};

tables! {
    locations (id) {
        id -> UuidSql,
        code -> Text,
        code_key -> Text,
        name -> Text,
        name_key -> Text,
        is_default -> Bool,
        removed_at -> Nullable<InstantSql>,
        version -> BigInt,
        created_at -> InstantSql,
        updated_at -> InstantSql,
    }
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
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

unique_keys! {
    locations {
        locations_code_key (code_key) is "code",
        locations_name_key (name_key) is "name",
        locations_one_default (is_default) is "is_default",
    }
}

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

/// What a list of locations can be sorted by: by name where nobody says.
pub const ORDERINGS: &[&str] = &["name", "code", "created_at"];

/// Which locations, of those that were not removed; every `None` is: any.
#[derive(Debug, Clone, Default)]
pub struct LocationFilter {
    /// This code, without regard to case.
    pub code: Option<String>,
    /// This name, without regard to case.
    pub name: Option<String>,
    /// Words that all occur in code or name, without regard to case.
    pub search: Option<String>,
}

/// A page of those in use, by name unless told otherwise.
///
/// # Errors
/// Where the database cannot be read.
pub fn list(session: &mut Session<'_>, request: &ListRequest<LocationFilter>) -> Result<Page<Location>, StoreError> {
    let list = List::<Row>::new(" FROM locations", Sort { field: "name", descending: false })
        .key("name", locations::name_key, |row| row.name_key.clone())
        .key("code", locations::code_key, |row| row.code_key.clone())
        .key("created_at", locations::created_at, |row| row.created_at)
        .key("id", locations::id, |row| row.id);
    let mut conditions = Conditions::default();
    conditions.filter(locations::removed_at.is_null());
    conditions.equals(locations::code_key, request.filter.code.as_deref().map(fold));
    conditions.equals(locations::name_key, request.filter.name.as_deref().map(fold));
    let words = locations::code_key.concat(" ").concat(locations::name_key);
    conditions.contains(words, request.filter.search.as_deref());
    list.page(session, conditions, request)?.map(|row| Ok(row.into()))
}

repository! {
    Location, locations,
    stored Row,
    read Row => |row, _session| Ok(row.into()),
    alive locations::removed_at.is_null(),
}
