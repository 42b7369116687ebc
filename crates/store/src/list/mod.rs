//! Lists: filters, a total order, and pages that start after the last row of the page before. Never OFFSET.
//!
//! A list costs one statement for its rows, one for each kind of parts that they have, and one more where a count is wanted.

mod conditions;
mod keyset;

pub(crate) use conditions::Conditions;
pub(crate) use keyset::List;
pub(crate) use keyset::{Shape, SortKeys, page};

use crate::{
    error::StoreError,
    types::{At, Id},
};
use serde::{Deserialize, Serialize};
use tradepost_domain::text;

/// One value of a row's place in a list, for a cursor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyValue {
    /// A number of any kind: a count, minor units, hundred-thousandths.
    Int(i64),
    /// A text as [`text::fold`] leaves it: without case.
    Text(String),
    /// A UUID in its hyphenated form.
    Id(String),
    /// An instant, in microseconds since 1970.
    At(i64),
}

impl From<Id> for KeyValue {
    fn from(id: Id) -> Self {
        Self::Id(id.to_string())
    }
}

impl From<At> for KeyValue {
    fn from(at: At) -> Self {
        Self::At(at.0)
    }
}

impl From<i64> for KeyValue {
    fn from(n: i64) -> Self {
        Self::Int(n)
    }
}

impl From<String> for KeyValue {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// By which field to sort, and in which direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    /// One of the list's `ORDERINGS`.
    pub field: &'static str,
    /// Largest, latest or last in the alphabet first.
    pub descending: bool,
}

impl Sort {
    /// Reads `name,-created_at`; `Err` names the field that the list cannot be sorted by.
    ///
    /// # Errors
    /// The field that is unknown or named twice.
    pub fn parse_list(text: &str, allowed: &'static [&'static str]) -> Result<Vec<Self>, String> {
        let mut sorts: Vec<Self> = Vec::new();
        for part in text.split(',') {
            let (name, descending) = part.strip_prefix('-').map_or((part, false), |name| (name, true));
            match allowed.iter().find(|known| **known == name) {
                Some(field) if sorts.iter().all(|known| known.field != *field) => {
                    sorts.push(Self { field, descending })
                }
                _ => return Err(name.to_owned()),
            }
        }
        Ok(sorts)
    }
}

/// Which part of a list is wanted, and in which order.
#[derive(Debug, Clone)]
pub struct ListRequest<F> {
    /// Which rows the list is made of: the noun's own filter.
    pub filter: F,
    /// In which order; empty: the list's own.
    pub order: Vec<Sort>,
    /// At most so many rows in the page. Here it has no bounds: the edge sets them.
    pub limit: u16,
    /// What `Page::next` said of the page before, with the same filter and order; `None`: the first page.
    pub after: Option<Vec<KeyValue>>,
    /// Count all that match, too: one statement more.
    pub count: bool,
}

/// One page of a list, in the list's order.
#[derive(Debug, Clone)]
pub struct Page<R> {
    /// At most `limit`; fewer, or none, on the last page.
    pub rows: Vec<R>,
    /// Where the next page starts; `None` on the last one.
    pub next: Option<Vec<KeyValue>>,
    /// How many match in all, on every page together; `None` where that was not asked for.
    pub count: Option<i64>,
}

impl<R> Page<R> {
    /// The same page with other rows.
    pub(crate) fn map<T>(self, f: impl FnMut(R) -> Result<T, StoreError>) -> Result<Page<T>, StoreError> {
        let rows = self.rows.into_iter().map(f).collect::<Result<_, _>>()?;
        Ok(Page { rows, next: self.next, count: self.count })
    }
}

/// The text in which a thing's words are looked for: its fields, folded, one after the other.
pub(crate) fn search_text(fields: &[&str]) -> String {
    text::fold(&fields.join(" "))
}

/// What is stored is not what the domain can read: somebody changed a table by hand.
pub(crate) fn unreadable(what: &str, error: impl std::fmt::Display) -> StoreError {
    StoreError::Internal(format!("the stored {what} cannot be read: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALLOWED: &[&str] = &["name", "created_at"];

    #[test]
    fn an_order_names_known_fields_once() {
        let parsed = Sort::parse_list("name,-created_at", ALLOWED).unwrap();
        assert_eq!(parsed, [Sort { field: "name", descending: false }, Sort { field: "created_at", descending: true }]);
        for (text, culprit) in [("", ""), ("nom", "nom"), ("name,-name", "name"), ("name,", ""), ("--name", "-name")] {
            assert_eq!(Sort::parse_list(text, ALLOWED), Err(culprit.to_owned()), "{text}");
        }
    }
}
