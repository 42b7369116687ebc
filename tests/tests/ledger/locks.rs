//! What somebody else holds for too long fails those who need it, and nobody else.

use crate::{a_product, open, races::on_hand, sell, submission};
use diesel::{Connection, PgConnection, connection::SimpleConnection};
use sha2::{Digest, Sha256};
use std::{
    sync::mpsc,
    thread::JoinHandle,
    time::{Duration, Instant as Stopwatch},
};
use tradepost_domain::{
    catalogue::ProductPatch,
    ids::ProductId,
    ledger::{Command, catalogue},
};
use tradepost_store::{Done, Keyed, Store, StoreError, Submission, SubmitError};
use tradepost_tests::{Database, Engine, at_once, block_on};

/// Somebody in a transaction that does not end before they are told to.
struct Holder {
    release: mpsc::Sender<()>,
    thread: JoinHandle<()>,
}

impl Holder {
    fn of(database: &Database, statement: String) -> Self {
        let (url, (release, wait), (begun, ready)) = (database.url.clone(), mpsc::channel(), mpsc::channel());
        let thread = std::thread::spawn(move || {
            let mut other = PgConnection::establish(&url).expect("the server answers");
            other.batch_execute(&format!("begin; {statement}")).expect("it is held");
            begun.send(()).expect("somebody waits");
            wait.recv().expect("it is released");
        });
        ready.recv().expect("it is held");
        Self { release, thread }
    }

    fn release(self) {
        self.release.send(()).expect("it waits for that");
        self.thread.join().expect("it ends");
    }
}

fn edit(id: ProductId) -> Command {
    let patch = Box::new(ProductPatch { description: Some("new".into()), ..ProductPatch::default() });
    Command::Catalogue(catalogue::Command::Edit { id, patch })
}

/// Hands sixty in at once, each fourth of which needs what is held; only those may fail, and soon.
async fn each_fourth_fails(store: &Store, free: ProductId, needing: &dyn Fn() -> Submission) {
    let since = Stopwatch::now();
    let results: Vec<Result<Done, SubmitError>> = at_once(60, |n| {
        let one = if n % 4 == 0 { needing() } else { submission(sell(&[(free, "1")])) };
        let store = store.clone();
        async move { store.ledger().submit(one).await }
    })
    .await;
    assert!(since.elapsed() < Duration::from_secs(10), "{:?}", since.elapsed());
    for (n, result) in results.iter().enumerate() {
        match result {
            Ok(_) => assert_ne!(n % 4, 0, "what is held is needed"),
            Err(SubmitError::Store(StoreError::Unavailable(_))) => {
                assert_eq!(n % 4, 0, "{n} needs nothing that is held")
            }
            Err(other) => panic!("{n}: {other}"),
        }
    }
}

fn with(needing: impl Fn(ProductId) -> Command, hold: impl Fn(ProductId) -> String) {
    let database = Database::empty(Engine::Postgres);
    block_on(async {
        let store = open(&database);
        let (held, free) = (a_product(&store, "HELD", "100").await, a_product(&store, "FREE", "100").await);
        let holder = Holder::of(&database, hold(held));
        each_fourth_fails(&store, free, &|| submission(needing(held))).await;
        holder.release();
        store.ledger().submit(submission(needing(held))).await.expect("it is free again");
        assert_eq!(on_hand(&database, free), 55);
    });
    database.verify();
}

fn level(product: ProductId) -> String {
    format!("select 1 from levels where product_id = '{product}' for update")
}

#[test]
fn a_level_that_is_held_fails_those_who_sell_from_it() {
    with(|held| sell(&[(held, "1")]), level);
}

#[test]
fn a_level_that_is_held_fails_those_who_change_its_product() {
    with(edit, level);
}

#[test]
fn a_product_that_is_held_fails_those_who_change_it() {
    with(edit, |product| format!("select 1 from products where id = '{product}' for update"));
}

#[test]
fn an_idempotency_key_that_is_held_fails_those_who_send_it_and_the_connection_is_as_good_as_before() {
    let database = Database::empty(Engine::Postgres);
    block_on(async {
        let store = open(&database);
        let free = a_product(&store, "FREE", "100").await;
        let digest = Sha256::digest(b"user:1\0held");
        let lock = i64::from_be_bytes(digest[..8].try_into().expect("eight bytes"));
        let holder = Holder::of(&database, format!("select pg_advisory_xact_lock({lock})"));
        let keyed = || {
            let key = Keyed { principal: "user:1".to_owned(), key: "held".to_owned(), fingerprint: [1; 32] };
            Submission { key: Some(key), ..submission(sell(&[(free, "1")])) }
        };
        each_fourth_fails(&store, free, &keyed).await;
        store.ledger().submit(submission(sell(&[(free, "1")]))).await.expect("others go on while it is held");
        holder.release();
        assert!(!store.ledger().submit(keyed()).await.expect("it is free again").replayed);
        assert_eq!(on_hand(&database, free), 53);
    });
    database.verify();
}

#[test]
fn a_sequence_that_was_set_back_does_not_keep_the_shop_from_selling() {
    let database = Database::empty(Engine::Postgres);
    block_on(async {
        let store = open(&database);
        let tea = a_product(&store, "TEA", "100").await;
        for _ in 0..3 {
            store.ledger().submit(submission(sell(&[(tea, "1")]))).await.expect("it is sold");
        }
        tradepost_tests::sql::execute(&database.url, "select setval('sale_numbers', 2)");
        for _ in 0..3 {
            store.ledger().submit(submission(sell(&[(tea, "1")]))).await.expect("it is sold");
        }
        assert_eq!(database.number("select count(distinct number) from sales"), 6);
    });
    database.verify();
}
