//! The binary `tradepost` as a command: what it prints and how it ends.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// The signing key of every test shop: the program asks for one on PostgreSQL.
pub(crate) const SECRET_KEY: &str = "5e1f0c2b9a7d4836e2c1b0a99f8e7d6c5b4a39281706f5e4d3c2b1a09f8e7d6c";

/// The program that this run has built: beside the folder of the test binaries. `make test` builds it first.
pub fn binary() -> PathBuf {
    let test_binary = std::env::current_exe().expect("the path of this test");
    let profile = test_binary.ancestors().find(|folder| folder.join("deps").is_dir()).expect("target/<profile>");
    let binary = profile.join("tradepost");
    assert!(
        binary.is_file(),
        "{} is missing: run `make test`, or `cargo build --workspace` before `cargo test`",
        binary.display()
    );
    binary
}

/// A run of the program in a folder of its own, with none of the settings of whoever runs the tests.
pub struct Program {
    command: Command,
    input: Option<String>,
}

/// How a run ended.
#[derive(Debug)]
pub struct Outcome {
    /// The exit status; none when a signal ended it.
    pub status: Option<i32>,
    /// All of standard output.
    pub stdout: String,
    /// All of standard error.
    pub stderr: String,
}

impl Program {
    /// `tradepost <arguments>` in this folder, under the umask of somebody careless: what it makes is for everybody unless it says otherwise.
    pub fn new(folder: &Path, arguments: &[&str]) -> Program {
        let mut command = Command::new("sh");
        command.args(["-c", "umask 0000; exec \"$0\" \"$@\""]).arg(binary());
        for (name, _) in std::env::vars_os() {
            let name_text = name.to_string_lossy();
            if name_text.starts_with("TRADEPOST_") || name_text == "DATABASE_URL" || name_text == "RUST_LOG" {
                command.env_remove(&name);
            }
        }
        command.args(arguments).current_dir(folder).env("TRADEPOST_SECRET_KEY", SECRET_KEY).env("RUST_BACKTRACE", "1");
        Program { command, input: None }
    }

    /// Sets one setting.
    pub fn env(mut self, name: &str, value: &str) -> Program {
        self.command.env(name, value);
        self
    }

    /// Takes one setting away again.
    pub fn without(mut self, name: &str) -> Program {
        self.command.env_remove(name);
        self
    }

    /// What it reads from standard input.
    pub fn input(mut self, text: &str) -> Program {
        self.input = Some(text.to_owned());
        self
    }

    /// The command itself, for what runs on beside the test.
    pub(crate) fn into_command(self) -> Command {
        self.command
    }

    /// Runs it to its end, which must come within a minute.
    pub fn run(mut self) -> Outcome {
        let mut child = self
            .command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("tradepost runs");
        let mut stdin = child.stdin.take().expect("its input");
        // A program that reads nothing may have ended already: a broken pipe is no fault of the test.
        drop(stdin.write_all(self.input.unwrap_or_default().as_bytes()));
        drop(stdin);
        let stdout = collect(child.stdout.take().expect("its output"));
        let stderr = collect(child.stderr.take().expect("its errors"));
        let deadline = Instant::now() + Duration::from_secs(60);
        let status = loop {
            if let Some(status) = child.try_wait().expect("its state") {
                break status;
            }
            if Instant::now() > deadline {
                crate::signal(child.id(), "KILL");
                child.wait().expect("its end");
                panic!("tradepost did not end within a minute: {}", stderr.join().expect("its errors"));
            }
            crate::pause();
        };
        let text = |reader: thread::JoinHandle<String>| reader.join().expect("its output is read");
        Outcome { status: status.code(), stdout: text(stdout), stderr: text(stderr) }
    }
}

impl Outcome {
    /// It ended well.
    #[track_caller]
    pub fn succeeded(self) -> Outcome {
        assert_eq!(self.status, Some(0), "{self:?}");
        self
    }

    /// It ended with a status other than 0 and one sentence on standard error that names `what`: no panic, no trace.
    #[track_caller]
    pub fn refused_naming(self, what: &str) -> Outcome {
        assert!(self.status.is_some_and(|status| status != 0), "{self:?}");
        assert!(self.stderr.contains(what), "the sentence does not name {what:?}: {self:?}");
        assert!(!self.stderr.contains("panicked") && !self.stderr.contains("stack backtrace"), "{self:?}");
        let lines = self.stderr.trim_end().lines().count();
        assert!((1..=2).contains(&lines), "one sentence was promised: {self:?}");
        self
    }
}

fn collect(mut pipe: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // What could be read until the pipe broke is what there is.
        drop(pipe.read_to_end(&mut bytes));
        String::from_utf8_lossy(&bytes).into_owned()
    })
}
