//! One SQLite file, one server: whatever path leads to the file.
//!
//! The lock is a file beside the database's own, found by the path without symbolic links. The database's file itself is not locked: POSIX
//! drops all of a process's locks on a file, SQLite's among them, as soon as the process closes any handle to it.

use crate::{error::OpenError, files};
use std::{
    fs::{File, TryLockError},
    path::Path,
};

/// Takes the claim; it ends when the handle is dropped or the process ends. The file must be there.
pub(crate) fn take(path: &Path) -> Result<File, OpenError> {
    let real = path.canonicalize().map_err(|e| OpenError::CannotOpen(format!("{}: {e}", path.display())))?;
    let mut lock_path = real.clone().into_os_string();
    lock_path.push(".lock");
    let cannot = |e: std::io::Error| OpenError::CannotOpen(format!("{}: {e}", lock_path.to_string_lossy()));
    let file = files::private().truncate(false).write(true).open(&lock_path).map_err(cannot)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::Claimed(real.display().to_string())),
        Err(TryLockError::Error(error)) => Err(cannot(error)),
    }
}

/// Refuses a file that has a second name in some folder. SQLite finds its log by the name that it was given: under the other name what is
/// in the log is missing, and two programs that write under two names destroy the file. No lock beside either name could tell.
pub(crate) fn has_one_name(path: &Path) -> Result<(), OpenError> {
    #[cfg(unix)]
    if std::fs::metadata(path).is_ok_and(|found| found.is_file() && std::os::unix::fs::MetadataExt::nlink(&found) > 1) {
        return Err(OpenError::TwoNames(path.display().to_string()));
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}
