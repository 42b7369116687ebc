//! How fast it sells: over HTTP with authentication, against what one transaction per sale can do (`make bench`).
//!
//! Everything runs on this machine in one go: a PostgreSQL server of its own with default settings, the release build of the
//! program, the load. It prints a table and keeps nothing. `BENCH_SECONDS` (default 10) is the length of each measurement.

mod baseline;
mod constant;
mod fill;
mod load;

use baseline::{Sale, Style};
use load::Measured;
use serde_json::json;
use std::time::{Duration, Instant};
use tradepost_tests::postgres::{Cluster, Durability};
use tradepost_tests::{Client, Database, Engine, OWNER_LOGIN, OWNER_PASSWORD, binary, block_on};

const CONNECTIONS: usize = 64;
/// Requests made beforehand for each connection, sent round and round.
const VARIANTS: usize = 500;

/// Who measures, and for how long.
struct Bench {
    length: Duration,
    /// A filled shop on each engine to copy, with its owner's token.
    postgres: (Database, String),
    sqlite: (Database, String),
    /// Last, because what is on it goes first.
    cluster: Cluster,
}

/// What a server was seen to do with one kind of load.
struct Run {
    measured: Measured,
    idle_kib: u64,
    loaded_kib: u64,
    start: Duration,
}

impl Bench {
    fn prepare(length: Duration) -> Bench {
        let cluster = Cluster::start_new(Durability::Full);
        let filled = |database: Database| {
            let token = set_up(&database);
            (database, token)
        };
        let postgres = filled(Database::postgres_on(&cluster.url("postgres"), None));
        Bench { cluster, length, postgres, sqlite: filled(Database::empty(Engine::Sqlite)) }
    }

    fn copy(&self, engine: Engine) -> (Database, &str) {
        let (database, token) = match engine {
            Engine::Postgres => &self.postgres,
            Engine::Sqlite => &self.sqlite,
        };
        (database.copy(), token)
    }

    fn baseline(&self, style: Style, lines: usize) -> f64 {
        let (database, _) = self.copy(Engine::Postgres);
        baseline::run(&self.cluster, &database, Sale { style, lines }, CONNECTIONS, self.length)
    }

    /// Serves a fresh copy of the filled shop and puts this load on it; sales must add up afterwards.
    fn serve(&self, engine: Engine, status: &str, requests: impl Fn(&str) -> Vec<Vec<Vec<u8>>>) -> Run {
        let (database, token) = self.copy(engine);
        let begun = Instant::now();
        let mut server = database.serve(&[]);
        let start = begun.elapsed();
        let idle_kib = server.resident_kib().unwrap_or_default();
        let measured = load::run(&server.address(), requests(token), status, self.length);
        let loaded_kib = server.resident_kib().unwrap_or_default();
        server.stop();
        database.verify();
        Run { measured, idle_kib, loaded_kib, start }
    }

    fn sales(&self, engine: Engine, lines: usize, keyed: bool) -> Run {
        self.serve(engine, "201", |token| {
            (0..CONNECTIONS).map(|connection| sale_requests(connection, lines, token, keyed)).collect()
        })
    }

    fn reads(&self, engine: Engine, path: impl Fn(usize) -> String) -> Run {
        let one_connection = |token: &str, seed: usize| -> Vec<Vec<u8>> {
            (0..VARIANTS)
                .map(|variant| load::request("GET", &path(seed * VARIANTS + variant), Some(token), ""))
                .collect()
        };
        self.serve(engine, "200", |token| {
            (0..CONNECTIONS).map(|connection| one_connection(token, connection)).collect()
        })
    }

    fn constant(&self, bytes: usize) -> Measured {
        let address = constant::serve(bytes);
        let requests = vec![vec![load::request("GET", "/", Some(&self.postgres.1), "")]; CONNECTIONS];
        load::run(&address, requests, "200", self.length)
    }
}

/// Tables, an owner, ten thousand products; answers the owner's token.
fn set_up(database: &Database) -> String {
    database.set_up();
    let mut server = database.serve(&[]);
    let token = block_on(async { Client::of(&server).log_in(OWNER_LOGIN, OWNER_PASSWORD).await.token() });
    server.stop();
    fill::products(database);
    database.verify();
    token
}

/// Whole numbers that look like chance and are the same in every run.
fn chance(state: &mut u64, below: usize) -> usize {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    ((*state >> 33) as usize) % below
}

