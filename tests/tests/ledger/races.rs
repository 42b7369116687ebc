//! What commands that arrive together, in one batch or at two servers, make of each other.

use crate::{a_product, add, new_id, now, on_both, open, sell, submission};
use std::sync::Arc;
use tradepost_domain::{
    catalogue::ProductPatch,
    identity::Principal,
    ids::{PosConnectionId, ProductId},
    ledger::{Command, Effects, Refusal, catalogue, pos, stock},
    pos::{
        KeptSecrets, OnShortage, PosConnection, PosConnectionPatch, PosEventLine, Reference, Report, WebhookDelivery,
    },
    repository::PosConnections,
    repository::Repository as _,
};
use tradepost_store::{Answer, Store, StoreError, Submission, SubmitError};
use tradepost_tests::{Database, Engine, at_once, block_on, sql};

/// As many servers as the engine lets work on one database.
fn servers(database: &Database) -> [Store; 2] {
    let first = open(database);
    let second = if database.engine == Engine::Postgres { open(database) } else { first.clone() };
    [first, second]
}

async fn a_till(store: &Store, on_shortage: OnShortage) -> PosConnectionId {
    let id = PosConnectionId::from_uuid(new_id());
    let form = PosConnectionPatch {
        name: Some("till".into()),
        on_shortage: Some(on_shortage),
        ..PosConnectionPatch::default()
    };
    let connection = PosConnection::new(id, &form, now()).expect("a till");
    let add = move |s: &mut tradepost_store::Session<'_>| -> Result<(), StoreError> {
        Ok(s.add(&connection)
            .and_then(|()| s.set_connection_secrets(connection.id, &KeptSecrets::first("sealed".to_owned())))?)
    };
    store.write_plain(add).await.expect("the till is kept");
    id
}

fn change(product: Reference, by: &str) -> PosEventLine {
    let report = Report::Change { change: by.parse().expect("a change"), occurred_at: None, reason: None };
    PosEventLine { product, report }
}

fn delivery(connection: PosConnectionId, webhook_id: &str, lines: Vec<PosEventLine>) -> Command {
    let mut body_hash = [0; 32];
    webhook_id.bytes().zip(&mut body_hash).for_each(|(byte, place)| *place = byte);
    let (body, headers) = (webhook_id.as_bytes().to_vec(), "{}".to_owned());
    let webhook_id = webhook_id.to_owned();
    let delivery = WebhookDelivery { connection, webhook_id, body_hash, body, headers, lines };
    Command::Pos(pos::Command::Apply(Arc::new(delivery)))
}

fn map(connection: PosConnectionId, external_id: &str, product: ProductId) -> Command {
    Command::Pos(pos::Command::Map { connection, external_id: external_id.to_owned(), product })
}

fn adjust(product: ProductId, by: &str) -> Command {
    let (change, reason) = (by.parse().expect("a change"), "because".to_owned());
    Command::Stock(stock::Command::Adjust { product, location: None, change, reason })
}

pub(crate) fn on_hand(database: &Database, product: ProductId) -> i64 {
    let id = match database.engine {
        Engine::Postgres => format!("'{product}'"),
        Engine::Sqlite => format!("unhex('{}')", product.uuid().simple()),
    };
    database.number(&format!("select coalesce(sum(on_hand), 0) / 100000 from levels where product_id = {id}"))
}

#[test]
fn a_delivery_that_comes_with_the_mapping_of_its_product_is_applied_once_whichever_is_first() {
    on_both(async |database| {
        let servers = servers(database);
        let till = a_till(&servers[0], OnShortage::Hold).await;
        let mut products = Vec::new();
        for n in 0..25 {
            products.push(a_product(&servers[0], &format!("P{n}"), "10").await);
        }
        // Two deliveries and the mapping of each product, all at once and in every order.
        let results = at_once(75, |n| {
            let (which, external_id) = (n / 3, format!("ext-{}", n / 3));
            let store = servers[n % 2].clone();
            let command = match (n + which) % 3 {
                0 => map(till, &external_id, products[which]),
                _ => delivery(till, &format!("d{n}"), vec![change(Reference::External(external_id), "-1")]),
            };
            async move { store.ledger().submit(submission(command)).await }
        })
        .await;
        for result in &results {
            assert!(result.is_ok(), "nobody suffers: {result:?}");
        }
        assert_eq!(database.number("select count(*) from pos_events where status <> 'applied'"), 0);
        for product in products {
            assert_eq!(on_hand(database, product), 8);
        }
    });
}

