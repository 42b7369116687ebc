//! An SQLite shop's files are its owner's alone: they hold customers, hashes of passwords and what tills sign with.
//!
//! What is made is made so whatever the umask says; SQLite gives its log and its index the mode of the database's file. What an older
//! version made, or somebody opened up, is closed when the shop is opened.

use std::path::Path;

/// What is made beside a database's file, by the end that its name has.
#[cfg(unix)]
const BESIDE: [&str; 5] = ["", "-wal", "-shm", "-journal", ".lock"];

/// Sees to it that the database's file and what lies beside it are for their owner alone. A file that is not there yet is made, empty: so it
/// is never, not for a moment, anybody else's to read. What cannot be done is left to SQLite to complain about, or only told.
#[cfg(unix)]
pub(crate) fn keep_private(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    // One that is there is not opened: closing it would end the locks that this process may have on it.
    if !path.exists()
        && let Ok(file) = private().append(true).open(path)
    {
        drop(file);
    }
    // SQLite too puts the others beside the file itself, not beside a symbolic link to it.
    let Ok(real) = path.canonicalize() else { return };
    for end in BESIDE {
        let mut name = real.clone().into_os_string();
        name.push(end);
        let Ok(found) = std::fs::metadata(&name) else { continue };
        let mode = found.permissions().mode() & 0o777;
        if !found.is_file() || mode & 0o077 == 0 {
            continue;
        }
        let closed = std::fs::set_permissions(&name, PermissionsExt::from_mode(mode & 0o700));
        let name = name.to_string_lossy();
        match closed {
            Ok(()) => log::warn!("{name} could be read by others (mode {mode:o}): it is its owner's alone now"),
            Err(error) => {
                log::warn!("{name} can be read by others (mode {mode:o}), and that cannot be changed: {error}")
            }
        }
    }
}

/// Here nobody knows of owners by a file's mode.
#[cfg(not(unix))]
pub(crate) fn keep_private(_path: &Path) {}

/// How a file is made that is its owner's alone.
pub(crate) fn private() -> std::fs::OpenOptions {
    let mut options = std::fs::File::options();
    options.create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
