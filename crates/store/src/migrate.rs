//! The tables, brought up to date. The migrations are built into the program, one folder per engine, same names in both.

use crate::{
    connection::{Conn, Engine, Mode, Sqlite, begin, commit, rollback},
    dialect::{Sql, per_engine},
    error::OpenError,
};
use diesel::{migration::MigrationSource, pg::Pg};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");
const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");

/// Held while migrating, so that replicas that start together do not both do it. The number means nothing else.
const LOCK: i64 = 0x7472_6164_6570_6f73;

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn failed(error: &Failure) -> OpenError {
    OpenError::Migration(error.to_string())
}

/// Runs what is not in yet; answers the names of what was run.
pub(crate) fn up(conn: &mut Conn) -> Result<Vec<String>, OpenError> {
    locked(conn, |conn| {
        let run = per_engine!(
            conn,
            Pg(c) => c.run_pending_migrations(POSTGRES)?.iter().map(ToString::to_string).collect(),
            Lite(c) => c.run_pending_migrations(SQLITE)?.iter().map(ToString::to_string).collect()
        );
        Ok(run)
    })
}

/// Takes everything out again. For tests: it destroys all data.
pub(crate) fn down(conn: &mut Conn) -> Result<Vec<String>, OpenError> {
    locked(conn, |conn| {
        let reverted = per_engine!(
            conn,
            Pg(c) => c.revert_all_migrations(POSTGRES)?.iter().map(ToString::to_string).collect(),
            Lite(c) => c.revert_all_migrations(SQLITE)?.iter().map(ToString::to_string).collect()
        );
        Ok(reverted)
    })
}

/// Keeps others from migrating at the same time: a lock on PostgreSQL, one transaction around everything on SQLite.
fn locked<T>(conn: &mut Conn, work: impl FnOnce(&mut Conn) -> Result<T, Failure>) -> Result<T, OpenError> {
    let migration_error = |error: diesel::result::Error| OpenError::Migration(error.to_string());
    let lock = |conn: &mut Conn, function: Sql| function.with(LOCK).text(")").execute(conn).map_err(migration_error);
    if conn.engine() == Engine::Postgres {
        lock(conn, Sql::new("SELECT pg_advisory_lock("))?;
        let result = work(conn).map_err(|e| failed(&e));
        lock(conn, Sql::new("SELECT pg_advisory_unlock("))?;
        return result;
    }
    begin(conn, Mode::Write).map_err(migration_error)?;
    let result = work(conn).map_err(|e| failed(&e));
    match result {
        Ok(done) => commit(conn).map_err(migration_error).map(|()| done),
        Err(error) => {
            rollback(conn);
            Err(error)
        }
    }
}

/// The names of the migrations that this program knows.
pub fn names(engine: Engine) -> Vec<String> {
    let listed = match engine {
        Engine::Postgres => MigrationSource::<Pg>::migrations(&POSTGRES)
            .map(|all| all.iter().map(|m| m.name().to_string()).collect::<Vec<_>>()),
        Engine::Sqlite => MigrationSource::<Sqlite>::migrations(&SQLITE)
            .map(|all| all.iter().map(|m| m.name().to_string()).collect::<Vec<_>>()),
    };
    // They were read when the program was built; there is nothing left that could fail.
    listed.unwrap_or_default()
}

/// How many migrations are not in yet. Reading only: a database that was never migrated lacks all of them.
pub(crate) fn pending(conn: &mut Conn) -> diesel::QueryResult<usize> {
    #[derive(diesel::QueryableByName)]
    struct Count {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        n: i64,
    }
    let engine = conn.engine();
    let exists = Sql::new("SELECT ").either(
        "CAST(to_regclass('__diesel_schema_migrations') IS NOT NULL AS int)::bigint AS n",
        "COUNT(*) AS n FROM sqlite_master WHERE name = '__diesel_schema_migrations'",
    );
    let known = names(engine).len();
    if exists.first::<Count>(conn)?.is_none_or(|c| c.n == 0) {
        return Ok(known);
    }
    let run = Sql::new("SELECT COUNT(*) AS n FROM __diesel_schema_migrations").first::<Count>(conn)?;
    let run = run.map_or(0, |c| usize::try_from(c.n).unwrap_or(0));
    // A newer program may have run more than this one knows: it is up to date as far as this one can tell.
    Ok(known.saturating_sub(run))
}
