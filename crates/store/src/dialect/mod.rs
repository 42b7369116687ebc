//! SQL text with its values collected beside it, for both databases.
//!
//! What Diesel's own language can say on either database is said in it. Text is for the rest: the ledger's statements for many rows, lists
//! that begin after a row, upserts, `verify`. It is written once and in plain sight; placeholders are numbered while it is printed, so that
//! nobody counts.
//!
//! - **No value is ever text.** Every piece of text is `&'static str`: what is made while the program runs (a `String`) does not compile, so
//!   it can only be bound ([`Sql::with`]). The ways to make a `&'static str` of a `String` (`String::leak`, `Box::leak`), and Diesel's own
//!   doors for any text (`sql_query`, `dsl::sql`), are closed by `clippy.toml`; which files may push text by hand or send it unprepared is a
//!   list in the architecture tests. Where a text has to be put together at run time, it is a [`Printed`].
//! - **Columns come from the row.** [`Sql::select`] prints the columns of a row that derives `Selectable`, whose types the compiler compares
//!   with the schema's; they are written with their table's name, so tables have no aliases there.
//! - Texts that are the same every time are kept prepared by Diesel's cache; those that a client's filters put together are not
//!   ([`Sql::prepared`]), because that cache forgets nothing.

/// Runs one expression on whichever database it is.
macro_rules! on_both {
    ($conn:expr, $c:ident => $run:expr) => {
        $crate::dialect::per_engine!($conn, Pg($c) => $run, Lite($c) => $run)
    };
}
pub(crate) use on_both;

/// What each database does in its own way. The way of one that is not built in is not compiled.
macro_rules! per_engine {
    ($conn:expr, Pg($pg:pat) => $on_postgres:expr, Lite($lite:pat) => $on_sqlite:expr $(,)?) => {
        match $conn {
            #[cfg(feature = "postgres")]
            $crate::connection::Conn::Pg($pg) => $on_postgres,
            #[cfg(feature = "sqlite")]
            $crate::connection::Conn::Lite($lite) => $on_sqlite,
        }
    };
}
pub(crate) use per_engine;

mod printed;
mod row;
mod value;

pub(crate) use printed::Printed;
pub(crate) use row::{ByName, Fragment, Reads, SelectedRow};
pub(crate) use value::{Array, Ids, Value, replace_nul};

use crate::{
    connection::{Conn, Sqlite},
    types::{Id, UuidSql},
};
use diesel::{
    Expression, QueryResult, RunQueryDsl,
    pg::Pg,
    query_builder::{AstPass, QueryFragment, QueryId},
    sql_types::{self, Text},
};
use std::{fmt, marker::PhantomData, sync::Arc};
use value::{Pairs, Texts, push_array, push_value};

#[derive(Debug, Clone)]
enum Piece {
    Text(&'static str),
    Bind(Value),
    /// Of a table or a column, printed in quotes.
    Name(String),
    Diesel(Arc<dyn Fragment>),
    /// `is one of these ids`, one value however many there are.
    InIds(Ids),
    /// `is one of these texts`.
    InTexts(Texts),
    Array(Array),
    /// Pairs of ids as a table `w (p, q)`.
    IdPairs(Pairs),
    /// A text for each database.
    Either {
        pg: &'static str,
        lite: &'static str,
    },
}

/// A statement under construction. `R` is the row that it reads, where it began with that row's columns ([`Sql::select`]).
pub(crate) struct Sql<R = ByName> {
    pieces: Vec<Piece>,
    prepared: bool,
    row: PhantomData<fn() -> R>,
}

impl<R> Clone for Sql<R> {
    fn clone(&self) -> Self {
        Self { pieces: self.pieces.clone(), prepared: self.prepared, row: PhantomData }
    }
}

impl<R> fmt::Debug for Sql<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.pieces).finish()
    }
}

impl Sql {
    /// Starts a text. Unless told otherwise it is kept prepared, so it has to be one of few.
    pub(crate) fn new(text: &'static str) -> Self {
        Self::of(Piece::Text(text))
    }

    /// Starts with `SELECT` and the columns of a row, each with its table's name: `Sql::select::<Row>().text(" FROM products WHERE …")`.
    pub(crate) fn select<R: SelectedRow>() -> Sql<R> {
        let mut sql = Sql::of(Piece::Text("SELECT "));
        sql.pieces.push(Piece::Diesel(R::columns()));
        sql
    }
}

