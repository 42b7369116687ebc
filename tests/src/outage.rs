//! A PostgreSQL server that a test may take away and bring back.

use crate::postgres::{Cluster, Durability, host_and_port, with_address};
use std::io::{ErrorKind, copy};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

/// A server of the test's own, or, where `TEST_DATABASE_URL` is all there is, the way to that one.
pub enum Interruptible {
    /// Really stopped and started.
    Own(Box<Cluster>),
    /// The server goes on, but nobody reaches it: all its clients see is broken connections and refused ones.
    Through(Relay),
}

impl Interruptible {
    /// A server that runs.
    pub fn start_new() -> Interruptible {
        match std::env::var("TEST_DATABASE_URL") {
            Ok(url) if !Cluster::is_possible() => Interruptible::Through(Relay::to(&url)),
            _ => Interruptible::Own(Box::new(Cluster::start_new(Durability::Full))),
        }
    }

    /// The URL of a database in which others may be created.
    pub fn url(&self) -> String {
        match self {
            Interruptible::Own(cluster) => cluster.url("postgres"),
            Interruptible::Through(relay) => relay.url.clone(),
        }
    }

    /// Takes it away: `INT` as an administrator does, `QUIT` as a crash does.
    pub fn stop(&mut self, signal: &str) {
        match self {
            Interruptible::Own(cluster) => cluster.stop(signal),
            Interruptible::Through(relay) => relay.close(),
        }
    }

    /// Brings it back, at the same address.
    pub fn start(&mut self) {
        match self {
            Interruptible::Own(cluster) => cluster.start(),
            Interruptible::Through(relay) => relay.open(),
        }
    }
}

/// Passes connections on to a server, until it is closed.
pub struct Relay {
    url: String,
    server: String,
    address: String,
    /// Connections that are open; none while the relay is closed.
    open: Arc<Mutex<Option<Vec<TcpStream>>>>,
}

impl Relay {
    fn to(url: &str) -> Relay {
        let mut relay = Relay {
            url: String::new(),
            server: host_and_port(url),
            address: "127.0.0.1:0".to_owned(),
            open: Arc::default(),
        };
        relay.open();
        relay.url = with_address(url, &relay.address);
        relay
    }

    fn open(&mut self) {
        let listener = TcpListener::bind(&self.address).expect("the relay's port");
        self.address = listener.local_addr().expect("its address").to_string();
        *lock(&self.open) = Some(Vec::new());
        let (server, open) = (self.server.clone(), Arc::clone(&self.open));
        thread::spawn(move || {
            for client in listener.incoming() {
                // Closing knocks once, so that this loop looks.
                let Some(connections) = &mut *lock(&open) else { return };
                let Ok(client) = client else { continue };
                let Ok(there) = TcpStream::connect(&server) else { continue };
                connections.extend([pass_on(&client, &there), pass_on(&there, &client)]);
            }
        });
    }

    fn close(&mut self) {
        for connection in lock(&self.open).take().unwrap_or_default() {
            // It may be closed already.
            drop(connection.shutdown(Shutdown::Both));
        }
        drop(TcpStream::connect(&self.address));
        // Once refused, the listener is gone and its port free.
        while !TcpStream::connect(&self.address).is_err_and(|problem| problem.kind() == ErrorKind::ConnectionRefused) {
            crate::pause();
        }
    }
}

/// Copies what comes from one end to the other in a thread of its own, until either ends; answers a handle to close it by.
fn pass_on(from: &TcpStream, to: &TcpStream) -> TcpStream {
    let clone = |stream: &TcpStream| stream.try_clone().expect("another handle of a connection");
    let (mut reader, mut writer) = (clone(from), clone(to));
    thread::spawn(move || {
        // However it ends, the other end hears of it.
        drop(copy(&mut reader, &mut writer));
        drop(writer.shutdown(Shutdown::Both));
    });
    clone(from)
}

fn lock(mutex: &Mutex<Option<Vec<TcpStream>>>) -> MutexGuard<'_, Option<Vec<TcpStream>>> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::Relay;
    use crate::postgres::shared_server_url;
    use crate::sql;

    #[test]
    fn a_relay_breaks_and_mends_the_way() {
        let mut relay = Relay::to(shared_server_url());
        for _ in 0..3 {
            assert_eq!(sql::number(&relay.url, "1 + 1"), 2);
            relay.close();
            assert!(sql::try_execute(&relay.url, "select 1").is_err());
            relay.open();
        }
        assert_eq!(sql::number(&relay.url, "1 + 1"), 2);
    }
}
