//! The id in a path. What is not an id names nothing: 404.

use super::problem::Problem;
use actix_web::{FromRequest, HttpRequest, dev::Payload};
use std::{
    future::{Ready, ready},
    str::FromStr,
};

/// The first id in the path.
pub struct PathId<T>(pub T);

impl<T: FromStr> FromRequest for PathId<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let first = request.match_info().iter().next();
        ready(first.and_then(|(_, text)| text.parse().ok()).map(Self).ok_or_else(Problem::not_found))
    }
}

/// The last text in the path, where it is somebody else's id of something.
pub struct PathText(pub String);

impl FromRequest for PathText {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        // The router leaves what is reserved encoded; here `%2F` is a slash of the id.
        let last = request.match_info().iter().last();
        let text = last.and_then(|(_, text)| percent_encoding::percent_decode_str(text).decode_utf8().ok());
        ready(text.map(|text| Self(text.into_owned())).ok_or_else(Problem::not_found))
    }
}
