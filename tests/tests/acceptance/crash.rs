//! `kill -9` in the middle of load, twenty times: what was acknowledged is there once, and retrying finishes the rest.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tradepost_tests::postgres::{Cluster, Durability};
use tradepost_tests::{
    Client, Engine, PosConnection, Product, Request, Shop, a_pos_connection, a_product, block_on, eventually,
};

const KILLS: usize = 20;
const WORKERS: usize = 8;
const STOCK: usize = 1_000_000;
const MORE_THAN_THERE_IS: usize = 999_999_999;

/// One request that a worker made, and what became of it.
#[derive(Clone)]
struct Attempt {
    number: usize,
    /// The answer's status and id, if one came before the crash.
    answer: Option<(u16, String)>,
}

/// What the shop's people do, by number: mostly sales; of five one is a till's report and one an order; every ninth asks for more than
/// there is.
#[derive(Clone)]
struct Load {
    owner: Client,
    shopper: Client,
    tea: Product,
    till: PosConnection,
}

impl Load {
    fn is_for_the_till(number: usize) -> bool {
        number % 5 == 4
    }

    fn is_an_order(number: usize) -> bool {
        number % 5 == 2
    }

    fn must_be_refused(number: usize) -> bool {
        number % 9 == 8
    }

    fn quantity(number: usize) -> usize {
        if Load::must_be_refused(number) { MORE_THAN_THERE_IS } else { 1 + number % 3 }
    }

    fn request(&self, number: usize) -> Request {
        let quantity = Load::quantity(number);
        if Load::is_for_the_till(number) {
            let body = json!({ "product_id": self.tea.id, "quantity_change": -(quantity as i64), "reason": "Sold" });
            return self.till.deliver(&self.owner, &format!("evt-{number}"), &body);
        }
        let body = json!({ "lines": [self.tea.line(quantity)] });
        if Load::is_an_order(number) {
            return self.shopper.post("/orders", body).key(&format!("order-{number}"));
        }
        self.owner.post("/sales", body).key(&format!("sale-{number}"))
    }

    /// Sends it; an answer must be right for what was asked, and none is what a crash leaves.
    async fn attempt(&self, number: usize) -> Attempt {
        let Ok(answer) = self.request(number).try_send().await else {
            return Attempt { number, answer: None };
        };
        if answer.status() == 503 {
            return Attempt { number, answer: None };
        }
        let expected = match (Load::must_be_refused(number), Load::is_for_the_till(number)) {
            (true, _) => 409,
            (false, true) => 200,
            (false, false) => 201,
        };
        let id = answer["id"].as_str().or(answer["event_id"].as_str()).unwrap_or_default().to_owned();
        Attempt { number, answer: Some((answer.is(expected).status(), id)) }
    }
}

/// Runs load until `stop`, counting answers; every worker answers with all it tried.
async fn work(load: Load, next: Arc<AtomicUsize>, answered: Arc<AtomicUsize>, stop: Arc<AtomicBool>) -> Vec<Attempt> {
    let mut attempts = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let attempt = load.attempt(next.fetch_add(1, Ordering::Relaxed)).await;
        let crashed = attempt.answer.is_none();
        answered.fetch_add(usize::from(!crashed), Ordering::Relaxed);
        attempts.push(attempt);
        if crashed {
            break;
        }
    }
    attempts
}

async fn survive(mut shop: Shop) {
    let owner = shop.owner();
    let load = Load {
        tea: a_product().stock(STOCK).create(&owner).await,
        till: a_pos_connection(&owner, "refuse").await,
        shopper: shop.a_shopper(),
        owner,
    };
    let next = Arc::new(AtomicUsize::new(0));
    let mut attempts: Vec<Attempt> = Vec::new();
    for kill in 0..KILLS {
        let (answered, stop) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let workers: Vec<_> = (0..WORKERS)
            .map(|_| tokio::spawn(work(load.clone(), Arc::clone(&next), Arc::clone(&answered), Arc::clone(&stop))))
            .collect();
        // A different moment each time: the 3rd answer, the 10th, the 17th ...
        eventually("answers before the crash", 60, async || answered.load(Ordering::Relaxed) > 2 + kill * 7).await;
        shop.server.kill9();
        stop.store(true, Ordering::Relaxed);
        for worker in workers {
            attempts.extend(worker.await.expect("no worker saw a wrong answer"));
        }
        shop.server.restart();
    }
    shop.database.verify();
    every_acknowledged_write_is_there_once(&shop, &load, &attempts).await;
    retrying_applies_each_once(&shop, &load, &attempts).await;
}

fn ids(rows: &[Value]) -> BTreeSet<String> {
    rows.iter().filter_map(|row| row["id"].as_str().map(str::to_owned)).collect()
}

async fn every_acknowledged_write_is_there_once(shop: &Shop, load: &Load, attempts: &[Attempt]) {
    let mut documents = ids(&load.owner.walk("/sales?limit=200").await);
    documents.extend(ids(&load.shopper.walk("/orders?limit=200").await));
    let events = ids(&load.owner.walk("/pos-events?limit=200&status=applied").await);
    let mut unanswered = 0;
    for attempt in attempts {
        match &attempt.answer {
            Some((201, id)) => assert!(documents.contains(id), "sale or order {id} was acknowledged and is lost"),
            Some((200, id)) => assert!(events.contains(id), "event {id} was acknowledged and is lost"),
            Some(_) => {}
            None => unanswered += usize::from(!Load::must_be_refused(attempt.number)),
        }
    }
    let acknowledged =
        attempts.iter().filter(|attempt| attempt.answer.as_ref().is_some_and(|(status, _)| *status != 409)).count();
    let there = documents.len() + events.len();
    assert!(
        (acknowledged..=acknowledged + unanswered).contains(&there),
        "{there} there, {acknowledged} acknowledged, {unanswered} open"
    );
    assert_eq!(
        shop.database.number("select count(*) from movements where source_id is not null"),
        there as i64,
        "one movement each"
    );
}

async fn retrying_applies_each_once(shop: &Shop, load: &Load, attempts: &[Attempt]) {
    for attempt in attempts.iter().filter(|attempt| attempt.answer.is_none()) {
        let retried = load.attempt(attempt.number).await;
        assert!(retried.answer.is_some(), "no answer to the retry of {}", attempt.number);
    }
    let sum = |is_order: bool| -> usize {
        let numbers = attempts.iter().map(|attempt| attempt.number).filter(|number| !Load::must_be_refused(*number));
        numbers.filter(|number| Load::is_an_order(*number) == is_order).map(Load::quantity).sum()
    };
    let (sold, reserved) = (sum(false), sum(true));
    let figures = [STOCK - sold, reserved, STOCK - sold - reserved].map(|figure| figure as f64);
    assert_eq!(load.tea.stock(&load.owner).await, figures);
    shop.database.verify();
}

#[test]
fn twenty_kills_on_sqlite_lose_and_double_nothing() {
    block_on(async { survive(Shop::open(Engine::Sqlite).await).await });
}

#[test]
fn twenty_kills_on_postgres_lose_and_double_nothing() {
    block_on(async {
        if !Cluster::is_possible() {
            // TEST_DATABASE_URL is all there is: the server behind it decides about fsync.
            return survive(Shop::open(Engine::Postgres).await).await;
        }
        let cluster = Cluster::start_new(Durability::Full);
        survive(Shop::open_on(&cluster.url("postgres"), &[]).await).await;
    });
}
