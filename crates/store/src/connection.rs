//! The connection to either database, and how one is opened. Which database it is, is decided by the URL's scheme.

use crate::{
    dialect::{Printed, Sql, on_both, per_engine},
    error::{LOCK_TIMEOUT, OpenError, is_connection_lost},
    instrumentation::Watch,
};
use diesel::{
    Connection as _, QueryResult, RunQueryDsl,
    connection::{AnsiTransactionManager, SimpleConnection, TransactionManager},
    r2d2,
};
use std::{
    ops::{Deref, DerefMut},
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

// The types of an engine that is not built in are those of the other: they stand in bounds and signatures, and in nothing that runs.
#[cfg(feature = "postgres")]
pub(crate) use diesel::PgConnection;
#[cfg(not(feature = "postgres"))]
pub(crate) use diesel::SqliteConnection as PgConnection;
#[cfg(not(feature = "sqlite"))]
pub(crate) use diesel::{PgConnection as SqliteConnection, pg::Pg as Sqlite};
#[cfg(feature = "sqlite")]
pub(crate) use diesel::{SqliteConnection, sqlite::Sqlite};

/// A connection to either database.
#[derive(diesel::MultiConnection)]
#[expect(unreachable_pub, reason = "the derived types are public and name it")]
pub enum Conn {
    #[cfg(feature = "postgres")]
    Pg(diesel::PgConnection),
    #[cfg(feature = "sqlite")]
    Lite(diesel::SqliteConnection),
}

impl Conn {
    /// Which database it leads to.
    pub(crate) const fn engine(&self) -> Engine {
        per_engine!(self, Pg(_) => Engine::Postgres, Lite(_) => Engine::Sqlite)
    }
}

/// Which database keeps the shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// A file; one process at a time serves it.
    Sqlite,
    /// A server; any number of processes may serve the same database.
    Postgres,
}

/// Where the database is.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    Postgres { url: String },
    Sqlite { path: PathBuf },
}

impl Target {
    /// Reads a URL: `postgres://…`, `postgresql://…` or `sqlite://path`.
    pub(crate) fn parse(url: &str) -> Result<Self, OpenError> {
        let (scheme, rest) = url.split_once("://").unwrap_or((url, ""));
        match scheme {
            "postgres" | "postgresql" if !cfg!(feature = "postgres") => Err(not_built_in("PostgreSQL", "postgres")),
            "sqlite" if !cfg!(feature = "sqlite") => Err(not_built_in("SQLite", "sqlite")),
            "postgres" | "postgresql" => Ok(Self::Postgres { url: with_time_limits(url) }),
            "sqlite" if rest.is_empty() => Err(OpenError::BadUrl("sqlite:// needs a path, for example sqlite://tradepost.db".into())),
            "sqlite" if rest.starts_with(":memory:") || rest.contains("mode=memory") => Err(OpenError::BadUrl(
                "a database in memory cannot be shared between connections; name a file, for example sqlite://tradepost.db".into(),
            )),
            "sqlite" if rest.contains('\0') => Err(OpenError::BadUrl("a path has no NUL".into())),
            "sqlite" => Ok(Self::Sqlite { path: PathBuf::from(rest) }),
            // Only the scheme is named: the rest may hold a password.
            _ => Err(OpenError::BadUrl(format!(
                "the scheme '{}' is not known; use sqlite://<path> or postgres://<user>:<password>@<host>/<database>",
                scheme.chars().take(32).collect::<String>()
            ))),
        }
    }

    pub(crate) const fn engine(&self) -> Engine {
        match self {
            Self::Postgres { .. } => Engine::Postgres,
            Self::Sqlite { .. } => Engine::Sqlite,
        }
    }

    /// The database's file, where it is one.
    pub(crate) fn path(&self) -> Option<&Path> {
        match self {
            Self::Postgres { .. } => None,
            Self::Sqlite { path } => Some(path),
        }
    }
}

fn not_built_in(engine: &str, feature: &str) -> OpenError {
    OpenError::BadUrl(format!("this program was built without {engine} (the feature `{feature}` of tradepost-store)"))
}

/// A server that is gone must be noticed: the operating system's own limits are minutes.
fn with_time_limits(url: &str) -> String {
    let mut url = url.to_owned();
    for (name, value) in [("connect_timeout", "5"), ("tcp_user_timeout", "20000"), ("keepalives_idle", "30")] {
        if !url.contains(name) {
            url.push(if url.contains('?') { '&' } else { '?' });
            url.push_str(name);
            url.push('=');
            url.push_str(value);
        }
    }
    url
}

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Only reading on SQLite; on PostgreSQL also writing what is not the ledger's.
    Read,
    /// Reading and writing: the ledger's writer, and what runs beside the pool.
    Write,
    /// Changing tables: nothing is cut short.
    Migrate,
}