#[test]
fn changing_a_unit_and_the_first_stock_do_not_pass_each_other() {
    on_both(async |database| {
        let servers = servers(database);
        for n in 0..30 {
            let (id, _) = add(&format!("P{n}"), "0");
            let kilos = ProductPatch {
                price: Some("1.00".into()),
                unit: Some("kg".into()),
                unit_decimals: Some(3),
                ..ProductPatch::default()
            };
            let form =
                tradepost_domain::catalogue::ProductForm { sku: format!("P{n}"), name: format!("P{n}"), rest: kilos };
            let eur = tradepost_domain::money::Currency::parse("EUR").expect("a currency");
            let product = Arc::new(form.parse(id, eur, now()).expect("a product"));
            let command = Command::Catalogue(catalogue::Command::Add { product, initial_quantity: None });
            servers[0].ledger().submit(submission(command)).await.expect("it is added");
            let pieces = ProductPatch { unit: Some("each".into()), unit_decimals: Some(0), ..ProductPatch::default() };
            let results = at_once(2, |which| {
                let store = servers[which].clone();
                let command = match which {
                    0 => Command::Catalogue(catalogue::Command::Edit { id, patch: Box::new(pieces.clone()) }),
                    _ => adjust(id, "0.5"),
                };
                async move { store.ledger().submit(submission(command)).await }
            })
            .await;
            let accepted = results.iter().filter(|result| result.is_ok()).count();
            assert_eq!(accepted, 1, "one of them was first, and the other does not go with it: {results:?}");
        }
        let halves = "select count(*) from levels l join products p on p.id = l.product_id \
            where p.unit = 'each' and l.on_hand % 100000 <> 0";
        assert_eq!(database.number(halves), 0);
    });
}

#[test]
fn removing_a_product_and_ordering_its_first_stock_do_not_pass_each_other() {
    on_both(async |database| {
        let servers = servers(database);
        for n in 0..30 {
            let product = a_product(&servers[0], &format!("P{n}"), "0").await;
            at_once(2, |which| {
                let store = servers[which].clone();
                async move {
                    if which == 0 {
                        let remove = Command::Catalogue(catalogue::Command::Remove { id: product });
                        return drop(store.ledger().submit(submission(remove)).await);
                    }
                    for command in [adjust(product, "5"), sell(&[(product, "2")])] {
                        match store.ledger().submit(submission(command)).await {
                            Ok(_)
                            | Err(SubmitError::Refused(Refusal::NotFound(_) | Refusal::ProductUnavailable { .. })) => {}
                            Err(other) => panic!("{other}"),
                        }
                    }
                }
            })
            .await;
        }
    });
}

#[test]
fn a_count_without_a_time_leaves_what_was_counted_whatever_shares_its_batch() {
    on_both(async |database| {
        let store = open(database);
        let tea = a_product(&store, "TEA", "100").await;
        for counted in 20..40_u32 {
            at_once(8, |n| {
                let store = store.clone();
                async move {
                    let command = if n == 4 {
                        let counted = counted.to_string().parse().expect("a quantity");
                        Command::Stock(stock::Command::Count {
                            product: tea,
                            location: None,
                            counted,
                            counted_at: None,
                        })
                    } else {
                        sell(&[(tea, "1")])
                    };
                    store.ledger().submit(submission(command)).await.expect("it is accepted");
                }
            })
            .await;
            let after = "select on_hand_after / 100000 from movements where kind = 'counted' order by seq desc limit 1";
            assert_eq!(database.number(after), i64::from(counted));
        }
    });
}

#[test]
fn counts_from_long_ago_are_refused_without_a_look_at_the_ledger() {
    on_both(async |database| {
        let store = open(database);
        let till = a_till(&store, OnShortage::Hold).await;
        let tea = a_product(&store, "TEA", "100").await;
        let counted_at = Some(tradepost_domain::instant::Instant::from_micros(0));
        let report = || Report::Count { counted: "1".parse().expect("a quantity"), counted_at };
        let lines = (0..40).map(|_| PosEventLine { product: Reference::Product(tea), report: report() }).collect();
        let before = store.statements();
        let refused = store.ledger().submit(submission(delivery(till, "old", lines))).await;
        let Err(SubmitError::Refused(Refusal::Invalid(errors))) = refused else { panic!("{refused:?}") };
        assert!(errors.as_slice().iter().all(|fault| fault.code == "too_long_ago"), "{errors}");
        assert!(store.statements() - before < 10, "{}", store.statements() - before);
        assert_eq!(on_hand(database, tea), 100);
    });
}

