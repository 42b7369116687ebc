//! What cannot be read as HTTP is refused by the HTTP library, in its own words: a bare status. This layer between it and the socket turns
//! such an answer into a problem like every other.
//!
//! It looks only at what is written last before a pause, and only at its end: an answer of the application always carries
//! `X-Request-Id`, and nearly always a body. Never here: a decision. What cannot be read was refused before.

use crate::http::wire::{
    problem::{Code, Problem},
    request_id,
};
use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tradepost_app::clock;

/// A bare answer is a status line and at most three short headers.
const LONGEST_BARE: usize = 256;

/// The longest address that the HTTP library reads, in bytes.
const LONGEST_ADDRESS: usize = 65_534;

/// A connection whose bare refusals become problems.
pub struct Framed<S> {
    stream: S,
    /// How long the first line is that came since the last answer, as far as it came.
    line_length: usize,
    line_has_ended: bool,
    /// The problem that is being sent in place of a bare answer, and how much of it is out.
    problem: Option<(Vec<u8>, usize)>,
}

impl<S> Framed<S> {
    /// Puts the layer over a connection.
    pub const fn new(stream: S) -> Self {
        Self { stream, line_length: 0, line_has_ended: false, problem: None }
    }

    fn has_read(&mut self, bytes: &[u8]) {
        if !self.line_has_ended {
            let end = bytes.iter().position(|byte| *byte == b'\n');
            self.line_length += end.unwrap_or(bytes.len());
            self.line_has_ended = end.is_some();
        }
    }

    fn problem(&self, status: &str) -> Vec<u8> {
        let line_is_too_long = self.line_length > LONGEST_ADDRESS;
        let problem = match status {
            "408" => Problem::new(Code::REQUEST_TIMEOUT, "The rest of the request did not come in time."),
            "400" | "431" if line_is_too_long => Problem::new(
                Code::URI_TOO_LONG,
                "The first line of the request is too long: an address has at most 65534 bytes.",
            ),
            "431" => {
                Problem::new(Code::HEADERS_TOO_LARGE, "A request has at most 96 headers, of at most 128 KiB together.")
            }
            _ => Problem::new(
                Code::MALFORMED,
                "This cannot be read as HTTP: the first line, one of the headers or the length of the body \
                 is not as it must be.",
            ),
        };
        let id = clock::new_uuid().to_string();
        log::debug!("{} before there was a request: {problem} [{id}]", problem.code().status);
        let (code, body) = (problem.code(), problem.in_request(&id).body());
        let mut answer = format!(
            "HTTP/1.1 {status} {reason}\r\ncontent-type: application/problem+json\r\ncontent-length: {length}\r\nconnection: close\r\n\
             {name}: {id}\r\nx-content-type-options: nosniff\r\n\r\n",
            status = code.status,
            reason = code.title,
            length = body.len(),
            name = request_id::HEADER,
        )
        .into_bytes();
        answer.extend(body);
        answer
    }
}

/// Where in what is to be written a bare refusal begins, and its status; it is always the last thing written.
fn bare_refusal(bytes: &[u8]) -> Option<(usize, &str)> {
    if !bytes.ends_with(b"\r\n\r\n") {
        return None;
    }
    let from = bytes.len().saturating_sub(LONGEST_BARE);
    let tail = &bytes[from..];
    let start = tail.windows(10).rposition(|part| part == b"HTTP/1.1 4")?;
    let head = std::str::from_utf8(&tail[start..]).ok()?;
    let mut lines = head.trim_end_matches("\r\n").split("\r\n");
    let status = lines.next()?.get(9..12).filter(|status| ["400", "408", "431"].contains(status))?;
    let is_bare = |line: &str| {
        let name = line.split(':').next().unwrap_or_default();
        ["content-length", "connection", "date"].iter().any(|known| name.eq_ignore_ascii_case(known))
    };
    lines.all(is_bare).then_some((from + start, status))
}

impl<S: AsyncRead + Unpin> AsyncRead for Framed<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        self.has_read(&buffer.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Framed<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.problem.is_none() {
            match bare_refusal(bytes) {
                None => {
                    (self.line_length, self.line_has_ended) = (0, false);
                    return Pin::new(&mut self.stream).poll_write(cx, bytes);
                }
                Some((0, status)) => self.problem = Some((self.problem(status), 0)),
                // Answers to earlier requests go first.
                Some((start, _)) => return Pin::new(&mut self.stream).poll_write(cx, &bytes[..start]),
            }
        }
        let Self { stream, problem, .. } = &mut *self;
        while let Some((answer, sent)) = problem.as_mut().filter(|(answer, sent)| *sent < answer.len()) {
            let more = ready!(Pin::new(&mut *stream).poll_write(cx, &answer[*sent..]))?;
            if more == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            *sent += more;
        }
        self.problem = None;
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    const BARE: &str = "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\ndate: Sat, 31 Jan 2026 12:00:00 GMT\r\n\r\n";

    /// Takes a few bytes at a time, as a slow connection does.
    struct Slow(Vec<u8>);

    impl AsyncWrite for Slow {
        fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
            let taken = bytes.len().min(7);
            self.0.extend(&bytes[..taken]);
            Poll::Ready(Ok(taken))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    fn written(read: &[u8], text: &str) -> String {
        let mut framed = Framed::new(Slow(Vec::new()));
        framed.has_read(read);
        let mut cx = Context::from_waker(std::task::Waker::noop());
        let mut rest = text.as_bytes();
        while !rest.is_empty() {
            let Poll::Ready(Ok(taken)) = Pin::new(&mut framed).poll_write(&mut cx, rest) else { panic!("it is ready") };
            rest = &rest[taken..];
        }
        String::from_utf8(framed.stream.0).unwrap()
    }

    fn problem(answer: &str) -> (String, Value) {
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), serde_json::from_str(body).unwrap())
    }

    #[test]
    fn a_bare_refusal_becomes_a_problem_that_names_its_request() {
        let (head, body) = problem(&written(b"nonsense\r\n\r\n", BARE));
        assert_eq!((&body["status"], &body["code"]), (&Value::from(400), &Value::from("malformed")));
        assert!(head.contains(&format!("x-request-id: {}", body["instance"].as_str().unwrap())), "{head}");
        assert!(head.starts_with("HTTP/1.1 400 ") && head.contains("connection: close"), "{head}");
    }

    #[test]
    fn what_was_too_long_is_named() {
        let bare = |status: &str| BARE.replace("400", status);
        let endless = vec![b'x'; 131_072];
        assert_eq!(problem(&written(&endless, &bare("431"))).1["status"], 414);
        assert_eq!(problem(&written(&endless[..70_000], &bare("400"))).1["status"], 414);
        assert_eq!(problem(&written(&[b"GET / HTTP/1.1\r\n", &endless[..]].concat(), &bare("431"))).1["status"], 431);
        assert_eq!(problem(&written(b"GET", &bare("408"))).1["code"], "request_timeout");
    }

    #[test]
    fn an_answer_before_it_goes_out_unchanged() {
        let first = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nx-request-id: 1\r\n\r\n{}";
        let both = written(b"x", &format!("{first}{BARE}"));
        assert!(both.starts_with(first), "{both}");
        assert_eq!(problem(&both[first.len()..]).1["code"], "malformed");
    }

    #[test]
    fn every_other_answer_goes_out_unchanged() {
        for answer in [
            "HTTP/1.1 204 No Content\r\nx-request-id: 1\r\n\r\n",
            "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nx-request-id: 1\r\n\r\n",
            "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\n\r\n{}",
        ] {
            assert_eq!(written(b"x", answer), answer);
        }
    }
}
