//! Units of work: whole or not at all, once per key, and never in the way of the next.

use crate::{a_category, now, on_each_engine, open, sources};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    task::Poll,
};
use tradepost_domain::repository::{LoginFailures, Repository};
use tradepost_store::{Answer, Keyed, Session, Store, StoreConfig, StoreError, housekeeping};
use tradepost_tests::{Database, Engine, at_once, block_on};

fn keyed(key: &str, fingerprint: u8) -> Option<Keyed> {
    Some(Keyed { principal: "user:1".to_owned(), key: key.to_owned(), fingerprint: [fingerprint; 32] })
}

on_each_engine!(work_that_fails_leaves_nothing, async |kept| {
    let work = |s: &mut Session<'_>| -> Result<(), StoreError> {
        s.add(&a_category("Tea"))?;
        Err(StoreError::Internal("on purpose".to_owned()))
    };
    let failed = kept.store.write_plain(work).await;
    assert!(matches!(&failed, Err(StoreError::Internal(why)) if why == "on purpose"), "{failed:?}");
    assert_eq!(kept.number("SELECT COUNT(*) FROM categories"), 0);
});

on_each_engine!(work_that_panics_is_undone_and_the_next_goes_on, async |kept| {
    for _ in 0..10 {
        let work = |s: &mut Session<'_>| -> Result<(), StoreError> {
            s.add(&a_category("Tea"))?;
            panic!("on purpose");
        };
        assert!(matches!(kept.store.write_plain(work).await, Err(StoreError::Internal(_))));
        let read = |_: &mut Session<'_>| -> Result<(), StoreError> { panic!("on purpose") };
        assert!(matches!(kept.store.read(read).await, Err(StoreError::Internal(_))));
        assert!(matches!(kept.store.read_one(read).await, Err(StoreError::Internal(_))));
    }
    assert_eq!(kept.number("SELECT COUNT(*) FROM categories"), 0);
    kept.write(|s| s.add(&a_category("Tea"))).await.expect("the next goes on");
});

on_each_engine!(one_key_has_one_effect_however_many_come_at_once, async |kept| {
    let once = |n: usize| {
        let store = kept.store.clone();
        async move {
            let work = move |s: &mut Session<'_>| -> Result<Answer, StoreError> {
                s.add(&a_category(&format!("Category {n}")))?;
                let body = format!("\"{n}\"").into_bytes();
                let location = Some("/x".to_owned());
                Ok(Answer { status: 201, body, version: Some(7), location, stored_body: None })
            };
            store.write(keyed("k", 1), work).await.expect("it is answered")
        }
    };
    let answers = at_once(12, once).await;
    assert_eq!(answers.iter().filter(|done| !done.replayed).count(), 1);
    let first = &answers[0].answer;
    assert!(answers.iter().all(|done| done.answer == *first), "{answers:?}");
    assert_eq!((first.status, first.version, first.location.as_deref()), (201, Some(7), Some("/x")));
    assert_eq!(kept.number("SELECT COUNT(*) FROM categories"), 1);
});

on_each_engine!(a_key_that_comes_with_another_request_is_refused, async |kept| {
    let work = |_: &mut Session<'_>| -> Result<Answer, StoreError> { Ok(Answer { status: 200, ..Answer::default() }) };
    kept.store.write(keyed("k", 1), work).await.unwrap();
    assert!(matches!(kept.store.write(keyed("k", 2), work).await, Err(StoreError::KeyReused)));
    let other = Keyed { principal: "user:2".to_owned(), ..keyed("k", 2).expect("a key") };
    assert!(!kept.store.write(Some(other), work).await.unwrap().replayed, "keys of different principals never meet");
});

on_each_engine!(refusals_are_not_kept_and_secrets_are_not_repeated, async |kept| {
    let refuse = |_: &mut Session<'_>| -> Result<Answer, StoreError> { Err(StoreError::InUse { what: "products" }) };
    let refused = kept.store.write(keyed("k", 1), refuse).await.err();
    assert!(matches!(refused, Some(StoreError::InUse { what: "products" })), "{refused:?}");
    let secret = |_: &mut Session<'_>| -> Result<Answer, StoreError> {
        Ok(Answer { status: 201, body: b"secret".to_vec(), stored_body: Some(b"-".to_vec()), ..Answer::default() })
    };
    let first = kept.store.write(keyed("k", 1), secret).await.expect("the refusal was not kept");
    assert_eq!((first.answer.body.as_slice(), first.replayed), (&b"secret"[..], false));
    let again = kept.store.write(keyed("k", 1), secret).await.unwrap();
    assert_eq!((again.answer.body.as_slice(), again.replayed), (&b"-"[..], true));
});

