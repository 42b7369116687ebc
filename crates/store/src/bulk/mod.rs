//! Writing many rows at once: one statement for each table however many rows there are, and on PostgreSQL one round trip for
//! all tables, or two where rows are deleted to be written anew.
//!
//! The rows go as an array for each column on PostgreSQL and as one JSON text on SQLite, so the text of a statement is the same however many
//! rows there are, and is prepared once.

mod writes;

pub(crate) use writes::{When, WriteError, Writes};

use crate::{
    connection::Sqlite,
    dialect::Printed,
    types::{At, Id, InstantSql, UuidSql},
};
use diesel::{
    Expression, QueryResult, RunQueryDsl,
    pg::Pg,
    query_builder::{AstPass, QueryFragment, QueryId},
    sql_types::{Array, BigInt, Binary, Bool, Integer, Nullable, Text},
};
use std::{fmt::Write as _, marker::PhantomData};

/// How a SQL type is read back from JSON on SQLite.
pub(crate) trait FromJson {
    /// What goes around the extracted value.
    const AROUND: (&'static str, &'static str);
}

macro_rules! from_json {
    ($($sql:ty => $around:expr),+ $(,)?) => {$(
        impl FromJson for $sql {
            const AROUND: (&'static str, &'static str) = $around;
        }
    )+};
}

from_json! {
    UuidSql => ("unhex(", ")"),
    Binary => ("unhex(", ")"),
    InstantSql => ("", ""),
    BigInt => ("", ""),
    Integer => ("", ""),
    Text => ("", ""),
    Bool => ("", ""),
}

impl<T: FromJson + diesel::sql_types::SqlType<IsNull = diesel::sql_types::is_nullable::NotNull>> FromJson
    for Nullable<T>
{
    const AROUND: (&'static str, &'static str) = T::AROUND;
}

/// Writes a value into a JSON array. Writing to a `String` cannot fail.
pub(crate) trait ToJson {
    /// Appends the value as JSON.
    fn to_json(&self, out: &mut String);
}

impl ToJson for i64 {
    fn to_json(&self, out: &mut String) {
        let _ = write!(out, "{self}");
    }
}

impl ToJson for i32 {
    fn to_json(&self, out: &mut String) {
        let _ = write!(out, "{self}");
    }
}

impl ToJson for bool {
    fn to_json(&self, out: &mut String) {
        out.push_str(if *self { "true" } else { "false" });
    }
}

impl ToJson for At {
    fn to_json(&self, out: &mut String) {
        self.0.to_json(out);
    }
}

impl ToJson for Id {
    fn to_json(&self, out: &mut String) {
        let mut buffer = uuid::Uuid::encode_buffer();
        out.push('"');
        out.push_str(self.0.simple().encode_lower(&mut buffer));
        out.push('"');
    }
}

impl ToJson for &[u8] {
    fn to_json(&self, out: &mut String) {
        out.push('"');
        self.iter().for_each(|byte| {
            let _ = write!(out, "{byte:02x}");
        });
        out.push('"');
    }
}

impl ToJson for &str {
    fn to_json(&self, out: &mut String) {
        out.push('"');
        for c in self.chars() {
            match c {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                c if c < ' ' => {
                    let _ = write!(out, "\\u{:04x}", u32::from(c));
                }
                c => out.push(c),
            }
        }
        out.push('"');
    }
}

impl ToJson for String {
    fn to_json(&self, out: &mut String) {
        self.as_str().to_json(out);
    }
}

impl<T: ToJson> ToJson for Option<T> {
    fn to_json(&self, out: &mut String) {
        match self {
            Some(value) => value.to_json(out),
            None => out.push_str("null"),
        }
    }
}

/// A column and what goes around its value when it is read back from JSON.
pub(crate) struct Column {
    pub name: &'static str,
    pub around: (&'static str, &'static str),
}

/// What a column of the schema holds.
pub(crate) type SqlTypeOf<C> = <C as Expression>::SqlType;

