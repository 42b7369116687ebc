//! Every error is an RFC 9457 `application/problem+json`, without exception; this is its shape.

use actix_web::{
    HttpResponse, ResponseError,
    http::{
        StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
};
use actix_web_httpauth::headers::www_authenticate::{WwwAuthenticate, bearer::Bearer};
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::value::{RawValue, to_raw_value};
use std::fmt;

/// The header that tells the rule of a limit.
pub const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// The header that tells what is left of it.
pub const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// What went wrong with one field of the body or one parameter of the query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FieldError {
    /// JSON pointer (RFC 6901) into the request's body; absent where the fault is not in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "/lines/0/quantity")]
    pub pointer: Option<String>,
    /// The name of the parameter or header; absent where the fault is in the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "limit")]
    pub parameter: Option<String>,
    /// Stable, in snake_case; for example `required` or `invalid`.
    #[schema(example = "invalid")]
    pub code: String,
    /// A sentence for people.
    #[schema(example = "a quantity has at most 5 decimals")]
    pub detail: String,
}

/// One row of the contract's table of errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// Stable, in snake_case; the last part of the problem's `type`.
    pub name: &'static str,
    /// The HTTP status it comes with.
    pub status: u16,
    /// What it means, in a few words.
    pub title: &'static str,
}

impl Code {
    /// What the member `type` of its problems says.
    pub fn type_uri(self) -> String {
        format!("urn:tradepost:problem:{}", self.name)
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
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type" 415 "The body must be JSON";
    IDEMPOTENCY_KEY_REUSED = "idempotency_key_reused" 422 "This key came with another request";
    RATE_LIMITED = "rate_limited" 429 "Too many attempts";
    INTERNAL = "internal" 500 "The program failed";
    UNAVAILABLE = "unavailable" 503 "Not now";
    OUTCOME_UNKNOWN = "outcome_unknown" 503 "Nobody knows whether it happened";
}

/// An error as the outside sees it, and what the inside needs to know besides.
#[derive(Clone)]
pub struct Problem(Box<Parts>);

#[derive(Clone)]
struct Parts {
    code: Code,
    detail: String,
    inside: Option<String>,
    instance: Option<String>,
    errors: Vec<FieldError>,
    members: Vec<(&'static str, Box<RawValue>)>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// With a sentence that says what was asked, what there is, and what to do.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self(Box::new(Parts {
            code,
            detail: detail.into(),
            inside: None,
            instance: None,
            errors: Vec::new(),
            members: Vec::new(),
            headers: Vec::new(),
        }))
    }

    /// One fault in the body.
    pub fn at(pointer: impl Into<String>, code: &str, detail: impl fmt::Display) -> Self {
        Self::new(Code::VALIDATION, "").with_field_error(FieldError {
            pointer: Some(pointer.into()),
            parameter: None,
            code: code.to_owned(),
            detail: detail.to_string(),
        })
    }

    /// One fault in the query or a header.
    pub fn parameter(name: impl Into<String>, code: &str, detail: impl fmt::Display) -> Self {
        Self::new(Code::VALIDATION, "").with_field_error(FieldError {
            pointer: None,
            parameter: Some(name.into()),
            code: code.to_owned(),
            detail: detail.to_string(),
        })
    }

    /// There is no such thing, or the caller may not know of it.
    pub fn not_found() -> Self {
        Self::new(Code::NOT_FOUND, "There is nothing at this address.")
    }

    /// A failure of the program. What is given is logged, not sent.
    pub fn internal(what: impl fmt::Display) -> Self {
        Self::new(Code::INTERNAL, "The program failed; nothing was changed. The log has this request's id.")
            .because(what)
    }

    /// Adds what only the inside may know; it is logged where the problem is answered.
    #[must_use]
    pub fn because(mut self, inside: impl fmt::Display) -> Self {
        self.0.inside = Some(inside.to_string());
        self
    }

    /// Adds a fault of a field; the detail then speaks of the first.
    #[must_use]
    pub fn with_field_error(mut self, fault: FieldError) -> Self {
        if self.0.detail.is_empty() {
            let place = fault.pointer.as_deref().or(fault.parameter.as_deref()).unwrap_or_default();
            let colon = if place.is_empty() { "" } else { ": " };
            self.0.detail = format!("{place}{colon}{}", fault.detail);
        }
        self.0.errors.push(fault);
        self
    }

    /// Adds a member of its own to the problem.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Serialize) -> Self {
        match to_raw_value(&value) {
            Ok(value) => self.0.members.push((name, value)),
            Err(error) => log::error!("the member {name} of a problem could not be written as JSON: {error}"),
        }
        self
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: impl fmt::Display) -> Self {
        if let Ok(value) = HeaderValue::from_str(&value.to_string()) {
            self.0.headers.push((name, value));
        }
        self
    }

    /// When to try again, in seconds; at least 1.
    #[must_use]
    pub fn retry_after(self, seconds: i64) -> Self {
        self.with_header(header::RETRY_AFTER, seconds.max(1))
    }

    /// Names the request that it answers, by the id in its log line.
    #[must_use]
    pub fn in_request(mut self, id: &str) -> Self {
        self.0.instance = Some(id.to_owned());
        self
    }

    /// What only the inside may know.
    pub fn inside(&self) -> Option<&str> {
        self.0.inside.as_deref()
    }

    /// Which row of the table.
    pub const fn code(&self) -> Code {
        self.0.code
    }

    /// As JSON, with members of its own beside the usual ones.
    pub fn body(&self) -> Vec<u8> {
        // Maps with text keys always serialise.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let parts = &*self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", &parts.code.type_uri())?;
        map.serialize_entry("title", parts.code.title)?;
        map.serialize_entry("status", &parts.code.status)?;
        map.serialize_entry("detail", &parts.detail)?;
        if let Some(instance) = &parts.instance {
            map.serialize_entry("instance", instance)?;
        }
        map.serialize_entry("code", parts.code.name)?;
        if !parts.errors.is_empty() {
            map.serialize_entry("errors", &parts.errors)?;
        }
        for (name, value) in &parts.members {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // For logs and the command line, which are the inside.
        f.write_str(self.0.inside.as_ref().unwrap_or(&self.0.detail))
    }
}

impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.0.code.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        response.insert_header((header::CONTENT_TYPE, "application/problem+json"));
        for (name, value) in &self.0.headers {
            response.insert_header((name.clone(), value.clone()));
        }
        if self.0.code.status == 401 {
            response.insert_header(WwwAuthenticate(Bearer::build().realm("tradepost").finish()));
        }
        response.body(self.body())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn a_problem_names_its_request_and_its_fields() {
        let problem = Problem::at("/lines/0/quantity", "invalid", "too much").in_request("r-1");
        let json: Value = serde_json::from_slice(&problem.body()).unwrap();
        assert_eq!(json["type"], "urn:tradepost:problem:validation");
        assert_eq!(json["status"], 400);
        assert_eq!(json["instance"], "r-1");
        assert_eq!(json["errors"][0]["pointer"], "/lines/0/quantity");
        assert_eq!(json["detail"], "/lines/0/quantity: too much");
    }

    #[test]
    fn every_code_has_its_own_name() {
        let names: std::collections::BTreeSet<_> = Code::ALL.iter().map(|code| code.name).collect();
        assert_eq!(names.len(), Code::ALL.len());
    }
}