on_each_engine!(old_answers_are_thrown_away_and_young_ones_stay, async |kept| {
    let work = |_: &mut Session<'_>| -> Result<Answer, StoreError> { Ok(Answer { status: 200, ..Answer::default() }) };
    kept.store.write(keyed("k", 1), work).await.unwrap();
    let purge = async |hours: i64| {
        let later = now().plus_seconds(hours * 3_600);
        kept.store.write_plain(move |s| housekeeping(s, later)).await.expect("it is purged")
    };
    assert_eq!(purge(24).await.answers, 0, "the contract promises a day");
    let purged = purge(49).await;
    assert_eq!((purged.answers, purged.is_done()), (1, true));
    assert!(!kept.store.write(keyed("k", 2), work).await.unwrap().replayed);
});

on_each_engine!(failed_logins_from_before_a_clock_was_set_back_are_thrown_away_too, async |kept| {
    let day = |days: i64| now().plus_seconds(days * 86_400);
    let failures: Vec<_> =
        [-3, -1, 1, 3, 400].into_iter().map(|days| (format!("account:{days}"), 1, day(days))).collect();
    kept.write(move |s| s.note_login_failures(&failures, day(-1)..=day(1))).await.expect("they are counted");
    let purged = kept.store.write_plain(|s| housekeeping(s, now())).await.expect("it is purged");
    assert_eq!((purged.failures, kept.number("SELECT COUNT(*) FROM login_failures")), (3, 2));
});

on_each_engine!(a_snapshot_does_not_see_what_comes_later, async |kept| {
    let (go, gone) = (mpsc::channel::<()>(), mpsc::channel::<()>());
    let (begun, wait) = (go.0, gone.1);
    let store = kept.store.clone();
    let reader = tokio::spawn(async move {
        let look = move |s: &mut Session<'_>| -> Result<(u64, u64), StoreError> {
            let count = |s: &mut Session<'_>| {
                let asked = tradepost_store::ListRequest {
                    filter: tradepost_store::categories::CategoryFilter::default(),
                    order: Vec::new(),
                    limit: 10,
                    after: None,
                    count: false,
                };
                tradepost_store::categories::list(s, &asked).map(|page| page.rows.len() as u64)
            };
            let before = count(s)?;
            begun.send(()).expect("somebody listens");
            wait.recv().expect("somebody writes");
            Ok((before, count(s)?))
        };
        store.read(look).await
    });
    let first = go.1;
    tokio::task::spawn_blocking(move || first.recv()).await.unwrap().expect("the snapshot is taken");
    kept.write(|s| s.add(&a_category("Tea"))).await.unwrap();
    gone.0.send(()).expect("the reader waits");
    assert_eq!(reader.await.unwrap().unwrap(), (0, 0));
});

#[test]
fn the_file_beside_an_sqlite_database_is_cut_short_in_a_quiet_moment_and_not_under_load() {
    crate::run(Engine::Sqlite, async |kept| {
        let log = kept.database.folder().join("shop.db-wal");
        let length = || std::fs::metadata(&log).expect("the log").len();
        let write = async |times: usize| {
            for _ in 0..times {
                let name = crate::new_id().to_string();
                kept.write(move |s| s.add(&a_category(&name))).await.expect("it is kept");
            }
        };
        while length() < 8 << 20 {
            write(50).await;
        }
        write(700).await;
        kept.store.tidy().await.expect("a look");
        assert!(length() >= 8 << 20, "much has been written just now");
        // A reader's snapshot is not waited for.
        let (begun, go) = (mpsc::channel::<()>(), mpsc::channel::<()>());
        let (tell, wait, store) = (begun.0, go.1, kept.store.clone());
        let reader = tokio::spawn(async move {
            let hold = move |s: &mut Session<'_>| -> Result<(), StoreError> {
                s.find(tradepost_domain::ids::CategoryId::from_uuid(crate::new_id())).map_err(StoreError::from)?;
                tell.send(()).expect("somebody listens");
                wait.recv().map_err(|e| StoreError::Internal(e.to_string()))
            };
            store.read(hold).await
        });
        tokio::task::spawn_blocking(move || begun.1.recv()).await.expect("a task").expect("the snapshot is taken");
        write(1).await;
        kept.store.tidy().await.expect("it does what it can");
        go.0.send(()).expect("the reader waits");
        reader.await.expect("a task").expect("the reader has read");
        assert!(length() >= 8 << 20, "somebody was reading from it");
        kept.store.tidy().await.expect("it is cut short");
        assert!(length() <= 4 << 20, "{} bytes", length());
        write(1).await;
    });
}

