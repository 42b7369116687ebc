//! How answers are made: the same JSON, tags and headers for every noun.

use super::etag;
use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        StatusCode,
        header::{self, HeaderName},
    },
};
use serde::Serialize;
use tradepost_store::{Answer, Done};

/// Says that this answer was given before.
pub const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

const JSON: &str = "application/json";
const PROBLEM: &str = "application/problem+json";

/// The answer to a GET of one thing: 304 where the client has it already.
pub fn one(request: &HttpRequest, version: i64, thing: &impl Serialize) -> HttpResponse {
    let body = to_json(thing);
    let tag = etag::of(version, &body);
    if etag::is_known(request, &tag) {
        return HttpResponse::NotModified().insert_header((header::ETAG, tag)).finish();
    }
    HttpResponse::Ok().insert_header((header::ETAG, tag)).content_type(JSON).body(body)
}

/// The answer to a GET of a thing that has no version.
pub fn plain(status: StatusCode, thing: &impl Serialize) -> HttpResponse {
    HttpResponse::build(status).content_type(JSON).body(to_json(thing))
}

/// An answer to keep with its effect: 201 with the address of what was made.
pub fn created(thing: &impl Serialize, version: Option<i64>, location: String) -> Answer {
    Answer { location: Some(location), ..changed(201, thing, version) }
}

/// An answer to keep with its effect: the thing as it is now.
pub fn changed(status: u16, thing: &impl Serialize, version: Option<i64>) -> Answer {
    Answer { status, body: to_json(thing), version, location: None, stored_body: None }
}

/// An answer to keep with its effect: done, nothing to show.
pub const fn no_content() -> Answer {
    Answer { status: 204, body: Vec::new(), version: None, location: None, stored_body: None }
}

/// Sends what was kept, now or when the request came first.
pub fn send(done: Done) -> HttpResponse {
    let Done { answer, replayed } = done;
    let mut response = HttpResponse::build(StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK));
    if replayed {
        response.insert_header((REPLAYED, "true"));
    }
    if let Some(version) = answer.version {
        response.insert_header((header::ETAG, etag::of(version, &answer.body)));
    }
    if let Some(location) = answer.location {
        response.insert_header((header::LOCATION, location));
    }
    if answer.body.is_empty() {
        return response.finish();
    }
    // A refusal can be an outcome that is kept: a till's delivery that was judged.
    response.content_type(if answer.status < 400 { JSON } else { PROBLEM }).body(answer.body)
}

/// What is answered consists of texts, numbers and lists of them, which always serialise.
pub fn to_json(thing: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(thing).unwrap_or_else(|error| {
        log::error!("an answer could not be written as JSON: {error}");
        Vec::new()
    })
}
