//! The writer's loop: fill a batch, run it, and when something goes wrong find out whose fault it is.

use super::{
    CurrencyOf, Pending, Sources, Stats, SubmitError,
    batch::{self, Failure, Reply},
};
use crate::{connection::Connections, error::StoreError, pool::MAX_WAIT, writer_queue::Job};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, atomic::Ordering, mpsc::Receiver},
    time::Duration,
};
use tradepost_domain::money::Currency;

/// A batch has at most so many submissions …
const MAX_SUBMISSIONS: usize = 256;
/// … and stops growing at so many lines.
const MAX_LINES: usize = 2_000;
/// How often a batch is run again because it got in another replica's way.
const MAX_RERUNS: u32 = 8;
/// How long to wait for a connection: while there is none, everybody in the line waits that long.
const CONNECT_WAIT: Duration = Duration::from_secs(2);

/// A unit of work that is not the ledger's.
type Work = Box<dyn FnOnce(&mut crate::connection::Conn) + Send>;

pub(super) struct Writer {
    pub connections: Connections,
    pub currency: CurrencyOf,
    pub sources: Sources,
    pub stats: Arc<Stats>,
}

impl Writer {
    pub(super) fn run(&self, line: &Receiver<Job>) {
        while let Ok(first) = line.recv() {
            // Whoever was in it sees the reply channel close and is told that the outcome is unknown; the next ones are served.
            if catch_unwind(AssertUnwindSafe(|| self.take(first, line))).is_err() {
                log::error!("the writer panicked; it goes on with the next batch");
            }
        }
    }

    fn take(&self, first: Job, line: &Receiver<Job>) {
        match first {
            Job::Submit(pending) => {
                let mut batch = vec![*pending];
                let after = fill(&mut batch, line);
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

    fn run_batch(&self, batch: Vec<Pending>) {
        self.stats.waiting.fetch_sub(batch.len() as u64, Ordering::Relaxed);
        let (batch, late): (Vec<_>, Vec<_>) =
            batch.into_iter().partition(|pending| pending.since.elapsed() <= MAX_WAIT);
        for pending in late {
            answer(pending, Err(StoreError::Busy.into()));
        }
        if batch.is_empty() {
            return;
        }
        let Some(currency) = (self.currency)() else {
            return answer_all(batch, || {
                StoreError::Internal("the shop has no currency yet: it was never started".to_owned())
            });
        };
        self.settle(batch, currency);
    }

    /// Runs a batch until everybody in it has an answer.
    fn settle(&self, mut batch: Vec<Pending>, currency: Currency) {
        let mut reruns = 0;
        while !batch.is_empty() {
            let failure = match self.attempt(&batch, currency) {
                Ok(replies) => {
                    self.stats.batches.fetch_add(1, Ordering::Relaxed);
                    self.stats.submissions.fetch_add(batch.len() as u64, Ordering::Relaxed);
                    batch.into_iter().zip(replies).for_each(|(pending, reply)| answer(pending, reply));
                    return;
                }
                Err(failure) => failure,
            };
            match failure {
                Failure::Panic { index, message } => {
                    log::error!("a submission panicked and is left out: {message}");
                    let culprit = batch.remove(index);
                    answer(culprit, Err(StoreError::Internal("the decision panicked".to_owned()).into()));
                }
                Failure::Again(reason) if reruns < MAX_RERUNS => {
                    reruns += 1;
                    self.stats.reruns.fetch_add(1, Ordering::Relaxed);
                    log::debug!("a batch of {} is run again: {reason}", batch.len());
                }
                Failure::Again(reason) => return answer_all(batch, || StoreError::Unavailable(reason.clone())),
                Failure::Row(error) if batch.len() > 1 => {
                    log::debug!("a row of a batch of {} was refused, looking for it: {error}", batch.len());
                    let second = batch.split_off(batch.len() / 2);
                    self.settle(batch, currency);
                    return self.settle(second, currency);
                }
                Failure::Row(error) => return answer_all(batch, || error.clone()),
                Failure::Lost(error) => {
                    log::warn!("a batch of {} was lost: {error}", batch.len());
                    return answer_all(batch, || error.clone());
                }
            }
        }
    }

    fn attempt(&self, batch: &[Pending], currency: Currency) -> Result<Vec<Reply>, Failure> {
        let mut conn = self.connections.get_timeout(CONNECT_WAIT).map_err(|error| Failure::Lost(error.into()))?;
        batch::run(&mut conn, batch, currency, self.sources)
    }
}

/// Takes what is waiting, never waits for more. Other work that turns up ends the batch and is done after it.
fn fill(batch: &mut Vec<Pending>, line: &Receiver<Job>) -> Option<Work> {
    let mut lines: usize = batch.iter().map(|pending| pending.submission.command.lines()).sum();
    while batch.len() < MAX_SUBMISSIONS && lines < MAX_LINES {
        match line.try_recv() {
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

fn answer(pending: Pending, reply: Reply) {
    // Who has gone meanwhile finds the answer under their key.
    drop(pending.reply.send(reply));
}

fn answer_all(batch: Vec<Pending>, error: impl Fn() -> StoreError) {
    for pending in batch {
        answer(pending, Err(SubmitError::Store(error())));
    }
}
