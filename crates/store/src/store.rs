//! The store's public face: opening a database, and handing units of work to the threads that do them. Never here: statements.

use crate::{
    claim,
    connection::{Conn, ConnectionPool, Connector, Engine, MonitoredConn, Purpose, Target},
    error::{OpenError, StoreError},
    files,
    idempotency::{self, Answer, Done, Keyed},
    ledger::{Job, Ledger, ShopConstants, Sources, SubmitError, WriterHandle, queue},
    migrate,
    pool::{Pool, turn},
    session::{self, Session},
    settings::{self, FirstStart, Settings},
    verify::{self, Checked, Problem},
    wal::Log,
};
use diesel::r2d2;
use std::{
    fs::File,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use tradepost_domain::{
    identity::Principal,
    ledger::{Command, Effects},
    money::Currency,
    repository::DryRun,
};

/// Where the shop is kept and how many may work on it at once.
#[derive(Clone)]
pub struct StoreConfig {
    /// `sqlite://path`, `postgres://…` or `postgresql://…`, with a password where one is needed: not to be logged.
    pub url: String,
    /// Threads, each with a connection, for reading (and on PostgreSQL for writing what is not the ledger's); 0 is taken for 1.
    pub readers: usize,
    /// How many may wait for them; when the queue is full the next one is told `Busy`.
    pub queue: usize,
    /// Where time and new ids come from.
    pub sources: Sources,
}

/// The shop's database. Cheap to clone.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    target: Target,
    pool: Pool,
    writer: WriterHandle,
    ledger: Ledger,
    constants: Arc<OnceLock<ShopConstants>>,
    migrated: AtomicBool,
    claim: Mutex<Option<File>>,
    /// Statements sent, by the writer of the ledger and by all others.
    counted: [Arc<AtomicU64>; 2],
    /// Only on SQLite.
    log: Option<Arc<Log>>,
    sources: Sources,
}

fn connections(connector: Connector, size: usize) -> ConnectionPool {
    r2d2::Pool::builder()
        .max_size(u32::try_from(size).unwrap_or(u32::MAX).max(1))
        // A check before each use would cost a round trip; a broken connection is found out by its first error.
        .test_on_check_out(false)
        .idle_timeout(None)
        .connection_timeout(Duration::from_secs(3))
        .build_unchecked(connector)
}

impl Store {
    /// Opens the database and starts the threads that work on it. Nothing is migrated yet.
    ///
    /// # Errors
    /// A sentence that names what is wrong: the URL, or why the database does not open.
    pub fn open(config: &StoreConfig) -> Result<Self, OpenError> {
        let target = Target::parse(&config.url)?;
        if let Some(path) = target.path() {
            claim::has_one_name(path)?;
            files::keep_private(path);
        }
        // One connection by hand: the pool would try again and again, and its errors say less.
        let mut first = open_one(&target, Purpose::Write)?;
        settings::check_encoding(&mut first)?;
        let constants = Arc::new(OnceLock::new());
        if let Ok(Some(found)) = settings::constants(&mut first) {
            constants.get_or_init(|| found);
        }
        drop(first);
        let (written, read) = (Arc::<AtomicU64>::default(), Arc::<AtomicU64>::default());
        let connector =
            |purpose, counted: &Arc<_>| Connector { target: target.clone(), purpose, counted: Arc::clone(counted) };
        let reading = connections(connector(Purpose::Read, &read), config.readers);
        let writing = connections(connector(Purpose::Write, &written), 1);
        let log =
            target.path().map(|path| Log::of(path, connector(Purpose::Write, &read), Arc::clone(&written))).transpose();
        let log = log.map_err(|e| OpenError::CannotOpen(e.to_string()))?.map(Arc::new);
        let cannot = |e: std::io::Error| OpenError::CannotOpen(format!("no thread could be started: {e}"));
        let pool = Pool::start(config.readers, config.queue, &reading).map_err(cannot)?;
        let (writer, jobs) = queue(config.queue);
        let known = Arc::clone(&constants);
        let constants_once_started = Arc::new(move || known.get().copied());
        let (ledger, _) = Ledger::start(writer.clone(), jobs, writing, constants_once_started, config.sources.clone())
            .map_err(cannot)?;
        Ok(Self(Arc::new(Inner {
            target,
            pool,
            writer,
            ledger,
            constants,
            migrated: AtomicBool::new(false),
            claim: Mutex::new(None),
            counted: [written, read],
            log,
            sources: config.sources.clone(),
        })))
    }

