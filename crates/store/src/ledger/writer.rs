//! The writer's loop: fill a batch, run it, and when something goes wrong find out whose fault it is.

use super::{
    batch::Attempt,
    context::{ConstantsOnceStarted, ShopConstants, Sources, Stats},
    failure::Failure,
    numbers::Numbers,
    queue::{Job, Pending, Reply, SubmitError},
    stock,
};
use crate::{
    connection::{Conn, ConnectionPool},
    error::StoreError,
    pool::MAX_WAIT,
};
use std::{
    collections::HashSet,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, atomic::Ordering, mpsc::Receiver},
    time::Duration,
};
use tradepost_domain::ids::{LocationId, ProductId};

/// A batch has at most so many submissions …
const MAX_SUBMISSIONS: usize = 256;
/// … and stops growing at so many lines.
const MAX_LINES: usize = 2_000;
/// How often a batch is run again before it is cut in halves to find out who is in the way.
const MAX_RERUNS: u32 = 2;
/// How long to wait for a connection: while there is none, everybody in the queue waits that long.
const CONNECT_WAIT: Duration = Duration::from_secs(2);

/// A unit of work that is not the ledger's.
type Work = Box<dyn FnOnce(&mut Conn) + Send>;

pub(super) struct Writer {
    connections: ConnectionPool,
    constants: ConstantsOnceStarted,
    sources: Sources,
    stats: Arc<Stats>,
    numbers: Numbers,
}

/// What running a batch has met so far.
#[derive(Default)]
struct RetryState {
    reruns: u32,
    /// Levels that were made already, as far as they could be.
    no_levels: HashSet<(ProductId, LocationId)>,
}

impl Writer {
    pub(super) fn new(
        connections: ConnectionPool,
        constants: ConstantsOnceStarted,
        sources: Sources,
        stats: Arc<Stats>,
    ) -> Self {
        Self { connections, constants, sources, stats, numbers: Numbers::default() }
    }

    pub(super) fn run(&mut self, queue: &Receiver<Job>) {
        while let Ok(first) = queue.recv() {
            // Whoever was in it sees the reply channel close and is told that the outcome is unknown; the next ones are served.
            if catch_unwind(AssertUnwindSafe(|| self.take(first, queue))).is_err() {
                log::error!("the writer panicked; it goes on with the next batch");
            }
        }
    }

    fn take(&mut self, first: Job, queue: &Receiver<Job>) {
        match first {
            Job::Submit(pending) => {
                let mut batch = vec![*pending];
                let after = fill(&mut batch, queue);
                self.run_batch(batch);
                if let Some(work) = after {
                    self.run_write(work);
                }
            }
            Job::Write(work) => self.run_write(work),
        }
    }

    fn run_write(&self, work: Work) {
        match self.connections.get_timeout(CONNECT_WAIT) {
            Ok(mut conn) => work(&mut conn),
            // The caller sees its reply channel close; the reason is for the log.
            Err(error) => log::error!("no connection to write with: {error}"),
        }
    }

    fn run_batch(&mut self, batch: Vec<Pending>) {
        self.stats.waiting.fetch_sub(batch.len() as u64, Ordering::Relaxed);
        let (batch, late): (Vec<_>, Vec<_>) =
            batch.into_iter().partition(|pending| pending.since.elapsed() <= MAX_WAIT);
        answer_all(late, || StoreError::Busy);
        if batch.is_empty() {
            return;
        }
        let Some(constants) = (self.constants)() else {
            let never = || StoreError::Internal("the shop has no currency yet: it was never started".to_owned());
            return answer_all(batch, never);
        };
        self.run_until_answered(batch, constants, RetryState::default());
    }

    /// Runs a batch until everybody in it has an answer.
    fn run_until_answered(&mut self, mut batch: Vec<Pending>, constants: ShopConstants, mut retry: RetryState) {
        while !batch.is_empty() {
            match self.attempt(&batch, constants, &retry) {
                Ok(replies) => {
                    self.stats.batches.fetch_add(1, Ordering::Relaxed);
                    self.stats.submissions.fetch_add(replies.len() as u64, Ordering::Relaxed);
                    let answered = batch.drain(..replies.len());
                    answered.zip(replies).for_each(|(pending, reply)| answer(pending, reply));
                    retry.reruns = 0;
                }
                Err(failure) => match self.recover(failure, batch, constants, &mut retry) {
                    Some(rest) => batch = rest,
                    None => return,
                },
            }
        }
    }

