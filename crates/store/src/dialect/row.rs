//! Rows that say by themselves which columns they are read from.

use super::Sql;
use crate::connection::{Conn, PgConnection, Sqlite, SqliteConnection};
use diesel::{
    QueryResult, RunQueryDsl, Selectable,
    deserialize::QueryableByName,
    dsl::SqlTypeOf,
    pg::Pg,
    query_builder::{Query, QueryFragment},
    query_dsl::methods::LoadQuery,
    sql_types::Untyped,
};
use std::{fmt, sync::Arc};

/// A piece of Diesel's own language, a column or a condition, that both databases can be given.
pub(crate) trait Fragment: QueryFragment<Pg> + QueryFragment<Sqlite> + Send + Sync {}

impl<T: QueryFragment<Pg> + QueryFragment<Sqlite> + Send + Sync> Fragment for T {}

impl fmt::Debug for dyn Fragment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Diesel")
    }
}

/// What a row is selected from: the schema's columns, the same on both databases.
type Selection<R> = <R as Selectable<Pg>>::SelectExpression;

/// A row that derives `Queryable` and `Selectable`: its columns are printed from the schema ([`Sql::select`]) and read in the order in
/// which they were printed, and a field that does not fit its column does not compile. (Where the compiler's words are not clear enough,
/// `#[diesel(check_for_backend(diesel::pg::Pg, diesel::sqlite::Sqlite))]` on the row names the field.)
pub(crate) trait SelectedRow: Sized + 'static {
    /// Its columns, qualified by their tables, in the order of its fields.
    fn columns() -> Arc<dyn Fragment>;

    /// Runs a statement that begins with its columns.
    fn load(sql: Sql<Self>, conn: &mut Conn) -> QueryResult<Vec<Self>>;
}

impl<R> SelectedRow for R
where
    R: Selectable<Pg> + 'static,
    Selection<R>: Fragment + 'static,
    for<'q> Sql<R>: LoadQuery<'q, PgConnection, R> + LoadQuery<'q, SqliteConnection, R>,
{
    fn columns() -> Arc<dyn Fragment> {
        Arc::new(<R as Selectable<Pg>>::construct_selection())
    }

    fn load(sql: Sql<R>, conn: &mut Conn) -> QueryResult<Vec<R>> {
        on_both!(conn, c => RunQueryDsl::load(sql, c))
    }
}

/// The rows of a text that is written by hand are read by the names of their columns, and only when they come is it seen whether they fit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ByName;

impl Query for Sql<ByName> {
    type SqlType = Untyped;
}

impl<R: Selectable<Pg>> Query for Sql<R> {
    type SqlType = SqlTypeOf<Selection<R>>;
}

/// A text that such rows are read with: `Sql<R>` for a row that says what its columns are, and a text without for any that is read by name.
pub(crate) trait Reads<R>: Sized {
    /// Runs it and reads its rows.
    fn read(self, conn: &mut Conn) -> QueryResult<Vec<R>>;
}

impl<R> Reads<R> for Sql<ByName>
where
    R: QueryableByName<Pg> + QueryableByName<Sqlite> + 'static,
{
    fn read(self, conn: &mut Conn) -> QueryResult<Vec<R>> {
        on_both!(conn, c => RunQueryDsl::load(self, c))
    }
}

impl<R: SelectedRow> Reads<R> for Sql<R> {
    fn read(self, conn: &mut Conn) -> QueryResult<Vec<R>> {
        R::load(self, conn)
    }
}
