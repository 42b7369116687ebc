//! One attempt at a batch, in one transaction: replay, ask and load, decide, keep, commit.

use super::{
    context::{ShopConstants, Sources},
    failure::{Failure, LedgerResult},
    loader::{Loader, Locks},
    numbers::Numbers,
    queue::{Pending, Reply, SubmitError},
    wing::DecidedBatch,
    wings::WINGS,
};
use crate::{
    bulk::Writes,
    connection::{Conn, Mode, begin, begin_with_locks, commit, rollback},
    error::{StoreError, class_on},
    idempotency::{self, Answer, Done, NewAnswer, Stored},
    pool::panic_message,
    session::not_committed,
};
use std::{
    collections::{HashMap, HashSet},
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, Instant as Stopwatch},
};
use tradepost_domain::{
    identity::Principal,
    ids::{LocationId, ProductId},
    instant::Instant,
    ledger::{Book, Command, Effects, Inputs, NumberSeries, ReadSet, Stop, decide, gather, missing},
};
use uuid::Uuid;

/// What attempts at a batch have in common.
pub(super) struct Attempt<'a> {
    pub constants: ShopConstants,
    pub sources: &'a Sources,
    /// Levels that were made for this batch already, as far as they could be.
    pub no_levels: &'a HashSet<(ProductId, LocationId)>,
}

impl Attempt<'_> {
    /// Runs the batch. What it answers is true: it was committed. It answers at least one, in order, and not all of them where one misses
    /// what an earlier one of the batch made relevant: that one is the first of the next batch.
    pub(super) fn run(&self, conn: &mut Conn, batch: &[Pending], numbers: &mut Numbers) -> Result<Vec<Reply>, Failure> {
        let since = Stopwatch::now();
        begin_with_locks(conn, &all_locks(batch))
            .map_err(|error| Failure::from(error).classified(conn, since.elapsed()))?;
        match self.decided(conn, batch, numbers) {
            Ok((replies, left)) => match commit(conn) {
                Ok(()) => {
                    *numbers = left;
                    Ok(replies)
                }
                Err(error) => {
                    let failure = match not_committed(class_on(conn, &error), &error, Duration::ZERO) {
                        unknown @ StoreError::OutcomeUnknown(_) => Failure::Lost(unknown),
                        error => error.into(),
                    };
                    rollback(conn);
                    Err(failure)
                }
            },
            Err(failure) => {
                let failure = failure.classified(conn, Duration::ZERO);
                rollback(conn);
                Err(failure)
            }
        }
    }

    /// The replies, and the numbers that are left once they are given.
    fn decided(
        &self,
        conn: &mut Conn,
        batch: &[Pending],
        numbers: &mut Numbers,
    ) -> Result<(Vec<Reply>, Numbers), Failure> {
        let stored = find_answers(conn, batch)?;
        let replays: Vec<Option<Reply>> = batch.iter().map(|pending| replay(pending, &stored)).collect();
        let live: Vec<(usize, &Pending)> =
            batch.iter().enumerate().filter(|(index, _)| replays.get(*index).is_some_and(Option::is_none)).collect();
        let now = self.sources.now();
        let mut book = self.constants.book();
        self.load(conn, &mut book, &live, now)?;
        let count = |series| live.iter().filter(|(_, p)| p.submission.command.series() == Some(series)).count();
        numbers.draw(conn, count(NumberSeries::Sales), count(NumberSeries::Orders))?;
        let mut left = numbers.clone();
        let mut decisions = Decisions::default();
        let mut replies = Vec::with_capacity(batch.len());
        for (index, (pending, replay)) in batch.iter().zip(replays).enumerate() {
            let reply = match replay.or_else(|| decisions.replay(pending)) {
                Some(reply) => Ok(reply),
                None => decisions.decide(pending, &mut book, &mut left, (now, self.sources)),
            };
            match reply {
                Ok(reply) => replies.push(reply),
                Err(Undecided::Panicked(message)) => return Err(Failure::Panic { index, message }),
                Err(Undecided::Stale) => return Err(Failure::Again("what was looked up has changed".to_owned())),
                Err(Undecided::Misses) if decisions.is_untouched() => {
                    let message = "a rule requires more than it said it would".to_owned();
                    return Err(Failure::Panic { index, message });
                }
                Err(Undecided::Misses) => break,
            }
        }
        let since = Stopwatch::now();
        let written = self.write(conn, &decisions, &book, (now, &left));
        written.map_err(|failure| failure.classified(conn, since.elapsed()))?;
        Ok((replies, left))
    }

    /// Asks everybody what they must know, and loads it.
    fn load(&self, conn: &mut Conn, book: &mut Book, live: &[(usize, &Pending)], now: Instant) -> Result<(), Failure> {
        let mut panicked = None;
        let ask = |book: &Book, n: usize| {
            let (index, pending) = live.get(n)?;
            let submission = &pending.submission;
            let asked = (&submission.command, &submission.principal, submission.expected_version);
            match catch_unwind(AssertUnwindSafe(|| missing(book, asked, now))) {
                Ok(missing) => missing,
                Err(panic) => {
                    panicked = Some((*index, panic_message(panic.as_ref()).to_owned()));
                    None
                }
            }
        };
        let mut loader = Loader { conn, locks: Locks::Take, constants: self.constants, no_levels: self.no_levels };
        gather(book, live.len(), ask, |book, _, wanted| {
            let since = Stopwatch::now();
            load(&mut loader, book, wanted).map_err(|failure| failure.classified(loader.conn, since.elapsed()))
        })?;
        match panicked {
            Some((index, message)) => Err(Failure::Panic { index, message }),
            None => Ok(()),
        }
    }

    fn write(
        &self,
        conn: &mut Conn,
        decisions: &Decisions<'_>,
        book: &Book,
        (now, numbers): (Instant, &Numbers),
    ) -> Result<(), Failure> {
        let answers = decisions.answers(now);
        let mut writes = Writes::new(conn);
        let decided = DecidedBatch { effects: &decisions.effects, book };
        for wing in WINGS {
            (wing.persist)(&mut writes, &decided)?;
        }
        numbers.write_used(&mut writes)?;
        idempotency::write_answers(&mut writes, &answers)?;
        writes.finish()?;
        Ok(())
    }

    /// Which of the batch need a row that somebody else holds, so that the others can go on without them.
    pub(super) fn blocked(&self, conn: &mut Conn, batch: &[Pending]) -> Result<Vec<bool>, Failure> {
        begin(conn, Mode::Write)?;
        let blocked = self.find_blocked(conn, batch).map_err(|failure| failure.classified(conn, Duration::ZERO));
        rollback(conn);
        blocked
    }

    fn find_blocked(&self, conn: &mut Conn, batch: &[Pending]) -> Result<Vec<bool>, Failure> {
        let now = self.sources.now();
        let (mut all, mut free) = (self.constants.book(), self.constants.book());
        let mut asked: Vec<Vec<ReadSet>> = batch.iter().map(|_| Vec::new()).collect();
        let ask = |book: &Book, n: usize| {
            let submission = &batch.get(n)?.submission;
            let asking = (&submission.command, &submission.principal, submission.expected_version);
            let missing = catch_unwind(AssertUnwindSafe(|| missing(book, asking, now))).ok().flatten()?;
            asked.get_mut(n)?.push(missing.wanted.clone());
            Some(missing)
        };
        gather(&mut all, batch.len(), ask, |book, _, wanted| {
            let loader = |conn: &mut Conn, locks, book: &mut Book, wanted| {
                load(&mut Loader { conn, locks, constants: self.constants, no_levels: self.no_levels }, book, wanted)
            };
            loader(conn, Locks::Skip, &mut free, wanted.clone())?;
            loader(conn, Locks::None, book, wanted)
        })?;
        let held = idempotency::held_locks(conn, all_locks(batch))?;
        let blocked = |(pending, sets): (&Pending, &Vec<ReadSet>)| {
            locks_of(pending).any(|lock| held.contains(&lock)) || sets.iter().any(|set| set.differs(&all, &free))
        };
        Ok(batch.iter().zip(&asked).map(blocked).collect())
    }
}

