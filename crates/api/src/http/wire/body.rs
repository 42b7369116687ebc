//! Bodies: read whole, up to 1 MiB, inflated where they come in gzip, kept raw (a retry is recognised by every byte), then parsed as JSON
//! strictly.
//!
//! What cannot be parsed is parsed once more, slowly, to say where it went wrong.

use super::{
    explain::Sent,
    explain_json::escape,
    explain_words::{Explained, explain_message, not_json, unreadable},
    json::Object,
    problem::{Code, FieldError, Problem},
};
use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    dev::Payload,
    error::PayloadError,
    http::header,
    web::{self, Bytes},
};
use flate2::bufread::GzDecoder;
use serde::de::DeserializeOwned;
use serde_path_to_error::Segment;
use std::{io::Read, time::Duration};
use validator::{Validate, ValidationErrors, ValidationErrorsKind};

/// The largest body, in bytes.
pub const LIMIT: usize = 1024 * 1024;

/// How long a body may take to arrive. Whoever sends slower keeps a connection, and a stop of the program, waiting.
const PATIENCE: Duration = Duration::from_secs(30);

/// Reads the whole body.
///
/// # Errors
/// 413 beyond [`LIMIT`], also after inflating; 415 for an encoding other than gzip; 400 where the connection broke off or the encoding is
/// wrong; 408 where the rest does not come.
pub async fn read(request: &HttpRequest, payload: &mut Payload) -> Result<Bytes, Problem> {
    let is_gzip = is_gzip(request)?;
    let whole = tokio::time::timeout(PATIENCE, web::Bytes::from_request(request, payload)).await;
    let whole = whole.map_err(|_| {
        Problem::new(Code::REQUEST_TIMEOUT, "The rest of the body did not come within 30 seconds.").closing()
    })?;
    let whole = whole.map_err(|error| match error.as_error::<PayloadError>() {
        Some(PayloadError::Overflow) => too_large(),
        _ => Problem::new(Code::MALFORMED, "The body could not be read to its end."),
    })?;
    let whole = if is_gzip { inflate(&whole)? } else { whole };
    request.extensions_mut().insert(Sent(whole.clone()));
    Ok(whole)
}

/// Is the body to be inflated first?
fn is_gzip(request: &HttpRequest) -> Result<bool, Problem> {
    let values = request.headers().get_all(header::CONTENT_ENCODING).map(|value| value.to_str().unwrap_or("?"));
    let mut encodings = values.flat_map(|value| value.split(',')).map(|one| one.trim().to_ascii_lowercase());
    let mut real = encodings.by_ref().filter(|one| !one.is_empty() && one != "identity");
    match (real.next().as_deref(), real.next()) {
        (None, _) => Ok(false),
        (Some("gzip" | "x-gzip"), None) => Ok(true),
        _ => Err(Problem::new(Code::UNSUPPORTED_MEDIA_TYPE, "Send the body as it is, or encoded once with gzip.")
            .with_header(header::ACCEPT_ENCODING, "gzip")),
    }
}

/// What a body in gzip says, as long as that is no more than a body may.
fn inflate(body: &[u8]) -> Result<Bytes, Problem> {
    if body.is_empty() {
        return Ok(Bytes::new());
    }
    let not_gzip =
        || Problem::new(Code::MALFORMED, "The body is not gzip of one part, as Content-Encoding says it is.");
    let (mut whole, mut decoder) = (Vec::new(), GzDecoder::new(body));
    decoder.by_ref().take(LIMIT as u64 + 1).read_to_end(&mut whole).map_err(|_| not_gzip())?;
    if whole.len() > LIMIT {
        return Err(too_large());
    }
    // Many empty parts would cost much and say nothing.
    if decoder.into_inner().is_empty() { Ok(whole.into()) } else { Err(not_gzip()) }
}

fn too_large() -> Problem {
    Problem::new(Code::PAYLOAD_TOO_LARGE, format!("A body has at most {LIMIT} bytes (1 MiB)."))
}