fn small(database: &Database, readers: usize, queue: usize) -> Store {
    drop(open(database, 1, 16));
    Store::open(&StoreConfig { url: database.url.clone(), readers, queue, sources: sources() }).expect("it opens")
}

#[test]
fn who_has_waited_too_long_is_told_so_and_not_served() {
    let database = Database::empty(Engine::Sqlite);
    let store = small(&database, 1, 8);
    block_on(async {
        let (release, released) = mpsc::channel::<()>();
        let (begun, has_begun) = mpsc::channel::<()>();
        let busy = store.clone();
        let holder = tokio::spawn(async move {
            let wait = move |_: &mut Session<'_>| -> Result<(), StoreError> {
                begun.send(()).map_err(|e| StoreError::Internal(e.to_string()))?;
                released.recv().map_err(|e| StoreError::Internal(e.to_string()))
            };
            busy.read_one(wait).await
        });
        tokio::task::spawn_blocking(move || has_begun.recv()).await.unwrap().expect("the only thread is busy");
        let served = Arc::new(AtomicUsize::new(0));
        let counting = Arc::clone(&served);
        let count =
            move |_: &mut Session<'_>| -> Result<usize, StoreError> { Ok(counting.fetch_add(1, Ordering::SeqCst)) };
        assert!(matches!(store.read_one(count).await, Err(StoreError::Busy)));
        release.send(()).expect("the holder waits");
        holder.await.unwrap().expect("who was begun is finished, however long it took");
        store.read_one(|_: &mut Session<'_>| -> Result<(), StoreError> { Ok(()) }).await.expect("the line moves on");
        assert_eq!(served.load(Ordering::SeqCst), 0);
    });
}

#[test]
fn who_comes_when_the_line_is_full_is_told_at_once_and_who_has_left_needs_no_place() {
    let database = Database::empty(Engine::Sqlite);
    let store = small(&database, 1, 2);
    block_on(async {
        let (release, released) = mpsc::channel::<()>();
        let (begun, has_begun) = mpsc::channel::<()>();
        let busy = store.clone();
        let holder = tokio::spawn(async move {
            let wait = move |_: &mut Session<'_>| -> Result<(), StoreError> {
                begun.send(()).map_err(|e| StoreError::Internal(e.to_string()))?;
                released.recv().map_err(|e| StoreError::Internal(e.to_string()))
            };
            busy.read_one(wait).await
        });
        tokio::task::spawn_blocking(move || has_begun.recv()).await.unwrap().expect("the only thread is busy");
        let served = Arc::new(AtomicUsize::new(0));
        let ask = || {
            let served = Arc::clone(&served);
            let count =
                move |_: &mut Session<'_>| -> Result<usize, StoreError> { Ok(served.fetch_add(1, Ordering::SeqCst)) };
            Box::pin(store.read_one(count))
        };
        let (mut first, mut second, mut third) = (ask(), ask(), ask());
        assert!(asked(first.as_mut()).await.is_none(), "it stands in the line");
        assert!(asked(second.as_mut()).await.is_none(), "it stands in the line");
        assert!(matches!(asked(third.as_mut()).await, Some(Err(StoreError::Busy))), "the line is full");
        drop(first);
        let mut fourth = ask();
        assert!(asked(fourth.as_mut()).await.is_none(), "there is a place again");
        drop(second);
        release.send(()).expect("the holder waits");
        holder.await.unwrap().expect("the holder is done");
        assert_eq!(fourth.await.expect("it is served"), 0, "who has left is not served");
    });
}

/// Asks once, without waiting for the answer.
async fn asked<F: Future>(mut work: std::pin::Pin<&mut F>) -> Option<F::Output> {
    std::future::poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}
