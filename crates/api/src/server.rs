//! Starting, serving and stopping.

use crate::{
    auth::{
        access::{Known, Rules},
        failures::Failures,
        passwords::Passwords,
        tokens,
        tokens::Callers,
    },
    clock,
    config::{self, Config},
    http::{
        self,
        docs::{self, Documents},
        lists::CursorKey,
        metrics::Metrics,
        problem::Problem,
    },
    shop::Shop,
    usecases::{login, sample_data, secrets::Secrets},
};
use actix_web::{
    App, HttpServer,
    dev::ServerHandle,
    middleware::from_fn,
    web::{self, Data, PayloadConfig},
};
use anyhow::{Context, anyhow, bail};
use std::{
    fs::OpenOptions,
    future::Future,
    io::{ErrorKind, Write},
    net::TcpListener,
    path::{Path, PathBuf},
    pin::Pin,
    sync::Arc,
    time::Duration,
};
use tokio::sync::{Notify, Semaphore};
use tradepost_domain::{ids::LocationId, money::Currency, repository::Tokens};
use tradepost_store::{Engine, FirstStart, Session, Sources, Store, StoreConfig, housekeeping};
use utoipa_actix_web::AppExt;

/// How many answers may be kept back at once.
const LATE_PLACES: usize = 256;
/// How long those who are being answered may take when the program is asked to stop.
const SHUTDOWN_SECONDS: u64 = 20;
const FLUSH_EVERY: Duration = Duration::from_secs(5);
/// How long other replicas do not know of a wrong password, and how much of that a crash forgets.
const NOTE_FAILURES_EVERY: Duration = Duration::from_secs(1);
const HOUSEKEEPING_EVERY: Duration = Duration::from_secs(600);

/// How to start.
#[derive(Debug, Clone, Copy)]
pub struct Start {
    /// Bring the tables up to date first.
    pub migrate: bool,
    /// Fill an empty shop with sample data and an owner.
    pub demo: bool,
}

/// Opens the database of these settings.
///
/// # Errors
/// A sentence that names what is wrong.
pub fn open(config: &Config) -> anyhow::Result<Store> {
    Ok(Store::open(&store_config(config))?)
}

/// Opens the database of these settings, which must be there already.
///
/// # Errors
/// A sentence that names what is wrong.
pub fn open_existing(config: &Config) -> anyhow::Result<Store> {
    Ok(Store::open_existing(&store_config(config))?)
}

fn store_config(config: &Config) -> StoreConfig {
    let sources = Sources::new(clock::now, clock::new_uuid);
    let database = &config.database;
    StoreConfig { url: database.url.clone(), readers: database.connections, queue: database.queue, sources }
}

/// Brings the tables up to date, and writes down what a new shop needs.
///
/// # Errors
/// A sentence that names what is wrong.
pub fn prepare(store: &Store, config: &Config, migrate: bool) -> anyhow::Result<Currency> {
    if migrate {
        for name in store.migrate()? {
            log::info!("migrated: {name}");
        }
    }
    let pending = store.pending_migrations()?;
    if pending > 0 {
        bail!("the database is not up to date ({pending} migrations are not in yet): run `tradepost migrate`");
    }
    let first = FirstStart {
        shop_name: "My shop".to_owned(),
        currency: config.shop.currency,
        default_currency: Currency::parse("USD").context("USD is a currency")?,
        location: LocationId::from_uuid(clock::new_uuid()),
        now: clock::now(),
    };
    Ok(store.first_start(&first)?.currency)
}

/// What is known once the database is open.
struct Opened {
    currency: Currency,
    public_url: String,
    secret: String,
    operations: Vec<Known>,
}

/// Everything that handlers share.
fn shop(store: Store, config: &Config, opened: Opened) -> anyhow::Result<Shop> {
    let Opened { currency, public_url, secret, operations } = opened;
    let threads = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    Ok(Shop {
        store,
        currency,
        country: config.shop.country,
        public_url,
        token_hours: config.security.token_hours,
        proxies: config.server.proxies.clone(),
        rules: Rules::new(&operations).map_err(anyhow::Error::msg)?,
        callers: Callers::default(),
        failures: Failures::default(),
        passwords: Passwords::new(threads).map_err(anyhow::Error::msg)?,
        late: Semaphore::new(LATE_PLACES),
        cursors: CursorKey::new(&secret),
        secrets: Secrets::default(),
        metrics: Metrics::new()?,
    })
}

