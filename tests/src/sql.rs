//! SQL straight at a test's database, behind the program's back: to look, to tamper, to count.

#![expect(clippy::disallowed_methods, reason = "a test may say anything to its database")]

use crate::Engine;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

#[derive(QueryableByName)]
struct Words {
    #[diesel(sql_type = Text)]
    words: String,
}

#[derive(QueryableByName)]
struct Figure {
    #[diesel(sql_type = BigInt)]
    figure: i64,
}

/// Runs statements; panics with the database's words when they fail.
///
/// Not for use inside async code that must not block for long: it opens a connection for each call.
pub fn execute(url: &str, statements: &str) {
    try_execute(url, statements).unwrap_or_else(|problem| panic!("{statements}\nfailed on {url}: {problem}"));
}

/// Runs statements; the error is the database's own words.
pub fn try_execute(url: &str, statements: &str) -> Result<(), String> {
    match Engine::of(url) {
        Engine::Sqlite => sqlite(url)?.batch_execute(statements),
        Engine::Postgres => postgres(url)?.batch_execute(statements),
    }
    .map_err(|problem| problem.to_string())
}

/// A connection of somebody else's that keeps others from writing, until it is dropped.
pub struct Held(#[expect(dead_code, reason = "what is held is held by being there")] Holder);

#[expect(dead_code, reason = "what is held is held by being there")]
enum Holder {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Held {
    /// Nobody writes to this table (on SQLite: to any); it can be read.
    pub fn table(url: &str, table: &str) -> Held {
        match Engine::of(url) {
            Engine::Sqlite => {
                let mut connection = sqlite(url).expect("the file opens");
                connection.batch_execute("begin immediate").expect("the lock is taken");
                Held(Holder::Sqlite(connection))
            }
            Engine::Postgres => {
                let mut connection = postgres(url).expect("the server answers");
                let lock = format!("begin; lock table {table} in share mode");
                connection.batch_execute(&lock).expect("the lock is taken");
                Held(Holder::Postgres(connection))
            }
        }
    }
}

/// The one whole number that a query answers, e.g. `select count(*) from sales`.
pub fn number(url: &str, query: &str) -> i64 {
    let wrapped = format!("select cast(({query}) as bigint) as figure");
    let row: Result<Figure, String> = match Engine::of(url) {
        Engine::Sqlite => {
            sqlite(url).and_then(|mut connection| one(diesel::sql_query(wrapped).get_result(&mut connection)))
        }
        Engine::Postgres => {
            postgres(url).and_then(|mut connection| one(diesel::sql_query(wrapped).get_result(&mut connection)))
        }
    };
    row.unwrap_or_else(|problem| panic!("{query}\nfailed on {url}: {problem}")).figure
}

/// The one text that a query answers.
pub fn text(url: &str, query: &str) -> String {
    let wrapped = format!("select ({query}) as words");
    let row: Result<Words, String> = match Engine::of(url) {
        Engine::Sqlite => {
            sqlite(url).and_then(|mut connection| one(diesel::sql_query(wrapped).get_result(&mut connection)))
        }
        Engine::Postgres => {
            postgres(url).and_then(|mut connection| one(diesel::sql_query(wrapped).get_result(&mut connection)))
        }
    };
    row.unwrap_or_else(|problem| panic!("{query}\nfailed on {url}: {problem}")).words
}

fn one<T>(found: QueryResult<T>) -> Result<T, String> {
    found.map_err(|problem| problem.to_string())
}

/// Drops the triggers that guard a table of an SQLite file, as somebody does who tampers with it.
pub fn drop_triggers(url: &str, table: &str) {
    #[derive(QueryableByName)]
    struct Trigger {
        #[diesel(sql_type = Text)]
        name: String,
    }
    let mut connection = sqlite(url).expect("the file opens");
    let query = format!("select name from sqlite_master where type = 'trigger' and tbl_name = '{table}'");
    let triggers: Vec<Trigger> = diesel::sql_query(query).load(&mut connection).expect("its triggers");
    for Trigger { name } in triggers {
        connection.batch_execute(&format!("drop trigger \"{name}\"")).expect("a trigger is dropped");
    }
}

fn sqlite(url: &str) -> Result<SqliteConnection, String> {
    let path = url.trim_start_matches("sqlite://");
    let mut connection = SqliteConnection::establish(path).map_err(|problem| problem.to_string())?;
    connection
        .batch_execute("pragma busy_timeout = 20000; pragma foreign_keys = on")
        .map_err(|problem| problem.to_string())?;
    Ok(connection)
}

fn postgres(url: &str) -> Result<PgConnection, String> {
    PgConnection::establish(url).map_err(|problem| problem.to_string())
}