    /// What is left to be run after an attempt came to nothing; nothing where everybody has their answer.
    fn recover(
        &mut self,
        failure: Failure,
        mut batch: Vec<Pending>,
        constants: ShopConstants,
        retry: &mut RetryState,
    ) -> Option<Vec<Pending>> {
        let again = retry.reruns < MAX_RERUNS;
        match failure {
            Failure::Panic { index, message } => {
                leave_out_panicked(&mut batch, index, &message);
                return Some(batch);
            }
            Failure::NoLevels(wanted) => {
                if let Err(error) = self.make_levels(&wanted) {
                    return self.recover(error, batch, constants, retry);
                }
                retry.no_levels.extend(wanted);
                return Some(batch);
            }
            // Nobody looked at the connection, for it was not inside a batch.
            Failure::Database(error) => return self.recover(Failure::Refused(error.into()), batch, constants, retry),
            Failure::Lost(error) => {
                // Numbers may have been kept although nobody heard so, and a server that crashed may draw them again.
                self.numbers = Numbers::default();
                log::warn!("a batch of {} was lost: {error}", batch.len());
                answer_all(batch, || error.clone());
                return None;
            }
            Failure::Blocked(error) => {
                log::warn!("a batch of {} waited for too long: {error}", batch.len());
                batch = self.leave_out_blocked(batch, constants, retry, &error);
                retry.reruns += 1;
                if again || batch.is_empty() {
                    return Some(batch);
                }
                return self.halve(batch, constants, &error);
            }
            Failure::Again(reason) => {
                self.stats.reruns.fetch_add(1, Ordering::Relaxed);
                log::debug!("a batch of {} is run again: {reason}", batch.len());
                if !again {
                    return self.halve(batch, constants, &StoreError::Unavailable(reason));
                }
            }
            Failure::Refused(error) => {
                log::debug!("the database refused a batch of {}: {error}", batch.len());
                if error.is_data() {
                    // It may be a number that somebody else has got (a sequence that was set back): take no other from there.
                    self.numbers = Numbers::default();
                }
                // A row that breaks a constraint breaks it again, unless it is alone and looks anew; of anything else nobody knows.
                if !again || (error.is_data() && batch.len() > 1) {
                    return self.halve(batch, constants, &error);
                }
            }
        }
        retry.reruns += 1;
        Some(batch)
    }

    /// Cuts a batch in two, so that in the end the culprit stands alone and the others do not suffer.
    fn halve(&mut self, mut batch: Vec<Pending>, constants: ShopConstants, error: &StoreError) -> Option<Vec<Pending>> {
        if batch.len() == 1 {
            log::warn!("a submission cannot be carried out: {error}");
            answer_all(batch, || error.clone());
            return None;
        }
        let second = batch.split_off(batch.len() / 2);
        // They have been run again already: once more is enough to see who it is.
        let tired = || RetryState { reruns: MAX_RERUNS - 1, ..RetryState::default() };
        self.run_until_answered(batch, constants, tired());
        self.run_until_answered(second, constants, tired());
        None
    }

    fn attempt(
        &mut self,
        batch: &[Pending],
        constants: ShopConstants,
        retry: &RetryState,
    ) -> Result<Vec<Reply>, Failure> {
        let mut conn = self.connections.get_timeout(CONNECT_WAIT).map_err(|error| Failure::Lost(error.into()))?;
        let attempt = Attempt { constants, sources: &self.sources, no_levels: &retry.no_levels };
        attempt.run(&mut conn, batch, &mut self.numbers)
    }

    /// Answers those who need what somebody else holds; the others are left.
    fn leave_out_blocked(
        &self,
        batch: Vec<Pending>,
        constants: ShopConstants,
        retry: &RetryState,
        error: &StoreError,
    ) -> Vec<Pending> {
        let attempt = Attempt { constants, sources: &self.sources, no_levels: &retry.no_levels };
        let conn = self.connections.get_timeout(CONNECT_WAIT).map_err(|error| Failure::Lost(error.into()));
        let blocked = match conn.and_then(|mut conn| attempt.blocked(&mut conn, &batch)) {
            Ok(blocked) => blocked,
            Err(failure) => {
                log::warn!("who is in the way was not found out: {failure:?}");
                return batch;
            }
        };
        let mut free = Vec::with_capacity(batch.len());
        for (pending, is_blocked) in batch.into_iter().zip(blocked) {
            if is_blocked { answer(pending, Err(error.clone().into())) } else { free.push(pending) }
        }
        free
    }

    fn make_levels(&self, wanted: &[(ProductId, LocationId)]) -> Result<(), Failure> {
        let mut conn = self.connections.get_timeout(CONNECT_WAIT).map_err(|error| Failure::Lost(error.into()))?;
        stock::make_levels(&mut conn, wanted)
    }
}

/// Takes what is waiting, never waits for more. Other work that turns up ends the batch and is done after it.
fn fill(batch: &mut Vec<Pending>, queue: &Receiver<Job>) -> Option<Work> {
    let mut lines: usize = batch.iter().map(|pending| pending.submission.command.lines()).sum();
    while batch.len() < MAX_SUBMISSIONS && lines < MAX_LINES {
        match queue.try_recv() {
            Ok(Job::Submit(pending)) => {
                lines += pending.submission.command.lines();
                batch.push(*pending);
            }
            Ok(Job::Write(work)) => return Some(work),
            Err(_) => break,
        }
    }
    None
}

fn leave_out_panicked(batch: &mut Vec<Pending>, index: usize, message: &str) {
    log::error!("a submission panicked and is left out: {message}");
    let culprit = batch.remove(index);
    answer(culprit, Err(StoreError::Internal("the decision panicked".to_owned()).into()));
}

fn answer(pending: Pending, reply: Reply) {
    // Who has gone meanwhile finds the answer under their key.
    drop(pending.reply.send(reply));
}

fn answer_all(batch: Vec<Pending>, error: impl Fn() -> StoreError) {
    for pending in batch {
        answer(pending, Err(SubmitError::Store(error())));
    }
}
