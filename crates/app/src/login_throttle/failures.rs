//! Failed logins as this process counts them: at once and in memory. They are written down in one batch a second, off the path of who logs in,
//! so that a flood of wrong passwords does not stand in the queue of the sales. Replicas learn of each other's through the database; a crash
//! forgets the last second's.
//!
//! What counts is what is stored and what is not written down yet. While a batch is being written nobody can tell whether what was just
//! read has it: until that is known, what was stored before goes on counting.

use super::verdict::{self, Subjects, Verdict};
use std::{
    collections::{BTreeSet, HashMap},
    mem::take,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tradepost_domain::instant::Instant;

/// So many are remembered until they are written down; a flood of made-up logins must not fill the memory.
const MOST: usize = 30_000;

/// Failures and the time of the last one, by subject: as stored, or to be stored.
pub(super) type Counts = Vec<(String, u32, Instant)>;

/// What is not written down yet.
#[derive(Default)]
pub struct Failures(Mutex<State>);

#[derive(Default)]
struct State {
    entries: HashMap<String, Entry>,
    /// Forgotten while a batch that may have them was being written.
    late_to_forget: BTreeSet<String>,
    /// Goes up with every batch that was written, or was not.
    generation: u64,
}

struct Entry {
    /// As it was stored when it was last read, where that still counts.
    stored: u32,
    waiting: u32,
    being_written: u32,
    last: Instant,
}

/// Whether somebody may try a password.
pub enum Decision {
    /// A batch was written while the stored counts were read: read them again.
    ReadAgain,
    /// So many are logging in that no more can be counted.
    TooMany,
    /// They may not, until they have waited.
    Wait(Verdict),
    /// They may, and it counts as failed until it is known to be right.
    Admitted {
        /// How long to keep the answer back.
        late: Duration,
        /// What it comes to if it is wrong.
        if_wrong: Verdict,
    },
}

/// What is to be written down at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Subjects to be forgotten first.
    pub forget: Vec<String>,
    /// Failures to be added, sorted by subject.
    pub add: Counts,
}

impl Failures {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds this lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// To be read before the stored counts are; see [`Failures::attempt`].
    pub fn generation(&self) -> u64 {
        self.lock().generation
    }

    /// Judges an attempt by what was stored and what was not written down yet, and counts it: before its password is looked at, so that a
    /// thousand guesses at once are not all the first. Without a generation it is not asked whether the stored counts may be old.
    pub fn attempt(&self, subjects: &Subjects, stored: &Counts, generation: Option<u64>, now: Instant) -> Decision {
        let mut state = self.lock();
        if generation.is_some_and(|read_at| read_at != state.generation) {
            return Decision::ReadAgain;
        }
        if state.entries.len() + 3 > MOST {
            return Decision::TooMany;
        }
        let before = Verdict::of(subjects, &state.counts(subjects, stored, now), now);
        if before.wait_seconds > 0 {
            return Decision::Wait(before);
        }
        for (subject, failures) in [(&subjects.pair, 1), (&subjects.account, 1), (&subjects.address, 0)] {
            let known = state.stored(subject, stored, now);
            let entry = state.entry(subject, now);
            entry.stored = known.map_or(0, |(failures, _)| failures);
            entry.add(failures, now);
        }
        let if_wrong = Verdict::of(subjects, &state.counts(subjects, stored, now), now);
        Decision::Admitted { late: before.late, if_wrong }
    }

    /// Counts a wrong password for its address too. (An address whose people know their passwords has none.)
    pub fn add_to_address(&self, subjects: &Subjects, now: Instant) {
        self.lock().entry(&subjects.address, now).add(1, now);
    }

    /// Forgets the failures of an account and of its address, after they were forgotten in the database: somebody knew the password.
    pub fn forget(&self, subjects: &Subjects) {
        let mut state = self.lock();
        for subject in [&subjects.pair, &subjects.account] {
            if state.entries.remove(subject).is_some_and(|entry| entry.being_written > 0) {
                state.late_to_forget.insert(subject.clone());
            }
        }
    }

    /// What is to be written down now, if anything is. One batch at a time: it must come back through [`Failures::finish`].
    pub fn take(&self) -> Option<Batch> {
        let mut state = self.lock();
        let forget: Vec<String> = take(&mut state.late_to_forget).into_iter().collect();
        state.entries.retain(|_, entry| entry.waiting > 0);
        let mut add = Counts::with_capacity(state.entries.len());
        for (subject, entry) in &mut state.entries {
            entry.being_written = take(&mut entry.waiting);
            add.push((subject.clone(), entry.being_written, entry.last));
        }
        // Sorted, so that two replicas that write at once do not wait for each other in a circle.
        add.sort_unstable_by(|one, other| one.0.cmp(&other.0));
        (!forget.is_empty() || !add.is_empty()).then_some(Batch { forget, add })
    }

    /// A batch was written, or was not and is to be written with the next one.
    pub fn finish(&self, batch: Batch, is_written: bool) {
        let mut state = self.lock();
        state.generation += 1;
        if !is_written {
            state.late_to_forget.extend(batch.forget);
        }
        for (subject, failures, _) in batch.add {
            // Whoever logged in meanwhile has none any more.
            let Some(entry) = state.entries.get_mut(&subject) else { continue };
            let taken = take(&mut entry.being_written).min(failures);
            let count = if is_written { &mut entry.stored } else { &mut entry.waiting };
            *count = count.saturating_add(taken);
        }
    }
}

impl Entry {
    fn add(&mut self, failures: u32, now: Instant) {
        self.waiting = self.waiting.saturating_add(failures);
        if failures > 0 {
            self.last = now;
        }
    }
}

