//! Somebody who uses the shop over HTTP, and the answers they get.

use crate::{Server, contract};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::ops::Index;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A person (or a till) who talks to one server, with their credential.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    address: Arc<Mutex<String>>,
    token: Option<String>,
    user_id: Option<String>,
}

impl Client {
    pub(crate) fn new(http: reqwest::Client, address: Arc<Mutex<String>>, token: Option<String>) -> Client {
        Client { http, address, token, user_id: None }
    }

    /// Somebody without a credential, at this server.
    pub fn of(server: &Server) -> Client {
        Client::new(reqwest::Client::new(), server.shared_address(), None)
    }

    /// The same place, with this credential.
    pub fn with_token(&self, token: &str) -> Client {
        Client { token: Some(token.to_owned()), ..self.clone() }
    }

    /// The same place, as this user with this credential.
    pub(crate) fn known_as(&self, token: &str, user_id: &str) -> Client {
        Client { user_id: Some(user_id.to_owned()), ..self.with_token(token) }
    }

    /// Logs in; panics when that is refused.
    pub async fn log_in(&self, login: &str, password: &str) -> Client {
        let answer = self.post("/auth/login", json!({ "login": login, "password": password })).await.is(200);
        let user_id = answer["user"]["id"].as_str().map(str::to_owned);
        Client { user_id, ..self.with_token(answer["token"].as_str().expect("a token")) }
    }

    /// The credential; panics when there is none.
    pub fn token(&self) -> String {
        self.token.clone().expect("somebody who has logged in")
    }

    /// Whose credential it is, where [`Client::log_in`] learned it.
    pub fn user_id(&self) -> &str {
        self.user_id.as_deref().expect("somebody who has logged in")
    }

    /// `http://host:port` of the server, which may change with a restart.
    pub fn address(&self) -> String {
        self.address.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A request; paths are below `/api/v1` unless they are one of the few outside.
    pub fn request(&self, method: Method, path: &str) -> Request {
        let outside = ["/healthz", "/readyz", "/metrics", "/api/"].iter().any(|prefix| path.starts_with(prefix));
        let base = if outside || !path.starts_with('/') { "" } else { "/api/v1" };
        let mut request = Request {
            client: self.clone(),
            method,
            path: format!("{base}{path}"),
            headers: HeaderMap::new(),
            body: None,
        };
        if let Some(token) = &self.token {
            request = request.header("authorization", &format!("Bearer {token}"));
        }
        request
    }

    /// GET.
    pub fn get(&self, path: &str) -> Request {
        self.request(Method::GET, path)
    }

    /// POST with a JSON body.
    pub fn post(&self, path: &str, body: Value) -> Request {
        self.request(Method::POST, path).json(&body)
    }

    /// PUT with a JSON body.
    pub fn put(&self, path: &str, body: Value) -> Request {
        self.request(Method::PUT, path).json(&body)
    }

    /// PATCH with a JSON body.
    pub fn patch(&self, path: &str, body: Value) -> Request {
        self.request(Method::PATCH, path).json(&body)
    }

    /// DELETE.
    pub fn delete(&self, path: &str) -> Request {
        self.request(Method::DELETE, path)
    }

    /// Every item of a list, following `next` from page to page; panics after 1,000 pages.
    pub async fn walk(&self, path: &str) -> Vec<Value> {
        let glue = if path.contains('?') { '&' } else { '?' };
        let (mut items, mut page) = (Vec::new(), self.get(path).await.is(200));
        for _ in 0..1_000 {
            items.extend(page.items().iter().cloned());
            let Some(next) = page["next"].as_str() else {
                return items;
            };
            page = self.get(&format!("{path}{glue}cursor={next}")).await.is(200);
        }
        panic!("{path} has no end");
    }
}

/// One request on its way; `.await` sends it.
#[derive(Clone)]
pub struct Request {
    client: Client,
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Option<Vec<u8>>,
}

impl Request {
    /// Sets a header; a second value of one name replaces the first.
    pub fn header(mut self, name: &str, value: &str) -> Request {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a header's name");
        self.headers.insert(name, HeaderValue::from_bytes(value.as_bytes()).expect("a header's value"));
        self
    }

    /// A JSON body.
    pub fn json(self, body: &Value) -> Request {
        self.raw("application/json", body.to_string().into_bytes())
    }

