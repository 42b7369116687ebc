//! Whatever commands come in whatever order and in whatever batches, the books stay true and end the same.

#![allow(clippy::unwrap_used, unreachable_pub, reason = "a test says so when something is missing; nobody uses a test")]

mod books;
#[path = "../common/mod.rs"]
mod common;
mod start;
mod steps;
mod tally;
mod world;

use proptest::{collection::vec, prelude::*, test_runner::TestRunner};
use steps::Event;
use tally::Tally;
use tradepost_domain::{
    memory::{self, Submission},
    quantity::{Delta, Quantity},
};
use world::{Answer, Entry, World};

/// So many histories, unless `PROPTEST_CASES` says otherwise.
const HISTORIES: u32 = 3_000;

fn config() -> ProptestConfig {
    let is_said = std::env::var_os("PROPTEST_CASES").is_some();
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if is_said { config } else { ProptestConfig { cases: HISTORIES, ..config } }
}

/// An answer in a form in which two can be compared: the levels of a product are in no order.
fn comparable(answer: &Answer) -> Answer {
    let mut answer = answer.clone();
    if let Ok(effects) = &mut answer {
        effects.catalogue.levels.sort_by_key(|level| (level.product, level.location));
    }
    answer
}

/// The history once more in another shop, in batches of these sizes, each within one moment.
fn again_in_batches(entries: &[Entry], sizes: &[usize], tally: &Tally) -> (memory::Shop, Vec<Answer>) {
    let (mut shop, mut answers) = (start::a_shop(), Vec::new());
    let (mut rest, mut sizes) = (entries, sizes.iter().cycle());
    while let Some(entry) = rest.first() {
        let Entry::Asked { now, .. } = entry else {
            world::fill(&mut shop, entry);
            rest = &rest[1..];
            continue;
        };
        let asked_now = |entry: &&Entry| matches!(entry, Entry::Asked { now: at, .. } if at == now);
        let size = *sizes.next().expect("there are sizes");
        let batch: Vec<Submission> = rest.iter().take_while(asked_now).take(size).filter_map(submission).collect();
        let settled = shop.submit_batch(&batch, *now);
        assert!(!settled.is_empty(), "a batch settles at least its first");
        assert!(settled.len() <= batch.len());
        tally.note_batch(batch.len(), settled.len());
        rest = &rest[settled.len()..];
        answers.extend(settled);
    }
    (shop, answers)
}

fn submission(entry: &Entry) -> Option<Submission> {
    match entry {
        Entry::Asked { submission, .. } => Some((**submission).clone()),
        Entry::Filled { .. } => None,
    }
}

#[test]
fn a_history_ends_the_same_one_by_one_and_in_batches_of_any_size_and_keeps_every_invariant() {
    let (config, tally) = (config(), Tally::default());
    let cases = config.cases;
    let histories = (vec(any::<u64>(), 1..60), vec(1..12usize, 1..6));
    let outcome = TestRunner::new(config).run(&histories, |(seeds, sizes)| {
        let mut world = World::new();
        let history = seeds.into_iter().map(Event::from_seed);
        let entries: Vec<Entry> = history.filter_map(|event| world.happen(&event)).collect();
        world.check();
        let (shop, answers) = again_in_batches(&entries, &sizes, &tally);
        let mut answers = answers.iter();
        for entry in &entries {
            if let Entry::Asked { submission, answer, .. } = entry {
                let other = answers.next().expect("as many answers");
                assert_eq!(comparable(other), comparable(answer), "{:?}", submission.command);
                tally.note_answer(&submission.command, answer);
            }
        }
        assert_eq!(shop.movements(), world.shop.movements());
        assert_eq!((shop.messages(), shop.audit()), (world.shop.messages(), world.shop.audit()));
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
    tally.check(cases);
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn adding_and_taking_a_quantity_leaves_what_was(a in 0..=i64::MAX / 4, b in 0..=i64::MAX / 4) {
        let (a, b) = (Quantity::from_hundred_thousandths(a).unwrap(), Quantity::from_hundred_thousandths(b).unwrap());
        prop_assert_eq!(a.checked_add(b).and_then(|sum| sum.checked_sub(b)), Some(a));
        prop_assert_eq!(a.after(Delta::between(a, b)), Some(b));
    }
}