fn sale_requests(connection: usize, lines: usize, token: &str, keyed: bool) -> Vec<Vec<u8>> {
    let mut state = connection as u64 + 1;
    let third = fill::PRODUCTS / 3;
    // Keys may not come twice; a run must not get through them all.
    let count = if keyed { 20_000 } else { VARIANTS };
    (0..count)
        .map(|number| {
            let wanted: Vec<_> = (0..lines)
                .map(|line| if lines == 1 { 1 } else { 1 + line * third + chance(&mut state, third) })
                .map(|product| json!({ "product_id": fill::product_id(product), "quantity": 1 }))
                .collect();
            let sale = load::request("POST", "/api/v1/sales", Some(token), &json!({ "lines": wanted }).to_string());
            if keyed { with_key(sale, &format!("bench-{connection}-{number}")) } else { sale }
        })
        .collect()
}

fn with_key(request: Vec<u8>, key: &str) -> Vec<u8> {
    let text = String::from_utf8(request).expect("requests are text");
    text.replacen("\r\ncontent-type", &format!("\r\nidempotency-key: {key}\r\ncontent-type"), 1).into_bytes()
}

fn row(what: &str, measured: &Measured, note: &str) {
    let milliseconds = |time: Duration| time.as_secs_f64() * 1_000.0;
    println!(
        "  {what:<44}{:>9.0}{:>10.2}{:>10.2}   {note}",
        measured.per_second,
        milliseconds(measured.p50),
        milliseconds(measured.p99)
    );
}

fn heading(text: &str) {
    println!("\n  {text:<44}{:>9}{:>10}{:>10}", "per s", "p50 ms", "p99 ms");
}

fn against(measured: &Measured, a: f64, b: f64) -> String {
    format!("{:.2} x A, {:.2} x B", measured.per_second / a, measured.per_second / b)
}

fn sales(bench: &Bench, lines: usize, title: &str) -> Vec<(Engine, Run)> {
    heading(title);
    let a = bench.baseline(Style::Statements, lines);
    println!("  {:<44}{a:>9.0}", "A: PostgreSQL, statement after statement");
    let b = bench.baseline(Style::OneStatement, lines);
    println!("  {:<44}{b:>9.0}", "B: PostgreSQL, one statement");
    let mut runs = Vec::new();
    for engine in [Engine::Postgres, Engine::Sqlite] {
        let run = bench.sales(engine, lines, false);
        row(&format!("POST /sales, {engine:?}"), &run.measured, &against(&run.measured, a, b));
        let keyed = bench.sales(engine, lines, true);
        row(&format!("POST /sales with Idempotency-Key, {engine:?}"), &keyed.measured, &against(&keyed.measured, a, b));
        runs.push((engine, run));
    }
    runs
}

fn reads(bench: &Bench) {
    heading("Reads with a token, against a constant of that size");
    for (what, list) in [("GET /products?limit=25", true), ("GET /products/{id}", false)] {
        for engine in [Engine::Postgres, Engine::Sqlite] {
            let run = bench.reads(engine, |number| {
                if list {
                    "/api/v1/products?limit=25".to_owned()
                } else {
                    format!("/api/v1/products/{}", fill::product_id(1 + number % fill::PRODUCTS))
                }
            });
            let constant = bench.constant(run.measured.body_bytes);
            let share = 100.0 * run.measured.per_second / constant.per_second;
            let note = format!(
                "{share:.0} % of {:.0}/s with a constant of {} bytes",
                constant.per_second, run.measured.body_bytes
            );
            row(&format!("{what}, {engine:?}"), &run.measured, &note);
        }
    }
}

fn main() {
    // `cargo test --benches` and the like only want to know that it builds.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let seconds = std::env::var("BENCH_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(10);
    let bench = Bench::prepare(Duration::from_secs(seconds));
    println!("{CONNECTIONS} connections, {} products, {seconds} s each, everything on this machine", fill::PRODUCTS);
    let mut runs = sales(&bench, 3, "Sales of 3 lines");
    runs.extend(sales(&bench, 1, "Everybody buys one product"));
    reads(&bench);
    println!("\n  Memory and start");
    for (engine, run) in &runs {
        let mib = |kib: u64| kib as f64 / 1_024.0;
        println!(
            "  {:<44}{:>6.0} MiB idle, {:.0} MiB under load, {:.0} ms to start on an existing database",
            format!("{engine:?}"),
            mib(run.idle_kib),
            mib(run.loaded_kib),
            run.start.as_secs_f64() * 1_000.0
        );
    }
    let size = std::fs::metadata(binary()).expect("the program").len();
    println!("  {:<44}{:>6.1} MiB", "Size of the program", size as f64 / 1_048_576.0);
}
