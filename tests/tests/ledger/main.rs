//! The one writer, called as a library: what one submission does to those beside it in a batch.

#[path = "../../../crates/domain/tests/histories/books.rs"]
#[allow(clippy::unwrap_used, dead_code, unreachable_pub, reason = "it is the domain's, which uses all of it")]
mod books;
#[path = "../../../crates/domain/tests/common/mod.rs"]
mod common;
mod equivalence;
mod locks;
mod races;
#[path = "../../../crates/domain/tests/histories/start.rs"]
#[allow(clippy::unwrap_used, unreachable_pub, reason = "it is the domain's")]
mod start;
#[path = "../../../crates/domain/tests/histories/steps.rs"]
#[allow(unreachable_pub, reason = "it is the domain's")]
mod steps;
#[path = "../../../crates/domain/tests/histories/tally.rs"]
#[allow(clippy::unwrap_used, unreachable_pub, reason = "it is the domain's")]
mod tally;
#[path = "../../../crates/domain/tests/histories/world.rs"]
#[allow(clippy::unwrap_used, unreachable_pub, reason = "it is the domain's")]
mod world;

use std::sync::Arc;
use tradepost_domain::{
    catalogue::{ProductForm, ProductPatch},
    customers::CustomerForm,
    identity::Principal,
    ids::{CustomerId, LocationId, ProductId},
    instant::Instant,
    ledger::{Command, Effects, Refusal, SellLine, catalogue, orders, sales},
    money::Currency,
    repository::Repository as _,
};
use tradepost_store::{
    Answer, Done, FirstStart, Keyed, Session, Sources, Store, StoreConfig, StoreError, Submission, SubmitError,
};
use tradepost_tests::{Database, Engine, at_once, block_on};
use uuid::Uuid;

#[expect(clippy::disallowed_methods, reason = "whoever embeds the store brings a clock")]
fn now() -> Instant {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a clock after 1970");
    Instant::from_micros(i64::try_from(since.as_micros()).expect("a clock before the end of time"))
}

#[expect(clippy::disallowed_methods, reason = "whoever embeds the store makes ids")]
fn new_id() -> Uuid {
    Uuid::now_v7()
}

fn open(database: &Database) -> Store {
    let sources = Sources::new(now, new_id);
    let config = StoreConfig { url: database.url.clone(), readers: 2, queue: 1024, sources };
    let store = Store::open(&config).expect("the store opens");
    store.migrate().expect("the tables are made");
    let eur = Currency::parse("EUR").expect("a currency");
    let first = FirstStart {
        shop_name: "Test".to_owned(),
        currency: Some(eur),
        default_currency: eur,
        location: LocationId::from_uuid(new_id()),
        now: now(),
    };
    store.first_start(&first).expect("the shop starts");
    store
}

fn accepted(effects: &Effects) -> Answer {
    let body = effects.sales.sales.first().map_or_else(String::new, |sale| sale.value.id.to_string());
    Answer { status: 201, body: body.into_bytes(), ..Answer::default() }
}

fn submission(command: Command) -> Submission {
    let principal = Principal::system();
    Submission { command, principal, key: None, expected_version: None, answer: Box::new(accepted) }
}

fn line((product, quantity): &(ProductId, &str)) -> SellLine {
    let quantity = quantity.parse().expect("a quantity");
    SellLine { line: None, product: Some(*product), quantity, unit_price: None }
}

fn sell(lines: &[(ProductId, &str)]) -> Command {
    let lines = lines.iter().map(line).collect();
    Command::Sales(sales::Command::Record(sales::NewSale { lines, ..Default::default() }))
}

fn add(sku: &str, initial: &str) -> (ProductId, Command) {
    let id = ProductId::from_uuid(new_id());
    let rest = ProductPatch { price: Some("1.00".to_owned()), ..ProductPatch::default() };
    let form = ProductForm { sku: sku.to_owned(), name: format!("name of {sku}"), rest };
    let product = form.parse(id, Currency::parse("EUR").expect("a currency"), now()).expect("a product");
    let initial_quantity = Some(initial.parse().expect("a quantity"));
    (id, Command::Catalogue(catalogue::Command::Add { product: Arc::new(product), initial_quantity }))
}

async fn a_product(store: &Store, sku: &str, initial: &str) -> ProductId {
    let (id, command) = add(sku, initial);
    store.ledger().submit(submission(command)).await.expect("the product is added");
    id
}

/// Somebody to order for.
async fn a_customer(store: &Store) -> CustomerId {
    let id = CustomerId::from_uuid(new_id());
    let customer = CustomerForm { name: "Ann".to_owned(), ..CustomerForm::default() }.parse(id, None, now());
    let customer = customer.expect("a customer");
    let add = move |s: &mut Session<'_>| -> Result<(), StoreError> { Ok(s.add(&customer)?) };
    store.write_plain(add).await.expect("the customer is kept");
    id
}

fn order(customer: CustomerId, lines: &[(ProductId, &str)]) -> Command {
    let lines = lines.iter().map(line).collect();
    Command::Orders(orders::Command::Place(Box::new(orders::NewOrder {
        customer: Some(customer),
        lines,
        ..orders::NewOrder::default()
    })))
}

