//! SQL text with its values collected beside it, for both databases.
//!
//! The text is written once and in plain sight; placeholders are numbered while it is printed, so that nobody counts. Texts
//! that are the same every time are kept prepared by Diesel's cache; those that a client's filters put together are not
//! ([`Sql::prepared`]), because that cache forgets nothing.

use crate::{
    connection::Conn,
    types::{At, Id, InstantSql, UuidSql},
};
use diesel::{
    QueryResult, RunQueryDsl,
    backend::Backend,
    pg::Pg,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    serialize::{self, IsNull, Output, ToSql},
    sql_types::{self, BigInt, Binary, Bool, HasSqlType, Nullable, Text, Untyped},
    sqlite::Sqlite,
};
use std::borrow::Cow;

/// Runs one expression on whichever database it is.
macro_rules! on_both {
    ($conn:expr, $c:ident => $run:expr) => {
        match $conn {
            $crate::connection::Conn::Pg($c) => $run,
            $crate::connection::Conn::Lite($c) => $run,
        }
    };
}
pub(crate) use on_both;

/// A value beside a text.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Id(Option<Id>),
    At(Option<At>),
    Int(Option<i64>),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
    Bool(bool),
}

/// PostgreSQL cannot hold NUL, and the domain takes no text with one: where somebody looks for it, it is not found.
pub(crate) fn storable(text: impl Into<String>) -> String {
    let text = text.into();
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }
}

macro_rules! values {
    ($($rust:ty => |$v:ident| $value:expr),+ $(,)?) => {$(
        impl From<$rust> for Value {
            fn from($v: $rust) -> Self {
                $value
            }
        }
    )+};
}

values! {
    Id => |v| Self::Id(Some(v)),
    Option<Id> => |v| Self::Id(v),
    At => |v| Self::At(Some(v)),
    Option<At> => |v| Self::At(v),
    tradepost_domain::instant::Instant => |v| Self::At(Some(v.into())),
    i64 => |v| Self::Int(Some(v)),
    Option<i64> => |v| Self::Int(v),
    String => |v| Self::Text(Some(storable(v))),
    Option<String> => |v| Self::Text(v.map(storable)),
    &str => |v| Self::Text(Some(storable(v.to_owned()))),
    Vec<u8> => |v| Self::Bytes(Some(v)),
    &[u8] => |v| Self::Bytes(Some(v.to_vec())),
    bool => |v| Self::Bool(v),
}

#[derive(Debug, Clone)]
enum Piece {
    Text(Cow<'static, str>),
    Bind(Value),
    /// `<column> is one of these ids`, one value however many there are.
    IdIn(&'static str, Ids),
    /// `<column> is one of these texts`.
    TextIn(&'static str, Texts),
    Array(Array),
    /// Pairs of ids as a table `w (p, q)`.
    IdPairs(Pairs),
    /// A text for each database.
    Either {
        pg: &'static str,
        lite: &'static str,
    },
}

/// Many values as one: an array on PostgreSQL, a JSON list on SQLite, which is made only when SQLite gets it.
#[derive(Debug, Clone)]
struct Ids(Vec<Id>);

#[derive(Debug, Clone)]
struct Texts(Vec<String>);

#[derive(Debug, Clone)]
struct Pairs(Vec<Id>, Vec<Id>);

/// A JSON list of texts that need no escaping.
fn json_list(items: impl Iterator<Item = String>) -> String {
    let quoted: Vec<String> = items.map(|item| format!("\"{item}\"")).collect();
    format!("[{}]", quoted.join(","))
}

impl ToSql<Text, Sqlite> for Ids {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(json_list(self.0.iter().map(|id| id.0.simple().to_string())));
        Ok(IsNull::No)
    }
}

impl ToSql<Text, Sqlite> for Texts {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(serde_json::to_string(&self.0)?);
        Ok(IsNull::No)
    }
}

impl ToSql<Text, Sqlite> for Pairs {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        let pairs = self.0.iter().zip(&self.1);
        out.set_value(json_list(pairs.map(|(p, q)| format!("{}{}", p.0.simple(), q.0.simple()))));
        Ok(IsNull::No)
    }
}