/// Serves until the program is asked to stop, then finishes what it has accepted.
///
/// # Errors
/// A sentence that names what is wrong.
pub async fn serve(config: Config, start: Start) -> anyhow::Result<()> {
    // From here on, being asked to stop is something to do in order, not something that happens to the program.
    let asked_to_stop = stop_requests()?;
    let listener = listen(&config)?;
    let address = listener.local_addr().context("the address to listen on is not known")?;
    let store = open(&config)?;
    let secret = secret_key(&store, &config)?;
    store.claim()?;
    let currency = prepare(&store, &config, start.migrate)?;
    let public_url = config.server.public_url.clone().unwrap_or_else(|| format!("http://{address}"));
    let document = docs::document();
    let documents = Data::new(Documents::new(&document)?);
    let operations = docs::operations(&document);
    let shop = Data::new(shop(store, &config, Opened { currency, public_url, secret, operations })?);
    if start.demo {
        demo(&shop).await?;
    }
    let shared = shop.clone();
    let server = HttpServer::new(move || {
        let (app, _) = App::new()
            .app_data(shared.clone())
            .app_data(documents.clone())
            .app_data(PayloadConfig::new(http::body::LIMIT))
            .wrap(from_fn(http::edge::edge))
            .into_utoipa_app()
            .configure(http::routes)
            .split_for_parts();
        app.configure(docs::routes).default_service(web::to(http::nothing))
    })
    .keep_alive(Duration::from_secs(75))
    .client_request_timeout(Duration::from_secs(15))
    .shutdown_timeout(SHUTDOWN_SECONDS)
    .disable_signals();
    let server = match config.server.workers {
        Some(workers) => server.workers(workers),
        None => server,
    };
    let running = server.listen(listener).context("the program cannot listen")?.run();
    actix_web::rt::spawn(stop_when(asked_to_stop, running.handle()));
    let upkeep = [actix_web::rt::spawn(flush_uses(shop.clone())), actix_web::rt::spawn(keep_house(shop.clone()))];
    let stopped = Arc::new(Notify::new());
    let failures = actix_web::rt::spawn(flush_failures(shop.clone(), Arc::clone(&stopped)));
    announce(&format!("listening on http://{address}"));
    running.await.context("the program stopped listening")?;
    upkeep.iter().for_each(actix_web::rt::task::JoinHandle::abort);
    note_uses(&shop).await;
    stopped.notify_one();
    failures.await.context("failed logins were not noted")?;
    settle(&shop.store);
    log::info!("stopped");
    Ok(())
}

type StopRequests = Pin<Box<dyn Future<Output = ()>>>;

/// Waits for SIGTERM or SIGINT, which from now on no longer end the program by themselves.
#[cfg(unix)]
fn stop_requests() -> anyhow::Result<StopRequests> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).context("SIGTERM cannot be waited for")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("SIGINT cannot be waited for")?;
    Ok(Box::pin(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    }))
}

/// Waits for Ctrl-C.
#[cfg(not(unix))]
fn stop_requests() -> anyhow::Result<StopRequests> {
    Ok(Box::pin(async {
        if let Err(error) = tokio::signal::ctrl_c().await {
            log::warn!("the program can only be stopped by force: {error}");
            std::future::pending::<()>().await;
        }
    }))
}

async fn stop_when(asked: StopRequests, server: ServerHandle) {
    asked.await;
    log::info!("asked to stop: finishing what was accepted");
    server.stop(true).await;
}

/// The end of whatever wrote to a database. What could not be brought into the one file is still beside it, and not lost.
pub fn settle(store: &Store) {
    if let Err(error) = store.checkpoint() {
        log::warn!("some of the shop is still in the file beside the database's: {error}");
    }
}

fn listen(config: &Config) -> anyhow::Result<TcpListener> {
    let address = config.server.bind;
    TcpListener::bind(address).map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => anyhow!("TRADEPOST_BIND is {address}: another program listens there already"),
        _ => anyhow!("TRADEPOST_BIND is {address}: the program cannot listen there ({error})"),
    })
}

