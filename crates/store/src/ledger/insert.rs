//! Inserting many rows of one table with one statement: an array for each column on PostgreSQL, one JSON text on SQLite.
//!
//! The text of the statement is the same however many rows there are, so it is prepared once.

use crate::types::{At, Id, InstantSql, UuidSql};
use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text};
use std::fmt::Write as _;

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

/// Declares a row and how many of them are inserted on each engine.
macro_rules! insertable_rows {
    ($($(#[$doc:meta])* $row:ident $(<$life:lifetime>)? in $table:ident { $($column:ident: $rust:ty as $sql:ty),+ $(,)? })+) => {$(
        $(#[$doc])*
        pub(super) struct $row $(<$life>)? {
            $(pub $column: $rust,)+
        }

        const _: () = {
            use crate::{
                connection::Conn,
                ledger::insert::{FromJson, ToJson},
            };
            use diesel::{
                QueryResult, RunQueryDsl,
                pg::Pg,
                query_builder::{AstPass, QueryFragment, QueryId},
                sql_types::Array,
                sqlite::Sqlite,
            };

            const INSERT: &str = concat!("INSERT INTO ", stringify!($table), " (");

            struct Columns $(<$life>)? {
                $($column: Vec<$rust>,)+
            }

            struct Json(String);

            impl $(<$life>)? From<Vec<$row $(<$life>)?>> for Columns $(<$life>)? {
                fn from(rows: Vec<$row $(<$life>)?>) -> Self {
                    let mut columns = Self { $($column: Vec::with_capacity(rows.len()),)+ };
                    for row in rows {
                        $(columns.$column.push(row.$column);)+
                    }
                    columns
                }
            }

            impl $(<$life>)? From<Vec<$row $(<$life>)?>> for Json {
                fn from(rows: Vec<$row $(<$life>)?>) -> Self {
                    let mut json = String::with_capacity(rows.len() * 256);
                    let mut before = '[';
                    for row in &rows {
                        json.push(std::mem::replace(&mut before, ','));
                        let mut inside = '[';
                        $(
                            json.push(std::mem::replace(&mut inside, ','));
                            ToJson::to_json(&row.$column, &mut json);
                        )+
                        json.push(']');
                    }
                    json.push(']');
                    Self(json)
                }
            }

            impl $(<$life>)? QueryFragment<Pg> for Columns $(<$life>)? {
                fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
                    let mut before = INSERT;
                    $(
                        out.push_sql(std::mem::replace(&mut before, ", "));
                        out.push_sql(stringify!($column));
                    )+
                    before = ") SELECT * FROM unnest(";
                    $(
                        out.push_sql(std::mem::replace(&mut before, ", "));
                        out.push_bind_param::<Array<$sql>, _>(&self.$column)?;
                    )+
                    out.push_sql(")");
                    Ok(())
                }
            }

            impl QueryFragment<Sqlite> for Json {
                fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
                    let mut before = INSERT;
                    $(
                        out.push_sql(std::mem::replace(&mut before, ", "));
                        out.push_sql(stringify!($column));
                    )+
                    before = ") SELECT ";
                    let around = [$(<$sql as FromJson>::AROUND),+];
                    for (index, (open, close)) in around.into_iter().enumerate() {
                        out.push_sql(std::mem::replace(&mut before, ", "));
                        out.push_sql(open);
                        out.push_sql(&format!("value ->> {index}"));
                        out.push_sql(close);
                    }
                    out.push_sql(" FROM json_each(");
                    out.push_bind_param::<diesel::sql_types::Text, _>(&self.0)?;
                    out.push_sql(")");
                    Ok(())
                }
            }

            impl $(<$life>)? QueryId for Columns $(<$life>)? {
                type QueryId = ();
                const HAS_STATIC_QUERY_ID: bool = false;
            }

            impl QueryId for Json {
                type QueryId = ();
                const HAS_STATIC_QUERY_ID: bool = false;
            }

            impl $(<$life>)? RunQueryDsl<diesel::PgConnection> for Columns $(<$life>)? {}
            impl RunQueryDsl<diesel::SqliteConnection> for Json {}

            impl $(<$life>)? $row $(<$life>)? {
                /// Inserts them all with one statement, or none where there are none.
                pub(super) fn insert_all(conn: &mut Conn, rows: Vec<Self>) -> QueryResult<()> {
                    if rows.is_empty() {
                        return Ok(());
                    }
                    match conn {
                        Conn::Pg(pg) => RunQueryDsl::execute(Columns::from(rows), pg)?,
                        Conn::Lite(lite) => RunQueryDsl::execute(Json::from(rows), lite)?,
                    };
                    Ok(())
                }
            }
        };
    )+};
}
pub(super) use insertable_rows;
