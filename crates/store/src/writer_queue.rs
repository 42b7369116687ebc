//! The line in front of the one writer: submissions to the ledger, and on SQLite every other write of the process.

use crate::{connection::Conn, error::StoreError};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

/// What the writer is asked to do.
pub(crate) enum Job {
    /// A command to the ledger.
    Submit(Box<crate::ledger::Pending>),
    /// A unit of work that is not the ledger's (SQLite only). It begins and ends its own transaction and answers its own caller.
    Write(Box<dyn FnOnce(&mut Conn) + Send>),
}

/// Where jobs are handed in.
#[derive(Clone)]
pub(crate) struct WriterHandle(SyncSender<Job>);

impl WriterHandle {
    /// Hands a job in, or says at once that the line is full.
    pub(crate) fn try_send(&self, job: Job) -> Result<(), StoreError> {
        self.0.try_send(job).map_err(|refused| match refused {
            TrySendError::Full(_) => StoreError::Busy,
            TrySendError::Disconnected(_) => StoreError::Unavailable("the writer has stopped".into()),
        })
    }
}

/// A line of at most so many jobs.
pub(crate) fn line(places: usize) -> (WriterHandle, Receiver<Job>) {
    let (sender, receiver) = sync_channel(places.max(1));
    (WriterHandle(sender), receiver)
}