/// Does the request say that its body is JSON?
pub fn says_json(request: &HttpRequest) -> bool {
    let Some(kind) = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_json = essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"));
    let parameters = kind.split(';').skip(1).filter_map(|one| one.trim().split_once('='));
    let mut charsets = parameters.filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset"));
    // JSON is UTF-8, and says so at most: of any other a letter would be read as another.
    is_json
        && charsets.all(|(_, value)| ["utf-8", "utf8"].contains(&&*value.trim().trim_matches('"').to_ascii_lowercase()))
}

/// Parses JSON into a request and checks its shape.
///
/// # Errors
/// `malformed` for what is not JSON; `validation` with a pointer for everything else.
pub fn parse<T: DeserializeOwned + Validate>(bytes: &[u8]) -> Result<T, Problem> {
    let Object(value) =
        serde_json::from_slice::<Object<T>>(bytes).map_err(|error| explain::<T>(bytes, &error).of_parser())?;
    value.validate().map_err(|errors| shape_errors(&errors))?;
    Ok(value)
}

fn explain<T: DeserializeOwned>(bytes: &[u8], error: &serde_json::Error) -> Problem {
    if let Some(why) = unreadable(bytes) {
        return Problem::new(Code::MALFORMED, why);
    }
    if !error.is_data() {
        return Problem::new(Code::MALFORMED, not_json(error));
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let Err(error) = serde_path_to_error::deserialize::<_, Object<T>>(&mut json) else {
        return Problem::new(Code::MALFORMED, "The body is not JSON.");
    };
    let pointer = pointer(error.path());
    let message = error.into_inner().to_string();
    // serde_json adds where in the text it was; the pointer says it better.
    let message = message.split(" at line ").next().unwrap_or_default();
    let Explained { field, code, detail } = explain_message(message);
    match field {
        Some(field) if pointer.rsplit('/').next() != Some(&escape(field)) => {
            Problem::at(format!("{pointer}/{}", escape(field)), code, detail)
        }
        _ => Problem::at(pointer, code, detail),
    }
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => format!("/{}", escape(key)),
            Segment::Enum { variant } => format!("/{}", escape(variant)),
            Segment::Unknown => String::new(),
        })
        .collect()
}

fn shape_errors(errors: &ValidationErrors) -> Problem {
    let mut found = Vec::new();
    collect(errors, "", &mut found);
    found.into_iter().fold(Problem::new(Code::VALIDATION, ""), Problem::with_field_error)
}