fn on_both(body: impl AsyncFn(&Database)) {
    for engine in [Engine::Postgres, Engine::Sqlite] {
        let database = Database::empty(engine);
        block_on(body(&database));
        database.verify();
    }
}

fn sold(results: &[Result<Done, SubmitError>]) -> usize {
    results.iter().filter(|result| result.is_ok()).count()
}

#[test]
fn a_panic_in_one_submission_leaves_what_its_neighbours_see_untouched() {
    on_both(async |database| {
        let store = open(database);
        let tea = a_product(&store, "TEA", "30").await;
        let results = at_once(60, |n| {
            let store = store.clone();
            async move {
                let mut one = submission(sell(&[(tea, "1")]));
                if n % 6 == 0 {
                    one.answer = Box::new(|_| panic!("an answer that cannot be made"));
                }
                store.ledger().submit(one).await
            }
        })
        .await;
        assert_eq!(sold(&results), 30, "all that is there is sold");
        for (n, result) in results.iter().enumerate() {
            match result {
                Ok(_) => assert_ne!(n % 6, 0, "what panicked is not done"),
                Err(SubmitError::Store(StoreError::Internal(_))) => assert_eq!(n % 6, 0, "only what panics fails"),
                Err(SubmitError::Refused(Refusal::InsufficientStock(short))) => {
                    assert_eq!(short[0].available.to_string(), "0", "nothing was held back for what panicked");
                }
                Err(other) => panic!("{other}"),
            }
        }
        assert_eq!(database.number("select count(*) from sales"), 30);
    });
}

#[test]
fn a_refusal_in_a_batch_leaves_its_neighbours_what_it_asked_for() {
    on_both(async |database| {
        let store = open(database);
        let tea = a_product(&store, "TEA", "50").await;
        let results = at_once(60, |n| {
            let store = store.clone();
            async move { store.ledger().submit(submission(sell(&[(tea, if n % 6 == 0 { "51" } else { "1" })]))).await }
        })
        .await;
        assert_eq!(sold(&results), 50);
        assert!(results.iter().step_by(6).all(Result::is_err));
    });
}

#[test]
fn one_key_sent_twenty_times_at_once_through_two_processes_has_one_effect() {
    on_both(async |database| {
        let first = open(database);
        // SQLite has one writer; PostgreSQL as many as there are processes.
        let second = if database.engine == Engine::Postgres { open(database) } else { first.clone() };
        let tea = a_product(&first, "TEA", "50").await;
        for round in 0..5 {
            let results = at_once(20, |n| {
                let store = if n % 2 == 0 { first.clone() } else { second.clone() };
                async move {
                    let fingerprint = [7; 32];
                    let key = Keyed { principal: "user:1".to_owned(), key: format!("k{round}"), fingerprint };
                    store.ledger().submit(Submission { key: Some(key), ..submission(sell(&[(tea, "1")])) }).await
                }
            })
            .await;
            let answers: Vec<Done> = results.into_iter().map(|result| result.expect("it is answered")).collect();
            assert_eq!(answers.iter().filter(|done| !done.replayed).count(), 1, "it is done once");
            assert!(answers.iter().all(|done| done.answer.body == answers[0].answer.body), "everybody hears the same");
        }
        assert_eq!(database.number("select count(*) from sales"), 5);
        let other = Keyed { principal: "user:1".to_owned(), key: "k0".to_owned(), fingerprint: [8; 32] };
        let reused = first.ledger().submit(Submission { key: Some(other), ..submission(sell(&[(tea, "1")])) }).await;
        assert!(matches!(reused, Err(SubmitError::Store(StoreError::KeyReused))));
        let someone = Keyed { principal: "user:2".to_owned(), key: "k0".to_owned(), fingerprint: [8; 32] };
        let theirs = first.ledger().submit(Submission { key: Some(someone), ..submission(sell(&[(tea, "1")])) }).await;
        assert!(!theirs.expect("another principal's key is another key").replayed);
    });
}

#[test]
fn of_many_who_add_the_same_sku_at_once_one_does_and_their_neighbours_sell_on() {
    on_both(async |database| {
        let first = open(database);
        let second = if database.engine == Engine::Postgres { open(database) } else { first.clone() };
        let tea = a_product(&first, "TEA", "1000").await;
        for round in 0..5 {
            let results = at_once(24, |n| {
                let store = if n % 2 == 0 { first.clone() } else { second.clone() };
                let command = if n % 3 == 0 { add(&format!("NEW-{round}"), "1").1 } else { sell(&[(tea, "1")]) };
                async move { store.ledger().submit(submission(command)).await }
            })
            .await;
            let (added, others): (Vec<_>, Vec<_>) = results.iter().enumerate().partition(|(n, _)| n % 3 == 0);
            assert_eq!(added.iter().filter(|(_, result)| result.is_ok()).count(), 1);
            for (_, result) in added {
                let duplicate = matches!(
                    result,
                    Ok(_)
                        // They have one name too, and it may be the name that was looked up later.
                        | Err(SubmitError::Refused(Refusal::Duplicate { field: "sku" | "name" }))
                        | Err(SubmitError::Store(StoreError::Duplicate { field: "sku" }))
                );
                assert!(duplicate, "{result:?}");
            }
            assert!(others.iter().all(|(_, result)| result.is_ok()), "{others:?}");
        }
    });
}
