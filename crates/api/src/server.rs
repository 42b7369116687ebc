//! Serving a shop over HTTP: listening, answering, stopping.

use crate::{
    banner,
    config::{Config, Origin},
    framing::Framed,
    http::{
        self,
        docs::{self, Documents},
        document, front, problems,
        wire::{Wire, body, cursor::CursorKey, endpoints::Endpoints, explain::Explainer, metrics::Metrics, middleware},
    },
};
use actix_cors::Cors;
use actix_http::HttpService;
use actix_service::{ServiceFactoryExt, fn_service, map_config};
use actix_web::{
    App,
    dev::{AppConfig, Server, ServerHandle},
    middleware::{Condition, from_fn},
    rt::net::TcpStream,
    web::{self, Data, PayloadConfig},
};
use anyhow::{Context, anyhow};
use std::{
    future::Future,
    io::{ErrorKind, Write},
    net::{SocketAddr, TcpListener},
    pin::Pin,
    sync::Arc,
    time::Duration,
};
use tokio::sync::Notify;
use tradepost_app::{Shop, credentials::sealing::SecretKeys, sample_data, shop::Settings, start, workers::Workers};
use tradepost_store::Engine;
use utoipa_actix_web::AppExt;

/// How long those who are being answered may take when the program is asked to stop.
const SHUTDOWN_SECONDS: u64 = 20;

/// What to do before anybody is served.
#[derive(Debug, Clone, Copy)]
pub struct Start {
    /// Bring the tables up to date first.
    pub migrate: bool,
    /// Fill an empty shop with sample data and an owner.
    pub demo: bool,
}

/// Serves until the program is asked to stop, then finishes what it has accepted.
///
/// # Errors
/// A sentence that names what is wrong: a setting, the database, the address.
pub async fn serve(config: Config, how: Start) -> anyhow::Result<()> {
    // From here on, being asked to stop is something to do in order, not something that happens to the program.
    let asked_to_stop = stop_requests()?;
    let listener = listen(&config)?;
    let address = listener.local_addr().context("the address to listen on is not known")?;
    let store = start::open(&config.shop)?;
    let keys = start::secret_keys(&store, &config.shop)?;
    store.claim()?;
    let currency = start::prepare(&store, &config.shop, how.migrate)?;
    let public_url = config.shop.shop.public_url.clone();
    let (country, token_hours) = (config.shop.shop.country, config.shop.security.token_hours);
    let settings = Settings { currency, country, public_url, token_hours };
    let shop = Arc::new(Shop::open(store, settings, SecretKeys::new(&keys.current, &keys.old))?);
    start::seal_secrets(&shop).await?;
    let document = document::document();
    let documents = Data::new(Documents::new(&document)?);
    let wire = Data::new(wire(&config, (&keys.current, address), &document)?);
    let door = if how.demo { Some(sample_data::open_demo_shop(&shop).await?) } else { None };
    let shared = Data::from(Arc::clone(&shop));
    let stopping = Arc::new(Notify::new());
    let running = listen_on(listener, &config, Arc::clone(&stopping), (shared, wire, documents))?;
    actix_web::rt::spawn(stop_when(asked_to_stop, running.handle(), stopping));
    let workers = Workers::start(&shop);
    announce(&opening(&shop, &format!("http://{address}"), door.as_ref()), &address);
    running.await.context("the program stopped listening")?;
    workers.stop().await;
    start::checkpoint(&shop.store);
    log::info!("stopped");
    Ok(())
}

