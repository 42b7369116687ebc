//! A lean load generator: generator, server and database share the machine, so what is spent here is taken from them.
//!
//! Plain connections that stay open, requests made beforehand, answers looked at no further than needed.

use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What a run measured.
pub(crate) struct Measured {
    /// Good answers a second.
    pub(crate) per_second: f64,
    /// Half of the answers came sooner.
    pub(crate) p50: Duration,
    /// All but one in a hundred came sooner.
    pub(crate) p99: Duration,
    /// Bytes of the last body.
    pub(crate) body_bytes: usize,
}

/// A request as it goes over the wire.
pub(crate) fn request(method: &str, path: &str, token: Option<&str>, body: &str) -> Vec<u8> {
    let credential = token.map(|token| format!("authorization: Bearer {token}\r\n")).unwrap_or_default();
    let content = if body.is_empty() {
        String::new()
    } else {
        format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len())
    };
    format!("{method} {path} HTTP/1.1\r\nhost: shop.test\r\n{credential}{content}\r\n{body}").into_bytes()
}

/// Sends `requests` of each connection round and round for this long, after a warm-up of a fifth of it. Panics at any
/// answer whose status is not `status`.
pub(crate) fn run(address: &str, requests: Vec<Vec<Vec<u8>>>, status: &str, length: Duration) -> Measured {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime for the load");
    let address = address.trim_start_matches("http://").to_owned();
    let status = format!("HTTP/1.1 {status}");
    runtime.block_on(async {
        let counted_from = Instant::now() + length / 5;
        let until = counted_from + length;
        let connections: Vec<_> = requests
            .into_iter()
            .map(|requests| tokio::spawn(connection(address.clone(), requests, status.clone(), (counted_from, until))))
            .collect();
        let (mut times, mut body_bytes) = (Vec::new(), 0);
        for connection in connections {
            let (more, bytes) = connection.await.expect("a connection that got good answers only");
            times.extend(more);
            body_bytes = bytes;
        }
        times.sort_unstable();
        assert!(!times.is_empty(), "no answer within {length:?}");
        let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
        Measured { per_second: times.len() as f64 / length.as_secs_f64(), p50: at(0.5), p99: at(0.99), body_bytes }
    })
}

/// One connection's answers: how long those took that ended in the window, and how large the last body was.
async fn connection(
    address: String,
    requests: Vec<Vec<u8>>,
    status: String,
    window: (Instant, Instant),
) -> (Vec<Duration>, usize) {
    let mut stream = TcpStream::connect(&address).await.expect("a connection");
    stream.set_nodelay(true).expect("no delay");
    let (mut times, mut buffer, mut body_bytes) = (Vec::new(), Vec::with_capacity(64 * 1024), 0);
    for request in requests.iter().cycle() {
        let begun = Instant::now();
        if begun >= window.1 {
            break;
        }
        stream.write_all(request).await.expect("the request is sent");
        body_bytes = answer(&mut stream, &mut buffer, &status).await;
        let ended = Instant::now();
        if ended >= window.0 && ended < window.1 {
            times.push(ended - begun);
        }
    }
    (times, body_bytes)
}

/// Reads one answer; its body's length.
async fn answer(stream: &mut TcpStream, buffer: &mut Vec<u8>, status: &str) -> usize {
    buffer.clear();
    loop {
        let read = stream.read_buf(buffer).await.expect("an answer");
        assert!(read > 0, "the server closed the connection after {:?}", String::from_utf8_lossy(buffer));
        let Some(head) = buffer.windows(4).position(|window| window == b"\r\n\r\n") else {
            continue;
        };
        let length = content_length(&buffer[..head]);
        if buffer.len() >= head + 4 + length {
            assert!(buffer.starts_with(status.as_bytes()), "not {status}: {}", String::from_utf8_lossy(buffer));
            return length;
        }
    }
}

fn content_length(head: &[u8]) -> usize {
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let value = head.split("content-length:").nth(1).and_then(|rest| rest.lines().next());
    value.and_then(|value| value.trim().parse().ok()).expect("every answer says how long it is")
}
