//! What a check's statement finds, and the words for it.
//!
//! A statement selects the columns that its sentence needs and leaves out the others.

use crate::types::{At, Id, InstantSql, UuidSql};
use diesel::{
    QueryableByName,
    backend::Backend,
    deserialize::{self, FromSql},
    row::{NamedRow, RowIndex},
    sql_types::{BigInt, Nullable, SqlType, Text, is_nullable::NotNull},
};
use tradepost_domain::quantity::Delta;
use uuid::Uuid;

/// One problem, in columns.
pub(super) struct Row {
    /// The document, where it is about one.
    pub(super) id: Option<Id>,
    /// The document's number for people, where it has one.
    pub(super) number: Option<i64>,
    pub(super) product: Option<Id>,
    pub(super) location: Option<Id>,
    /// Of a movement within its level.
    pub(super) seq: Option<i64>,
    /// This and the next three: figures whose meaning the check's sentence knows; `None` where it has no use for them.
    pub(super) w: Option<i64>,
    pub(super) x: Option<i64>,
    pub(super) y: Option<i64>,
    pub(super) z: Option<i64>,
    pub(super) at: Option<At>,
    pub(super) other_at: Option<At>,
    pub(super) text: Option<String>,
    pub(super) other_text: Option<String>,
}

/// `None` where the statement has no such column: what it does have must be readable.
fn column<'a, ST, T, DB>(row: &impl NamedRow<'a, DB>, name: &str) -> deserialize::Result<Option<T>>
where
    DB: Backend,
    Option<T>: FromSql<Nullable<ST>, DB>,
    ST: SqlType<IsNull = NotNull>,
{
    match RowIndex::<&str>::idx(row, name) {
        Some(_) => NamedRow::get::<Nullable<ST>, Option<T>>(row, name),
        None => Ok(None),
    }
}

impl<DB> QueryableByName<DB> for Row
where
    DB: Backend,
    Option<Id>: FromSql<Nullable<UuidSql>, DB>,
    Option<At>: FromSql<Nullable<InstantSql>, DB>,
    Option<i64>: FromSql<Nullable<BigInt>, DB>,
    Option<String>: FromSql<Nullable<Text>, DB>,
{
    fn build<'a>(row: &impl NamedRow<'a, DB>) -> deserialize::Result<Self> {
        Ok(Self {
            id: column::<UuidSql, _, _>(row, "id")?,
            number: column::<BigInt, _, _>(row, "number")?,
            product: column::<UuidSql, _, _>(row, "product")?,
            location: column::<UuidSql, _, _>(row, "location")?,
            seq: column::<BigInt, _, _>(row, "seq")?,
            w: column::<BigInt, _, _>(row, "w")?,
            x: column::<BigInt, _, _>(row, "x")?,
            y: column::<BigInt, _, _>(row, "y")?,
            z: column::<BigInt, _, _>(row, "z")?,
            at: column::<InstantSql, _, _>(row, "at")?,
            other_at: column::<InstantSql, _, _>(row, "other_at")?,
            text: column::<Text, _, _>(row, "text")?,
            other_text: column::<Text, _, _>(row, "other_text")?,
        })
    }
}

fn or_nil(id: Option<Id>) -> Id {
    id.unwrap_or(Id(Uuid::nil()))
}

impl Row {
    pub(super) fn id(&self) -> Id {
        or_nil(self.id)
    }

    pub(super) fn product(&self) -> Id {
        or_nil(self.product)
    }

    pub(super) fn location(&self) -> Id {
        or_nil(self.location)
    }

    pub(super) fn level(&self) -> String {
        format!("the level of product {} at location {}", self.product(), self.location())
    }

    pub(super) fn movement(&self) -> String {
        format!("{}: movement {}", self.level(), whole(self.seq))
    }

    /// A sale or an order, by its number.
    pub(super) fn document(&self, noun: &str) -> String {
        format!("{noun} {} ({})", self.number.map_or_else(|| "?".to_owned(), |number| number.to_string()), self.id())
    }

    pub(super) fn event(&self) -> String {
        format!("POS event {}", self.id())
    }

    /// What names something that is not there.
    pub(super) fn orphan(&self) -> String {
        format!("{} {}, which does not exist.", self.text(), self.id())
    }

    pub(super) fn number_taken(&self, noun: &str) -> String {
        let (next, highest) = (whole(self.w), whole(self.x));
        format!("the next {noun} would be number {next}, but the highest number is {highest} already.")
    }

    pub(super) fn text(&self) -> &str {
        self.text.as_deref().unwrap_or("?")
    }

    pub(super) fn other_text(&self) -> &str {
        self.other_text.as_deref().unwrap_or("?")
    }
}

/// A quantity or a change of one.
pub(super) fn amount(stored: Option<i64>) -> Delta {
    Delta::from_hundred_thousandths(stored.unwrap_or(0))
}

/// A count, a number, minor units.
pub(super) fn whole(stored: Option<i64>) -> i64 {
    stored.unwrap_or(0)
}

/// The instant in words, or `never`.
pub(super) fn when(stored: Option<At>) -> String {
    stored.map_or_else(|| "never".to_owned(), |at| at.to_string())
}

/// So much earlier, as a text for each database: clocks of replicas that differ by more would not keep a shop running. What was changed
/// less than that before is not taken to have been so already.
macro_rules! an_hour_before {
    (pg, $at:literal) => {
        concat!("(", $at, " - INTERVAL '1 hour')")
    };
    (lite, $at:literal) => {
        concat!("(", $at, " - 3600000000)")
    };
}

/// The id that a text is, or NULL.
macro_rules! id_from_text {
    (pg, $text:literal) => {
        concat!(
            "CASE WHEN ",
            $text,
            " ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN CAST(",
            $text,
            " AS uuid) END"
        )
    };
    (lite, $text:literal) => {
        concat!("unhex(replace(", $text, ", '-', ''))")
    };
}

/// What every quantity of product `p` is a multiple of.
macro_rules! step_of_p {
    () => {
        "CASE p.unit_decimals WHEN 0 THEN 100000 WHEN 1 THEN 10000 WHEN 2 THEN 1000 WHEN 3 THEN 100 WHEN 4 THEN 10 ELSE 1 END"
    };
}

/// Where the next number of a series would be one that a document has already: `w` is the next one, `x` the highest.
macro_rules! next_number_is_taken {
    (pg, $table:literal, $sequence:literal) => {
        concat!(
            "SELECT n.next AS w, d.highest AS x FROM (SELECT COALESCE(MAX(number), 0) AS highest FROM ",
            $table,
            ") d CROSS JOIN (SELECT CASE WHEN is_called THEN last_value + 1 ELSE last_value END AS next FROM ",
            $sequence,
            ") n WHERE n.next <= d.highest"
        )
    };
    (lite, $table:literal, $counter:literal) => {
        concat!(
            "SELECT n.next AS w, d.highest AS x FROM (SELECT COALESCE(MAX(number), 0) AS highest FROM ",
            $table,
            ") d CROSS JOIN (SELECT COALESCE((SELECT next FROM counters WHERE name = '",
            $counter,
            "'), 0) AS next) n WHERE n.next <= d.highest"
        )
    };
}

pub(super) use {an_hour_before, id_from_text, next_number_is_taken, step_of_p};