/// A whole column of values, for PostgreSQL's `unnest`. SQLite has no arrays: there a prepared statement runs in a loop.
#[derive(Debug, Clone)]
pub(crate) enum Array {
    Ids(Vec<Id>),
    Ats(Vec<At>),
    Ints(Vec<i64>),
    Texts(Vec<String>),
}

/// A statement under construction.
#[derive(Debug, Clone)]
pub(crate) struct Sql {
    pieces: Vec<Piece>,
    prepared: bool,
}

impl Sql {
    /// Starts a text. Unless told otherwise it is kept prepared, so it has to be one of few.
    pub(crate) fn new(text: &'static str) -> Self {
        Self { pieces: vec![Piece::Text(Cow::Borrowed(text))], prepared: true }
    }

    /// Is it one of few texts, to be kept prepared?
    pub(crate) fn prepared(mut self, prepared: bool) -> Self {
        self.prepared = prepared;
        self
    }

    /// More text.
    pub(crate) fn push(&mut self, text: impl Into<Cow<'static, str>>) -> &mut Self {
        self.pieces.push(Piece::Text(text.into()));
        self
    }

    /// A value in this place.
    pub(crate) fn bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.pieces.push(Piece::Bind(value.into()));
        self
    }

    /// More text, by value.
    pub(crate) fn text(mut self, text: impl Into<Cow<'static, str>>) -> Self {
        self.push(text);
        self
    }

    /// A value in this place, by value.
    pub(crate) fn with(mut self, value: impl Into<Value>) -> Self {
        self.bind(value);
        self
    }

    /// Values with commas between them.
    pub(crate) fn list(mut self, values: impl IntoIterator<Item = Value>) -> Self {
        for (n, value) in values.into_iter().enumerate() {
            if n > 0 {
                self.push(", ");
            }
            self.bind(value);
        }
        self
    }

    /// One text for PostgreSQL, another for SQLite.
    pub(crate) fn either(mut self, pg: &'static str, lite: &'static str) -> Self {
        self.pieces.push(Piece::Either { pg, lite });
        self
    }

    /// A column of values in this place (PostgreSQL only).
    pub(crate) fn array(mut self, array: Array) -> Self {
        self.pieces.push(Piece::Array(array));
        self
    }

    /// `<column> is one of these`.
    pub(crate) fn id_in(mut self, column: &'static str, ids: Vec<Id>) -> Self {
        self.pieces.push(Piece::IdIn(column, Ids(ids)));
        self
    }

    /// These pairs as a table `w` with the columns `p` and `q`, to be joined.
    pub(crate) fn id_pairs(mut self, p: Vec<Id>, q: Vec<Id>) -> Self {
        self.pieces.push(Piece::IdPairs(Pairs(p, q)));
        self
    }

    /// `<column> is one of these`.
    pub(crate) fn text_in(mut self, column: &'static str, texts: Vec<String>) -> Self {
        self.pieces.push(Piece::TextIn(column, Texts(texts.into_iter().map(storable).collect())));
        self
    }

    /// Appends another text with its values.
    pub(crate) fn append(&mut self, other: &Self) -> &mut Self {
        self.pieces.extend(other.pieces.iter().cloned());
        self
    }

    /// Runs it and answers how many rows it changed.
    pub(crate) fn execute(self, conn: &mut Conn) -> QueryResult<usize> {
        on_both!(conn, c => RunQueryDsl::execute(self, c))
    }

    /// Runs it and reads its rows.
    pub(crate) fn load<R>(self, conn: &mut Conn) -> QueryResult<Vec<R>>
    where
        R: diesel::deserialize::QueryableByName<Pg> + diesel::deserialize::QueryableByName<Sqlite> + 'static,
    {
        on_both!(conn, c => RunQueryDsl::load(self, c))
    }

    /// Runs it and reads its first row.
    pub(crate) fn first<R>(self, conn: &mut Conn) -> QueryResult<Option<R>>
    where
        R: diesel::deserialize::QueryableByName<Pg> + diesel::deserialize::QueryableByName<Sqlite> + 'static,
    {
        Ok(self.load(conn)?.into_iter().next())
    }
}