/// Opens connections; r2d2 keeps them.
#[derive(Debug, Clone)]
pub(crate) struct Connector {
    pub(crate) target: Target,
    pub(crate) purpose: Purpose,
    /// Counts the statements of all its connections.
    pub(crate) counted: Arc<AtomicU64>,
}

/// A transaction left waiting, a lock held too long or a runaway statement must not stop the other replicas.
const POSTGRES_SESSION: &str = "SET statement_timeout = '15s'; \
    SET idle_in_transaction_session_timeout = '15s'; SET TIME ZONE 'UTC'; SET client_min_messages = 'warning'";
/// The writer looks rows up by their keys, hundreds at a time. The statistics of a table that grows by thousands of rows a second must not
/// talk the planner into reading all of it instead.
const POSTGRES_WRITER: &str = "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off";
/// How long a batch of the ledger waits for a lock on PostgreSQL: everybody behind it waits as long. It is longer than a deadlock takes to be
/// found ([`crate::error::DEADLOCK_TIMEOUT`]), so that one is never taken for the other.
pub(crate) const LEDGER_LOCK_TIMEOUT: Duration = Duration::from_millis(1_500);
const POSTGRES_MIGRATION: &str = "SET TIME ZONE 'UTC'; SET client_min_messages = 'warning'";
/// The log is folded in by commits only once it is long: under load that costs less. In quiet moments it is folded in when it is much
/// shorter ([`crate::wal`]). What is overwritten or deleted is wiped where its page is written anyway.
const SQLITE_WRITER: &str = "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
    PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = 67108864; \
    PRAGMA wal_autocheckpoint = 20000; PRAGMA cache_size = -32000; PRAGMA secure_delete = FAST";
const SQLITE_READER: &str = "PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON; PRAGMA query_only = ON; \
    PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8000";

/// A connection that is kept open, with what is known of its health.
pub(crate) struct MonitoredConn {
    conn: Conn,
    watch: Watch,
}

impl Deref for MonitoredConn {
    type Target = Conn;

    fn deref(&self) -> &Conn {
        &self.conn
    }
}

impl DerefMut for MonitoredConn {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.conn
    }
}

impl Connector {
    /// One more connection, with its session set up.
    pub(crate) fn open(&self) -> Result<MonitoredConn, r2d2::Error> {
        let watch = Watch::new(&self.counted);
        let conn = match &self.target {
            #[cfg(feature = "postgres")]
            Target::Postgres { url } => Conn::Pg(self.open_postgres(url, &watch)?),
            #[cfg(feature = "sqlite")]
            Target::Sqlite { path } => Conn::Lite(self.open_sqlite(path, &watch)?),
            #[cfg(not(all(feature = "sqlite", feature = "postgres")))]
            _ => {
                return Err(r2d2::Error::ConnectionError(diesel::ConnectionError::BadConnection(
                    "not built in".into(),
                )));
            }
        };
        Ok(MonitoredConn { conn, watch })
    }

    #[cfg(feature = "postgres")]
    fn open_postgres(&self, url: &str, watch: &Watch) -> Result<PgConnection, r2d2::Error> {
        let mut conn = PgConnection::establish(url).map_err(r2d2::Error::ConnectionError)?;
        let (session, lock_timeout) = match self.purpose {
            Purpose::Migrate => (POSTGRES_MIGRATION, None),
            Purpose::Read => (POSTGRES_SESSION, Some(LOCK_TIMEOUT)),
            Purpose::Write => (POSTGRES_SESSION, Some(LEDGER_LOCK_TIMEOUT)),
        };
        conn.batch_execute(session).map_err(r2d2::Error::QueryError)?;
        if let Some(limit) = lock_timeout {
            let set = Sql::new("SELECT set_config('lock_timeout', ").with(limit.as_millis().to_string());
            let set = set.text(", FALSE)").prepared(false);
            RunQueryDsl::execute(set, &mut conn).map_err(r2d2::Error::QueryError)?;
        }
        if self.purpose == Purpose::Write {
            conn.batch_execute(POSTGRES_WRITER).map_err(r2d2::Error::QueryError)?;
        }
        conn.set_instrumentation(watch.clone());
        Ok(conn)
    }

    #[cfg(feature = "sqlite")]
    fn open_sqlite(&self, path: &Path, watch: &Watch) -> Result<SqliteConnection, r2d2::Error> {
        // A bare name could be taken for a URI (`file:…`); a path with a directory cannot.
        let path = if path.is_absolute() { path.to_path_buf() } else { Path::new(".").join(path) };
        let mut conn = SqliteConnection::establish(&path.to_string_lossy()).map_err(r2d2::Error::ConnectionError)?;
        let session = if self.purpose == Purpose::Read { SQLITE_READER } else { SQLITE_WRITER };
        conn.batch_execute(session).map_err(r2d2::Error::QueryError)?;
        conn.set_instrumentation(watch.clone());
        Ok(conn)
    }
}

impl r2d2::ManageConnection for Connector {
    type Connection = MonitoredConn;
    type Error = r2d2::Error;

