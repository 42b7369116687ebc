//! SQLite's log, the `-wal` file beside the database: folded in and cut short in quiet moments.
//!
//! Under load it is left to grow, because folding it in often costs the ledger's throughput. A shop that sells little would otherwise keep a log
//! many times as long as its database.

use crate::{connection::Connector, error::StoreError};
use diesel::connection::SimpleConnection;
use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// A log that is no longer than this is left alone.
const SHORT_BYTES: u64 = 4 << 20;
/// So many statements of the writer between two looks (a few hundred sales) are no load yet.
const QUIET_STATEMENTS: u64 = 2_000;

/// The log of one database.
pub(crate) struct Log {
    path: PathBuf,
    connector: Connector,
    /// Statements that the writer has sent, and how many it were at the last look.
    written: Arc<AtomicU64>,
    seen: AtomicU64,
}

impl Log {
    /// The log of the file at this path, which must be there. `written` counts what the writer sends.
    pub(crate) fn of(file: &Path, connector: Connector, written: Arc<AtomicU64>) -> std::io::Result<Self> {
        // SQLite too puts it beside the file itself, not beside a symbolic link to it.
        let mut path = file.canonicalize()?.into_os_string();
        path.push("-wal");
        Ok(Self { path: path.into(), connector, written, seen: AtomicU64::new(0) })
    }

    /// Is it long, and has little been written since the last look?
    pub(crate) fn is_due(&self) -> bool {
        let written = self.written.load(Ordering::Relaxed);
        let before = self.seen.swap(written, Ordering::Relaxed);
        written.saturating_sub(before) < QUIET_STATEMENTS
            && std::fs::metadata(&self.path).is_ok_and(|found| found.len() > SHORT_BYTES)
    }

    /// Folds it in and cuts it short. The first pass does nearly all of it and keeps nobody waiting; the second keeps writers waiting only
    /// while it does the rest, and where a reader is in its way it leaves that for the next time.
    pub(crate) fn fold_in(&self) -> Result<(), StoreError> {
        let mut conn = self.connector.open().map_err(|error| StoreError::Unavailable(error.to_string()))?;
        let both = "PRAGMA busy_timeout = 0; PRAGMA wal_checkpoint(PASSIVE); PRAGMA wal_checkpoint(TRUNCATE)";
        conn.batch_execute(both).map_err(StoreError::from)
    }
}