    /// Opens a database that is there already: a mistyped path is an error, not a new shop.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_existing(config: &StoreConfig) -> Result<Self, OpenError> {
        match Target::parse(&config.url)?.path() {
            Some(path) if !path.exists() => {
                Err(OpenError::CannotOpen(format!("{}: there is no such file", path.display())))
            }
            _ => Self::open(config),
        }
    }

    /// Which database it is.
    pub fn engine(&self) -> Engine {
        self.0.target.engine()
    }

    /// Brings the tables up to date; answers the names of the migrations it ran. Replicas that start together wait for each other.
    ///
    /// # Errors
    /// `CannotOpen` where the database cannot be reached; `Migration` says what kept them from going in.
    pub fn migrate(&self) -> Result<Vec<String>, OpenError> {
        let mut conn = open_one(&self.0.target, Purpose::Migrate)?;
        migrate::up(&mut conn)
    }

    /// Takes all tables out again, with everything in them. For tests.
    ///
    /// # Errors
    /// `CannotOpen` where the database cannot be reached; `Migration` says what kept them from going out.
    pub fn unmigrate(&self) -> Result<Vec<String>, OpenError> {
        self.0.migrated.store(false, Ordering::Relaxed);
        let mut conn = open_one(&self.0.target, Purpose::Migrate)?;
        migrate::down(&mut conn)
    }

    /// How many migrations are not in yet.
    ///
    /// # Errors
    /// `CannotOpen` where the database cannot be read.
    pub fn pending_migrations(&self) -> Result<usize, OpenError> {
        let mut conn = open_one(&self.0.target, Purpose::Migrate)?;
        migrate::pending(&mut conn).map_err(|e| OpenError::CannotOpen(e.to_string()))
    }

    /// Writes down what a new shop needs (its currency, its first location), and learns the currency of any other.
    ///
    /// # Errors
    /// `Setting` where another currency is asked for than the one that is fixed; `CannotOpen` where the database cannot be written.
    pub fn first_start(&self, first: &FirstStart) -> Result<Settings, OpenError> {
        let mut conn = open_one(&self.0.target, Purpose::Write)?;
        let settings = settings::start(&mut conn, first)?;
        if let Ok(Some(found)) = settings::constants(&mut conn) {
            self.0.constants.get_or_init(|| found);
        }
        Ok(settings)
    }

    /// The shop's currency; `None` before it was first started.
    pub fn currency(&self) -> Option<Currency> {
        self.constants().map(|constants| constants.currency)
    }

    fn constants(&self) -> Option<ShopConstants> {
        self.0.constants.get().copied()
    }

    /// Makes sure that no other process serves the same SQLite file, whatever path led there; held until the store is dropped. On
    /// PostgreSQL there may be many.
    ///
    /// # Errors
    /// `Claimed` where another one does; `CannotOpen` where the lock's file cannot be made.
    pub fn claim(&self) -> Result<(), OpenError> {
        let Some(path) = self.0.target.path() else { return Ok(()) };
        *self.0.claim.lock().unwrap_or_else(PoisonError::into_inner) = Some(claim::take(path)?);
        Ok(())
    }

    /// Does the database answer, and are all migrations in?
    ///
    /// # Errors
    /// `Unavailable` where not.
    pub async fn ready(&self) -> Result<(), StoreError> {
        let known = self.0.migrated.load(Ordering::Relaxed);
        let pending = self
            .0
            .pool
            .run(move |conn| {
                if known {
                    diesel::connection::SimpleConnection::batch_execute(conn, "SELECT 1").map_err(StoreError::from)?;
                    return Ok(0);
                }
                migrate::pending(conn).map_err(StoreError::from)
            })
            .await
            // Whatever it says instead of an answer, it cannot be served from.
            .map_err(|error: StoreError| StoreError::Unavailable(error.to_string()))?;
        if pending > 0 {
            return Err(StoreError::Unavailable(format!("{pending} migrations are not in yet")));
        }
        self.0.migrated.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Reads, in one snapshot however many statements it takes.
    ///
    /// # Errors
    /// What the closure says; `Busy` or `Unavailable` where it did not run.
    pub async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&mut Session<'_>) -> Result<T, E> + Send + 'static,
    {
        let constants = self.constants();
        self.0.pool.run(move |conn| session::snapshot(conn, constants, work)).await
    }

    /// Reads with a single statement, without the cost of a transaction around it.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub async fn read_one<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&mut Session<'_>) -> Result<T, E> + Send + 'static,
    {
        let constants = self.constants();
        self.0.pool.run(move |conn| work(&mut Session::new(conn, constants))).await
    }

    /// Does a unit of work whole or not at all, under an idempotency key where there is one. It is run again after a deadlock and the
    /// like, so it may not do anything but through its session.
    ///
    /// # Errors
    /// What the closure says; `KeyReused`; `Busy` or `Unavailable` where nothing was done; `OutcomeUnknown` where nobody knows.
    pub async fn write<E, F>(&self, key: Option<Keyed>, work: F) -> Result<Done, E>
    where
        E: From<StoreError> + Send + 'static,
        F: Fn(&mut Session<'_>) -> Result<Answer, E> + Send + 'static,
    {
        let sources = self.0.sources.clone();
        self.write_plain(move |session| {
            idempotency::once(session, key.as_ref(), sources.now(), |session| work(session))
        })
        .await
    }

    /// Does a unit of work whole or not at all. It is run again after a deadlock and the like, so it may not do anything but through
    /// its session.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub async fn write_plain<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: Fn(&mut Session<'_>) -> Result<T, E> + Send + 'static,
    {
        let constants = self.constants();
        match self.engine() {
            Engine::Postgres => self.0.pool.run(move |conn| session::write(conn, constants, work)).await,
            Engine::Sqlite => self.write_through_writer(constants, work).await,
        }
    }

    /// On SQLite everything is written by one thread, the ledger's.
    async fn write_through_writer<T, E, F>(&self, constants: Option<ShopConstants>, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: Fn(&mut Session<'_>) -> Result<T, E> + Send + 'static,
    {
        let (turn, answer) = turn();
        let job = move |conn: &mut Conn| turn.take(|| session::write(conn, constants, work));
        self.0.writer.try_send(Job::Write(Box::new(job)))?;
        answer.wait().await
    }

    /// Adds everything up again, in one snapshot; a server may be running on the same database. Each problem is told as it is found.
    ///
    /// # Errors
    /// Where the database cannot be read, or is not up to date.
    pub fn verify(&self, mut tell: impl FnMut(Problem)) -> Result<Checked, OpenError> {
        let mut conn = open_one(&self.0.target, Purpose::Migrate)?;
        let cannot = |error: StoreError| OpenError::CannotOpen(error.to_string());
        match migrate::pending(&mut conn).map_err(|e| cannot(e.into()))? {
            0 => verify::verify(&mut conn, &mut tell).map_err(cannot),
            pending => Err(OpenError::Outdated(format!("{pending} migrations are not in yet"))),
        }
    }

    /// How many statements this store's threads have sent since it was opened, transaction control included.
    pub fn statements(&self) -> u64 {
        self.0.counted.iter().map(|counted| counted.load(Ordering::Relaxed)).sum()
    }

    /// Keeps the file beside an SQLite database short: to be called every few seconds. It does something only where that file is long and
    /// little has been written since the last call. PostgreSQL needs nothing of the kind.
    ///
    /// # Errors
    /// `Busy` where the threads have other things to do; otherwise why SQLite did not do it. Nothing is lost by either.
    pub async fn tidy(&self) -> Result<(), StoreError> {
        match &self.0.log {
            Some(log) if log.is_due() => {
                let log = Arc::clone(log);
                self.0.pool.run(move |_| log.fold_in()).await
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Brings everything into the database's one file, so that a copy of that file is the whole shop. For the end, when nobody works on
    /// it any more. PostgreSQL needs nothing of the kind.
    ///
    /// # Errors
    /// `CannotOpen` where the file cannot be written.
    pub fn checkpoint(&self) -> Result<(), OpenError> {
        match self.engine() {
            Engine::Postgres => Ok(()),
            Engine::Sqlite => {
                let mut conn = open_one(&self.0.target, Purpose::Write)?;
                let done =
                    diesel::connection::SimpleConnection::batch_execute(&mut *conn, "PRAGMA wal_checkpoint(TRUNCATE)");
                done.map_err(|e| OpenError::CannotOpen(e.to_string()))
            }
        }
    }

    /// What a command would come to by what is stored now, in one snapshot. Nothing is locked and nothing is kept; ids and numbers in the
    /// effects are made up.
    ///
    /// # Errors
    /// As [`Ledger::submit`].
    pub async fn dry_run(&self, command: Command, principal: Principal) -> Result<Effects, SubmitError> {
        let now = self.0.sources.now();
        let decide = move |session: &mut Session<'_>| -> Result<Effects, SubmitError> {
            let decided = session.dry_run(&command, &principal, now).map_err(StoreError::from)?;
            decided.map_err(SubmitError::Refused)
        };
        self.read(decide).await
    }

    /// The door to the ledger, through which stock changes.
    pub fn ledger(&self) -> &Ledger {
        &self.0.ledger
    }
}

fn open_one(target: &Target, purpose: Purpose) -> Result<MonitoredConn, OpenError> {
    let counted = Arc::default();
    Connector { target: target.clone(), purpose, counted }.open().map_err(|error| {
        let place = target.path().map_or_else(String::new, |path| format!("{}: ", path.display()));
        OpenError::CannotOpen(format!("{place}{}", error.to_string().trim()))
    })
}
