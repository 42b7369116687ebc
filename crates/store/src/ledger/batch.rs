//! One attempt at a batch, in one transaction: replay, load, decide, keep, commit.

use super::{Pending, Sources, SubmitError, load, persist};
use crate::{
    connection::{Conn, Mode, begin, commit, rollback},
    error::{self, StoreError},
    idempotency::{self, Answer, Done, NewAnswer, Stored},
    session::commit_failed,
};
use diesel::result::Error as DieselError;
use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
};
use tradepost_domain::{
    instant::Instant,
    ledger::{Book, Command, Effects, Inputs, Refusal, decide},
    money::Currency,
};

/// What a caller is told.
pub(super) type Reply = Result<Done, SubmitError>;

/// Why an attempt came to nothing. The transaction was rolled back.
#[derive(Debug)]
pub(super) enum Failure {
    /// This submission panicked.
    Panic { index: usize, message: String },
    /// Somebody else was in the way: run it again.
    Again(String),
    /// The database did not take a row.
    Row(StoreError),
    /// The database was not there, or something is broken.
    Lost(StoreError),
}

impl From<DieselError> for Failure {
    fn from(error: DieselError) -> Self {
        if error::is_retryable(&error) {
            Self::Again(error.to_string())
        } else if error::is_data(&error) {
            Self::Row(error.into())
        } else {
            Self::Lost(error.into())
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(reason) => Self::Again(reason),
            error if error.is_data() => Self::Row(error),
            error => Self::Lost(error),
        }
    }
}

/// Runs the batch. What it answers is true: it was committed.
pub(super) fn run(
    conn: &mut Conn,
    batch: &[Pending],
    currency: Currency,
    sources: Sources,
) -> Result<Vec<Reply>, Failure> {
    begin(conn, Mode::Write)?;
    match decided(conn, batch, currency, sources) {
        Ok(replies) => match commit(conn) {
            Ok(()) => Ok(replies),
            Err(error) => {
                rollback(conn);
                Err(match commit_failed(error) {
                    StoreError::Conflict(reason) => Failure::Again(reason),
                    error => Failure::Lost(error),
                })
            }
        },
        Err(failure) => {
            rollback(conn);
            Err(failure)
        }
    }
}

fn decided(conn: &mut Conn, batch: &[Pending], currency: Currency, sources: Sources) -> Result<Vec<Reply>, Failure> {
    let stored = lock_and_find(conn, batch)?;
    let replays: Vec<Option<Reply>> = batch.iter().map(|pending| replay(pending, &stored)).collect();
    let live = || batch.iter().zip(&replays).filter(|(_, replay)| replay.is_none()).map(|(pending, _)| pending);
    if live().next().is_none() {
        return Ok(replays.into_iter().flatten().collect());
    }
    let commands: Vec<&Command> = live().map(|pending| &pending.submission.command).collect();
    let (mut book, mut numbers) = load::load(conn, &commands, currency)?;
    let now = (sources.now)();
    let mut decisions = Decisions::default();
    let mut replies = Vec::with_capacity(batch.len());
    for (index, (pending, replay)) in batch.iter().zip(replays).enumerate() {
        let reply = match replay.or_else(|| decisions.replay(pending)) {
            Some(reply) => reply,
            None => decisions
                .decide(pending, &mut book, &mut numbers, now, sources)
                .map_err(|panic| Failure::Panic { index, message: panic })?,
        };
        replies.push(reply);
    }
    persist::persist(conn, &decisions.effects, &book)?;
    numbers.keep(conn)?;
    idempotency::insert_answers(conn, &decisions.answers(now))?;
    Ok(replies)
}

/// Locks every idempotency key and delivery id of the batch, then reads what is stored under the keys.
fn lock_and_find(conn: &mut Conn, batch: &[Pending]) -> Result<HashMap<(String, String), Stored>, Failure> {
    let mut locks = Vec::new();
    let mut keys = Vec::new();
    for pending in batch {
        if let Some(key) = &pending.submission.key {
            locks.push(idempotency::lock_of(&key.principal, &key.key));
            keys.push((key.principal.as_str(), key.key.as_str()));
        }
        if let Command::ApplyPosEvent(delivery) = &pending.submission.command {
            locks.push(idempotency::lock_of(&format!("pos:{}", delivery.connection), &delivery.webhook_id));
        }
    }
    idempotency::lock_keys(conn, &mut locks)?;
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

/// What the batch has decided so far.
#[derive(Default)]
struct Decisions<'b> {
    effects: Vec<Effects>,
    keyed: HashMap<(&'b str, &'b str), ([u8; 32], Answer)>,
}

impl<'b> Decisions<'b> {
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

    /// Decides one. `Err` is what a panic said; the book may then be half changed, and the whole batch is thrown away.
    fn decide(
        &mut self,
        pending: &'b Pending,
        book: &mut Book,
        numbers: &mut load::Numbers,
        now: Instant,
        sources: Sources,
    ) -> Result<Reply, String> {
        let submission = &pending.submission;
        let decided = catch_unwind(AssertUnwindSafe(|| {
            let mut inputs = Inputs {
                now,
                principal: &submission.principal,
                expected_version: submission.expected_version,
                new_id: &mut || (sources.new_id)(),
                next_number: &mut |series| numbers.next(series),
            };
            let effects = decide(book, &submission.command, &mut inputs)?;
            book.apply(&effects);
            let answer = (submission.answer)(&effects, book);
            Ok::<_, Refusal>((effects, answer))
        }));
        match decided {
            Ok(Ok((effects, answer))) => {
                if let Some(key) = &submission.key {
                    let known = (key.fingerprint, answer.clone());
                    self.keyed.insert((key.principal.as_str(), key.key.as_str()), known);
                }
                if !effects.is_empty() {
                    self.effects.push(effects);
                }
                Ok(Ok(Done { answer, replayed: false }))
            }
            Ok(Err(refusal)) => Ok(Err(refusal.into())),
            Err(panic) => Err(crate::pool::words(panic.as_ref()).to_owned()),
        }
    }

    fn answers(&self, now: Instant) -> Vec<NewAnswer<'_>> {
        let mut answers = Vec::with_capacity(self.keyed.len());
        for ((principal, key), (fingerprint, answer)) in &self.keyed {
            answers.push(NewAnswer { principal, key, fingerprint: *fingerprint, answer, created_at: now });
        }
        answers
    }
}
