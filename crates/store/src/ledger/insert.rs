//! Inserting or updating many rows of one table with one statement: an array for each column on PostgreSQL, one JSON text on SQLite.
//!
//! The text of the statement is the same however many rows there are, so it is prepared once.

use crate::{
    connection::Conn,
    types::{At, Id, InstantSql, UuidSql},
};
use diesel::{
    QueryResult, RunQueryDsl,
    pg::Pg,
    query_builder::{AstPass, QueryFragment, QueryId},
    sql_types::{BigInt, Binary, Integer, Nullable, Text},
    sqlite::Sqlite,
};
use std::{fmt::Write as _, marker::PhantomData};

/// How a SQL type is read back from JSON on SQLite.
pub(super) trait FromJson {
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
}

impl<T: FromJson + diesel::sql_types::SqlType<IsNull = diesel::sql_types::is_nullable::NotNull>> FromJson
    for Nullable<T>
{
    const AROUND: (&'static str, &'static str) = T::AROUND;
}

/// Writes a value into a JSON array. Writing to a `String` cannot fail.
pub(super) trait ToJson {
    /// Appends it.
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
pub(super) struct Column {
    pub name: &'static str,
    pub around: (&'static str, &'static str),
}

/// Rows that are written all at once.
pub(super) trait Rows: Sized {
    /// Where.
    const TABLE: &'static str;
    /// In the order in which they are declared.
    const COLUMNS: &'static [Column];
    /// A list of values for each column.
    type Arrays;

    /// The statements, put together once.
    fn texts() -> &'static Texts;

    /// Turns rows into columns.
    fn arrays(rows: Vec<Self>) -> Self::Arrays;

    /// Writes each column as one value, with commas between them.
    fn bind<'b>(arrays: &'b Self::Arrays, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()>;

    /// Appends the row's values as a JSON array.
    fn to_json(&self, out: &mut String);

    /// Inserts them all with one statement, or none where there are none.
    fn insert_all(conn: &mut Conn, rows: Vec<Self>) -> QueryResult<()> {
        write_all(conn, rows, How::Insert).map(|_| ())
    }

    /// Puts them all in the place of an earlier version, found by `id` and guarded by `version`; answers how many there were.
    fn update_all(conn: &mut Conn, rows: Vec<Self>) -> QueryResult<usize> {
        write_all(conn, rows, How::Update)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Insert,
    Update,
}

/// Columns on their way to PostgreSQL.
struct Arrays<R: Rows>(How, R::Arrays);

/// Rows on their way to SQLite.
struct Json<R: Rows>(How, String, PhantomData<R>);

fn write_all<R: Rows>(conn: &mut Conn, rows: Vec<R>, how: How) -> QueryResult<usize> {
    if rows.is_empty() {
        return Ok(0);
    }
    match conn {
        Conn::Pg(pg) => Arrays::<R>(how, R::arrays(rows)).execute(pg),
        Conn::Lite(lite) => {
            let mut json = String::with_capacity(rows.len() * 256);
            for row in &rows {
                json.push(if json.is_empty() { '[' } else { ',' });
                row.to_json(&mut json);
            }
            json.push(']');
            Json::<R>(how, json, PhantomData).execute(lite)
        }
    }
}

/// Inserts rows of three tables that belong together: one round trip on PostgreSQL where there are some of each.
pub(super) fn insert_together<A: Rows, B: Rows, C: Rows>(
    conn: &mut Conn,
    (first, second, third): (Vec<A>, Vec<B>, Vec<C>),
) -> QueryResult<()> {
    match conn {
        Conn::Pg(pg) if !(first.is_empty() || second.is_empty() || third.is_empty()) => {
            let together = Together::<A, B, C>(
                Arrays(How::Insert, A::arrays(first)),
                Arrays(How::Insert, B::arrays(second)),
                Arrays(How::Insert, C::arrays(third)),
            );
            together.execute(pg).map(|_| ())
        }
        _ => {
            A::insert_all(conn, first)?;
            B::insert_all(conn, second)?;
            C::insert_all(conn, third)
        }
    }
}

/// Three inserts on their way to PostgreSQL.
struct Together<A: Rows, B: Rows, C: Rows>(Arrays<A>, Arrays<B>, Arrays<C>);

impl<A: Rows, B: Rows, C: Rows> QueryFragment<Pg> for Together<A, B, C> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH first AS (");
        self.0.walk_ast(out.reborrow())?;
        out.push_sql("), second AS (");
        self.1.walk_ast(out.reborrow())?;
        out.push_sql(") ");
        self.2.walk_ast(out)
    }
}

impl<A: Rows, B: Rows, C: Rows> QueryId for Together<A, B, C> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<A: Rows, B: Rows, C: Rows> RunQueryDsl<diesel::PgConnection> for Together<A, B, C> {}

/// What a table's statements say before and after their values.
pub(super) struct Texts {
    pg_insert: (String, String),
    pg_update: (String, String),
    lite_insert: (String, String),
    lite_update: (String, String),
}

impl Texts {
    /// Those of these rows.
    pub(super) fn of<R: Rows>() -> Self {
        let (table, names) = (R::TABLE, names::<R>());
        let set = each::<R>(|_, column| format!("{0} = u.{0}", column.name));
        let values = each::<R>(extract);
        let set_from_json = each::<R>(|index, column| format!("{} = {}", column.name, extract(index, column)));
        let of = |name: &str| {
            let found = R::COLUMNS.iter().enumerate().find(|(_, column)| column.name == name);
            found.map_or_else(String::new, |(index, column)| extract(index, column))
        };
        Self {
            pg_insert: (format!("INSERT INTO {table} ({names}) SELECT * FROM unnest("), ")".to_owned()),
            pg_update: (
                format!("UPDATE {table} AS t SET {set} FROM unnest("),
                format!(") AS u ({names}) WHERE t.id = u.id AND t.version < u.version"),
            ),
            lite_insert: (
                format!("INSERT INTO {table} ({names}) SELECT {values} FROM json_each("),
                ") AS u".to_owned(),
            ),
            lite_update: (
                format!("UPDATE {table} AS t SET {set_from_json} FROM json_each("),
                format!(") AS u WHERE t.id = {} AND t.version < {}", of("id"), of("version")),
            ),
        }
    }
}

fn extract(index: usize, column: &Column) -> String {
    let (open, close) = column.around;
    format!("{open}u.value ->> {index}{close}")
}

/// The same for each column, with commas between.
fn each<R: Rows>(say: impl Fn(usize, &Column) -> String) -> String {
    R::COLUMNS.iter().enumerate().map(|(index, column)| say(index, column)).collect::<Vec<_>>().join(", ")
}

fn names<R: Rows>() -> String {
    each::<R>(|_, column| column.name.to_owned())
}

impl<R: Rows> QueryFragment<Pg> for Arrays<R> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let (before, after) = match self.0 {
            How::Insert => &R::texts().pg_insert,
            How::Update => &R::texts().pg_update,
        };
        out.push_sql(before);
        R::bind(&self.1, &mut out)?;
        out.push_sql(after);
        Ok(())
    }
}