impl<R> Sql<R> {
    fn of(piece: Piece) -> Self {
        Self { pieces: vec![piece], prepared: true, row: PhantomData }
    }

    /// Is it one of few texts, to be kept prepared?
    pub(crate) fn prepared(mut self, prepared: bool) -> Self {
        self.prepared = prepared;
        self
    }

    /// More text.
    pub(crate) fn push(&mut self, text: &'static str) -> &mut Self {
        self.pieces.push(Piece::Text(text));
        self
    }

    /// A value in this place.
    pub(crate) fn bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.pieces.push(Piece::Bind(value.into()));
        self
    }

    /// More text, by value.
    pub(crate) fn text(mut self, text: &'static str) -> Self {
        self.push(text);
        self
    }

    /// A value in this place, by value.
    pub(crate) fn with(mut self, value: impl Into<Value>) -> Self {
        self.bind(value);
        self
    }

    /// The name of a table or a column that the database has told, in quotes: whatever it is, it is a name.
    pub(crate) fn name(mut self, name: &str) -> Self {
        self.pieces.push(Piece::Name(name.to_owned()));
        self
    }

    /// A column, or a condition in Diesel's language, in this place: `.diesel(products::removed_at.is_null())`.
    pub(crate) fn diesel(mut self, piece: impl Fragment + 'static) -> Self {
        self.pieces.push(Piece::Diesel(Arc::new(piece)));
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

    /// `<column> is one of these`: one value however many they are, so the text is always the same.
    pub(crate) fn one_of<C>(self, column: C, ids: Vec<Id>) -> Self
    where
        C: Expression<SqlType = UuidSql> + Fragment + 'static,
    {
        let mut sql = self.diesel(column);
        sql.pieces.push(Piece::InIds(Ids(ids)));
        sql
    }

    /// The same, of texts.
    pub(crate) fn one_of_texts<C>(self, column: C, texts: Vec<String>) -> Self
    where
        C: Expression<SqlType = Text> + Fragment + 'static,
    {
        let mut sql = self.diesel(column);
        sql.pieces.push(Piece::InTexts(Texts(texts.into_iter().map(replace_nul).collect())));
        sql
    }

    /// `<column> is one of these`, for a column of a table that has another name here.
    pub(crate) fn id_in(mut self, column: &'static str, ids: Vec<Id>) -> Self {
        self.push(column);
        self.pieces.push(Piece::InIds(Ids(ids)));
        self
    }

    /// These pairs as a table `w` with the columns `p` and `q`, to be joined.
    pub(crate) fn id_pairs(mut self, p: Vec<Id>, q: Vec<Id>) -> Self {
        self.pieces.push(Piece::IdPairs(Pairs(p, q)));
        self
    }

    /// Appends another text with its values.
    pub(crate) fn append<S>(&mut self, other: &Sql<S>) -> &mut Self {
        self.pieces.extend(other.pieces.iter().cloned());
        self
    }

    /// Runs it and answers how many rows it changed.
    pub(crate) fn execute(self, conn: &mut Conn) -> QueryResult<usize> {
        on_both!(conn, c => RunQueryDsl::execute(self, c))
    }

    /// Runs it and reads its rows.
    pub(crate) fn load<T>(self, conn: &mut Conn) -> QueryResult<Vec<T>>
    where
        Self: Reads<T>,
    {
        self.read(conn)
    }

    /// Runs it and reads its first row.
    pub(crate) fn first<T>(self, conn: &mut Conn) -> QueryResult<Option<T>>
    where
        Self: Reads<T>,
    {
        Ok(self.read(conn)?.into_iter().next())
    }
}

impl<R> QueryId for Sql<R> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

#[cfg(feature = "postgres")]
impl<R> RunQueryDsl<diesel::PgConnection> for Sql<R> {}
#[cfg(feature = "sqlite")]
impl<R> RunQueryDsl<diesel::SqliteConnection> for Sql<R> {}

