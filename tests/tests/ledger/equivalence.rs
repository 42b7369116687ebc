//! How a history is cut into batches never shows: the same commands end the same one by one in memory and in batches on each database.

mod kept;
mod rows;
mod shop;

use crate::{
    common::{NOON, clerk},
    steps::Event,
    tally::Tally,
    world::{Answer, Entry, World},
};
use std::{
    future::poll_fn,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicU64, Ordering::SeqCst},
        mpsc,
    },
    task::Poll,
};
use tradepost_domain::{instant::Instant, ledger::Effects, memory, repository::Carts};
use tradepost_store::{Answer as Told, Session, Store, StoreError, Submission, SubmitError};
use tradepost_tests::{Database, Engine, block_on};
use uuid::Uuid;

/// So many histories, each on every database …
const HISTORIES: u64 = 30;
/// … of so many events.
const EVENTS: u64 = 120;
/// All together happens at least as much as in so many of the domain's histories, which are shorter.
const AS_MANY_AS: u32 = 300;
/// A batch is of so many commands at most.
const BATCH: u64 = 12;

/// What every writer here takes for the time, in microseconds.
static NOW: AtomicI64 = AtomicI64::new(0);
/// The last id that a writer made, by its lower half: the upper one is that of a shop in memory.
static LAST_ID: AtomicU64 = AtomicU64::new(0);

fn now() -> Instant {
    Instant::from_micros(NOW.load(SeqCst))
}

fn new_id() -> Uuid {
    Uuid::from_u64_pair(1, LAST_ID.fetch_add(1, SeqCst) + 1)
}

/// How a history is run.
struct Way {
    name: &'static str,
    engine: Engine,
    /// So many share the database; the batches go to one after the other.
    servers: usize,
}

const WAYS: [Way; 3] = [
    Way { name: "SQLite", engine: Engine::Sqlite, servers: 1 },
    Way { name: "PostgreSQL", engine: Engine::Postgres, servers: 1 },
    Way { name: "two servers on PostgreSQL", engine: Engine::Postgres, servers: 2 },
];

/// How many batches and submissions there were.
#[derive(Debug, Default)]
struct Figures {
    batches: u64,
    submissions: u64,
}

/// The n-th history, and how it ended in memory.
fn history(n: u64) -> (Vec<Entry>, World) {
    let (mut world, mut entries, mut filled_at) = (World::new(), Vec::new(), NOON);
    for event in (n * EVENTS..(n + 1) * EVENTS).map(Event::from_seed) {
        match event {
            // Nothing of something is put into no cart: that is refused before it comes to a repository.
            Event::Filled { tenths: 0, .. } => continue,
            // Memory has a cart's things in the order they came, databases in that of their times.
            Event::Filled { .. } => {
                filled_at = filled_at.max(world.now).plus_seconds(1);
                world.now = filled_at;
            }
            Event::Asked(..) | Event::Ticked(_) => {}
        }
        entries.extend(world.happen(&event));
    }
    world.check();
    (entries, world)
}

/// An answer in a form in which two can be compared: the levels of a product are in no order, and servers that share a database draw
/// their numbers ahead.
fn comparable(answer: &Answer, has_numbers: bool) -> Answer {
    let mut answer = answer.clone();
    if let Ok(effects) = &mut answer {
        // One that was made for a command that was refused then is as good as none.
        effects.catalogue.levels.retain(|level| level.seq > 0);
        effects.catalogue.levels.sort_by_key(|level| (level.product, level.location));
        if !has_numbers {
            effects.sales.sales.iter_mut().for_each(|written| Arc::make_mut(&mut written.value).number = 0);
            effects.orders.orders.iter_mut().for_each(|written| Arc::make_mut(&mut written.order.value).number = 0);
        }
    }
    answer
}

/// Has this future come to an end?
async fn is_ready<F: Future + Unpin>(future: &mut F) -> bool {
    poll_fn(|context| Poll::Ready(Pin::new(&mut *future).poll(context).is_ready())).await
}

/// Hands all of these in together: the writer is kept busy until they wait in their order, so that they are one batch.
async fn together(store: &Store, asked: &[&memory::Submission], tally: &Tally) -> Vec<Answer> {
    let ((begin, begun), (release, held)) = (mpsc::channel(), mpsc::channel::<()>());
    let last_id = LAST_ID.load(SeqCst);
    let busy = Submission {
        command: shop::look(),
        principal: clerk(),
        key: None,
        expected_version: None,
        answer: Box::new(move |_| {
            // As if nobody had looked.
            LAST_ID.store(last_id, SeqCst);
            begin.send(()).expect("somebody waits for it");
            held.recv().expect_err("nobody sends anything");
            Told::default()
        }),
    };
    let mut busy = Box::pin(store.ledger().submit(busy));
    assert!(!is_ready(&mut busy).await, "the writer is busy");
    begun.recv().expect("the writer is busy");
    let mut waiting = Vec::new();
    for asked in asked {
        let effects = Arc::new(Mutex::new(None));
        let decided = Arc::clone(&effects);
        let memory::Submission { command, principal, expected_version } = (*asked).clone();
        let answer = Box::new(move |effects: &Effects| {
            *decided.lock().expect("nobody panicked") = Some(effects.clone());
            Told::default()
        });
        let submission = Submission { command, principal, key: None, expected_version, answer };
        let mut reply = Box::pin(store.ledger().submit(submission));
        assert!(!is_ready(&mut reply).await, "it waits");
        waiting.push((reply, effects));
    }
    let batches = || store.ledger().stats().batches.load(SeqCst);
    let before = batches();
    drop(release);
    busy.await.expect("it is quoted");
    let mut answers = Vec::new();
    for (reply, effects) in waiting {
        answers.push(match reply.await {
            Ok(_) => Ok(effects.lock().expect("nobody panicked").take().expect("it was decided")),
            Err(SubmitError::Refused(refusal)) => Err(refusal),
            Err(SubmitError::Store(error)) => panic!("{error}"),
        });
    }
    // One is that of the look.
    let is_whole = batches() - before == 2;
    tally.note_batch(asked.len(), if is_whole { asked.len() } else { 1 });
    answers
}

