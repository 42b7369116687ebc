//! Every error is an RFC 9457 `application/problem+json`, without exception; this is its shape.

pub use super::problem_codes::Code;
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

/// More faults than these help nobody.
pub const MOST_FAULTS: usize = 50;

/// The longest place or sentence of an answer, in bytes: what somebody sent is not sent back whole.
const LONGEST: usize = 1_000;

/// The text as far as an answer shows it.
pub fn shown(mut text: String) -> String {
    if text.len() > LONGEST {
        let end = (0..=LONGEST - '…'.len_utf8()).rev().find(|end| text.is_char_boundary(*end));
        text.truncate(end.unwrap_or_default());
        text.push('…');
    }
    text
}

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

impl FieldError {
    /// The same, as far as an answer shows it.
    fn shown(self) -> Self {
        let Self { pointer, parameter, code, detail } = self;
        Self { pointer: pointer.map(shown), parameter: parameter.map(shown), code, detail: shown(detail) }
    }

    /// The place and what is wrong there.
    fn sentence(&self) -> String {
        let place = self.pointer.as_deref().or(self.parameter.as_deref()).unwrap_or_default();
        let colon = if place.is_empty() { "" } else { ": " };
        shown(format!("{place}{colon}{}", self.detail))
    }

    fn is_at(&self, other: &Self) -> bool {
        (&self.pointer, &self.parameter) == (&other.pointer, &other.parameter)
    }

    /// Is it at the place of the other, or at a part of what is there?
    fn is_inside(&self, other: &Self) -> bool {
        let rest =
            self.pointer.as_deref().zip(other.pointer.as_deref()).and_then(|(own, other)| own.strip_prefix(other));
        self.is_at(other) || rest.is_some_and(|rest| rest.starts_with('/'))
    }
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
    of_parser: bool,
    closes: bool,
    members: Vec<(&'static str, Box<RawValue>)>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// With a sentence that says what was asked, what there is, and what to do.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self(Box::new(Parts {
            code,
            detail: shown(detail.into()),
            inside: None,
            instance: None,
            errors: Vec::new(),
            of_parser: false,
            closes: false,
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

    /// Adds a fault of a field, as long as that helps anybody; the detail then speaks of the first.
    #[must_use]
    pub fn with_field_error(mut self, fault: FieldError) -> Self {
        if self.0.errors.len() == MOST_FAULTS {
            return self;
        }
        let fault = fault.shown();
        if self.0.detail.is_empty() {
            self.0.detail = fault.sentence();
        }
        self.0.errors.push(fault);
        self
    }

    /// Says that it was found by who reads the request, not by a rule: there may be better words for it.
    #[must_use]
    pub fn of_parser(mut self) -> Self {
        self.0.of_parser = true;
        self
    }

    /// The same with these faults as well, one for each place. A rule's own words stay; a parser's give way to better ones, but not its code.
    #[must_use]
    pub fn with_all(mut self, more: Vec<FieldError>) -> Self {
        if more.is_empty() {
            return self;
        }
        let more: Vec<_> = more.into_iter().take(MOST_FAULTS).map(FieldError::shown).collect();
        let own = std::mem::take(&mut self.0.errors);
        let is_known = |fault: &FieldError, faults: &[FieldError]| faults.iter().any(|other| other.is_at(fault));
        self.0.errors = if self.0.of_parser {
            let coded = |mut fault: FieldError| {
                if let Some(own) = own.iter().find(|own| own.is_at(&fault)) {
                    fault.code.clone_from(&own.code);
                }
                fault
            };
            let mut errors: Vec<_> = more.into_iter().map(coded).collect();
            // Where it only says that something inside is wrong, what that is has been said.
            let rest: Vec<_> = own.into_iter().filter(|own| !errors.iter().any(|one| one.is_inside(own))).collect();
            errors.extend(rest);
            errors
        } else {
            let rest: Vec<_> = more.into_iter().filter(|fault| !is_known(fault, &own)).collect();
            own.into_iter().chain(rest).collect()
        };
        self.0.errors.truncate(MOST_FAULTS);
        self.0.code = Code::VALIDATION;
        let others = self.0.errors.len() - 1;
        self.0.detail = self.0.errors[0].sentence();
        if others > 0 {
            self.0.detail.push_str(&format!(" (and {others} more, see `errors`)"));
        }
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

    /// Ends the connection after the answer: what is still to come on it cannot be told apart.
    #[must_use]
    pub fn closing(mut self) -> Self {
        self.0.closes = true;
        self
    }

    /// With another sentence.
    #[must_use]
    pub fn saying(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = shown(detail.into());
        self
    }

    /// Has it a member of its own by this name?
    pub fn has(&self, name: &str) -> bool {
        self.0.members.iter().any(|(other, _)| *other == name)
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
        if self.0.closes {
            response.force_close();
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
        assert_eq!(json["type"], "/api/problems/validation");
        assert_eq!(json["status"], 400);
        assert_eq!(json["instance"], "r-1");
        assert_eq!(json["errors"][0]["pointer"], "/lines/0/quantity");
        assert_eq!(json["detail"], "/lines/0/quantity: too much");
    }

    #[test]
    fn an_answer_stays_small_whatever_was_sent() {
        let long = "ö".repeat(60_000);
        let fault = |number: usize| FieldError {
            pointer: Some(format!("/{number}/{long}")),
            parameter: Some(long.clone()),
            code: "unknown".to_owned(),
            detail: long.clone(),
        };
        let many = || (0..2 * MOST_FAULTS).map(fault);
        let one_by_one = many().fold(Problem::new(Code::VALIDATION, ""), Problem::with_field_error);
        for problem in [one_by_one.clone(), one_by_one.with_all(many().collect()), Problem::not_found().saying(&*long)]
        {
            assert!(problem.0.errors.len() <= MOST_FAULTS);
            assert!(problem.0.detail.len() <= LONGEST + 50 && problem.0.detail.contains('…'));
            let parts = problem
                .0
                .errors
                .iter()
                .flat_map(|fault| [fault.pointer.as_ref(), fault.parameter.as_ref(), Some(&fault.detail)]);
            assert!(parts.flatten().all(|text| text.len() <= LONGEST && text.ends_with('…')));
        }
    }
}