/// Serves the shop on this listener. What [`actix_web::HttpServer`] would do, with a layer of ours over each connection.
fn listen_on(
    listener: TcpListener,
    config: &Config,
    stopping: Arc<Notify>,
    (shop, wire, documents): (Data<Shop>, Data<Wire>, Data<Documents>),
) -> anyhow::Result<Server> {
    let address = listener.local_addr().context("the address to listen on is not known")?;
    let origins = config.server.cors_origins.clone();
    let app = move || {
        let (app, _) = App::new()
            .app_data(shop.clone())
            .app_data(wire.clone())
            .app_data(documents.clone())
            .app_data(PayloadConfig::new(body::LIMIT))
            .wrap(from_fn(middleware::admit))
            .wrap(Condition::new(!origins.is_empty(), cors(&origins)))
            .wrap(from_fn(middleware::answer))
            .into_utoipa_app()
            .configure(http::routes)
            .split_for_parts();
        let app = app.configure(docs::routes).configure(problems::routes).configure(front::routes);
        map_config(app.default_service(web::to(http::nothing)), |()| AppConfig::default())
    };
    let service = move || {
        let stopping = Arc::clone(&stopping);
        let http = HttpService::build()
            .graceful_shutdown_signal(move || {
                let stopping = Arc::clone(&stopping);
                async move { stopping.notified().await }
            })
            .keep_alive(Duration::from_secs(75))
            .client_request_timeout(Duration::from_secs(15))
            .client_disconnect_timeout(Duration::from_secs(1))
            .local_addr(address)
            .h1(app());
        let framed = |stream: TcpStream| async move {
            let peer = stream.peer_addr().ok();
            Ok((Framed::new(stream), peer))
        };
        fn_service(framed).and_then(http)
    };
    let server = Server::build().shutdown_timeout(SHUTDOWN_SECONDS).disable_signals();
    let server = match config.server.workers {
        Some(workers) => server.workers(workers),
        None => server,
    };
    Ok(server.listen("tradepost", listener, service).context("the program cannot listen")?.run())
}

/// Whose pages may use the API from a browser, and which headers they may see.
fn cors(origins: &[Origin]) -> Cors {
    let cors = Cors::default()
        .allowed_methods(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
        .allow_any_header()
        .max_age(3600)
        .expose_headers([
            "etag",
            "link",
            "location",
            "retry-after",
            "ratelimit",
            "ratelimit-policy",
            "idempotent-replayed",
            "x-request-id",
        ]);
    if origins.iter().any(Origin::is_any) {
        return cors.allow_any_origin().send_wildcard();
    }
    origins.iter().fold(cors, |cors, origin| cors.allowed_origin(origin.as_str()))
}

/// What the machinery needs besides the shop.
fn wire(config: &Config, (secret, address): (&str, SocketAddr), document: &serde_json::Value) -> anyhow::Result<Wire> {
    let endpoints = Endpoints::new(document::operations(document)).map_err(anyhow::Error::msg)?;
    let named = endpoints.operations().iter().map(|operation| (operation.method, operation.path.as_str()));
    Ok(Wire {
        metrics: Metrics::new(endpoints.operations())?,
        explainer: Explainer::new(document, named),
        endpoints,
        cursors: CursorKey::new(secret),
        proxies: config.server.proxies.clone(),
        address,
    })
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

/// Waits for Ctrl-C: nothing else asks a program to stop here.
#[cfg(not(unix))]
fn stop_requests() -> anyhow::Result<StopRequests> {
    Ok(Box::pin(async {
        if let Err(error) = tokio::signal::ctrl_c().await {
            log::warn!("the program can only be stopped by force: {error}");
            std::future::pending::<()>().await;
        }
    }))
}

async fn stop_when(asked: StopRequests, server: ServerHandle, stopping: Arc<Notify>) {
    asked.await;
    log::info!("asked to stop: finishing what was accepted");
    // Connections on which nothing happens need not be waited for.
    stopping.notify_waiters();
    server.stop(true).await;
}

fn listen(config: &Config) -> anyhow::Result<TcpListener> {
    let address = config.server.bind;
    TcpListener::bind(address).map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => anyhow!("TRADEPOST_BIND is {address}: another program listens there already"),
        _ => anyhow!("TRADEPOST_BIND is {address}: the program cannot listen there ({error})"),
    })
}

/// What the program opens with: one line, or five where it was started to be tried.
fn opening(shop: &Shop, address: &str, door: Option<&sample_data::Door>) -> String {
    let Some(door) = door else { return banner::listening(address) };
    let engine = match shop.store.engine() {
        Engine::Sqlite => "SQLite",
        Engine::Postgres => "PostgreSQL",
    };
    let program = std::env::args().next().unwrap_or_else(|| "tradepost".to_owned());
    let public_url = shop.settings.public_url.as_deref().unwrap_or(address);
    let place = banner::Place { address, public_url, engine, program: &program };
    banner::lines(place, door).join("\n")
}

/// Tells whoever started the program. They may have stopped reading: that is no reason to stop serving.
fn announce(text: &str, address: &SocketAddr) {
    let mut stdout = std::io::stdout().lock();
    if let Err(error) = writeln!(stdout, "{text}").and_then(|()| stdout.flush()) {
        log::warn!("nobody reads standard output ({error}); listening on {address}");
    }
}
