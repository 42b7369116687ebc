//! Entity tags: `"<version>-<digest of this body>"`. `If-None-Match` compares all of it, `If-Match` only the version.

use super::problem::Problem;
use actix_web::{
    HttpRequest,
    http::header::{self, HeaderName},
};
use sha2::{Digest, Sha256};

/// A version that no thing has: it matches nothing.
const NO_VERSION: i64 = i64::MAX;

/// The tag of this body of this version.
pub fn of(version: i64, body: &[u8]) -> String {
    let digest = Sha256::digest(body);
    let mut tag = format!("\"{version}-");
    for byte in &digest[..8] {
        tag.push_str(&format!("{byte:02x}"));
    }
    tag.push('"');
    tag
}

/// Does the client have this very body already?
pub fn is_known(request: &HttpRequest, tag: &str) -> bool {
    let known =
        |value: &str| value.split(',').map(str::trim).any(|one| one == "*" || one.trim_start_matches("W/") == tag);
    texts(request, header::IF_NONE_MATCH).any(|value| value.is_ok_and(known))
}

/// The version that `If-Match` names: `None` where any will do.
///
/// # Errors
/// 400 for several tags, as a change is based on one version, and for what is not one of our tags.
pub fn expected_version(request: &HttpRequest) -> Result<Option<i64>, Problem> {
    let mut values = texts(request, header::IF_MATCH);
    let Some(value) = values.next() else { return Ok(None) };
    let value = value.unwrap_or_default().trim();
    if values.next().is_some() || value.contains(',') {
        return Err(Problem::parameter("If-Match", "invalid", "name one tag: a change is based on one version"));
    }
    if value == "*" {
        return Ok(None);
    }
    let inner = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).filter(|inner| !inner.contains('"'));
    let version = inner.and_then(|inner| inner.split_once('-')).map(|(version, _)| version);
    match version.filter(|version| !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit())) {
        Some(version) => Ok(Some(version.parse().unwrap_or(NO_VERSION))),
        None => Err(Problem::parameter(
            "If-Match",
            "invalid",
            "this is no ETag of ours: send the header `ETag` of an answer as it came, with its quotation marks, or *",
        )),
    }
}

fn texts(request: &HttpRequest, name: HeaderName) -> impl Iterator<Item = Result<&str, header::ToStrError>> {
    request.headers().get_all(name).map(header::HeaderValue::to_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn expected(value: &str) -> Option<i64> {
        expected_version(&TestRequest::get().insert_header((header::IF_MATCH, value)).to_http_request()).unwrap()
    }

    #[test]
    fn only_the_version_is_expected_and_any_will_do_for_a_star() {
        assert_eq!(expected(&of(7, b"one body")), Some(7));
        assert_eq!(expected(&of(7, b"another body")), Some(7));
        assert_eq!(expected("*"), None);
        assert_eq!(expected_version(&TestRequest::get().to_http_request()).unwrap(), None);
    }

    #[test]
    fn what_is_not_our_tag_is_refused_and_a_version_that_nothing_has_matches_nothing() {
        for tag in ["\"abc\"", "7", "W/\"7-00\"", "\"-1-00\"", "\"7-00", "\"7\"", "\"7-0\"x\"", "\"+7-0\"", ""] {
            let request = TestRequest::get().insert_header((header::IF_MATCH, tag)).to_http_request();
            assert!(expected_version(&request).is_err(), "{tag}");
        }
        assert_eq!(expected("\"999999999999999999999999-x\""), Some(NO_VERSION));
    }

    #[test]
    fn all_of_the_tag_says_that_a_body_is_known() {
        let request = |tag: &str| TestRequest::get().insert_header((header::IF_NONE_MATCH, tag)).to_http_request();
        let tag = of(7, b"one body");
        assert!(is_known(&request(&tag), &tag));
        assert!(is_known(&request(&format!("\"x\", W/{tag}")), &tag));
        assert!(!is_known(&request(&of(7, b"another body")), &tag));
    }
}