/// Rows that are written all at once.
pub(crate) trait Rows: Sized {
    /// The table they go into.
    const TABLE: &'static str;
    /// In the order in which they are declared.
    const COLUMNS: &'static [Column];
    /// By which of them a row is found again, where it is ([`Replaces`]).
    const KEY: &'static [&'static str];
    /// Which of them counts the changes of a row, so that only the row that was loaded is changed.
    const GUARD: &'static str;
    /// A list of values for each column.
    type Arrays;

    /// The statements, put together once.
    fn texts() -> &'static Texts;

    /// Turns rows into columns.
    fn arrays(rows: Vec<Self>) -> Self::Arrays;

    /// Writes each column as one value, with commas between them.
    fn bind<'b>(arrays: &'b Self::Arrays, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()>;

    /// Appends the row's values as a JSON array, with this value behind them where there is one.
    fn to_json(&self, more: Option<i64>, out: &mut String);
}

/// Rows that can be put in the place of others.
pub(crate) trait Replaces: Rows {}

/// Columns on their way to PostgreSQL: to be inserted, or to be put in the place of rows whose guards were loaded with these values.
struct Arrays<R: Rows>(R::Arrays, Option<Vec<i64>>);

/// Rows on their way to SQLite; the same.
struct Json<R: Rows> {
    rows: String,
    is_update: bool,
    of: PhantomData<R>,
}

fn json<R: Rows>(rows: &[R], loaded: Option<&[i64]>) -> Json<R> {
    let mut json = String::with_capacity(rows.len() * 256);
    for (index, row) in rows.iter().enumerate() {
        json.push(if json.is_empty() { '[' } else { ',' });
        row.to_json(loaded.and_then(|loaded| loaded.get(index).copied()), &mut json);
    }
    json.push(']');
    Json { rows: json, is_update: loaded.is_some(), of: PhantomData }
}

/// What a table's statements say before and after their values.
pub(crate) struct Texts {
    pg_insert: (Printed, Printed),
    pg_update: (Printed, Printed),
    lite_insert: (Printed, Printed),
    lite_update: (Printed, Printed),
}

impl Texts {
    /// Those of these rows.
    pub(crate) fn of<R: Rows>() -> Self {
        let text = Printed::new;
        let names = || listed(columns::<R>(), |_, column| text(column.name));
        let insert = || text("INSERT INTO ").text(R::TABLE).text(" (").with(names()).text(") SELECT ");
        let update = || text("UPDATE ").text(R::TABLE).text(" AS t SET ");
        let set = |value: fn(usize, &Column) -> Printed| {
            let changed = columns::<R>().filter(|(_, column)| !R::KEY.contains(&column.name));
            listed(changed, |n, column| text(column.name).text(" = ").with(value(n, column)))
        };
        // The row with this key, if its guard is as it was loaded.
        let found = |value: fn(usize, &Column) -> Printed| {
            let key = columns::<R>().filter(|(_, column)| R::KEY.contains(&column.name));
            let same = key.map(|(n, column)| text("t.").text(column.name).text(" = ").with(value(n, column)));
            text(" WHERE ").with(Printed::joined(same, " AND ")).text(" AND t.").text(R::GUARD).text(" = ")
        };
        let of_u = |_: usize, column: &Column| Printed::new("u.").text(column.name);
        Self {
            pg_insert: (insert().text("* FROM unnest("), text(")")),
            pg_update: (
                update().with(set(of_u)).text(" FROM unnest("),
                text(") AS u (").with(names()).text(", loaded)").with(found(of_u)).text("u.loaded"),
            ),
            lite_insert: (insert().with(listed(columns::<R>(), extract)).text(" FROM json_each("), text(") AS u")),
            lite_update: (
                update().with(set(extract)).text(" FROM json_each("),
                text(") AS u").with(found(extract)).text("u.value ->> ").number(R::COLUMNS.len()),
            ),
        }
    }
}

/// A value out of a row's JSON array.
fn extract(index: usize, column: &Column) -> Printed {
    let (open, close) = column.around;
    Printed::new(open).text("u.value ->> ").number(index).text(close)
}

fn columns<R: Rows>() -> impl Iterator<Item = (usize, &'static Column)> {
    R::COLUMNS.iter().enumerate()
}

/// The same for each of these columns, with commas between.
fn listed<'a>(
    columns: impl Iterator<Item = (usize, &'a Column)>,
    say: impl Fn(usize, &'a Column) -> Printed,
) -> Printed {
    Printed::joined(columns.map(|(index, column)| say(index, column)), ", ")
}

impl<R: Rows> QueryFragment<Pg> for Arrays<R> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let Self(arrays, loaded) = self;
        let (before, after) = if loaded.is_some() { &R::texts().pg_update } else { &R::texts().pg_insert };
        out.push_sql(before.as_str());
        R::bind(arrays, &mut out)?;
        if let Some(loaded) = loaded {
            out.push_sql(", ");
            out.push_bind_param::<Array<BigInt>, _>(loaded)?;
        }
        out.push_sql(after.as_str());
        Ok(())
    }
}