fn collect(errors: &ValidationErrors, at: &str, found: &mut Vec<FieldError>) {
    for (field, kind) in errors.errors() {
        let here = format!("{at}/{field}");
        match kind {
            ValidationErrorsKind::Field(errors) => found.extend(errors.iter().map(|error| FieldError {
                pointer: Some(here.clone()),
                parameter: None,
                code: error.code.to_string(),
                detail: error.message.as_deref().unwrap_or("this is not as it must be").to_owned(),
            })),
            ValidationErrorsKind::Struct(inner) => collect(inner, &here, found),
            ValidationErrorsKind::List(items) => {
                items.iter().for_each(|(index, inner)| collect(inner, &format!("{here}/{index}"), found));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::json::{Id, Qty, objects};
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize, Validate)]
    #[serde(deny_unknown_fields)]
    struct Sell {
        #[serde(deserialize_with = "objects")]
        #[validate(length(min = 1, max = 2, message = "a request has 1 to 2 lines"))]
        lines: Vec<Line>,
    }

    #[derive(Debug, Deserialize, serde::Serialize)]
    #[serde(deny_unknown_fields)]
    struct Line {
        product_id: Id,
        quantity: Qty,
    }

    fn fault(body: &str) -> (String, String) {
        let problem = parse::<Sell>(body.as_bytes()).unwrap_err();
        let json: serde_json::Value = serde_json::from_slice(&problem.body()).unwrap();
        let first = &json["errors"][0];
        let code = first["code"].as_str().or(json["code"].as_str()).unwrap_or_default();
        (first["pointer"].as_str().unwrap_or("-").to_owned(), code.to_owned())
    }

    #[test]
    fn a_fault_is_found_where_it_is() {
        const ID: &str = r#""0192f0c1-7b1a-7c3e-9a52-4d6e8f0a1b2c""#;
        let line = |quantity: &str| format!(r#"{{"lines": [{{"product_id": {ID}, "quantity": {quantity}}}]}}"#);
        for (body, pointer, code) in [
            ("", "-", "malformed"),
            ("{", "-", "malformed"),
            ("nonsense", "-", "malformed"),
            ("[]", "", "type"),
            ("{}", "/lines", "required"),
            (r#"{"lines": []}"#, "/lines", "length"),
            (r#"{"lines": [{}]}"#, "/lines/0/product_id", "required"),
            (&format!(r#"{{"lines": [[{ID}, 3]]}}"#), "/lines/0", "type"),
            (r#"{"lines": [], "x": 1}"#, "/x", "unknown"),
            (r#"{"lines": [], "lines": []}"#, "/lines", "duplicate"),
            (&line("\"3\""), "/lines/0/quantity", "invalid"),
            (&line("0.000001"), "/lines/0/quantity", "invalid"),
            (&line("-1"), "/lines/0/quantity", "invalid"),
            (&line("null"), "/lines/0/quantity", "invalid"),
        ] {
            assert_eq!(fault(body), (pointer.to_owned(), code.to_owned()), "{body}");
        }
        assert!(parse::<Sell>(line("0.1").as_bytes()).is_ok());
    }

    #[test]
    fn json_is_utf_8_and_no_other_charset() {
        let says = |kind: &str| {
            says_json(
                &actix_web::test::TestRequest::post().insert_header((header::CONTENT_TYPE, kind)).to_http_request(),
            )
        };
        for good in [
            "application/json",
            "application/json; charset=utf-8",
            "application/json;charset=\"UTF-8\"",
            "application/x+json; v=1",
        ] {
            assert!(says(good), "{good}");
        }
        for bad in
            ["application/json; charset=latin1", "application/json; v=1; Charset=utf-16", "text/plain; charset=utf-8"]
        {
            assert!(!says(bad), "{bad}");
        }
    }

    #[test]
    fn gzip_is_taken_as_far_as_a_body_may_go_and_any_other_encoding_refused() {
        use actix_web::test::TestRequest;
        use flate2::{Compression, write::GzEncoder};
        use std::io::Write;
        let packed = |bytes: &[u8]| {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        };
        assert_eq!(inflate(&packed(b"{}")).unwrap(), "{}");
        assert_eq!(inflate(b"").unwrap(), "");
        assert_eq!(inflate(&packed(&vec![b' '; LIMIT])).unwrap().len(), LIMIT);
        assert_eq!(inflate(&packed(&vec![b' '; 100 * LIMIT])).unwrap_err().code(), Code::PAYLOAD_TOO_LARGE);
        assert_eq!(inflate(&packed(b"cut off")[..20]).unwrap_err().code(), Code::MALFORMED);
        assert_eq!(inflate(b"{}").unwrap_err().code(), Code::MALFORMED);
        assert_eq!(inflate(&packed(b"").repeat(50_000)).unwrap_err().code(), Code::MALFORMED);
        let said = |value: &str| {
            is_gzip(&TestRequest::post().insert_header((header::CONTENT_ENCODING, value)).to_http_request())
        };
        assert_eq!(
            ["identity", "", "gzip", "GZIP", "x-gzip, identity"].map(|value| said(value).unwrap()),
            [false, false, true, true, true]
        );
        for other in ["br", "deflate", "zstd", "gzip, gzip", "gzip;q=1"] {
            assert_eq!(said(other).unwrap_err().code(), Code::UNSUPPORTED_MEDIA_TYPE, "{other}");
        }
    }

    #[test]
    fn ten_thousand_open_brackets_are_no_reason_to_fall_over() {
        assert_eq!(fault(&"[".repeat(10_000)).1, "type");
        assert_eq!(fault(&format!(r#"{{"lines": [{{"quantity": {}"#, "[".repeat(10_000))).1, "malformed");
    }
}
