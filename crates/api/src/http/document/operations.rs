//! What an operation does not say for itself: who may, which headers it takes and answers with, and which problems.

use super::problems;
use crate::http::wire::{endpoints, problem::Code};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use tradepost_app::access::Access;

/// The extension in which a handler names the problems that are its own. It does not show.
const OWN_PROBLEMS: &str = "x-problems";
/// The extension in which a list names what it can be ordered by. It does not show.
const ORDERINGS: &str = "x-orderings";

/// What follows from an operation's method, path and access.
struct Shape<'a> {
    method: &'a str,
    path: &'a str,
    access: Access,
    has_body: bool,
}

impl Shape<'_> {
    fn is_read(&self) -> bool {
        self.method == "GET"
    }

    /// What proves who somebody is is not kept with its answer.
    fn is_about_login(&self) -> bool {
        self.path.contains("/auth/") || self.path.ends_with("/me/password")
    }

    /// Is there one thing with a version at this path? A mapping has none of its own.
    fn has_version(&self) -> bool {
        !self.path.contains("{external_id}")
            && (self.path.contains("{id}") || self.path.contains("/cart") || self.path.ends_with("/me"))
    }

    fn takes_if_none_match(&self) -> bool {
        self.is_read() && self.has_version()
    }

    fn takes_key(&self) -> bool {
        !self.is_read() && self.access.needs_credential() && !self.is_about_login()
    }

    fn takes_if_match(&self) -> bool {
        self.takes_key() && self.has_version()
    }

    fn reads_body(&self) -> bool {
        self.has_body || self.takes_key()
    }

    fn is_of_the_api(&self) -> bool {
        self.path.starts_with("/api/")
    }

    /// The problems that follow from all this.
    fn problems(&self) -> Vec<Code> {
        let mut codes = vec![Code::MALFORMED, Code::VALIDATION, Code::INTERNAL];
        if self.is_of_the_api() {
            codes.push(Code::UNAVAILABLE);
        }
        match self.access {
            Access::Anyone => {}
            Access::Signature => codes.push(Code::BAD_SIGNATURE),
            Access::Public | Access::SignedIn => codes.push(Code::UNAUTHENTICATED),
            Access::Permission(_) | Access::Owner => codes.extend([Code::UNAUTHENTICATED, Code::FORBIDDEN]),
        }
        if self.path.contains('{') && self.access != Access::Signature {
            codes.push(Code::NOT_FOUND);
        }
        if !self.is_read() {
            codes.push(Code::OUTCOME_UNKNOWN);
        }
        let by_shape = [
            (self.takes_if_match(), Code::PRECONDITION_FAILED),
            (self.reads_body(), Code::PAYLOAD_TOO_LARGE),
            (self.reads_body(), Code::REQUEST_TIMEOUT),
            (self.reads_body(), Code::UNSUPPORTED_MEDIA_TYPE),
            (self.takes_key(), Code::IDEMPOTENCY_KEY_REUSED),
        ];
        codes.extend(by_shape.into_iter().filter_map(|(applies, code)| applies.then_some(code)));
        codes
    }
}

/// Completes an operation.
pub(super) fn complete(operation: &mut Value, schemas: &Value, known: &endpoints::Operation, access: Access) {
    let has_body = !operation["requestBody"].is_null();
    let shape = Shape { method: known.method, path: &known.path, access, has_body };
    let may = format!("Who may: {access}.");
    let about = operation["description"].as_str().map_or(may.clone(), |text| format!("{text}\n\n{may}"));
    operation["description"] = about.into();
    operation["security"] = security(access);
    let mut take = |name| operation.as_object_mut().and_then(|members| members.remove(name));
    let (own, orderings) = (take(OWN_PROBLEMS), take(ORDERINGS));
    complete_parameters(operation, &shape);
    if let Some(orderings) = &orderings {
        describe_ordering(operation, orderings);
    }
    complete_body(operation, schemas);
    add_problems(operation, &shape, own);
    name_headers(operation, &shape);
}

fn security(access: Access) -> Value {
    match access {
        Access::Anyone => json!([]),
        Access::Public => json!([{"bearer": []}, {}]),
        Access::Signature => json!([{"webhook_signature": []}]),
        Access::SignedIn | Access::Permission(_) | Access::Owner => json!([{"bearer": []}]),
    }
}

