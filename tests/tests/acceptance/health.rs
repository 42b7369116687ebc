//! `tradepost health`, as a container asks it.

use std::io::{Read, Write};
use tradepost_tests::{Outcome, Program, both_engines};

fn at(arguments: &[&str], bind: &str) -> Outcome {
    let folder = tempfile::tempdir().expect("a temporary folder");
    Program::new(folder.path(), arguments).env("TRADEPOST_BIND", bind).run()
}

both_engines!(health_is_asked_of_who_serves_and_told_by_the_status, async |mut shop| {
    let bind = shop.server.address().trim_start_matches("http://").to_owned();
    let ask = |arguments: &[&str]| shop.database.program(arguments).env("TRADEPOST_BIND", &bind).run();
    assert_eq!(ask(&["health"]).succeeded().stdout, "ok\n");
    assert_eq!(ask(&["health", "--ready"]).succeeded().stdout, "ready\n");
    shop.server.stop();
    for arguments in [&["health"][..], &["health", "--ready"]] {
        shop.database.program(arguments).env("TRADEPOST_BIND", &bind).run().refused_naming(&bind);
    }
});

#[test]
fn health_is_not_readiness_and_neither_hangs() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let bind = listener.local_addr().expect("its address").to_string();
    // Something that is up and cannot serve, then something that says nothing at all.
    let other = std::thread::spawn(move || {
        let (mut asked, _) = listener.accept().expect("a question");
        let _ = asked.read(&mut [0; 1_024]).expect("its words");
        asked.write_all(b"HTTP/1.1 503 Service Unavailable\r\n\r\n").expect("an answer");
        drop(asked);
        let (silent, _) = listener.accept().expect("a question");
        silent
    });
    at(&["health", "--ready"], &bind).refused_naming("503");
    at(&["health"], &bind).refused_naming(&bind);
    drop(other.join());
    at(&["health"], "127.0.0.1:0").refused_naming("TRADEPOST_BIND");
}