/// Lets a history happen once more.
async fn again(
    servers: &[Store],
    entries: &[Entry],
    mut sizes: impl Iterator<Item = usize>,
    tally: &Tally,
) -> Vec<Answer> {
    let (mut rest, mut turns, mut answers) = (entries, servers.iter().cycle(), Vec::new());
    while let Some(entry) = rest.first() {
        let server = turns.next().expect("there are servers");
        let happened = match entry {
            Entry::Filled { user, item, code, now } => {
                let (user, item, code, now) = (*user, *item, *code, *now);
                let fill = move |session: &mut Session<'_>| -> Result<(), StoreError> {
                    session.put_cart_item(user, &item, now)?;
                    Ok(session.set_cart_promo(user, code, now)?)
                };
                server.write_plain(fill).await.expect("it is in the cart");
                1
            }
            Entry::Asked { now, .. } => {
                NOW.store(now.micros(), SeqCst);
                let asked_now = |entry| match entry {
                    &Entry::Asked { ref submission, now: at, .. } if at == *now => Some(&**submission),
                    Entry::Asked { .. } | Entry::Filled { .. } => None,
                };
                let size = sizes.next().expect("there is always a next size");
                let batch: Vec<_> = rest.iter().map_while(asked_now).take(size).collect();
                answers.extend(together(server, &batch, tally).await);
                batch.len()
            }
        };
        rest = &rest[happened..];
    }
    answers
}

/// Sizes of batches, the same ones every time.
fn sizes(seed: u64) -> impl Iterator<Item = usize> {
    let mut state = seed;
    std::iter::repeat_with(move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        1 + ((state >> 33) % BATCH) as usize
    })
}

async fn runs_the_same(way: &Way, database: &Database, n: u64, tally: &Tally) -> Figures {
    let (entries, mut world) = history(n);
    let has_numbers = way.servers == 1;
    let servers: Vec<_> = (0..way.servers).map(|_| shop::open(database)).collect();
    shop::rewind();
    let answers = again(&servers, &entries, sizes(n), tally).await;
    let asked = entries.iter().filter_map(|entry| match entry {
        Entry::Asked { submission, answer, .. } => Some((submission, answer)),
        Entry::Filled { .. } => None,
    });
    for (at, ((submission, expected), answer)) in asked.zip(&answers).enumerate() {
        let (expected, answer) = (comparable(expected, has_numbers), comparable(answer, has_numbers));
        let command = &submission.command;
        assert_eq!(answer, expected, "history {n} on {}, command {at}: {command:?}", way.name);
        tally.note_answer(command, &answer);
    }
    assert_eq!(new_id(), world.shop.new_id(), "as many ids were made");
    let kept = kept::in_memory(&world.shop, has_numbers);
    let (products, orders) = (world.products.clone(), world.orders.clone());
    let found = servers[0].read(move |session| rows::in_database(session, &products, &orders, has_numbers)).await;
    kept::assert_same(&found.expect("it is read"), &kept, &format!("history {n} on {}", way.name));
    for (table, rows) in kept::counts(&world.shop) {
        assert_eq!(
            database.number(&format!("select count(*) from {table}")),
            rows,
            "history {n} on {}: {table}",
            way.name
        );
    }
    let mut figures = Figures::default();
    for server in &servers {
        let stats = server.ledger().stats();
        figures.batches += stats.batches.load(SeqCst);
        figures.submissions += stats.submissions.load(SeqCst);
    }
    figures
}

#[test]
fn how_a_history_is_cut_into_batches_never_shows() {
    let tally = Tally::default();
    for way in WAYS {
        let begun = block_on(shop::begun(way.engine));
        let mut figures = Figures::default();
        for n in 0..HISTORIES {
            let database = shop::copy_of(&begun);
            let more = block_on(runs_the_same(&way, &database, n, &tally));
            (figures.batches, figures.submissions) =
                (figures.batches + more.batches, figures.submissions + more.submissions);
            if n % 10 == 9 {
                database.verify();
            }
        }
        println!("{}: {figures:?}", way.name);
        assert!(figures.batches * 3 < figures.submissions * 2, "{} had batches: {figures:?}", way.name);
    }
    tally.check(AS_MANY_AS);
}