    fn connect(&self) -> Result<MonitoredConn, r2d2::Error> {
        self.open()
    }

    fn is_valid(&self, conn: &mut MonitoredConn) -> Result<(), r2d2::Error> {
        conn.conn.batch_execute("SELECT 1").map_err(r2d2::Error::QueryError)
    }

    /// Costs no round trip: an error has told that it is lost, or the transaction manager knows that it was left inside a transaction.
    fn has_broken(&self, conn: &mut MonitoredConn) -> bool {
        conn.watch.is_lost() || r2d2::R2D2Connection::is_broken(&mut conn.conn)
    }
}

/// Connections that are kept open.
pub(crate) type ConnectionPool = r2d2::Pool<Connector>;

/// How a transaction reads and writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// One snapshot, nothing written.
    Snapshot,
    /// READ COMMITTED on PostgreSQL, the write lock from the start on SQLite.
    Write,
}

/// Starts a transaction, which ends with [`commit`] or [`rollback`].
pub(crate) fn begin(conn: &mut Conn, mode: Mode) -> QueryResult<()> {
    let begin = match (conn.engine(), mode) {
        (Engine::Postgres, Mode::Snapshot) => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        (Engine::Sqlite, Mode::Write) => "BEGIN IMMEDIATE",
        (Engine::Postgres, Mode::Write) | (Engine::Sqlite, Mode::Snapshot) => "BEGIN",
    };
    on_both!(conn, c => AnsiTransactionManager::begin_transaction_sql(c, begin))
}

/// Starts a transaction that writes, and waits until nobody else works under any of these numbers: sorted, so that nobody waits in a circle.
/// One round trip. On SQLite who writes is alone.
pub(crate) fn begin_with_locks(conn: &mut Conn, locks: &[i64]) -> QueryResult<()> {
    if locks.is_empty() {
        return begin(conn, Mode::Write);
    }
    per_engine!(
        conn,
        Pg(c) => {
            let numbers = Printed::joined(locks.iter().map(|lock| Printed::default().number(*lock)), ",");
            let begin = Printed::new("BEGIN; SELECT COUNT(pg_advisory_xact_lock(k)) FROM unnest('{")
                .with(numbers)
                .text("}'::bigint[]) AS t (k)");
            AnsiTransactionManager::begin_transaction_sql(c, begin.as_str()).inspect_err(|_| {
                // The server began a transaction that Diesel does not know of. Left in it, the connection would be of no more use to anybody.
                if let Err(error) = c.batch_execute("ROLLBACK") {
                    log::warn!("a transaction that did not get its locks could not be rolled back: {error}");
                }
            })
        },
        Lite(_) => begin(conn, Mode::Write)
    )
}

/// Ends a transaction and keeps what it did.
pub(crate) fn commit(conn: &mut Conn) -> QueryResult<()> {
    on_both!(conn, c => AnsiTransactionManager::commit_transaction(c))
}

/// Ends a transaction and drops what it did. A failure is logged: the pool throws such a connection away.
pub(crate) fn rollback(conn: &mut Conn) {
    let ended = on_both!(conn, c => AnsiTransactionManager::rollback_transaction(c));
    match ended {
        // Some errors end the transaction by themselves.
        Ok(()) | Err(diesel::result::Error::NotInTransaction) => {}
        Err(error) if is_connection_lost(&error) => log::debug!("a transaction ended with its connection: {error}"),
        Err(error) => log::warn!("a transaction could not be rolled back, its connection is thrown away: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_that_is_not_built_in_is_named_with_its_feature() {
        let refused = |url| Target::parse(url).err().map(|error| error.to_string());
        for (url, is_built_in, feature) in [
            ("postgres://h/d", cfg!(feature = "postgres"), "the feature `postgres`"),
            ("sqlite://a.db", cfg!(feature = "sqlite"), "the feature `sqlite`"),
        ] {
            assert_eq!(refused(url).is_none(), is_built_in, "{url}");
            assert!(refused(url).is_none_or(|why| why.contains(feature)), "{url}");
        }
    }

    #[cfg(all(feature = "sqlite", feature = "postgres"))]
    #[test]
    fn the_scheme_says_which_database_it_is() {
        for url in ["postgres://a:b@h/d", "postgresql:///d?host=/tmp"] {
            assert_eq!(Target::parse(url).unwrap().engine(), Engine::Postgres, "{url}");
        }
        assert_eq!(Target::parse("sqlite://a.db").unwrap().path(), Some(Path::new("a.db")));
        assert_eq!(Target::parse("sqlite:///tmp/a.db").unwrap().path(), Some(Path::new("/tmp/a.db")));
    }

    #[test]
    fn what_is_no_url_of_a_database_is_refused_without_repeating_secrets() {
        for url in ["mysql://u:secret@h/d", "secret", "sqlite://", "sqlite://:memory:", ""] {
            let refused = Target::parse(url).unwrap_err().to_string();
            assert!(!refused.contains("u:secret"), "{refused}");
        }
    }
}
