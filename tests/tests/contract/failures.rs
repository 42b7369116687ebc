//! What a unit of work does when the database fails: told by kinds, connections and time, never by the words of a message, which are in
//! whatever language the server speaks.

use crate::{Kept, a_category, on_each_engine, run};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tradepost_domain::repository::Repository;
use tradepost_store::{Session, StoreError};
use tradepost_tests::{Engine, sql};

/// Lets every new category run this PL/pgSQL first; `tries` counts how often, whatever is rolled back.
fn on_new_category(kept: &Kept, kind: &str, statements: &str) {
    kept.tamper(&format!(
        "CREATE SEQUENCE tries; CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         PERFORM nextval('tries'); {statements} RETURN NEW; END $$; CREATE {kind} \
         FOR EACH ROW EXECUTE FUNCTION meddle()"
    ));
}

const BEFORE_INSERT: &str = "TRIGGER meddle BEFORE INSERT ON categories";
const AT_COMMIT: &str = "CONSTRAINT TRIGGER meddle AFTER INSERT ON categories DEFERRABLE INITIALLY DEFERRED";

/// Adds a category; answers how that ended and how often it was tried.
async fn add(kept: &Kept) -> (Result<(), StoreError>, usize) {
    let tries = Arc::new(AtomicUsize::new(0));
    let counting = Arc::clone(&tries);
    let work = move |s: &mut Session<'_>| {
        counting.fetch_add(1, Ordering::SeqCst);
        s.add(&a_category("Tea")).map_err(StoreError::from)
    };
    (kept.store.write_plain(work).await, tries.load(Ordering::SeqCst))
}

#[test]
fn a_deadlock_told_in_another_language_is_tried_again() {
    run(Engine::Postgres, async |kept| {
        let twice =
            "IF currval('tries') < 3 THEN RAISE EXCEPTION 'Verklemmung entdeckt' USING ERRCODE = '40P01'; END IF;";
        on_new_category(&kept, BEFORE_INSERT, twice);
        let (outcome, tries) = add(&kept).await;
        assert!(outcome.is_ok() && tries == 3, "{tries}: {outcome:?}");
        assert_eq!(kept.number("SELECT COUNT(*) FROM categories"), 1);
    });
}

#[test]
fn a_deadlock_at_commit_is_tried_again() {
    run(Engine::Postgres, async |kept| {
        let once =
            "IF currval('tries') < 2 THEN RAISE EXCEPTION 'Verklemmung entdeckt' USING ERRCODE = '40P01'; END IF;";
        on_new_category(&kept, AT_COMMIT, once);
        let (outcome, tries) = add(&kept).await;
        assert!(outcome.is_ok() && tries == 2, "{tries}: {outcome:?}");
    });
}

#[test]
fn words_that_sound_like_a_deadlock_or_a_lost_connection_mean_nothing() {
    run(Engine::Postgres, async |kept| {
        let always =
            "RAISE EXCEPTION 'deadlock detected: server closed the connection, lock timeout' USING ERRCODE = '22023';";
        on_new_category(&kept, BEFORE_INSERT, always);
        let (outcome, tries) = add(&kept).await;
        assert!(matches!(outcome, Err(StoreError::Unknown(_))), "{outcome:?}");
        assert_eq!(tries, 3, "nobody can tell that trying again is in vain, but it is not tried for ever");
        assert_eq!(kept.number("SELECT COUNT(*) FROM categories"), 0);
    });
}

#[test]
fn a_connection_that_is_lost_before_commit_means_that_nothing_was_done() {
    run(Engine::Postgres, async |kept| {
        on_new_category(&kept, BEFORE_INSERT, "PERFORM pg_terminate_backend(pg_backend_pid());");
        let (outcome, tries) = add(&kept).await;
        assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "{outcome:?}");
        assert_eq!(tries, 1, "the connection is gone");
    });
}

#[test]
fn a_connection_that_is_lost_in_commit_leaves_open_whether_it_was_kept() {
    run(Engine::Postgres, async |kept| {
        on_new_category(&kept, AT_COMMIT, "PERFORM pg_terminate_backend(pg_backend_pid());");
        let (outcome, _) = add(&kept).await;
        assert!(matches!(outcome, Err(StoreError::OutcomeUnknown(_))), "{outcome:?}");
    });
}

#[test]
fn a_server_that_only_reads_is_not_available() {
    run(Engine::Postgres, async |kept| {
        on_new_category(&kept, BEFORE_INSERT, "RAISE EXCEPTION 'nur lesen' USING ERRCODE = '25006';");
        let (outcome, _) = add(&kept).await;
        assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "{outcome:?}");
    });
}

#[test]
fn an_sqlite_file_that_another_program_holds_is_not_available() {
    run(Engine::Sqlite, async |kept| {
        let holder = sql::Held::table(&kept.database.url, "categories");
        let (outcome, tries) = add(&kept).await;
        assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "{outcome:?}");
        assert_eq!(tries, 0, "the work did not begin");
        drop(holder);
        assert!(add(&kept).await.0.is_ok());
    });
}

on_each_engine!(a_row_that_the_table_refuses_is_not_tried_again, async |kept| {
    assert!(add(&kept).await.0.is_ok());
    let (outcome, tries) = add(&kept).await;
    assert!(matches!(outcome, Err(StoreError::Duplicate { field: "name" })) && tries == 1, "{tries}: {outcome:?}");
});