/// Loads everything that is asked for.
fn load(loader: &mut Loader<'_>, book: &mut Book, mut wanted: ReadSet) -> LedgerResult {
    for wing in WINGS {
        (wing.load)(loader, book, &mut wanted)?;
    }
    if wanted.is_empty() {
        return Ok(());
    }
    Err(StoreError::Internal(format!("no wing loads {wanted:?}")).into())
}

/// What a command would come to by what the connection sees now. Nothing is locked or kept.
pub(crate) fn dry_run(
    conn: &mut Conn,
    asked: (&Command, &Principal, Option<i64>),
    constants: ShopConstants,
    now: Instant,
) -> Result<Effects, SubmitError> {
    let mut book = constants.book();
    let no_levels = HashSet::new();
    let mut loader = Loader { conn, locks: Locks::None, constants, no_levels: &no_levels };
    let loaded =
        gather(&mut book, 1, |book, _| missing(book, asked, now), |book, _, wanted| load(&mut loader, book, wanted));
    loaded.map_err(|failure| match failure {
        Failure::Again(why) => StoreError::Conflict(why),
        Failure::Refused(error) | Failure::Lost(error) | Failure::Blocked(error) => error,
        Failure::Database(error) => error.into(),
        // Nobody is asked to make levels for looking, and a panic goes to whoever called.
        Failure::Panic { message, .. } => StoreError::Internal(message),
        Failure::NoLevels(_) => StoreError::Internal("levels were to be made for looking".to_owned()),
    })?;
    let (command, principal, expected_version) = asked;
    // Nobody keeps these ids, but what has one must not be taken for another.
    let mut ids = (1_u128..).map(Uuid::from_u128);
    let (new_id, next_number) = (&mut || ids.next().unwrap_or_default(), &mut |_| 0);
    match decide(&book, command, &mut Inputs { now, principal, expected_version, new_id, next_number }) {
        Ok(effects) => Ok(effects),
        Err(Stop::Refused(refusal)) => Err(refusal.into()),
        Err(Stop::Stale) => Err(StoreError::Conflict("what was looked up has changed".to_owned()).into()),
        Err(Stop::Missing(missing)) => {
            Err(StoreError::Internal(format!("a rule requires more than it said it would: {missing:?}")).into())
        }
    }
}

