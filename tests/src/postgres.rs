//! PostgreSQL for tests: throw-away servers in a temporary folder, or the one that `TEST_DATABASE_URL` names.

use crate::{sql, watchdog};
use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// How a throw-away server keeps what it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// `fsync` off: for tests that never pull the plug. Everything else as PostgreSQL ships it.
    Relaxed,
    /// As PostgreSQL ships it: for tests of crashes and outages, and for the benchmark.
    Full,
}

/// A PostgreSQL server of our own on 127.0.0.1, in a folder that disappears with it.
pub struct Cluster {
    programs: PathBuf,
    folder: PathBuf,
    port: u16,
    durability: Durability,
    account: Option<Account>,
    server: Option<Child>,
}

/// Whom to be while running PostgreSQL, which refuses to run as root.
#[derive(Clone, Copy)]
struct Account {
    uid: u32,
    gid: u32,
}

/// Where PostgreSQL may hide its server programs; scripts/ensure-postgres looks in the same places.
fn server_programs() -> Option<PathBuf> {
    let mut folders: Vec<PathBuf> =
        std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default();
    if let Ok(told) = Command::new("pg_config").arg("--bindir").output() {
        folders.push(PathBuf::from(String::from_utf8_lossy(&told.stdout).trim()));
    }
    let parents =
        [("/usr/lib/postgresql", "bin"), ("/opt/homebrew/opt", "bin"), ("/usr/local/opt", "bin"), ("/usr", "bin")];
    for (parent, inside) in parents {
        let mut found: Vec<PathBuf> = fs::read_dir(parent)
            .map(|entries| entries.flatten().map(|entry| entry.path().join(inside)).collect())
            .unwrap_or_default();
        found.sort();
        folders.extend(found.into_iter().rev());
    }
    let found =
        folders.into_iter().find(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file())?;
    // Where they really are: links to some of them may stand elsewhere, and the others are needed too.
    fs::canonicalize(found.join("initdb")).ok()?.parent().map(Path::to_owned)
}

/// The account to run PostgreSQL as when we are root: `postgres`, else `nobody`.
fn unprivileged_account() -> Option<Account> {
    let id = |flag: &str| -> u32 {
        let told = Command::new("id").arg(flag).output().expect("`id` runs");
        String::from_utf8_lossy(&told.stdout).trim().parse().expect("`id` prints a number")
    };
    if id("-u") != 0 {
        return None;
    }
    let accounts = fs::read_to_string("/etc/passwd").expect("/etc/passwd can be read");
    let account = ["postgres", "nobody"].into_iter().find_map(|name| {
        let fields: Vec<&str> =
            accounts.lines().find(|line| line.split(':').next() == Some(name))?.split(':').collect();
        Some(Account { uid: fields.get(2)?.parse().ok()?, gid: fields.get(3)?.parse().ok()? })
    });
    Some(account.expect("PostgreSQL refuses to run as root, and there is neither a user `postgres` nor `nobody`"))
}

impl Cluster {
    /// Whether PostgreSQL's server programs are on this machine.
    pub fn is_possible() -> bool {
        server_programs().is_some()
    }