/// How callers prove who they are.
pub(super) fn security_schemes() -> Value {
    json!({
        "bearer": {"type": "http", "scheme": "bearer", "description": "The token from POST /api/v1/auth/login."},
        "webhook_signature": {"type": "apiKey", "in": "header", "name": "webhook-signature",
            "description": "`v1,` and base64 of HMAC-SHA256 over `webhook-id.webhook-timestamp.body` with the connection's secret (Standard Webhooks 1.0)."},
    })
}

fn complete_parameters(operation: &mut Value, shape: &Shape<'_>) {
    let mut parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
    for parameter in &mut parameters {
        super::properties::describe_parameter(parameter);
    }
    let header = |name: &str, about: &str, schema: Value| json!({"name": name, "in": "header", "required": false, "description": about, "schema": schema});
    if shape.takes_key() {
        let about = "1 to 255 visible characters; a repeated request is answered again, not done again.";
        let schema = json!({"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"});
        parameters.push(header("Idempotency-Key", about, schema));
    }
    if shape.takes_if_match() {
        let about = "The `ETag` the change is based on; 412 where the thing was changed since.";
        parameters.push(header(
            "If-Match",
            about,
            json!({"type": "string", "pattern": r#"^(?:\*|"[0-9]+-[0-9a-f]*")$"#}),
        ));
    }
    if shape.takes_if_none_match() {
        let about = "The `ETag` of what the client has; 304 where that is still so.";
        parameters.push(header("If-None-Match", about, json!({"type": "string"})));
    }
    operation["parameters"] = parameters.into();
}

/// One or more of the fields of the list. That none stands twice no plain pattern can say, and not every tool reads others.
fn describe_ordering(operation: &mut Value, orderings: &Value) {
    let names: Vec<_> = orderings.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let parameters = operation["parameters"].as_array_mut().into_iter().flatten();
    for parameter in parameters.filter(|parameter| parameter["name"] == "ordering") {
        let (field, known) = (format!("-?(?:{})", names.join("|")), names.join("`, `"));
        let about =
            format!("Fields to sort by, separated by commas, each with `-` for largest first, none twice: `{known}`.");
        parameter["description"] = about.into();
        parameter["schema"] = json!({"type": "string", "pattern": format!("^{field}(?:,{field})*$")});
        parameter["example"] = format!("-{}", names.first().copied().unwrap_or_default()).into();
    }
}

/// A body that may be absent is documented as such: `null` in its place is the same as none, and not worth a type of its own.
fn complete_body(operation: &mut Value, schemas: &Value) {
    let Some(body) = operation.get_mut("requestBody") else { return };
    let schema = &mut body["content"]["application/json"]["schema"];
    let present = schema["oneOf"].as_array().and_then(|forms| forms.iter().find(|form| !form["$ref"].is_null()));
    let is_optional = present.is_some();
    if let Some(present) = present.cloned() {
        *schema = json!({"$ref": present["$ref"]});
    }
    body["required"] = (!is_optional).into();
    let content = &mut body["content"]["application/json"];
    let name =
        content["schema"]["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()).unwrap_or_default();
    // Also here: not every tool looks for it in the schema.
    if let Some(example) = schemas.pointer(&format!("/{name}/examples/0")).cloned() {
        content["example"] = example;
    }
}

fn add_problems(operation: &mut Value, shape: &Shape<'_>, own: Option<Value>) {
    let mut codes = shape.problems();
    let own = own.as_ref().and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    codes.extend(own.filter_map(|name| {
        let known = Code::ALL.iter().find(|code| code.name == name);
        debug_assert!(known.is_some(), "{name} is no code of a problem");
        known
    }));
    let mut by_status = BTreeMap::new();
    // In the order of the table, so that the document is the same every time.
    for code in Code::ALL.iter().filter(|code| codes.contains(code)) {
        by_status.entry(code.status).or_insert_with(Vec::new).push(*code);
    }
    for (status, codes) in by_status {
        operation["responses"][status.to_string()] = problems::response(&codes);
    }
    if shape.takes_if_none_match() {
        operation["responses"]["304"] = json!({"description": "The client has this very body already."});
    }
}

/// All headers of answers: name, what it says, an example.
const HEADERS: [(&str, &str, &str); 10] = [
    (
        "X-Request-Id",
        "The request's id, as in the log: the client's own, or made.",
        "0192f0c1-7b1a-7c3e-9a52-4d6e8f0a1b2c",
    ),
    ("ETag", "The version and a digest of this body: for `If-Match` and `If-None-Match`.", "\"3-1f0e5a7c9b2d4e68\""),
    ("Location", "The address of what was made.", "/api/v1/orders/0192f0c1-7b1a-7c3e-9a52-4d6e8f0a1b2c"),
    (
        "Link",
        "The next page, with `rel=\"next\"`; absent on the last.",
        "</api/v1/orders?limit=25&cursor=abc>; rel=\"next\"",
    ),
    ("Idempotent-Replayed", "`true` where this answer was given before.", "true"),
    ("Retry-After", "When to try again, in seconds.", "2"),
    ("RateLimit-Policy", "The rule: `q` attempts in a window of `w` seconds.", "\"login\";q=5;w=900"),
    ("RateLimit", "What is left of it: `r` attempts, and `t` seconds to wait.", "\"login\";r=0;t=4"),
    ("WWW-Authenticate", "How to prove who one is.", "Bearer realm=\"tradepost\""),
    ("Accept-Encoding", "What a body may be compressed with; only where it came compressed otherwise.", "gzip"),
];

/// All headers of answers, as components.
pub(super) fn headers() -> Value {
    let one = |(name, about, example): (&str, &str, &str)| {
        let (schema, example) = match name {
            "Retry-After" => {
                (json!({"type": "integer", "minimum": 1}), example.parse::<i64>().unwrap_or_default().into())
            }
            "Location" => (json!({"type": "string", "format": "uri-reference"}), Value::from(example)),
            "Idempotent-Replayed" => (json!({"type": "string", "const": "true"}), Value::from(example)),
            _ => (json!({"type": "string"}), Value::from(example)),
        };
        (name.to_owned(), json!({"description": about, "schema": schema, "example": example}))
    };
    Value::Object(HEADERS.into_iter().map(one).collect::<Map<_, _>>())
}

fn name_headers(operation: &mut Value, shape: &Shape<'_>) {
    let action = operation["operationId"].as_str().unwrap_or_default().to_owned();
    let is_throttled = ["log_in", "change_password"].contains(&action.as_str());
    for (status, response) in operation["responses"].as_object_mut().into_iter().flatten() {
        let schema = response.pointer("/content/application~1json/schema/$ref").and_then(Value::as_str);
        let schema = schema.and_then(|reference| reference.rsplit('/').next()).unwrap_or_default().to_owned();
        let is_done = status.starts_with('2');
        let is_versioned = shape.takes_if_none_match() || (shape.takes_key() && VERSIONED.contains(&schema.as_str()));
        let named = [
            (true, "X-Request-Id"),
            ((is_done || status == "304") && is_versioned && (!schema.is_empty() || status == "304"), "ETag"),
            (status == "201" && shape.takes_key(), "Location"),
            (is_done && schema.ends_with("List"), "Link"),
            (is_done && shape.takes_key(), "Idempotent-Replayed"),
            (status == "503" || status == "429", "Retry-After"),
            (action == "log_in" && is_done, "RateLimit-Policy"),
            (is_throttled && ["401", "429"].contains(&status.as_str()), "RateLimit-Policy"),
            (is_throttled && ["401", "429"].contains(&status.as_str()), "RateLimit"),
            (status == "401", "WWW-Authenticate"),
            (status == "415", "Accept-Encoding"),
        ];
        let reference = |name: &str| json!({"$ref": format!("#/components/headers/{name}")});
        let headers = named.into_iter().filter(|(is_there, _)| *is_there);
        response["headers"] = Value::Object(headers.map(|(_, name)| (name.to_owned(), reference(name))).collect());
    }
}

/// What carries its version when it is answered after a change.
const VERSIONED: [&str; 11] = [
    "Cart",
    "Category",
    "Customer",
    "JudgedPosEvent",
    "Location",
    "Order",
    "PosConnection",
    "Product",
    "PromoCode",
    "Sale",
    "User",
];
