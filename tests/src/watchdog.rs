//! Cleans up after a test process however it ends: normally, by a panic that aborts, by Ctrl-C or by `kill -9`.
//!
//! A shell in a process group of its own reads a pipe whose other end only this process holds. The pipe closes when the
//! process is gone, whatever killed it; then the shell stops the processes and removes the folders it was told of.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock};

/// Lines: `+pid`, `-pid` (ended already, its number may be somebody else's by now), `/folder`.
const SCRIPT: &str = r#"
trap '' HUP INT TERM
pids=' '
folders=''
while read -r line; do
  case "$line" in
    +*) pids="$pids${line#+} " ;;
    -*) before="${pids%% ${line#-} *}"
        if [ "$before" != "$pids" ]; then pids="$before ${pids#* ${line#-} }"; fi ;;
    /*) folders="$folders$line
" ;;
  esac
done
for pid in $pids; do kill -QUIT "$pid" 2>/dev/null; done
tries=0
for pid in $pids; do
  while kill -0 "$pid" 2>/dev/null && [ "$tries" -lt 50 ]; do sleep 0.1; tries=$((tries + 1)); done
  kill -KILL "$pid" 2>/dev/null
done
printf %s "$folders" | while read -r folder; do rm -rf -- "$folder"; done
"#;

struct Watchdog {
    lines: ChildStdin,
    /// Kept so that the shell is not reaped as somebody else's; it ends by itself.
    _shell: Child,
}

fn watchdog() -> MutexGuard<'static, Watchdog> {
    static WATCHDOG: OnceLock<Mutex<Watchdog>> = OnceLock::new();
    let watchdog = WATCHDOG.get_or_init(|| {
        let mut shell = Command::new("sh")
            .args(["-c", SCRIPT])
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .expect("`sh` starts: it cleans up after the tests");
        let lines = shell.stdin.take().expect("the watchdog's pipe");
        Mutex::new(Watchdog { lines, _shell: shell })
    });
    watchdog.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn tell(line: &str) {
    writeln!(watchdog().lines, "{line}").expect("the watchdog reads its pipe");
}

/// Stops this process (SIGQUIT, then SIGKILL) when the test process is gone.
pub(crate) fn watch_process(pid: u32) {
    tell(&format!("+{pid}"));
}

/// The process has ended and was waited for.
pub(crate) fn forget_process(pid: u32) {
    tell(&format!("-{pid}"));
}

/// Removes this folder when the test process is gone.
pub(crate) fn watch_folder(folder: &Path) {
    tell(folder.to_str().expect("temporary folders have names in UTF-8"));
}