impl<R: Rows> QueryFragment<Sqlite> for Json<R> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        let (before, after) = match self.0 {
            How::Insert => &R::texts().lite_insert,
            How::Update => &R::texts().lite_update,
        };
        out.push_sql(before);
        out.push_bind_param::<Text, _>(&self.1)?;
        out.push_sql(after);
        Ok(())
    }
}

impl<R: Rows> QueryId for Arrays<R> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<R: Rows> QueryId for Json<R> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<R: Rows> RunQueryDsl<diesel::PgConnection> for Arrays<R> {}
impl<R: Rows> RunQueryDsl<diesel::SqliteConnection> for Json<R> {}

/// Declares a row and how many of them are written on each engine.
macro_rules! insertable_rows {
    ($($(#[$doc:meta])* $row:ident $(<$life:lifetime>)? in $table:ident { $($column:ident: $rust:ty as $sql:ty),+ $(,)? })+) => {$(
        $(#[$doc])*
        pub(super) struct $row $(<$life>)? {
            $(pub $column: $rust,)+
        }

        impl $(<$life>)? crate::ledger::insert::Rows for $row $(<$life>)? {
            const TABLE: &'static str = stringify!($table);
            const COLUMNS: &'static [crate::ledger::insert::Column] = &[$(crate::ledger::insert::Column {
                name: stringify!($column),
                around: <$sql as crate::ledger::insert::FromJson>::AROUND,
            },)+];
            type Arrays = ($(Vec<$rust>,)+);

            fn texts() -> &'static crate::ledger::insert::Texts {
                static TEXTS: std::sync::OnceLock<crate::ledger::insert::Texts> = std::sync::OnceLock::new();
                TEXTS.get_or_init(crate::ledger::insert::Texts::of::<Self>)
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
                    out.push_bind_param::<diesel::sql_types::Array<$sql>, _>($column)?;
                )+
                Ok(())
            }

            fn to_json(&self, out: &mut String) {
                let mut before = '[';
                $(
                    out.push(std::mem::replace(&mut before, ','));
                    crate::ledger::insert::ToJson::to_json(&self.$column, out);
                )+
                out.push(']');
            }
        }
    )+};
}
pub(super) use insertable_rows;
