//! The queue in front of the writer: submissions to the ledger, and on SQLite every other write of the process.

use crate::{
    connection::Conn,
    error::StoreError,
    idempotency::{Answer, Done, Keyed},
};
use std::{
    sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    time::Instant as Stopwatch,
};
use tokio::sync::oneshot;
use tradepost_domain::{
    identity::Principal,
    ledger::{Command, Effects, Refusal},
};

/// Makes the answer of a command that was accepted from its effects. Pure: it may be called again when a batch is run again.
pub type MakeAnswer = Box<dyn Fn(&Effects) -> Answer + Send>;

/// A command with all that comes with it.
pub struct Submission {
    /// What is wanted.
    pub command: Command,
    /// Who wants it.
    pub principal: Principal,
    /// The idempotency key with the request's fingerprint, where the caller sent one.
    pub key: Option<Keyed>,
    /// The version the caller has seen, where they said so.
    pub expected_version: Option<i64>,
    /// Makes the answer.
    pub answer: MakeAnswer,
}

/// Why a submission was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// By the rules.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// By circumstances.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a caller is told.
pub(crate) type Reply = Result<Done, SubmitError>;

/// A submission in the queue.
pub(crate) struct Pending {
    pub(crate) submission: Submission,
    pub(crate) reply: oneshot::Sender<Reply>,
    pub(crate) since: Stopwatch,
}

/// What the writer is asked to do.
pub(crate) enum Job {
    /// A command to the ledger.
    Submit(Box<Pending>),
    /// A unit of work that is not the ledger's (SQLite only). It begins and ends its own transaction and answers its own caller.
    Write(Box<dyn FnOnce(&mut Conn) + Send>),
}

/// Where jobs are handed in.
#[derive(Clone)]
pub(crate) struct WriterHandle(SyncSender<Job>);

impl WriterHandle {
    /// Hands a job in, or says at once that the queue is full.
    pub(crate) fn try_send(&self, job: Job) -> Result<(), StoreError> {
        self.0.try_send(job).map_err(|refused| match refused {
            TrySendError::Full(_) => StoreError::Busy,
            TrySendError::Disconnected(_) => StoreError::Unavailable("the writer has stopped".into()),
        })
    }
}

/// A queue of at most so many jobs.
pub(crate) fn queue(places: usize) -> (WriterHandle, Receiver<Job>) {
    let (sender, receiver) = sync_channel(places.max(1));
    (WriterHandle(sender), receiver)
}