impl State {
    fn entry(&mut self, subject: &str, now: Instant) -> &mut Entry {
        let new = || Entry { stored: 0, waiting: 0, being_written: 0, last: now };
        self.entries.entry(subject.to_owned()).or_insert_with(new)
    }

    /// What is stored and still counts, and when the last one was.
    fn stored(&self, subject: &str, read: &Counts, now: Instant) -> Option<(u32, Instant)> {
        match self.entries.get(subject) {
            Some(entry) if entry.being_written > 0 => Some((entry.stored, entry.last)),
            Some(_) | None => {
                let found = read.iter().find(|(name, _, last)| name == subject && verdict::still_counts(*last, now));
                found.map(|(_, failures, last)| (*failures, *last))
            }
        }
    }

    fn counts(&self, subjects: &Subjects, read: &Counts, now: Instant) -> Counts {
        let count = |subject: String| {
            let (stored, stored_last) = self.stored(&subject, read, now).unwrap_or((0, now));
            let mine = self.entries.get(&subject).map(|entry| (entry.waiting + entry.being_written, entry.last));
            let (mine, last) = mine.filter(|(failures, _)| *failures > 0).unwrap_or((0, stored_last));
            (subject, stored.saturating_add(mine), last)
        };
        subjects.all().into_iter().map(count).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::IpAddr;

    fn at(second: i64) -> Instant {
        Instant::from_micros(second * 1_000_000)
    }

    fn maria() -> Subjects {
        Subjects::of("maria", IpAddr::from([192, 0, 2, 1]))
    }

    /// Tries a wrong password; answers how many more cost nothing, or `None` when that is refused.
    fn guess(failures: &Failures, stored: &Counts, second: i64) -> Option<u32> {
        match failures.attempt(&maria(), stored, None, at(second)) {
            Decision::Admitted { if_wrong, .. } => {
                failures.add_to_address(&maria(), at(second));
                Some(if_wrong.remaining)
            }
            Decision::TooMany | Decision::Wait(_) => None,
            Decision::ReadAgain => panic!("nobody asked whether it is old"),
        }
    }

    fn in_database(batch: &Batch) -> Counts {
        batch.add.clone()
    }

    #[test]
    fn failures_count_at_once_and_a_thousand_of_them_are_one_batch_of_three_rows() {
        let failures = Failures::default();
        let guesses: Vec<_> = (0..1_000).map(|_| guess(&failures, &Counts::new(), 0)).collect();
        assert_eq!(guesses[..6], [Some(4), Some(3), Some(2), Some(1), Some(0), None]);
        assert!(guesses[5..].iter().all(Option::is_none));
        let batch = failures.take().unwrap();
        assert_eq!(batch.add.iter().map(|(_, failures, _)| *failures).collect::<Vec<_>>(), [5, 5, 5]);
        assert!(batch.add.is_sorted(), "{batch:?}");
        failures.finish(batch, true);
        assert_eq!(failures.take(), None);
    }

    #[test]
    fn while_a_batch_is_written_nothing_counts_twice_and_nothing_is_missed() {
        let (failures, none) = (Failures::default(), Counts::new());
        assert_eq!((guess(&failures, &none, 0), guess(&failures, &none, 0)), (Some(4), Some(3)));
        let batch = failures.take().unwrap();
        // Whether the database has it already or not, it is the third.
        assert_eq!(guess(&failures, &in_database(&batch), 0), Some(2));
        assert_eq!(guess(&failures, &none, 0), Some(1));
        let (before, stored) = (failures.generation(), in_database(&batch));
        failures.finish(batch, true);
        let old = failures.attempt(&maria(), &none, Some(before), at(0));
        assert!(matches!(old, Decision::ReadAgain), "it was read before the batch was there");
        assert_eq!(guess(&failures, &stored, 0), Some(0));
        assert_eq!(guess(&failures, &stored, 0), None);
    }

    #[test]
    fn what_could_not_be_written_is_written_with_the_next_batch() {
        let (failures, none) = (Failures::default(), Counts::new());
        guess(&failures, &none, 0);
        let batch = failures.take().unwrap();
        guess(&failures, &none, 1);
        failures.finish(batch, false);
        assert_eq!(guess(&failures, &none, 1), Some(2));
        assert!(failures.take().unwrap().add.iter().all(|(_, failures, last)| (*failures, *last) == (3, at(1))));
    }

    #[test]
    fn who_knows_the_password_starts_anew_also_when_a_batch_was_under_way() {
        let (failures, none) = (Failures::default(), Counts::new());
        guess(&failures, &none, 0);
        let batch = failures.take().unwrap();
        failures.forget(&maria());
        failures.finish(batch, true);
        assert_eq!(guess(&failures, &none, 0), Some(4));
        let next = failures.take().unwrap();
        assert_eq!(next.forget.len(), 2, "the batch came after it was forgotten in the database");
    }

    #[test]
    fn a_flood_of_made_up_logins_does_not_fill_the_memory() {
        let failures = Failures::default();
        let attempts = (0..MOST).map(|n| {
            let subjects = Subjects::of(&format!("login {n}"), IpAddr::from([192, 0, 2, 1]));
            failures.attempt(&subjects, &Counts::new(), None, at(0))
        });
        let refused = attempts.filter(|attempt| matches!(attempt, Decision::TooMany | Decision::Wait(_))).count();
        assert!(refused > MOST / 3, "{refused}");
        assert!(failures.lock().entries.len() <= MOST);
    }
}
