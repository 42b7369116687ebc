//! PostgreSQL goes away and comes back: honest refusals in between, nothing lost, no restart needed.

use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;
use tradepost_tests::{Client, Interruptible, Product, Shop, a_product, block_on, eventually};

const WORKERS: usize = 8;
const STOCK: usize = 1_000_000;

struct Tally {
    next: AtomicUsize,
    sold: AtomicUsize,
    unavailable: AtomicUsize,
    stop: AtomicBool,
}

/// Sells until told to stop, each sale under a key of its own until it is answered with success; counts what happened.
async fn sell_on(owner: Client, tea: Product, tally: Arc<Tally>) -> Vec<String> {
    let mut acknowledged = Vec::new();
    while !tally.stop.load(Ordering::Relaxed) {
        let number = tally.next.fetch_add(1, Ordering::Relaxed);
        loop {
            let asked = Instant::now();
            let answer = owner.post("/sales", json!({ "lines": [tea.line(1)] })).key(&format!("sale-{number}")).await;
            assert!(asked.elapsed().as_secs() < 30, "an answer took {:?}", asked.elapsed());
            if answer.status() == 201 {
                acknowledged.push(answer.id());
                tally.sold.fetch_add(1, Ordering::Relaxed);
                break;
            }
            assert!(["unavailable", "outcome_unknown"].contains(&answer.code()), "{answer:?}");
            let retry_after = answer.is(503).header("retry-after").map(str::to_owned);
            assert!(retry_after.is_some_and(|seconds| seconds.parse::<u32>().is_ok()), "503 says when to come again");
            tally.unavailable.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
        }
    }
    acknowledged
}

async fn survive(signals: &[&str]) {
    let mut postgres = Interruptible::start_new();
    let shop = Shop::open_on(&postgres.url(), &[]).await;
    let (owner, nobody) = (shop.owner(), shop.anonymous());
    let tea = a_product().stock(STOCK).create(&owner).await;
    let tally = Arc::new(Tally {
        next: AtomicUsize::new(0),
        sold: AtomicUsize::new(0),
        unavailable: AtomicUsize::new(0),
        stop: AtomicBool::new(false),
    });
    let workers: Vec<_> =
        (0..WORKERS).map(|_| tokio::spawn(sell_on(owner.clone(), tea.clone(), Arc::clone(&tally)))).collect();
    for signal in signals {
        let sold = tally.sold.load(Ordering::Relaxed);
        eventually("sales go on", 60, async || tally.sold.load(Ordering::Relaxed) > sold + 20).await;
        let refused = tally.unavailable.load(Ordering::Relaxed);
        postgres.stop(signal);
        eventually("refusals are honest", 60, async || tally.unavailable.load(Ordering::Relaxed) > refused + 20).await;
        nobody.get("/healthz").await.is(200);
        nobody.get("/readyz").await.is_problem(503, "unavailable");
        nobody.get("/products").await.is_problem(503, "unavailable");
        postgres.start();
        eventually("the shop is ready again", 60, async || nobody.get("/readyz").await.status() == 200).await;
    }
    let sold = tally.sold.load(Ordering::Relaxed);
    eventually("sales go on", 60, async || tally.sold.load(Ordering::Relaxed) > sold + 20).await;
    tally.stop.store(true, Ordering::Relaxed);
    let mut acknowledged = Vec::new();
    for worker in workers {
        acknowledged.extend(worker.await.expect("no worker saw a wrong answer"));
    }
    let sold = acknowledged.len();
    acknowledged.sort();
    acknowledged.dedup();
    assert_eq!(acknowledged.len(), sold, "no two keys share a sale");
    assert_eq!(
        shop.database.number("select count(*) from sales"),
        sold as i64,
        "what was acknowledged is there, once, and nothing else"
    );
    assert_eq!(tea.on_hand(&owner).await, (STOCK - sold) as f64);
    shop.database.verify();
}

#[test]
fn postgres_stopped_under_load_means_503_until_it_is_back_and_nothing_lost() {
    block_on(survive(&["INT", "INT"]));
}

#[test]
fn postgres_crashed_under_load_means_503_until_it_is_back_and_nothing_lost() {
    block_on(survive(&["QUIT", "QUIT"]));
}