impl<R> QueryFragment<Pg> for Sql<R> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        if !self.prepared {
            out.unsafe_to_cache_prepared();
        }
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.push_sql(text),
                Piece::Either { pg, .. } => out.push_sql(pg),
                Piece::Bind(value) => push_value(&mut out, value)?,
                Piece::Name(name) => out.push_identifier(name)?,
                Piece::Diesel(piece) => QueryFragment::<Pg>::walk_ast(piece.as_ref(), out.reborrow())?,
                Piece::Array(array) => push_array(&mut out, array)?,
                Piece::InIds(Ids(ids)) => {
                    out.push_sql(" = ANY(");
                    out.push_bind_param::<sql_types::Array<UuidSql>, _>(ids)?;
                    out.push_sql(")");
                }
                Piece::InTexts(Texts(texts)) => {
                    out.push_sql(" = ANY(");
                    out.push_bind_param::<sql_types::Array<Text>, _>(texts)?;
                    out.push_sql(")");
                }
                Piece::IdPairs(Pairs(p, q)) => {
                    out.push_sql("unnest(");
                    out.push_bind_param::<sql_types::Array<UuidSql>, _>(p)?;
                    out.push_sql(", ");
                    out.push_bind_param::<sql_types::Array<UuidSql>, _>(q)?;
                    out.push_sql(") AS w (p, q)");
                }
            }
        }
        Ok(())
    }
}