impl QueryId for Sql {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Sql {
    type SqlType = Untyped;
}

impl RunQueryDsl<diesel::PgConnection> for Sql {}
impl RunQueryDsl<diesel::SqliteConnection> for Sql {}

/// The SQL types that both know.
fn push_value<'b, DB>(out: &mut AstPass<'_, 'b, DB>, value: &'b Value) -> QueryResult<()>
where
    DB: Backend
        + HasSqlType<UuidSql>
        + HasSqlType<InstantSql>
        + HasSqlType<BigInt>
        + HasSqlType<Text>
        + HasSqlType<Binary>,
    DB: HasSqlType<Bool>,
    Option<Id>: diesel::serialize::ToSql<Nullable<UuidSql>, DB>,
    Option<At>: diesel::serialize::ToSql<Nullable<InstantSql>, DB>,
    Option<i64>: diesel::serialize::ToSql<Nullable<BigInt>, DB>,
    Option<String>: diesel::serialize::ToSql<Nullable<Text>, DB>,
    Option<Vec<u8>>: diesel::serialize::ToSql<Nullable<Binary>, DB>,
    bool: diesel::serialize::ToSql<Bool, DB>,
{
    match value {
        Value::Id(v) => out.push_bind_param::<Nullable<UuidSql>, _>(v),
        Value::At(v) => out.push_bind_param::<Nullable<InstantSql>, _>(v),
        Value::Int(v) => out.push_bind_param::<Nullable<BigInt>, _>(v),
        Value::Text(v) => out.push_bind_param::<Nullable<Text>, _>(v),
        Value::Bytes(v) => out.push_bind_param::<Nullable<Binary>, _>(v),
        Value::Bool(v) => out.push_bind_param::<Bool, _>(v),
    }
}

fn push_array<'b>(out: &mut AstPass<'_, 'b, Pg>, array: &'b Array) -> QueryResult<()> {
    use sql_types::Array as Of;
    match array {
        Array::Ids(v) => out.push_bind_param::<Of<UuidSql>, _>(v),
        Array::Ats(v) => out.push_bind_param::<Of<InstantSql>, _>(v),
        Array::Ints(v) => out.push_bind_param::<Of<BigInt>, _>(v),
        Array::Texts(v) => out.push_bind_param::<Of<Text>, _>(v),
    }
}

impl QueryFragment<Pg> for Sql {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        if !self.prepared {
            out.unsafe_to_cache_prepared();
        }
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.push_sql(text),
                Piece::Either { pg, .. } => out.push_sql(pg),
                Piece::Bind(value) => push_value(&mut out, value)?,
                Piece::Array(array) => push_array(&mut out, array)?,
                Piece::IdIn(column, Ids(ids)) => {
                    out.push_sql(column);
                    out.push_sql(" = ANY(");
                    out.push_bind_param::<sql_types::Array<UuidSql>, _>(ids)?;
                    out.push_sql(")");
                }
                Piece::IdPairs(Pairs(p, q)) => {
                    out.push_sql("unnest(");
                    out.push_bind_param::<sql_types::Array<UuidSql>, _>(p)?;
                    out.push_sql(", ");
                    out.push_bind_param::<sql_types::Array<UuidSql>, _>(q)?;
                    out.push_sql(") AS w (p, q)");
                }
                Piece::TextIn(column, Texts(texts)) => {
                    out.push_sql(column);
                    out.push_sql(" = ANY(");
                    out.push_bind_param::<sql_types::Array<Text>, _>(texts)?;
                    out.push_sql(")");
                }
            }
        }
        Ok(())
    }
}