/// What stands for a submission's idempotency key and delivery id when they are locked.
fn locks_of(Pending { submission, .. }: &Pending) -> impl Iterator<Item = i64> {
    let key = submission.key.as_ref().map(|key| idempotency::lock_of(&key.principal, &key.key));
    key.into_iter().chain(super::pos::lock_of(&submission.command))
}

/// Those of all of them, sorted.
fn all_locks(batch: &[Pending]) -> Vec<i64> {
    let mut locks: Vec<i64> = batch.iter().flat_map(locks_of).collect();
    locks.sort_unstable();
    locks.dedup();
    locks
}

fn find_answers(conn: &mut Conn, batch: &[Pending]) -> Result<HashMap<(String, String), Stored>, Failure> {
    let keys = batch.iter().filter_map(|pending| pending.submission.key.as_ref());
    let keys: Vec<_> = keys.map(|key| (key.principal.as_str(), key.key.as_str())).collect();
    Ok(idempotency::find_answers(conn, &keys)?)
}

fn replay(pending: &Pending, stored: &HashMap<(String, String), Stored>) -> Option<Reply> {
    let key = pending.submission.key.as_ref()?;
    let stored = stored.get(&(key.principal.clone(), key.key.clone()))?;
    Some(if stored.fingerprint == key.fingerprint {
        Ok(Done { answer: stored.answer.clone(), replayed: true })
    } else {
        Err(StoreError::KeyReused.into())
    })
}

/// Why a command was not decided.
enum Undecided {
    /// It panicked with these words. The book may be half changed then, and the whole batch is thrown away.
    Panicked(String),
    /// It misses what an earlier one of the batch made relevant.
    Misses,
    /// What was looked up has changed since.
    Stale,
}

/// What the batch has decided so far.
#[derive(Default)]
struct Decisions<'b> {
    effects: Vec<Effects>,
    keyed: HashMap<(&'b str, &'b str), ([u8; 32], Answer)>,
}

impl<'b> Decisions<'b> {
    /// Has nothing changed the book since it was loaded?
    fn is_untouched(&self) -> bool {
        self.effects.is_empty()
    }

    /// The same key may come twice in one batch.
    fn replay(&self, pending: &Pending) -> Option<Reply> {
        let key = pending.submission.key.as_ref()?;
        let (fingerprint, answer) = self.keyed.get(&(key.principal.as_str(), key.key.as_str()))?;
        Some(if *fingerprint == key.fingerprint {
            Ok(Done { answer: answer.as_replayed(), replayed: true })
        } else {
            Err(StoreError::KeyReused.into())
        })
    }

    fn decide(
        &mut self,
        pending: &'b Pending,
        book: &mut Book,
        numbers: &mut Numbers,
        (now, sources): (Instant, &Sources),
    ) -> Result<Reply, Undecided> {
        let submission = &pending.submission;
        let decided = catch_unwind(AssertUnwindSafe(|| {
            let mut inputs = Inputs {
                now,
                principal: &submission.principal,
                expected_version: submission.expected_version,
                new_id: &mut || sources.new_id(),
                next_number: &mut |series| numbers.next(series),
            };
            let effects = decide(book, &submission.command, &mut inputs)?;
            book.apply(&effects);
            let answer = (submission.answer)(&effects);
            Ok::<_, Stop>((effects, answer))
        }));
        let (effects, answer) = match decided {
            Ok(Ok(decided)) => decided,
            Ok(Err(Stop::Refused(refusal))) => return Ok(Err(refusal.into())),
            Ok(Err(Stop::Missing(_))) => return Err(Undecided::Misses),
            Ok(Err(Stop::Stale)) => return Err(Undecided::Stale),
            Err(panic) => return Err(Undecided::Panicked(panic_message(panic.as_ref()).to_owned())),
        };
        if let Some(key) = &submission.key {
            self.keyed.insert((key.principal.as_str(), key.key.as_str()), (key.fingerprint, answer.clone()));
        }
        if !effects.is_empty() {
            self.effects.push(effects);
        }
        Ok(Ok(Done { answer, replayed: false }))
    }

    fn answers(&self, now: Instant) -> Vec<NewAnswer<'_>> {
        let mut answers = Vec::with_capacity(self.keyed.len());
        for ((principal, key), (fingerprint, answer)) in &self.keyed {
            answers.push(NewAnswer { principal, key, fingerprint, answer, created_at: now });
        }
        answers
    }
}
