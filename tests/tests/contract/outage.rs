//! A database that goes away and comes back: who asked is told, and nothing needs starting again.

use crate::{a_category, first_start, sources};
use std::sync::atomic::{AtomicBool, Ordering};
use tradepost_domain::{
    ids::CategoryId,
    repository::{Error, Repository},
};
use tradepost_store::{Session, Store, StoreConfig, StoreError};
use tradepost_tests::{
    at_once, block_on, eventually,
    postgres::{Cluster, Durability, fresh_name},
    sql,
};
use uuid::Uuid;

fn store_on(url: &str) -> Store {
    let config = StoreConfig { url: url.to_owned(), readers: 3, queue: 64, sources: sources() };
    let store = Store::open(&config).expect("the store opens");
    store.migrate().expect("the tables are made");
    store.first_start(&first_start(None)).expect("the shop starts");
    store
}

fn nothing(session: &mut Session<'_>) -> Result<(), StoreError> {
    session.find(CategoryId::from_uuid(Uuid::nil())).map(|_| ()).map_err(StoreError::from)
}

fn something(session: &mut Session<'_>) -> Result<(), StoreError> {
    session.add(&a_category(&crate::new_id().to_string())).map_err(StoreError::from)
}

fn told<T>(outcome: &Result<T, StoreError>) -> bool {
    matches!(outcome, Err(StoreError::Unavailable(_) | StoreError::OutcomeUnknown(_) | StoreError::Busy))
}

#[test]
fn a_server_that_stops_and_starts_again_is_worked_with_again() {
    let mut cluster = Cluster::start_new(Durability::Relaxed);
    let url = cluster.create_database(&fresh_name(), None);
    let store = store_on(&url);
    block_on(async {
        for signal in ["INT", "QUIT"] {
            store.read_one(nothing).await.expect("it can be read");
            store.write_plain(something).await.expect("it can be written");
            cluster.stop(signal);
            for _ in 0..6 {
                let outcomes =
                    (store.read(nothing).await, store.read_one(nothing).await, store.write_plain(something).await);
                assert!(told(&outcomes.0) && told(&outcomes.1) && told(&outcomes.2), "{outcomes:?}");
                let ready = store.ready().await;
                assert!(matches!(ready, Err(StoreError::Unavailable(_))), "{ready:?}");
            }
            cluster.start();
            eventually("it works again", 20, async || {
                store.read(nothing).await.is_ok()
                    && store.read_one(nothing).await.is_ok()
                    && store.ready().await.is_ok()
            })
            .await;
            store.write_plain(something).await.expect("it can be written again");
        }
    });
    // Connections that broke while idle are found out by their first error, one each.
    block_on(async {
        let everybody = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()";
        sql::execute(&url, everybody);
        let outcomes = at_once(8, |_| {
            let store = store.clone();
            async move { store.read_one(nothing).await }
        })
        .await;
        assert!(outcomes.iter().all(|outcome| outcome.is_ok() || told(outcome)), "{outcomes:?}");
        eventually("it works again", 20, async || {
            let outcomes = at_once(8, |_| {
                let store = store.clone();
                async move { store.read_one(nothing).await }
            });
            outcomes.await.iter().all(Result::is_ok)
        })
        .await;
    });
}

#[test]
fn units_that_wait_for_each_other_in_a_circle_are_both_done() {
    let cluster = Cluster::start_new(Durability::Relaxed);
    let store = store_on(&cluster.create_database(&fresh_name(), None));
    block_on(async {
        let (one, two) = (a_category("One"), a_category("Two"));
        let ids = [one.id, two.id];
        let add = move |s: &mut Session<'_>| s.add(&one).and_then(|()| s.add(&two)).map_err(StoreError::from);
        store.write_plain(add).await.expect("both are kept");
        static BOTH_HAVE_ONE: [AtomicBool; 2] = [AtomicBool::new(false), AtomicBool::new(false)];
        let outcomes = at_once(2, |n| {
            let (store, order) = (store.clone(), if n == 0 { ids } else { [ids[1], ids[0]] });
            async move {
                let work = move |s: &mut Session<'_>| -> Result<(), StoreError> {
                    edit(s, order[0])?;
                    BOTH_HAVE_ONE[n].store(true, Ordering::SeqCst);
                    while !BOTH_HAVE_ONE.iter().all(|has| has.load(Ordering::SeqCst)) {
                        std::thread::yield_now();
                    }
                    edit(s, order[1]).map_err(StoreError::from)
                };
                store.write_plain(work).await
            }
        })
        .await;
        assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
        for id in ids {
            let version = store.read(move |s| s.find(id).map_err(StoreError::from)).await.unwrap().unwrap().version;
            assert_eq!(version, 3, "each of the two edited it once");
        }
    });
}

fn edit(session: &mut Session<'_>, id: CategoryId) -> Result<(), Error> {
    let mut category = session.find(id)?.expect("it is there");
    category.edit(None, Some("edited"), crate::now()).expect("a description");
    session.update(&category)
}

#[test]
fn who_waits_too_long_for_a_lock_is_told_that_it_was_not_done() {
    let cluster = Cluster::start_new(Durability::Relaxed);
    let url = cluster.create_database(&fresh_name(), None);
    let store = store_on(&url);
    // A session of somebody's own holds the table for longer than anybody waits.
    let holder = std::thread::spawn(move || {
        sql::try_execute(&url, "BEGIN; LOCK TABLE categories; SELECT pg_sleep(7); ROLLBACK")
    });
    block_on(async {
        eventually("it is held", 5, async || {
            let free = tokio::time::timeout(std::time::Duration::from_millis(300), store.read_one(nothing)).await;
            free.is_err()
        })
        .await;
        let outcome = store.write_plain(something).await;
        assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "{outcome:?}");
    });
    holder.join().unwrap().expect("the holder is done");
}
