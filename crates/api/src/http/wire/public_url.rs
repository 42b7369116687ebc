//! How the outside reaches the program, for the addresses that it hands out: as `TRADEPOST_PUBLIC_URL` says, else by the name that the caller
//! has just used.

use super::Wire;
use actix_web::{FromRequest, HttpRequest, dev::Payload, http::uri::Authority, web::Data};
use std::{
    convert::Infallible,
    future::{Ready, ready},
    net::{IpAddr, SocketAddr},
};
use tradepost_app::Shop;

/// How the outside reaches the program, without a slash at the end.
pub struct PublicUrl(pub String);

impl FromRequest for PublicUrl {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let set = request.app_data::<Data<Shop>>().and_then(|shop| shop.settings.public_url.clone());
        let wire = request.app_data::<Data<Wire>>();
        let used = || wire.map(|wire| as_used(request, &wire.proxies, wire.address)).unwrap_or_default();
        ready(Ok(Self(set.unwrap_or_else(used))))
    }
}

/// By the name that the caller has used, or that a trusted proxy says they have. A name that is none is not repeated: then as it listens.
fn as_used(request: &HttpRequest, proxies: &[IpAddr], address: SocketAddr) -> String {
    let header = |name: &str| request.headers().get_all(name).last().and_then(|value| value.to_str().ok());
    let is_proxied = request.peer_addr().is_some_and(|peer| proxies.contains(&peer.ip().to_canonical()));
    // Of several, the nearest proxy, which is the one that is trusted, has written the last.
    let forwarded = |name: &str| header(name).filter(|_| is_proxied)?.rsplit(',').next().map(str::trim);
    let is_https = forwarded("x-forwarded-proto").is_some_and(|scheme| scheme.eq_ignore_ascii_case("https"));
    let scheme = if is_https { "https" } else { "http" };
    let named = [forwarded("x-forwarded-host"), header("host"), request.uri().authority().map(Authority::as_str)];
    let host = named.into_iter().flatten().find(|name| is_host(name));
    host.map_or_else(|| format!("http://{address}"), |host| format!("{scheme}://{host}"))
}

/// The name or the address of a host, perhaps with a port: nothing that would lead elsewhere, or be more than text where it is shown.
fn is_host(name: &str) -> bool {
    let Ok(authority) = name.parse::<Authority>() else { return false };
    let host = authority.host();
    let is_name = (1..=253).contains(&host.len())
        && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'));
    let is_v6 = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .is_some_and(|ip| ip.parse::<std::net::Ipv6Addr>().is_ok());
    let rest = &name[name.len().min(host.len())..];
    let is_port =
        rest.is_empty() || rest.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    (is_name || is_v6) && name.starts_with(host) && is_port
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn reached(peer: &str, headers: &[(&str, &str)]) -> String {
        let at = |text: &str| -> SocketAddr { text.parse().unwrap() };
        let request = headers.iter().fold(TestRequest::get(), |request, header| request.insert_header(*header));
        let request = request.peer_addr(at(peer)).to_http_request();
        as_used(&request, &["10.0.0.7".parse().unwrap()], at("127.0.0.1:8080"))
    }

    #[test]
    fn the_name_that_the_caller_has_used_is_the_one_that_is_handed_out() {
        for host in ["shop.example", "shop.example:8443", "192.0.2.1:80", "[2001:db8::1]:8080", "till_server"] {
            assert_eq!(reached("192.0.2.9:1", &[("host", host)]), format!("http://{host}"));
        }
    }

    #[test]
    fn only_a_trusted_proxy_says_how_it_was_reached() {
        let forwarded = [
            ("host", "inside:8080"),
            ("x-forwarded-host", "evil.example, shop.example"),
            ("x-forwarded-proto", "HTTPS"),
        ];
        assert_eq!(reached("10.0.0.7:1", &forwarded), "https://shop.example");
        assert_eq!(reached("192.0.2.9:1", &forwarded), "http://inside:8080");
        assert_eq!(reached("10.0.0.7:1", &forwarded[..1]), "http://inside:8080");
    }

    #[test]
    fn a_name_that_is_none_is_not_repeated() {
        let long = "x".repeat(254);
        for host in [
            "",
            " ",
            "user@shop.example",
            "shop.example/path",
            "shop.example?q",
            "shop.example#f",
            "<script>",
            "a b",
            "shop.example:",
            "shop.example:0",
            "shop.example:99999",
            "shop.example:80:80",
            "[::1",
            "[evil]",
            "a,b",
            "\"",
            "%41",
            &long,
        ] {
            assert_eq!(reached("192.0.2.9:1", &[("host", host)]), "http://127.0.0.1:8080", "{host:?}");
        }
    }
}
