//! A request that changes something: who asks, with which body, under which idempotency key, based on which version.

use super::auth::Caller;
use super::{
    body,
    error::{self, Reader},
    etag,
    problem::{Code, Problem},
    response,
};
use actix_web::{FromRequest, HttpRequest, HttpResponse, dev::Payload, http::header::HeaderName, web::Bytes};
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use std::{future::Future, pin::Pin};
use tradepost_app::{Shop, usecases::check_version};
use tradepost_domain::{
    identity::Permission,
    ledger::{Command, Effects, Refusal},
};
use tradepost_store::{Answer, Done, Keyed, Session, Submission, SubmitError, orders};
use validator::Validate;

/// The header that makes a retry safe.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// A request that changes something.
pub struct Change {
    /// Who asks; by now somebody whom the access table lets do it.
    pub caller: Caller,
    /// The version it is based on, as `If-Match` names it; `None`: whatever is there is changed.
    pub expected_version: Option<i64>,
    body: Bytes,
    is_json: bool,
    keyed: Option<Keyed>,
}

impl Change {
    /// The body, parsed and its shape checked.
    ///
    /// # Errors
    /// 415 where it does not say that it is JSON; 400 where it is none, or not of this shape.
    pub fn json<T: DeserializeOwned + Validate>(&self) -> Result<T, Problem> {
        if !self.is_json {
            return Err(Problem::new(Code::UNSUPPORTED_MEDIA_TYPE, "Send the body as application/json."));
        }
        body::parse(&self.body)
    }

    /// The body of a request about one thing. A thing that does not exist comes before a body that is wrong; it is looked for only then.
    ///
    /// # Errors
    /// As [`Change::json`], but 404 instead where there is no such thing; or why nobody could look.
    pub async fn json_about<T, F>(&self, shop: &Shop, exists: F) -> Result<T, Problem>
    where
        T: DeserializeOwned + Validate,
        F: FnOnce(&mut Session<'_>) -> tradepost_app::Result<bool> + Send + 'static,
    {
        match self.json() {
            Ok(value) => Ok(value),
            Err(problem) => Err(if shop.store.read(exists).await? { problem } else { Problem::not_found() }),
        }
    }

    /// The same for a body that may be absent, because every field of it may be.
    ///
    /// # Errors
    /// As [`Change::json_about`].
    pub async fn optional_json_about<T, F>(&self, shop: &Shop, exists: F) -> Result<T, Problem>
    where
        T: DeserializeOwned + Validate + Default,
        F: FnOnce(&mut Session<'_>) -> tradepost_app::Result<bool> + Send + 'static,
    {
        // `null` says as much: there is nothing to say.
        let is_absent = self.body.is_empty() || (self.is_json && self.body.trim_ascii() == b"null");
        if is_absent { Ok(T::default()) } else { self.json_about(shop, exists).await }
    }

    /// Does it ask for no change at all (`{}`)?
    pub fn says_nothing(&self) -> bool {
        self.is_json && self.body.iter().filter(|byte| !byte.is_ascii_whitespace()).eq(b"{}")
    }

    /// The answer to an edit that says nothing: the thing as it is, where it is what the caller has seen.
    ///
    /// # Errors
    /// 412 where it was changed since.
    pub async fn unchanged(&self, shop: &Shop, version: i64, view: &impl Serialize) -> Result<HttpResponse, Problem> {
        let (answer, expected) = (response::changed(200, view, Some(version)), self.expected_version);
        let work = move |_: &mut Session<'_>| -> tradepost_app::Result<_> {
            check_version(expected, version)?;
            Ok(answer.clone())
        };
        let done = match self.keyed() {
            Some(key) => shop.store.write(Some(key), work).await?,
            // Nothing is kept: there is no need to stand in the queue of those who write.
            None => Done { answer: shop.store.read(work).await?, replayed: false },
        };
        Ok(response::send(done))
    }

    /// For what takes no body: somebody who sends one means something by it that would not be heard.
    ///
    /// # Errors
    /// 400 for a body that says anything.
    pub fn without_body(&self) -> Result<(), Problem> {
        match self.body.trim_ascii() {
            b"" | b"{}" | b"null" => Ok(()),
            _ => Err(Problem::at("", "unknown", "this takes no body")),
        }
    }

    /// The idempotency key, where there is one, with what recognises the request.
    pub fn keyed(&self) -> Option<Keyed> {
        self.keyed.clone()
    }

    /// Hands a command to the ledger and sends its answer, which `answer` makes from what was decided.
    ///
    /// # Errors
    /// Whatever the rules or the circumstances say.
    pub async fn submit(
        &self,
        shop: &Shop,
        command: Command,
        answer: impl Fn(&Effects) -> Answer + Send + 'static,
    ) -> Result<HttpResponse, Problem> {
        let submission = Submission {
            command,
            principal: self.caller.principal.clone(),
            key: self.keyed(),
            expected_version: self.expected_version,
            answer: Box::new(answer),
        };
        match shop.store.ledger().submit(submission).await {
            Ok(done) => Ok(response::send(done)),
            Err(SubmitError::Refused(refusal)) => Err(self.refused(shop, refusal).await?),
            Err(SubmitError::Store(error)) => Err(error.into()),
        }
    }

    /// The refusal as this caller sees it. What holds the rest is looked up only for who may see stock, and only then.
    async fn refused(&self, shop: &Shop, refusal: Refusal) -> Result<Problem, Problem> {
        if !self.caller.principal.may(Permission::StockRead) {
            let reader = if self.caller.principal.is_staff() { Reader::Staff } else { Reader::Public };
            return Ok(error::refused(refusal, reader));
        }
        let short = match &refusal {
            Refusal::InsufficientStock(short) => short.iter().map(|one| (one.product, one.location)).collect(),
            _ => Vec::new(),
        };
        if short.is_empty() {
            return Ok(error::refused(refusal, Reader::Stock(&[])));
        }
        let find = move |session: &mut Session<'_>| orders::holders(session, &short);
        let holders = shop.store.read_one(find).await?;
        Ok(error::refused(refusal, Reader::Stock(&holders)))
    }

    async fn read(request: HttpRequest, mut payload: Payload) -> Result<Self, Problem> {
        let caller = Caller::of(&request)?;
        let expected_version = etag::expected_version(&request)?;
        let key = idempotency_key(&request)?;
        let body = body::read(&request, &mut payload).await?;
        let keyed = key.map(|key| Keyed {
            principal: format!("user:{}", caller.user),
            key,
            fingerprint: fingerprint(&request, &body),
        });
        Ok(Self { caller, expected_version, is_json: body::says_json(&request), body, keyed })
    }
}

impl FromRequest for Change {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        Box::pin(Self::read(request.clone(), payload.take()))
    }
}