#[test]
fn a_row_that_the_database_does_not_take_fails_its_own_submission_alone() {
    on_both(async |database| {
        let store = open(database);
        let tea = a_product(&store, "TEA", "1000").await;
        // Of a kind that nobody foresaw, in words of another language.
        let refuse = match database.engine {
            Engine::Postgres => {
                "CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.customer_name = 'Jonas' THEN \
                 RAISE EXCEPTION 'Das geht nicht' USING ERRCODE = '22021'; END IF; RETURN NEW; END $$; \
                 CREATE TRIGGER meddle BEFORE INSERT ON sales FOR EACH ROW EXECUTE FUNCTION meddle()"
            }
            Engine::Sqlite => {
                "CREATE TRIGGER meddle BEFORE INSERT ON sales WHEN NEW.customer_name = 'Jonas' \
                 BEGIN SELECT RAISE(ABORT, 'Das geht nicht'); END"
            }
        };
        sql::execute(&database.url, refuse);
        let results = at_once(100, |n| {
            let store = store.clone();
            let mut command = sell(&[(tea, "1")]);
            if let Command::Sales(tradepost_domain::ledger::sales::Command::Record(new)) = &mut command {
                let name = if n == 37 { "Jonas" } else { "Ann" };
                new.buyer = Some(tradepost_domain::sales::Buyer::Named(name.to_owned()));
            }
            async move { store.ledger().submit(submission(command)).await }
        })
        .await;
        for (n, result) in results.iter().enumerate() {
            assert_eq!(result.is_ok(), n != 37, "{n}: {result:?}");
        }
        assert_eq!(on_hand(database, tea), 901);
    });
}

#[test]
fn a_batch_of_sales_takes_seven_round_trips_and_one_of_orders_nine() {
    let database = Database::empty(Engine::Postgres);
    block_on(async {
        let store = open(&database);
        let mut products = Vec::new();
        for n in 0..20 {
            products.push(a_product(&store, &format!("P{n}"), "10000").await);
        }
        let customer = crate::a_customer(&store).await;
        let per_batch = async |command: &dyn Fn(usize) -> Command| {
            let stats = store.ledger().stats();
            let batches = || stats.batches.load(std::sync::atomic::Ordering::Relaxed);
            let (statements_before, batches_before) = (store.statements(), batches());
            at_once(200, |n| {
                let (store, command) = (store.clone(), command(n));
                async move { store.ledger().submit(submission(command)).await.expect("it is accepted") }
            })
            .await;
            let batches = batches() - batches_before;
            assert!(batches < 150, "there are batches: {batches}");
            (store.statements() - statements_before).div_ceil(batches)
        };
        let lines = |n: usize| [(products[n % 20], "1"), (products[(n + 7) % 20], "2")];
        let sales = per_batch(&|n| sell(&lines(n))).await;
        let orders = per_batch(&|n| crate::order(customer, &lines(n))).await;
        assert!(sales <= 7 && orders <= 9, "{sales} for sales, {orders} for orders");
    });
}

#[test]
fn a_dry_run_says_what_would_come_of_a_command_and_keeps_nothing() {
    on_both(async |database| {
        let store = open(database);
        let tea = a_product(&store, "TEA", "10").await;
        let effects = store.dry_run(sell(&[(tea, "3")]), Principal::system()).await.expect("it would be accepted");
        assert_eq!(effects.movements()[0].on_hand_after.to_string(), "7");
        let refused = store.dry_run(sell(&[(tea, "11")]), Principal::system()).await;
        assert!(matches!(refused, Err(SubmitError::Refused(Refusal::InsufficientStock(_)))), "{refused:?}");
        assert_eq!((database.number("select count(*) from sales"), on_hand(database, tea)), (0, 10));
    });
}

#[test]
fn what_is_to_be_told_and_what_was_done_is_kept_with_the_decision() {
    on_both(async |database| {
        let store = open(database);
        let tea = a_product(&store, "TEA", "10").await;
        let customer = crate::a_customer(&store).await;
        let told = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        let telling = Arc::clone(&told);
        let answer = Box::new(move |effects: &Effects| {
            telling.lock().expect("nobody panicked").push(effects.messages.clone());
            Answer { status: 201, ..Answer::default() }
        });
        let placed = Submission { answer, ..submission(crate::order(customer, &[(tea, "1")])) };
        store.ledger().submit(placed).await.expect("it is placed");
        store.ledger().submit(submission(crate::order(customer, &[(tea, "100")]))).await.expect_err("it is refused");
        let told = told.lock().expect("nobody panicked").clone();
        assert_eq!((told.len(), told[0].len(), told[0][0].name), (1, 1, "order.placed"));
        assert_eq!(database.number("select count(*) from messages where name = 'order.placed'"), 1);
        assert_eq!(database.number("select count(*) from audit_log where action = 'product.added'"), 1);
        let changed = sql::try_execute(&database.url, "update audit_log set action = 'x'");
        assert!(changed.is_err_and(|words| words.contains("kept for ever")), "who did what is never changed");
    });
}
