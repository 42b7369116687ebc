//! Who is at the other end.

use super::Wire;
use actix_web::{HttpRequest, http::header};
use std::net::{IpAddr, Ipv4Addr};

/// Who sends this request.
pub fn of(request: &HttpRequest, wire: &Wire) -> IpAddr {
    let forwarded = request.headers().get_all(header::X_FORWARDED_FOR).filter_map(|value| value.to_str().ok());
    let forwarded = forwarded.collect::<Vec<_>>().join(",");
    client_address(request.peer_addr().map(|peer| peer.ip()), &forwarded, &wire.proxies)
}

/// Who is at the other end: the peer, or whom trusted proxies say they forward, the nearest that is not itself one of them.
fn client_address(peer: Option<IpAddr>, forwarded_for: &str, proxies: &[IpAddr]) -> IpAddr {
    // A request without a peer came through no socket.
    let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)).to_canonical();
    let mut hops = forwarded_for.rsplit(',').map(|hop| hop.trim().parse::<IpAddr>());
    let mut nearest = peer;
    while proxies.contains(&nearest) {
        match hops.next() {
            Some(Ok(hop)) => nearest = hop.to_canonical(),
            Some(Err(_)) | None => break,
        }
    }
    nearest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_trusted_proxies_are_believed() {
        let at = |text: &str| text.parse::<IpAddr>().unwrap();
        let proxies = [at("10.0.0.7"), at("10.0.0.8")];
        let client = |peer: &str, forwarded: &str| client_address(Some(at(peer)), forwarded, &proxies).to_string();
        assert_eq!(client("192.0.2.1", "198.51.100.9"), "192.0.2.1");
        assert_eq!(client("10.0.0.7", "198.51.100.9"), "198.51.100.9");
        assert_eq!(client("10.0.0.7", "203.0.113.1, 198.51.100.9, 10.0.0.8"), "198.51.100.9");
        assert_eq!(client("10.0.0.7", ""), "10.0.0.7");
        assert_eq!(client("10.0.0.7", "unknown"), "10.0.0.7");
    }
}