/// Tells whoever started the program. They may have stopped reading: that is no reason to stop serving.
fn announce(line: &str) {
    let mut stdout = std::io::stdout().lock();
    if let Err(error) = writeln!(stdout, "{line}").and_then(|()| stdout.flush()) {
        log::warn!("nobody reads standard output ({error}): {line}");
    }
}

/// A shop to try things with, where there is none yet.
async fn demo(shop: &Shop) -> anyhow::Result<()> {
    if let Some(password) = sample_data::open_demo_shop(shop).await? {
        announce("A new shop with sample data. Log in as `owner` (owner@shop.test); this is shown only once:");
        announce(&format!("one-time password: {password}"));
    }
    announce(&format!("documentation: {}/api/docs", shop.public_url));
    Ok(())
}

/// Notes last uses of tokens, off the requests' path, and keeps the database's files tidy.
async fn flush_uses(shop: Data<Shop>) {
    loop {
        tokio::time::sleep(FLUSH_EVERY).await;
        note_uses(&shop).await;
        if let Err(error) = shop.store.tidy().await {
            log::warn!("the database's files were not tidied, which can wait: {error}");
        }
    }
}

/// Notes failed logins, off the requests' path, and a last time when the program stops. It is not to be cut short: what is being written
/// would neither be written nor left for the last time.
async fn flush_failures(shop: Data<Shop>, stopped: Arc<Notify>) {
    loop {
        let is_last = tokio::select! {
            () = tokio::time::sleep(NOTE_FAILURES_EVERY) => false,
            () = stopped.notified() => true,
        };
        login::note_failures(&shop).await;
        if is_last {
            return;
        }
    }
}

async fn note_uses(shop: &Shop) {
    let uses = shop.callers.take_uses(clock::now());
    if uses.is_empty() {
        return;
    }
    let work = move |session: &mut Session<'_>| session.note_token_use(&uses).map_err(Problem::from);
    if let Err(problem) = shop.store.write_plain(work).await {
        // The next use notes it again.
        log::warn!("the last use of tokens was not noted: {problem}");
    }
}

/// Throws away what is over: old answers, dead tokens, forgotten failures.
async fn keep_house(shop: Data<Shop>) {
    let clock = clock::Cautious::start();
    loop {
        tokio::time::sleep(HOUSEKEEPING_EVERY).await;
        loop {
            let work = move |session: &mut Session<'_>| housekeeping(session, clock.now()).map_err(Problem::from);
            match shop.store.write_plain(work).await {
                Ok(purged) if !purged.is_done() => {}
                Ok(_) => break,
                Err(problem) => {
                    log::warn!("housekeeping was put off: {problem}");
                    break;
                }
            }
        }
    }
}

/// The setting, or on SQLite a key that is made once and kept beside the database.
fn secret_key(store: &Store, config: &Config) -> anyhow::Result<String> {
    if let Some(key) = &config.security.secret_key {
        return Ok(key.clone());
    }
    match store.engine() {
        Engine::Postgres => {
            Err(config::WrongSetting::missing("TRADEPOST_SECRET_KEY", "it must be set on PostgreSQL").into())
        }
        Engine::Sqlite => {
            let path = config.database.url.strip_prefix("sqlite://").unwrap_or(&config.database.url);
            let path = PathBuf::from(format!("{path}-secret"));
            kept_key(&path).with_context(|| format!("the secret key in {} cannot be used", path.display()))
        }
    }
}

fn kept_key(path: &Path) -> anyhow::Result<String> {
    match make_key(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        made => return made.map_err(Into::into),
    }
    let key = std::fs::read_to_string(path)?.trim().to_owned();
    if key.len() < 32 { Err(anyhow!("it has fewer than 32 characters")) } else { Ok(key) }
}

fn make_key(path: &Path) -> std::io::Result<String> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    let key = tokens::generate().map_err(|error| std::io::Error::other(error.to_string()))?;
    writeln!(file, "{key}")?;
    file.sync_all()?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_key_is_made_once_and_kept_from_others() {
        let path = std::env::temp_dir().join(format!("tradepost-key-{}", clock::new_uuid()));
        let key = kept_key(&path).unwrap();
        assert!(key.len() >= 32);
        assert_eq!(kept_key(&path).unwrap(), key);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        std::fs::remove_file(&path).unwrap();
    }
}
