//! The test harness: the program as a process, on either engine, and people who use it.
//!
//! A test says what a person does and what they see:
//! ```text
//! both_engines!(two_lines_of_one_product_are_judged_together, async |shop| {
//!     let owner = shop.owner();
//!     let tea = a_product().stock(10).create(&owner).await;
//!     let sale = json!({ "lines": [{ "product_id": tea.id, "quantity": 6 }, { "product_id": tea.id, "quantity": 6 }] });
//!     owner.post("/sales", sale).await.is_problem(409, "insufficient_stock");
//! });
//! ```
//! Rules of the house: every test has a database and a server of its own; nothing sleeps to let time pass ([`eventually`]
//! asks again until a deadline); a missing dependency is a failure, never a skip; an answer of 500 fails the test that got it.

mod build;
mod client;
pub mod contract;
mod ordering;
mod outage;
pub mod postgres;
mod program;
mod server;
mod shop;
mod signer;
pub mod sql;
mod watchdog;

pub use build::{PosConnection, Product, a_pos_connection, a_product, an_employee};
pub use client::{Answer, Client, Request};
pub use ordering::{Promo, PromoBuilder, a_promo};
pub use outage::Interruptible;
pub use program::{Outcome, Program, binary};
pub use server::Server;
pub use shop::{Database, OWNER_LOGIN, OWNER_PASSWORD, Shop};
pub use signer::Signer;

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The two databases that Tradepost runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// A file of the test's own.
    Sqlite,
    /// A database of the test's own on [`postgres::shared_server_url`].
    Postgres,
}

impl Engine {
    /// The engine that a database URL chooses.
    pub fn of(url: &str) -> Engine {
        if url.starts_with("sqlite:") { Engine::Sqlite } else { Engine::Postgres }
    }
}

/// Makes two tests of one body, `on_sqlite` and `on_postgres`: `both_engines!(rule_in_words, async |shop| { ... })`.
#[macro_export]
macro_rules! both_engines {
    ($rule:ident, $body:expr) => {
        mod $rule {
            use super::*;

            #[test]
            fn on_sqlite() {
                $crate::run($crate::Engine::Sqlite, $body);
            }

            #[test]
            fn on_postgres() {
                $crate::run($crate::Engine::Postgres, $body);
            }
        }
    };
}

/// Runs one test body against a fresh shop.
pub fn run(engine: Engine, body: impl AsyncFnOnce(Shop)) {
    block_on(async { body(Shop::open(engine).await).await });
}

/// Runs one asynchronous test body.
pub fn block_on<T>(body: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime for the test").block_on(body)
}

/// Asks again and again until the answer is yes; panics after `seconds` with what was waited for.
pub async fn eventually(what: &str, seconds: u64, mut ask: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(seconds);
    while !ask().await {
        assert!(Instant::now() < deadline, "waited {seconds} s in vain: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Does `count` things at once, each as a task of its own; answers come in the order of their numbers.
pub async fn at_once<F>(count: usize, thing: impl Fn(usize) -> F) -> Vec<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    let tasks: Vec<_> = (0..count).map(|number| tokio::spawn(thing(number))).collect();
    let mut answers = Vec::with_capacity(count);
    for task in tasks {
        answers.push(task.await.expect("what was done at once went well"));
    }
    answers
}

/// Seconds since 1970, as webhooks are stamped.
#[expect(clippy::disallowed_methods, reason = "a till outside the program has a clock of its own")]
pub fn unix_now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    i64::try_from(since.expect("a clock after 1970").as_secs()).expect("a clock before the end of time")
}

/// Between two looks at something that has no way to tell us.
#[expect(clippy::disallowed_methods, reason = "polls another process, always under a deadline")]
pub(crate) fn pause() {
    std::thread::sleep(Duration::from_millis(10));
}

/// Sends a signal (`TERM`, `KILL`, ...) to a process that we started. There is no safe call for it in std.
pub(crate) fn signal(pid: u32, name: &str) {
    let sent = Command::new("kill").arg(format!("-{name}")).arg(pid.to_string()).stderr(Stdio::null()).status();
    assert!(sent.expect("`kill` runs").success(), "no signal {name} for process {pid}: it has ended already");
}