#[cfg(feature = "sqlite")]
impl<R> QueryFragment<Sqlite> for Sql<R> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        if !self.prepared {
            out.unsafe_to_cache_prepared();
        }
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.push_sql(text),
                Piece::Either { lite, .. } => out.push_sql(lite),
                Piece::Bind(value) => push_value(&mut out, value)?,
                Piece::Name(name) => out.push_identifier(name)?,
                Piece::Diesel(piece) => QueryFragment::<Sqlite>::walk_ast(piece.as_ref(), out.reborrow())?,
                Piece::Array(_) => {
                    return Err(diesel::result::Error::QueryBuilderError("SQLite has no arrays".into()));
                }
                Piece::InIds(ids) => {
                    out.push_sql(" IN (SELECT unhex(value) FROM json_each(");
                    out.push_bind_param::<Text, _>(ids)?;
                    out.push_sql("))");
                }
                Piece::InTexts(texts) => {
                    out.push_sql(" IN (SELECT value FROM json_each(");
                    out.push_bind_param::<Text, _>(texts)?;
                    out.push_sql("))");
                }
                Piece::IdPairs(pairs) => {
                    out.push_sql(
                        "(SELECT unhex(substr(value, 1, 32)) AS p, unhex(substr(value, 33)) AS q FROM json_each(",
                    );
                    out.push_bind_param::<Text, _>(pairs)?;
                    out.push_sql(")) AS w");
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[cfg(feature = "sqlite")]
mod tests {
    use super::*;
    use crate::{
        schema::{categories, products},
        types::At,
    };
    use diesel::{
        Connection, ExpressionMethods, NullableExpressionMethods, Queryable, QueryableByName, Selectable,
        backend::Backend, query_builder::QueryBuilder, sql_types::BigInt,
    };
    use uuid::Uuid;

    impl<R> Sql<R> {
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
    fn text_is_what_the_program_was_written_with() {
        /// There is an impl for functions that take static text, and one for those that take text of any life. A function of the second
        /// kind has both: the compiler cannot tell which of them is meant, and this does not compile.
        trait OnlyStatic<Which> {
            fn takes_only_static_text(&self) {}
        }
        struct Any;
        struct More;
        impl<F: Fn(&'static str) -> T, T> OnlyStatic<(T,)> for F {}
        impl<F: for<'a> Fn(&'a str) -> T, T> OnlyStatic<(T, Any)> for F {}
        impl<F: Fn(Sql, &'static str) -> T, T> OnlyStatic<(T, More)> for F {}
        impl<F: for<'a> Fn(Sql, &'a str) -> T, T> OnlyStatic<(T, More, Any)> for F {}
        struct Print;
        impl<F: Fn(Printed, &'static str) -> T, T> OnlyStatic<(T, Print)> for F {}
        impl<F: for<'a> Fn(Printed, &'a str) -> T, T> OnlyStatic<(T, Print, Any)> for F {}

        Sql::new.takes_only_static_text();
        Sql::<ByName>::text.takes_only_static_text();
        Printed::new.takes_only_static_text();
        Printed::text.takes_only_static_text();
    }

    #[test]
    fn placeholders_are_numbered_where_the_database_wants_it() {
        let sql =
            Sql::new("SELECT ").list([1_i64.into(), "x".into()]).text(" WHERE ").id_in("id", vec![Id(Uuid::nil())]);
        let sql = sql.text(" AND ").one_of_texts(products::sku_key, vec!["a".into()]);
        let sql = sql.text(" AND ").diesel(products::price.gt(5_i64)).either(" FOR UPDATE", "");
        assert_eq!(
            sql.print::<Pg>(),
            "SELECT $1, $2 WHERE id = ANY($3) AND \"products\".\"sku_key\" = ANY($4) \
             AND (\"products\".\"price\" > $5) FOR UPDATE"
        );
        assert_eq!(
            sql.print::<Sqlite>(),
            "SELECT ?, ? WHERE id IN (SELECT unhex(value) FROM json_each(?)) \
             AND `products`.`sku_key` IN (SELECT value FROM json_each(?)) AND (`products`.`price` > ?)"
        );
    }

    /// The row's fields, not their order in the table, say what is selected.
    #[derive(Debug, PartialEq, Queryable, Selectable)]
    #[diesel(table_name = categories)]
    #[diesel(check_for_backend(Pg, Sqlite))]
    struct Row {
        name: String,
        id: Id,
        #[diesel(select_expression = products::sku.nullable())]
        sku: Option<String>,
    }

    #[test]
    fn a_rows_columns_are_the_schemas() {
        let sql = Sql::select::<Row>().text(" FROM categories");
        assert_eq!(
            sql.print::<Pg>(),
            "SELECT \"categories\".\"name\", \"categories\".\"id\", \"products\".\"sku\" FROM categories"
        );
        assert_eq!(
            sql.print::<Sqlite>(),
            "SELECT `categories`.`name`, `categories`.`id`, `products`.`sku` FROM categories"
        );
    }

    #[test]
    fn a_row_is_read_from_the_columns_that_it_selects() {
        let mut conn = Conn::Lite(diesel::SqliteConnection::establish(":memory:").unwrap());
        crate::migrate::up(&mut conn).unwrap();
        let id = Id(Uuid::from_u128(7));
        let at = At(0);
        let values = [id.into(), "Tea".into(), "tea".into(), "".into(), "tea".into(), 1.into(), at.into(), at.into()];
        Sql::new("INSERT INTO categories VALUES (").list(values).text(")").execute(&mut conn).unwrap();
        let sql =
            Sql::select::<Row>().text(" FROM categories LEFT JOIN products ON products.category_id = categories.id");
        let sql = sql.text(" WHERE ").one_of(categories::id, vec![id]);
        assert_eq!(sql.load(&mut conn).unwrap(), [Row { id, name: "Tea".to_owned(), sku: None }]);
    }

    #[test]
    fn a_list_is_stored_once_and_takes_the_shape_that_its_database_needs_when_it_gets_there() {
        let id = Id(Uuid::from_u128(0xabc));
        let sql = Sql::new("").id_in("id", vec![id]).one_of_texts(products::sku, vec!["needle\"".into()]);
        let sql = sql.id_pairs(vec![id], vec![id]);
        let stored = format!("{sql:?}");
        assert_eq!(stored.matches("needle").count(), 1, "{stored}");
        assert_eq!(stored.matches(&id.0.simple().to_string()).count(), 0, "{stored}");
    }

    #[test]
    fn sqlite_finds_what_is_in_a_list() {
        #[derive(QueryableByName)]
        struct Found {
            #[diesel(sql_type = BigInt)]
            n: i64,
        }
        let mut conn = diesel::SqliteConnection::establish(":memory:").unwrap();
        let id = |n| Id(Uuid::from_u128(n));
        let sql = Sql::new("SELECT COUNT(*) AS n FROM ").id_pairs(vec![id(1), id(0xabc)], vec![id(2), id(3)]);
        let sql = sql.text(" WHERE ").id_in("p", vec![id(7), id(0xabc)]).text(" AND ");
        let word = diesel::IntoSql::into_sql::<Text>("o\"ne");
        let sql = sql.one_of_texts(word, vec!["o\"ne".into(), "two".into()]);
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
