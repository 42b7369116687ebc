//! The harness itself: what the other tests rely on.

use std::io::ErrorKind;
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tradepost_tests::postgres::{Cluster, Durability};
use tradepost_tests::{Database, Engine, sql};

/// A server that somebody else runs cannot be stopped, crashed and removed: there is nothing to fall back on.
fn a_cluster_is_possible_here() {
    assert!(
        Cluster::is_possible(),
        "this test starts and stops a PostgreSQL server of its own, which TEST_DATABASE_URL cannot stand in for: install PostgreSQL's \
         server programs (initdb, postgres)"
    );
}

#[test]
fn a_cluster_starts_stops_starts_again_with_its_data_and_is_removed() {
    a_cluster_is_possible_here();
    let mut cluster = Cluster::start_new(Durability::Full);
    let url = cluster.create_database("kept", None);
    sql::execute(&url, "create table t (n bigint); insert into t values (42)");
    cluster.stop("INT");
    let said = sql::try_execute(&url, "select 1").expect_err("a stopped server answers nothing");
    assert!(said.contains(&cluster.port().to_string()), "it cannot be reached at its port: {said}");
    cluster.start();
    assert_eq!(sql::number(&url, "select n from t"), 42);
    cluster.stop("QUIT");
    cluster.start();
    assert_eq!(sql::number(&url, "select n from t"), 42, "a crash loses nothing that was committed");
    let port = cluster.port();
    drop(cluster);
    let gone = TcpStream::connect(("127.0.0.1", port)).map_err(|error| error.kind());
    assert_eq!(gone.err(), Some(ErrorKind::ConnectionRefused), "a dropped server is gone");
}

#[test]
fn a_copy_of_a_database_has_its_rows_and_not_its_later_ones() {
    let original = Database::empty(Engine::Postgres);
    sql::execute(&original.url, "create table t (n bigint); insert into t values (1)");
    let copy = original.copy();
    sql::execute(&original.url, "insert into t values (2)");
    assert_eq!(copy.number("select count(*) from t"), 1);
}

/// Runs this test binary again, lets it start a cluster, kills it with `kill -9` and waits for the cluster's end.
#[test]
fn a_cluster_is_removed_even_when_its_test_process_is_killed() {
    const ROLE: &str = "HARNESS_CHILD_WRITES_TO";
    if let Some(path) = std::env::var_os(ROLE) {
        let cluster = Cluster::start_new(Durability::Relaxed);
        std::fs::write(path, cluster.port().to_string()).expect("the port is told");
        loop {
            std::thread::park();
        }
    }
    a_cluster_is_possible_here();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let told: PathBuf = folder.path().join("port");
    let mut child = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "a_cluster_is_removed_even_when_its_test_process_is_killed"])
        .env(ROLE, &told)
        .stdout(Stdio::null())
        .spawn()
        .expect("this test runs again");
    let port = wait_for("the child's cluster", || std::fs::read_to_string(&told).ok()?.parse::<u16>().ok());
    assert!(TcpStream::connect(("127.0.0.1", port)).is_ok());
    child.kill().expect("kill -9");
    child.wait().expect("its end");
    let is_refused = |error: &std::io::Error| error.kind() == ErrorKind::ConnectionRefused;
    wait_for("the cluster's end", || TcpStream::connect(("127.0.0.1", port)).err().filter(is_refused));
}

fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        std::thread::park_timeout(Duration::from_millis(20));
    }
}
