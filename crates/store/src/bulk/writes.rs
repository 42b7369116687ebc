//! What a batch writes: one statement for each table, and on PostgreSQL one round trip for all of them.

use super::{Arrays, Replaces, Rows, json};
use crate::{
    connection::{Conn, Engine, PgConnection, SqliteConnection},
    dialect::{Sql, per_engine},
};
use diesel::{
    QueryResult, RunQueryDsl,
    pg::Pg,
    query_builder::{AstPass, QueryFragment, QueryId},
    sql_types::{Array, BigInt},
};

/// What did not go as it should when rows were written.
#[derive(Debug)]
pub(crate) enum WriteError {
    /// The database said so.
    Database(diesel::result::Error),
    /// Some of these were not as they were loaded.
    Unmatched(&'static str),
}

impl From<diesel::result::Error> for WriteError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error)
    }
}

/// When a statement runs, on PostgreSQL, where all of one time go together in one round trip and see the same rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// Before the others, which write the same keys anew.
    First,
    /// With all others, after those of `First`.
    Then,
}

struct QueuedStatement<'e> {
    what: &'static str,
    /// How many rows it must change, where that matters.
    expected: Option<usize>,
    sql: Box<dyn QueryFragment<Pg> + 'e>,
}

/// What a batch writes. On SQLite each statement runs as it is added; on PostgreSQL they are collected until [`Writes::finish`].
pub(crate) struct Writes<'c, 'e> {
    conn: &'c mut Conn,
    first: Vec<QueuedStatement<'e>>,
    then: Vec<QueuedStatement<'e>>,
}

impl<'c, 'e> Writes<'c, 'e> {
    pub(crate) const fn new(conn: &'c mut Conn) -> Self {
        Self { conn, first: Vec::new(), then: Vec::new() }
    }

    /// The connection, on SQLite, where statements run as they come.
    pub(crate) const fn sqlite(&mut self) -> Option<&mut SqliteConnection> {
        per_engine!(self.conn, Pg(_) => None, Lite(lite) => Some(lite))
    }

    /// Inserts all of these rows: one statement, or none where there are no rows.
    pub(crate) fn insert<R: Rows + 'e>(&mut self, rows: Vec<R>) -> Result<(), WriteError> {
        if rows.is_empty() {
            return Ok(());
        }
        per_engine!(
            self.conn,
            Pg(_) => {
                let sql = Box::new(Arrays::<R>(R::arrays(rows), None));
                self.then.push(QueuedStatement { what: R::TABLE, expected: None, sql });
            },
            Lite(lite) => {
                json(&rows, None).execute(lite)?;
            }
        );
        Ok(())
    }

    /// Puts them all in the place of rows whose guards had these values when they were loaded.
    pub(crate) fn update<R: Replaces + 'e>(&mut self, rows: Vec<(R, i64)>) -> Result<(), WriteError> {
        if rows.is_empty() {
            return Ok(());
        }
        let (rows, loaded): (Vec<R>, Vec<i64>) = rows.into_iter().unzip();
        let expected = rows.len();
        per_engine!(
            self.conn,
            Pg(_) => {
                let sql = Box::new(Arrays::<R>(R::arrays(rows), Some(loaded)));
                self.then.push(QueuedStatement { what: R::TABLE, expected: Some(expected), sql });
                Ok(())
            },
            Lite(lite) => matched(R::TABLE, Some(expected), json(&rows, Some(&loaded)).execute(lite)?)
        )
    }

    /// Any other statement that changes rows; where a number is given, exactly so many.
    pub(crate) fn run(
        &mut self,
        when: When,
        what: &'static str,
        expected: Option<usize>,
        sql: Sql,
    ) -> Result<(), WriteError> {
        if self.conn.engine() == Engine::Sqlite {
            return matched(what, expected, sql.execute(self.conn)?);
        }
        let queued = QueuedStatement { what, expected, sql: Box::new(sql) };
        match when {
            When::First => self.first.push(queued),
            When::Then => self.then.push(queued),
        }
        Ok(())
    }

    /// Runs what was collected.
    pub(crate) fn finish(self) -> Result<(), WriteError> {
        per_engine!(self.conn, Pg(pg) => run_queued(pg, [self.first, self.then]), Lite(_) => Ok(()))
    }
}

/// Two round trips at most, on PostgreSQL.
#[cfg(feature = "postgres")]
fn run_queued(pg: &mut PgConnection, queued: [Vec<QueuedStatement<'_>>; 2]) -> Result<(), WriteError> {
    for queued in queued {
        if queued.is_empty() {
            continue;
        }
        let expected: Vec<_> = queued.iter().filter_map(|w| Some((w.what, w.expected?))).collect();
        let rows: Vec<Counts> = OneRoundTrip(queued).load(pg)?;
        let counts = rows.into_iter().next().map(|row| row.counts).unwrap_or_default();
        for ((what, expected), changed) in expected.into_iter().zip(counts) {
            matched(what, Some(expected), usize::try_from(changed).unwrap_or_default())?;
        }
    }
    Ok(())
}

fn matched(what: &'static str, expected: Option<usize>, changed: usize) -> Result<(), WriteError> {
    match expected {
        Some(expected) if expected != changed => Err(WriteError::Unmatched(what)),
        _ => Ok(()),
    }
}

#[derive(diesel::QueryableByName)]
struct Counts {
    #[diesel(sql_type = Array<BigInt>)]
    counts: Vec<i64>,
}

/// Statements that PostgreSQL runs together, as one.
struct OneRoundTrip<'e>(Vec<QueuedStatement<'e>>);

impl QueryFragment<Pg> for OneRoundTrip<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        for (index, queued) in self.0.iter().enumerate() {
            out.push_sql(if index == 0 { "WITH w" } else { "), w" });
            out.push_sql(&index.to_string());
            out.push_sql(" AS (");
            queued.sql.walk_ast(out.reborrow())?;
            if queued.expected.is_some() {
                out.push_sql(" RETURNING 1");
            }
        }
        out.push_sql(") SELECT ARRAY[");
        let counted = self.0.iter().enumerate().filter(|(_, queued)| queued.expected.is_some());
        for (n, (index, _)) in counted.enumerate() {
            out.push_sql(if n == 0 { "(SELECT COUNT(*) FROM w" } else { ", (SELECT COUNT(*) FROM w" });
            out.push_sql(&index.to_string());
            out.push_sql(")");
        }
        out.push_sql("]::bigint[] AS counts");
        Ok(())
    }
}

impl QueryId for OneRoundTrip<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl diesel::query_builder::Query for OneRoundTrip<'_> {
    type SqlType = diesel::sql_types::Untyped;
}

#[cfg(feature = "postgres")]
impl RunQueryDsl<diesel::PgConnection> for OneRoundTrip<'_> {}
