//! The codes of problems: what programs compare, with the status each comes with and what it means.

/// One row of the contract's table of errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// Stable, in snake_case; the last part of the problem's `type`, under which it is explained.
    pub name: &'static str,
    /// The HTTP status it comes with.
    pub status: u16,
    /// What it means, in a few words.
    pub title: &'static str,
}

impl Code {
    /// What the member `type` of its problems says: the address of a page that explains it.
    pub fn type_uri(self) -> String {
        format!("/api/problems/{}", self.name)
    }
}

macro_rules! codes {
    ($($const:ident = $name:literal $status:literal $title:literal;)+) => {
        impl Code {
            $(#[doc = $title] pub const $const: Self = Self { name: $name, status: $status, title: $title };)+
            /// Every code there is.
            pub const ALL: &'static [Self] = &[$(Self::$const),+];
        }
    };
}
codes! {
    MALFORMED = "malformed" 400 "The request cannot be read";
    VALIDATION = "validation" 400 "Something in the request is not as it must be";
    UNAUTHENTICATED = "unauthenticated" 401 "Log in first";
    BAD_CREDENTIALS = "bad_credentials" 401 "The login or the password is wrong";
    BAD_SIGNATURE = "bad_signature" 401 "The signature is not good";
    FORBIDDEN = "forbidden" 403 "You may not do this";
    NOT_FOUND = "not_found" 404 "There is no such thing";
    METHOD_NOT_ALLOWED = "method_not_allowed" 405 "This cannot be done with it";
    REQUEST_TIMEOUT = "request_timeout" 408 "The request came too slowly";
    INSUFFICIENT_STOCK = "insufficient_stock" 409 "There is not enough in stock";
    DUPLICATE = "duplicate" 409 "There is already one like this";
    IN_USE = "in_use" 409 "Something still refers to it";
    ILLEGAL_TRANSITION = "illegal_transition" 409 "Where it stands, this cannot be done";
    PRODUCT_UNAVAILABLE = "product_unavailable" 409 "The product is not on sale";
    PROMO_REFUSED = "promo_refused" 409 "The promo code cannot be used";
    CART_EMPTY = "cart_empty" 409 "There is nothing in the cart";
    CONFLICT = "conflict" 409 "This contradicts what is already recorded";
    PRECONDITION_FAILED = "precondition_failed" 412 "It was changed since you read it";
    PAYLOAD_TOO_LARGE = "payload_too_large" 413 "The body is too large";
    URI_TOO_LONG = "uri_too_long" 414 "The address is too long";
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type" 415 "The body must be JSON, plain or in gzip";
    IDEMPOTENCY_KEY_REUSED = "idempotency_key_reused" 422 "This key came with another request";
    RATE_LIMITED = "rate_limited" 429 "Too many attempts";
    HEADERS_TOO_LARGE = "headers_too_large" 431 "The headers are too large";
    INTERNAL = "internal" 500 "The program failed";
    UNAVAILABLE = "unavailable" 503 "Not now";
    OUTCOME_UNKNOWN = "outcome_unknown" 503 "Nobody knows whether it happened";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_own_name() {
        let names: std::collections::BTreeSet<_> = Code::ALL.iter().map(|code| code.name).collect();
        assert_eq!(names.len(), Code::ALL.len());
    }
}
