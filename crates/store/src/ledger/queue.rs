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
    /// What is wanted, not yet judged.
    pub command: Command,
    /// Who wants it, and what they may do.
    pub principal: Principal,
    /// The idempotency key with the request's fingerprint; `None`: the caller sent none, and a retry is a new request.
    pub key: Option<Keyed>,
    /// The version the caller has seen; `None`: they did not say, and whatever is there is changed.
    pub expected_version: Option<i64>,
    /// Makes the answer out of what was decided, before it is committed: it is kept with the rest.
    pub answer: MakeAnswer,
}

/// Why a submission was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// The rules refuse it: nothing has changed.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Circumstances: nothing has changed, unless it is `OutcomeUnknown`.
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