impl QueryFragment<Sqlite> for Sql {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        if !self.prepared {
            out.unsafe_to_cache_prepared();
        }
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.push_sql(text),
                Piece::Either { lite, .. } => out.push_sql(lite),
                Piece::Bind(value) => push_value(&mut out, value)?,
                Piece::Array(_) => {
                    return Err(diesel::result::Error::QueryBuilderError("SQLite has no arrays".into()));
                }
                Piece::IdIn(column, ids) => {
                    out.push_sql(column);
                    out.push_sql(" IN (SELECT unhex(value) FROM json_each(");
                    out.push_bind_param::<Text, _>(ids)?;
                    out.push_sql("))");
                }
                Piece::IdPairs(pairs) => {
                    out.push_sql(
                        "(SELECT unhex(substr(value, 1, 32)) AS p, unhex(substr(value, 33)) AS q FROM json_each(",
                    );
                    out.push_bind_param::<Text, _>(pairs)?;
                    out.push_sql(")) AS w");
                }
                Piece::TextIn(column, texts) => {
                    out.push_sql(column);
                    out.push_sql(" IN (SELECT value FROM json_each(");
                    out.push_bind_param::<Text, _>(texts)?;
                    out.push_sql("))");
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use diesel::{Connection, query_builder::QueryBuilder};
    use uuid::Uuid;

    impl Sql {
        /// The text as this database gets it.
        pub(crate) fn print<DB>(&self) -> String
        where
            DB: Backend + Default,
            DB::QueryBuilder: Default,
            Self: QueryFragment<DB>,
        {
            let mut builder = DB::QueryBuilder::default();
            self.to_sql(&mut builder, &DB::default()).unwrap();
            builder.finish()
        }
    }

    #[test]
    fn placeholders_are_numbered_where_the_database_wants_it() {
        let sql =
            Sql::new("SELECT ").list([1_i64.into(), "x".into()]).text(" WHERE ").id_in("id", vec![Id(Uuid::nil())]);
        let sql = sql.text(" AND ").text_in("code", vec!["a".into()]).either(" FOR UPDATE", "");
        assert_eq!(sql.print::<Pg>(), "SELECT $1, $2 WHERE id = ANY($3) AND code = ANY($4) FOR UPDATE");
        assert_eq!(
            sql.print::<Sqlite>(),
            "SELECT ?, ? WHERE id IN (SELECT unhex(value) FROM json_each(?)) AND code IN (SELECT value FROM json_each(?))"
        );
    }

    #[test]
    fn a_list_is_kept_once_and_takes_the_shape_that_its_database_needs_when_it_gets_there() {
        let id = Id(Uuid::from_u128(0xabc));
        let sql = Sql::new("").id_in("id", vec![id]).text_in("code", vec!["needle\"".into()]);
        let sql = sql.id_pairs(vec![id], vec![id]);
        let kept = format!("{sql:?}");
        assert_eq!(kept.matches("needle").count(), 1, "{kept}");
        assert_eq!(kept.matches(&id.0.simple().to_string()).count(), 0, "{kept}");
    }

    #[test]
    fn sqlite_finds_what_is_in_a_list() {
        #[derive(diesel::QueryableByName)]
        struct Found {
            #[diesel(sql_type = BigInt)]
            n: i64,
        }
        let mut conn = diesel::SqliteConnection::establish(":memory:").unwrap();
        let id = |n| Id(Uuid::from_u128(n));
        let sql = Sql::new("SELECT COUNT(*) AS n FROM ").id_pairs(vec![id(1), id(0xabc)], vec![id(2), id(3)]);
        let sql = sql.text(" WHERE ").id_in("p", vec![id(7), id(0xabc)]).text(" AND ");
        let sql = sql.text_in("'o\"ne'", vec!["o\"ne".into(), "two".into()]);
        let found: Vec<Found> = RunQueryDsl::load(sql, &mut conn).unwrap();
        assert_eq!(found[0].n, 1);
    }

    #[test]
    fn a_column_of_values_is_postgresqls_alone() {
        let sql = Sql::new("SELECT * FROM unnest(").array(Array::Ints(vec![1])).text(")");
        assert_eq!(sql.print::<Pg>(), "SELECT * FROM unnest($1)");
        let mut builder = <Sqlite as Backend>::QueryBuilder::default();
        assert!(QueryFragment::<Sqlite>::to_sql(&sql, &mut builder, &Sqlite).is_err());
    }

    #[test]
    fn a_text_with_nul_becomes_one_that_nothing_matches() {
        assert!(matches!(Value::from("a\0"), Value::Text(Some(text)) if text == "a\u{fffd}"));
    }
}
