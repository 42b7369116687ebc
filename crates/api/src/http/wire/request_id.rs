//! `X-Request-Id`: taken from the client or made; returned, logged and put into problems.

use actix_web::{dev::ServiceRequest, http::header::HeaderName};
use tradepost_app::clock;

/// The header in which an id comes and is returned.
pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The name of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(pub String);

impl RequestId {
    /// The client's, where it is 1 to 128 plain characters; a new one otherwise.
    pub fn of(request: &ServiceRequest) -> Self {
        let given = request.headers().get(HEADER).and_then(|value| value.to_str().ok());
        match given.filter(|id| is_plain(id)) {
            Some(id) => Self(id.to_owned()),
            None => Self(clock::new_uuid().to_string()),
        }
    }
}

/// It goes into logs and headers, so nothing may stand in it that means something there.
fn is_plain(id: &str) -> bool {
    (1..=128).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn a_plain_id_is_kept_and_anything_else_replaced() {
        let id = |text: &str| RequestId::of(&TestRequest::get().insert_header((HEADER, text)).to_srv_request()).0;
        assert_eq!(id("order-7"), "order-7");
        for odd in ["", "two words", "<b>", &"x".repeat(129)] {
            assert_ne!(id(odd), odd);
        }
    }
}