    /// Makes and starts a server, and waits until it answers. Panics with a sentence when PostgreSQL is not installed.
    pub fn start_new(durability: Durability) -> Cluster {
        let programs = server_programs().expect(
            "PostgreSQL's server programs (initdb, postgres) were not found: `make test` installs them as root on Debian and Ubuntu, \
             elsewhere install PostgreSQL or set TEST_DATABASE_URL",
        );
        let account = unprivileged_account();
        let folder = tempfile::Builder::new().prefix("tradepost-pg-").tempdir().expect("a temporary folder").keep();
        watchdog::watch_folder(&folder);
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).expect("permissions of the folder");
        if let Some(Account { uid, gid }) = account {
            chown(&folder, Some(uid), Some(gid)).expect("the folder is given to PostgreSQL's account");
        }
        let mut cluster = Cluster { programs, folder, port: 0, durability, account, server: None };
        cluster.make_data_folder();
        cluster.start();
        cluster
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.programs.join(name));
        command.current_dir(&self.folder).stdin(Stdio::null()).env_remove("PGDATA").process_group(0);
        if let Some(Account { uid, gid }) = self.account {
            command.uid(uid).gid(gid);
        }
        command
    }

    /// Text is sorted as people in a country do (ICU) where this PostgreSQL can: what relies on bytewise order must say so itself.
    fn make_data_folder(&self) {
        let data = self.folder.join("data");
        let common = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync", "-D"];
        let with_icu = self
            .program("initdb")
            .args(common)
            .arg(&data)
            .args(["--locale-provider=icu", "--icu-locale=en-US", "--locale=C"])
            .output();
        if with_icu.is_ok_and(|made| made.status.success()) {
            return;
        }
        drop(fs::remove_dir_all(&data));
        let made = self.program("initdb").args(common).arg(&data).arg("--no-locale").output().expect("initdb runs");
        assert!(made.status.success(), "initdb failed: {}", String::from_utf8_lossy(&made.stderr));
    }

    /// Starts the server (again) and waits until it answers. The first start chooses the port, later ones keep it.
    pub fn start(&mut self) {
        assert!(self.server.is_none(), "the server runs already");
        let attempts = if self.port == 0 { 5 } else { 1 };
        for attempt in 1..=attempts {
            let port = if self.port == 0 { free_port() } else { self.port };
            if self.start_on(port) {
                self.port = port;
                return;
            }
            assert!(attempt < attempts, "PostgreSQL did not start:\n{}", self.log());
        }
    }

    /// False when it ended instead of starting, as it does when somebody took the port in between.
    fn start_on(&mut self, port: u16) -> bool {
        let log = File::options().create(true).append(true).open(self.folder.join("log")).expect("the server's log");
        let mut command = self.program("postgres");
        command.arg("-D").arg(self.folder.join("data")).arg("-k").arg(&self.folder);
        command.args(["-h", "127.0.0.1", "-p", &port.to_string()]);
        if self.durability == Durability::Relaxed {
            // As many tests as this machine has processors, each with a few servers and their pools.
            command.args(["-c", "fsync=off", "-c", "max_connections=500"]);
        }
        let mut server = command.stdout(Stdio::null()).stderr(log).spawn().expect("postgres runs");
        watchdog::watch_process(server.id());
        let deadline = Instant::now() + Duration::from_secs(60);
        let url = format!("postgres://postgres@127.0.0.1:{port}/postgres");
        while sql::try_execute(&url, "select 1").is_err() {
            if server.try_wait().expect("the state of postgres").is_some() {
                watchdog::forget_process(server.id());
                return false;
            }
            assert!(Instant::now() < deadline, "PostgreSQL did not answer within a minute:\n{}", self.log());
            crate::pause();
        }
        self.server = Some(server);
        true
    }

    /// Stops it: `INT` as an administrator does (clients are thrown out), `QUIT` as a crash (no checkpoint), and waits for its end.
    pub fn stop(&mut self, signal: &str) {
        if let Some(mut server) = self.server.take() {
            crate::signal(server.id(), signal);
            server.wait().expect("postgres ends");
            watchdog::forget_process(server.id());
        }
    }

    /// The URL of one of its databases.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// The port it listens on, at 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where its programs are, `pgbench` among them.
    pub fn programs(&self) -> &Path {
        &self.programs
    }

    /// Makes an empty database, or a copy of `template`, and answers its URL.
    pub fn create_database(&self, name: &str, template: Option<&str>) -> String {
        create_database(&self.url("postgres"), name, template)
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.stop("QUIT");
        // The watchdog removes it too, should this fail.
        drop(fs::remove_dir_all(&self.folder));
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("its address").port()
}