    /// Any body at all.
    pub fn raw(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Request {
        self.body = Some(body.into());
        self.header("content-type", content_type)
    }

    /// With this Idempotency-Key.
    pub fn key(self, key: &str) -> Request {
        self.header("idempotency-key", key)
    }

    /// Only if the thing still has this ETag.
    pub fn if_match(self, etag: &str) -> Request {
        self.header("if-match", etag)
    }

    /// Sends it again while the shop has too much to do (503 `unavailable`: nothing was done), as a well-behaved client does.
    pub async fn patiently(self) -> Answer {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let answer = self.clone().await;
            if answer.code() != "unavailable" || Instant::now() > deadline {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Sends it; the error is that no answer came.
    pub async fn try_send(self) -> Result<Answer, reqwest::Error> {
        let what = format!("{} {}", self.method, self.path);
        let url = format!("{}{}", self.client.address(), self.path);
        let method = self.method.clone();
        let mut request = self.client.http.request(self.method, url).headers(self.headers);
        let sent =
            self.body.as_deref().map(|body| String::from_utf8_lossy(&body[..body.len().min(2_000)]).into_owned());
        let (method, path, raw) = (method.to_string(), self.path, self.body.clone());
        if let Some(body) = self.body {
            request = request.body(body);
        }
        let response = request.send().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.bytes().await?.to_vec();
        let json = serde_json::from_slice(&body).unwrap_or(Value::Null);
        let answer = Answer { what, sent, status, headers, body, json };
        answer.keeps_the_conventions();
        answer.keeps_the_contract(&method, &path, raw.as_deref());
        Ok(answer)
    }
}

impl IntoFuture for Request {
    type Output = Answer;
    type IntoFuture = Pin<Box<dyn Future<Output = Answer> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let what = format!("{} {}", self.method, self.path);
            self.try_send().await.unwrap_or_else(|problem| panic!("{what} got no answer: {problem:?}"))
        })
    }
}

/// What came back. Every answer is checked against the conventions as it arrives, and 500 fails the test at once.
#[derive(Clone)]
pub struct Answer {
    what: String,
    sent: Option<String>,
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
    /// The body as JSON; null when it is none.
    pub json: Value,
}

impl Answer {
    fn keeps_the_conventions(&self) {
        assert_ne!(self.status, StatusCode::INTERNAL_SERVER_ERROR, "nothing a client sends may cause a 500: {self:?}");
        assert!(self.header("x-request-id").is_some(), "every answer carries X-Request-Id: {self:?}");
        // An answer to HEAD has no body to look at.
        let is_refusal = self.status.is_client_error() || self.status.is_server_error();
        if is_refusal && !self.what.starts_with("HEAD ") {
            assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
            for member in ["type", "title", "detail", "code", "instance"] {
                assert!(self.json[member].is_string(), "a problem has `{member}`: {self:?}");
            }
            assert_eq!(self.json["status"], self.status.as_u16(), "{self:?}");
        }
    }

    /// As `docs/openapi.json` promises it; what the client sent is looked at where it was accepted.
    fn keeps_the_contract(&self, method: &str, path: &str, sent: Option<&[u8]>) {
        let (status, headers, body) = (self.status(), &self.headers, self.body.as_slice());
        let exchange = contract::Exchange { method, path, sent, status, headers, body };
        contract::check(&exchange).unwrap_or_else(|fault| panic!("{fault}: {self:?}"));
    }

    /// The status code.
    pub fn status(&self) -> u16 {
        self.status.as_u16()
    }

    /// Asserts the status and passes the answer on.
    #[track_caller]
    pub fn is(self, status: u16) -> Answer {
        assert_eq!(self.status(), status, "{self:?}");
        self
    }

    /// Asserts status and code of a refusal, and passes it on.
    #[track_caller]
    pub fn is_problem(self, status: u16, code: &str) -> Answer {
        assert_eq!((self.status(), self.code()), (status, code), "{self:?}");
        self
    }

    /// Asserts a 400 that points at this field with an error of its own.
    #[track_caller]
    pub fn points_at(self, pointer: &str) -> Answer {
        let errors = self.json["errors"].as_array().cloned().unwrap_or_default();
        let named = errors
            .iter()
            .any(|error| error["pointer"] == pointer && error["code"].is_string() && error["detail"].is_string());
        assert!(self.status() == 400 && named, "no error points at {pointer}: {self:?}");
        self
    }

    /// The stable code of a problem; empty when it is none.
    pub fn code(&self) -> &str {
        self.json["code"].as_str().unwrap_or_default()
    }

    /// One header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The `ETag`.
    #[track_caller]
    pub fn etag(&self) -> String {
        self.header("etag").unwrap_or_else(|| panic!("no ETag: {self:?}")).to_owned()
    }

    /// The `id` in the body.
    #[track_caller]
    pub fn id(&self) -> String {
        self.json["id"].as_str().unwrap_or_else(|| panic!("no id: {self:?}")).to_owned()
    }

    /// The items of a list.
    #[track_caller]
    pub fn items(&self) -> &Vec<Value> {
        self.json["items"].as_array().unwrap_or_else(|| panic!("no list: {self:?}"))
    }

    /// The body as it came.
    pub fn bytes(&self) -> &[u8] {
        &self.body
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Whether it is the stored answer to an earlier request.
    pub fn was_replayed(&self) -> bool {
        self.header("idempotent-replayed") == Some("true")
    }
}

impl Index<&str> for Answer {
    type Output = Value;

    fn index(&self, member: &str) -> &Value {
        &self.json[member]
    }
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let body = String::from_utf8_lossy(&self.body[..self.body.len().min(4_000)]);
        write!(f, "{} {}\n  sent {:?}\n  got {body}\n  with {:?}", self.what, self.status, self.sent, self.headers)
    }
}