fn idempotency_key(request: &HttpRequest) -> Result<Option<String>, Problem> {
    let mut values = request.headers().get_all(IDEMPOTENCY_KEY);
    let Some(value) = values.next() else { return Ok(None) };
    let key =
        value.to_str().ok().filter(|key| (1..=255).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic()));
    match key {
        Some(key) if values.next().is_none() => Ok(Some(key.to_owned())),
        _ => Err(Problem::parameter("Idempotency-Key", "invalid", "a key is 1 to 255 visible characters, given once")),
    }
}

/// What recognises a request that is sent again: method, path with query, and every byte of the body.
fn fingerprint(request: &HttpRequest, body: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in
        [request.method().as_str().as_bytes(), request.uri().path().as_bytes(), request.query_string().as_bytes()]
    {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.update(body);
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn a_key_is_visible_and_given_once() {
        let key =
            |text: &str| idempotency_key(&TestRequest::post().insert_header((IDEMPOTENCY_KEY, text)).to_http_request());
        assert_eq!(key("sale-7").unwrap().as_deref(), Some("sale-7"));
        for odd in ["", "two words", &"x".repeat(256)] {
            assert!(key(odd).is_err(), "{odd}");
        }
        let twice = TestRequest::post().append_header((IDEMPOTENCY_KEY, "a")).append_header((IDEMPOTENCY_KEY, "b"));
        assert!(idempotency_key(&twice.to_http_request()).is_err());
    }

    #[test]
    fn another_query_or_body_is_another_request() {
        let print = |uri: &str, body: &[u8]| fingerprint(&TestRequest::post().uri(uri).to_http_request(), body);
        assert_eq!(print("/a?b=1", b"{}"), print("/a?b=1", b"{}"));
        assert_ne!(print("/a?b=1", b"{}"), print("/a?b=2", b"{}"));
        assert_ne!(print("/a?b=1", b"{}"), print("/a?b=1", b"{ }"));
    }
}
