//! `tradepost health`: asks the program that serves beside it how it is, for containers that have nothing else to ask with.

use crate::config::ServerConfig;
use anyhow::{Context, bail};
use std::{
    io::{BufRead, BufReader, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    time::Duration,
};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// A status line is shorter than this.
const MOST_BYTES: u64 = 1_024;

/// Asks whether the process is up, or whether it can serve: then its database must answer as well.
///
/// # Errors
/// A sentence: nothing listens there, no answer came in time, or it was another than 200.
pub fn ask(config: &ServerConfig, whether_ready: bool) -> anyhow::Result<()> {
    let address = reachable(config.bind);
    if address.port() == 0 {
        bail!("TRADEPOST_BIND is {address}: with port 0 nobody knows where to ask");
    }
    let path = if whether_ready { "/readyz" } else { "/healthz" };
    let answer = status_line(address, path).with_context(|| format!("nothing answers at http://{address}{path}"))?;
    match answer.split(' ').nth(1) {
        Some("200") => Ok(()),
        _ => bail!("http://{address}{path} answered {:?}", answer.trim_end()),
    }
}

/// What listens on every address is asked on this machine's own.
fn reachable(bind: SocketAddr) -> SocketAddr {
    let own = match bind.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(own, bind.port())
}

fn status_line(address: SocketAddr, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let question = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(question.as_bytes())?;
    let mut line = String::new();
    BufReader::new(std::io::Read::take(stream, MOST_BYTES)).read_line(&mut line)?;
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_listens_everywhere_is_asked_at_home() {
        for (bind, asked) in
            [("0.0.0.0:8080", "127.0.0.1:8080"), ("[::]:8080", "[::1]:8080"), ("10.0.0.7:80", "10.0.0.7:80")]
        {
            assert_eq!(reachable(bind.parse().unwrap()).to_string(), asked);
        }
    }
}