#[cfg(feature = "sqlite")]
impl<R: Rows> QueryFragment<Sqlite> for Json<R> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        let (before, after) = if self.is_update { &R::texts().lite_update } else { &R::texts().lite_insert };
        out.push_sql(before.as_str());
        out.push_bind_param::<Text, _>(&self.rows)?;
        out.push_sql(after.as_str());
        Ok(())
    }
}

impl<R: Rows> QueryId for Json<R> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

#[cfg(feature = "sqlite")]
impl<R: Rows> RunQueryDsl<diesel::SqliteConnection> for Json<R> {}

/// Declares a row and how many of them are written on each engine. Columns are the schema's, by name and by type: one that is not there, or
/// a field that does not fit, does not compile. A row that can be put in
/// the place of another says which one that is: `by` its key, `at` the column that counts its changes.
macro_rules! insertable_rows {
    (@key $table:ident) => { &[] };
    (@key $table:ident $($key:ident),+) => { &[$(<crate::schema::$table::$key as diesel::Column>::NAME),+] };
    (@replaces $row:ident $(<$life:lifetime>)?) => {};
    (@replaces $row:ident $(<$life:lifetime>)? $guard:ident) => {
        impl $(<$life>)? crate::bulk::Replaces for $row $(<$life>)? {}
    };
    (@guard $table:ident) => { "" };
    (@guard $table:ident $guard:ident) => { <crate::schema::$table::$guard as diesel::Column>::NAME };
    ($($(#[$doc:meta])* $row:ident $(<$life:lifetime>)? in $table:ident $(by ($($key:ident),+) at $guard:ident)? {
        $($column:ident: $rust:ty),+ $(,)?
    })+) => {$(
        $(#[$doc])*
        pub(super) struct $row $(<$life>)? {
            $(pub $column: $rust,)+
        }

        crate::bulk::insertable_rows!(@replaces $row $(<$life>)? $($guard)?);

        impl $(<$life>)? crate::bulk::Rows for $row $(<$life>)? {
            const TABLE: &'static str = stringify!($table);
            const COLUMNS: &'static [crate::bulk::Column] = &[$(crate::bulk::Column {
                name: <crate::schema::$table::$column as diesel::Column>::NAME,
                around: <crate::bulk::SqlTypeOf<crate::schema::$table::$column> as crate::bulk::FromJson>::AROUND,
            },)+];
            const KEY: &'static [&'static str] = crate::bulk::insertable_rows!(@key $table $($($key),+)?);
            const GUARD: &'static str = crate::bulk::insertable_rows!(@guard $table $($guard)?);
            type Arrays = ($(Vec<$rust>,)+);

            fn texts() -> &'static crate::bulk::Texts {
                static TEXTS: std::sync::OnceLock<crate::bulk::Texts> = std::sync::OnceLock::new();
                TEXTS.get_or_init(crate::bulk::Texts::of::<Self>)
            }

            fn arrays(rows: Vec<Self>) -> Self::Arrays {
                $(let mut $column = Vec::with_capacity(rows.len());)+
                for row in rows {
                    $($column.push(row.$column);)+
                }
                ($($column,)+)
            }

            fn bind<'b>(
                arrays: &'b Self::Arrays,
                out: &mut diesel::query_builder::AstPass<'_, 'b, diesel::pg::Pg>,
            ) -> diesel::QueryResult<()> {
                let ($($column,)+) = arrays;
                let mut before = "";
                $(
                    out.push_sql(std::mem::replace(&mut before, ", "));
                    out.push_bind_param::<diesel::sql_types::Array<
                        crate::bulk::SqlTypeOf<crate::schema::$table::$column>,
                    >, _>($column)?;
                )+
                Ok(())
            }

            fn to_json(&self, more: Option<i64>, out: &mut String) {
                let mut before = '[';
                $(
                    out.push(std::mem::replace(&mut before, ','));
                    crate::bulk::ToJson::to_json(&self.$column, out);
                )+
                if let Some(more) = more {
                    out.push(',');
                    crate::bulk::ToJson::to_json(&more, out);
                }
                out.push(']');
            }
        }
    )+};
}
pub(crate) use insertable_rows;
