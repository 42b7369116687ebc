//! A running `tradepost serve`.

use crate::{Program, signal, watchdog};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// One server process on a port that it chose itself. Killed when dropped; its log is shown when the test failed.
pub struct Server {
    folder: PathBuf,
    settings: Vec<(String, String)>,
    process: Option<Child>,
    /// Shared with every client, which so finds the server again after a restart on another port.
    address: Arc<Mutex<String>>,
    log: Arc<Mutex<String>>,
    output: Arc<Mutex<String>>,
    arguments: Vec<String>,
}

impl Server {
    /// Starts a server on this database and waits until it listens.
    pub fn start(folder: &Path, database_url: &str, settings: &[(&str, &str)]) -> Server {
        let mut all = vec![("DATABASE_URL", database_url), ("TRADEPOST_BIND", "127.0.0.1:0")];
        all.extend(settings);
        Server::start_with(folder, &["serve"], &all)
    }

    /// Starts `tradepost <arguments>` with these settings and no others, and waits until it listens.
    pub fn start_with(folder: &Path, arguments: &[&str], settings: &[(&str, &str)]) -> Server {
        let mut server = Server {
            folder: folder.to_owned(),
            settings: settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            process: None,
            address: Arc::default(),
            log: Arc::default(),
            output: Arc::default(),
            arguments: arguments.iter().map(|&argument| argument.to_owned()).collect(),
        };
        server.start_again();
        server
    }

    fn start_again(&mut self) {
        assert!(self.process.is_none(), "the server runs already");
        let arguments: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        let mut program = Program::new(&self.folder, &arguments);
        for (name, value) in &self.settings {
            program = program.env(name, value);
        }
        let mut command = program.into_command();
        let spawned = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut process = spawned.expect("tradepost runs");
        watchdog::watch_process(process.id());
        keep_log(process.stderr.take().expect("its log"), Arc::clone(&self.log));
        let addresses = watch_for_address(process.stdout.take().expect("its output"), Arc::clone(&self.output));
        self.process = Some(process);
        // Debug builds on a loaded machine, with migrations on a fresh database, take a while.
        match addresses.recv_timeout(Duration::from_secs(60)) {
            Ok(address) => *lock(&self.address) = address,
            Err(RecvTimeoutError::Timeout) => {
                panic!("the server did not say `listening on` within a minute:\n{}", self.log())
            }
            Err(RecvTimeoutError::Disconnected) => panic!("the server ended instead of listening:\n{}", self.log()),
        }
    }

    /// `http://127.0.0.1:port`, as it is now.
    pub fn address(&self) -> String {
        lock(&self.address).clone()
    }

    pub(crate) fn shared_address(&self) -> Arc<Mutex<String>> {
        Arc::clone(&self.address)
    }

    /// What it wrote to standard error since the first start.
    pub fn log(&self) -> String {
        lock(&self.log).clone()
    }

    /// What it printed to standard output since the first start.
    pub fn output(&self) -> String {
        lock(&self.output).clone()
    }

    /// Its process number, while it runs.
    pub fn pid(&self) -> u32 {
        self.process.as_ref().expect("the server runs").id()
    }

    /// Ends it as a power cut does.
    pub fn kill9(&mut self) {
        if let Some(mut process) = self.process.take() {
            signal(process.id(), "KILL");
            process.wait().expect("a killed process ends");
            watchdog::forget_process(process.id());
        }
    }

    /// Starts it again on the same database, ending it with `kill -9` first where it still runs.
    pub fn restart(&mut self) {
        self.kill9();
        self.start_again();
    }

    /// Asks it to stop (SIGTERM): it must finish and end with status 0 within 30 s.
    pub fn stop(&mut self) {
        let Some(mut process) = self.process.take() else { return };
        signal(process.id(), "TERM");
        let deadline = Instant::now() + Duration::from_secs(30);
        let status = loop {
            if let Some(status) = process.try_wait().expect("its state") {
                break status;
            }
            if Instant::now() > deadline {
                signal(process.id(), "KILL");
                process.wait().expect("a killed process ends");
                panic!("the server did not stop within 30 s of SIGTERM:\n{}", self.log());
            }
            crate::pause();
        };
        watchdog::forget_process(process.id());
        assert_eq!(status.code(), Some(0), "the server did not end well on SIGTERM:\n{}", self.log());
    }

    /// What it holds in memory, in KiB (Linux; none elsewhere).
    pub fn resident_kib(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).ok()?;
        status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.split_whitespace().next()?.parse().ok()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            // It may have died by itself; either way it is gone after this.
            drop(process.kill());
            drop(process.wait());
            watchdog::forget_process(process.id());
        }
        if thread::panicking() {
            let log = self.log();
            let from = log.char_indices().rev().nth(20_000).map_or(0, |(at, _)| at);
            eprintln!("--- log of the server at {} ---\n{}--- end of its log ---", self.address(), &log[from..]);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn keep_log(pipe: impl Read + Send + 'static, log: Arc<Mutex<String>>) {
    thread::spawn(move || {
        for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
            let mut log = lock(&log);
            log.push_str(&String::from_utf8_lossy(&line));
            log.push('\n');
        }
    });
}

/// Reads standard output to its end, so that the server never waits for a reader.
fn watch_for_address(pipe: impl Read + Send + 'static, output: Arc<Mutex<String>>) -> Receiver<String> {
    let (tell, addresses) = channel();
    thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            {
                let mut output = lock(&output);
                output.push_str(&line);
                output.push('\n');
            }
            if let Some(address) = line.split("listening on ").nth(1) {
                // Nobody listens any more when the test has ended: that is fine.
                drop(tell.send(address.split_whitespace().next().unwrap_or_default().trim_end_matches('/').to_owned()));
            }
        }
    });
    addresses
}