/// The URL of a database in which others may be created: `TEST_DATABASE_URL`, else a server that all tests of this process share.
pub fn shared_server_url() -> &'static str {
    static URL: OnceLock<String> = OnceLock::new();
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    URL.get_or_init(|| match std::env::var("TEST_DATABASE_URL") {
        Ok(url) => {
            assert!(
                url.starts_with("postgres://") || url.starts_with("postgresql://"),
                "TEST_DATABASE_URL must be a PostgreSQL URL"
            );
            url
        }
        Err(_) => CLUSTER.get_or_init(|| Cluster::start_new(Durability::Relaxed)).url("postgres"),
    })
}

/// A database name that no other test, process or run uses.
pub fn fresh_name() -> String {
    format!("tradepost_test_{}", uuid::Uuid::new_v4().simple())
}

const TEMPLATE: &str = "tradepost_template_";

/// The name of this process's template, which says whose it is.
pub(crate) fn template_name() -> String {
    format!("{TEMPLATE}{}_{}", std::process::id(), uuid::Uuid::new_v4().simple())
}

/// A template outlives its process where the server does. Whoever comes next drops what is left of others.
pub(crate) fn drop_abandoned_templates(server_url: &str) {
    let all = format!(
        "select coalesce(string_agg(datname, ' '), '') from pg_database where starts_with(datname, '{TEMPLATE}')"
    );
    for name in sql::text(server_url, &all).split(' ').filter(|name| !name.is_empty()) {
        let pid = name.trim_start_matches(TEMPLATE).split('_').next().unwrap_or_default();
        let lives = Command::new("kill").args(["-0", pid]).stderr(Stdio::null()).status();
        if !lives.expect("`kill` runs").success() {
            // Somebody else may be faster.
            drop(sql::try_execute(server_url, &format!("drop database \"{name}\"")));
        }
    }
}

/// Makes an empty database, or a copy of `template`, on the server at `server_url`; answers its URL.
pub fn create_database(server_url: &str, name: &str, template: Option<&str>) -> String {
    let like = template.map(|template| format!(" template \"{template}\"")).unwrap_or_default();
    sql::execute(server_url, &format!("create database \"{name}\"{like}"));
    with_database(server_url, name)
}

/// A URL's parts: what is before the host, host and port, what is behind.
fn parts(url: &str) -> (&str, &str, &str) {
    let host_at = url.find("://").map_or(0, |at| at + 3);
    let end = url[host_at..].find(['/', '?']).map_or(url.len(), |at| host_at + at);
    let start = url[host_at..end].rfind('@').map_or(host_at, |at| host_at + at + 1);
    (&url[..start], &url[start..end], &url[end..])
}

/// The same server's URL, naming another database.
pub fn with_database(server_url: &str, name: &str) -> String {
    let (front, host, behind) = parts(server_url);
    let query = behind.split_once('?').map(|(_, query)| format!("?{query}")).unwrap_or_default();
    format!("{front}{host}/{name}{query}")
}

/// Host and port of a URL.
pub(crate) fn host_and_port(url: &str) -> String {
    let (_, host, _) = parts(url);
    if host.contains(':') { host.to_owned() } else { format!("{host}:5432") }
}

/// The same URL with another host and port.
pub(crate) fn with_address(url: &str, address: &str) -> String {
    let (front, _, behind) = parts(url);
    format!("{front}{address}{behind}")
}

#[cfg(test)]
mod tests {
    use super::with_database;

    #[test]
    fn another_database_of_the_same_server_keeps_everything_else() {
        assert_eq!(
            with_database("postgres://me:pw@host:5/one?sslmode=require", "two"),
            "postgres://me:pw@host:5/two?sslmode=require"
        );
        assert_eq!(with_database("postgres://host", "two"), "postgres://host/two");
        assert_eq!(
            super::with_address("postgres://me@host/one?a=b", "127.0.0.1:9"),
            "postgres://me@127.0.0.1:9/one?a=b"
        );
        assert_eq!(super::host_and_port("postgres://me:p@host/one"), "host:5432");
    }
}
