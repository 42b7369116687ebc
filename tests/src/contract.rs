//! The contract as everybody who uses the shop holds it to: every answer must be one that `docs/openapi.json` promises, and what is accepted must be
//! what it describes. A test says nothing of this; its client looks.

use jsonschema::{Registry, Validator};
use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// Where the document is for those that refer to a part of it.
const ADDRESS: &str = "https://tradepost.test/openapi.json";

/// Headers that are there wherever the document names them; the others depend on the circumstances.
const ALWAYS: [&str; 5] = ["X-Request-Id", "ETag", "Location", "Retry-After", "WWW-Authenticate"];

/// One request and its answer.
pub(crate) struct Exchange<'a> {
    pub(crate) method: &'a str,
    /// With its query.
    pub(crate) path: &'a str,
    /// The body that was sent, as it was sent.
    pub(crate) sent: Option<&'a [u8]>,
    pub(crate) status: u16,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a [u8],
}

/// The document, and what was made of it so far.
struct Contract {
    document: Value,
    registry: Registry<'static>,
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

static CONTRACT: LazyLock<Contract> = LazyLock::new(Contract::read);

/// The document as it is kept, for tests that look at it themselves.
pub fn document() -> &'static Value {
    &CONTRACT.document
}

/// What is wrong with a value by a schema of the document, which a pointer names; empty where nothing is.
pub fn faults(pointer: &str, value: &Value) -> Vec<String> {
    let validator = CONTRACT.validator(pointer);
    validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// Asserts that the exchange is one that the document allows.
pub(crate) fn check(exchange: &Exchange<'_>) -> Result<(), String> {
    let contract = &*CONTRACT;
    let (path, query) = exchange.path.split_once('?').unwrap_or((exchange.path, ""));
    // What answers GET answers HEAD, without a body to look at; what is documented nowhere is not promised.
    let Some((pattern, operation)) = contract.operation(exchange.method, path) else { return Ok(()) };
    let at = format!("/paths/{}/{}", escape(pattern), exchange.method.to_ascii_lowercase());
    if exchange.status < 300 {
        contract.check_request(&at, operation, query, exchange.sent)?;
    }
    contract.check_answer(&at, operation, exchange)
}

impl Contract {
    fn read() -> Contract {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/openapi.json");
        let text = std::fs::read_to_string(path).expect("docs/openapi.json: `make openapi` writes it");
        let document: Value = serde_json::from_str(&text).expect("JSON");
        let mut strict = document.clone();
        for schema in strict["components"]["schemas"].as_object_mut().expect("schemas").values_mut() {
            // Clients must bear with more; the program must not answer what it does not describe.
            if schema["type"] == "object" && !schema["properties"].is_null() {
                schema["additionalProperties"] = json!(false);
            }
        }
        let registry = Registry::new().add(ADDRESS, strict).and_then(|registry| registry.prepare());
        let registry = registry.expect("a document whose references lead somewhere");
        Contract { document, registry, validators: Mutex::default() }
    }

    fn validator(&self, pointer: &str) -> Arc<Validator> {
        let mut known = self.validators.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || {
            let schema = json!({ "$ref": format!("{ADDRESS}#{}", pointer.replace('{', "%7B").replace('}', "%7D")) });
            let options =
                jsonschema::options().with_draft(jsonschema::Draft::Draft202012).should_validate_formats(true);
            Arc::new(
                options
                    .with_registry(&self.registry)
                    .build(&schema)
                    .unwrap_or_else(|error| panic!("{pointer}: {error}")),
            )
        };
        Arc::clone(known.entry(pointer.to_owned()).or_insert_with(make))
    }

    fn operation(&self, method: &str, path: &str) -> Option<(&str, &Value)> {
        let parts: Vec<_> = path.split('/').collect();
        let fits = |pattern: &str| {
            let pattern: Vec<_> = pattern.split('/').collect();
            let same = |(known, part): (&&str, &&str)| known == part || (known.starts_with('{') && !part.is_empty());
            pattern.len() == parts.len() && pattern.iter().zip(&parts).all(same)
        };
        let all = self.document["paths"].as_object().expect("paths").iter();
        let mut found: Vec<_> = all.filter(|(pattern, _)| fits(pattern)).collect();
        found.sort_by_key(|(pattern, _)| pattern.matches('{').count());
        let method = method.to_ascii_lowercase();
        // The one that says most: `check` is no id.
        found.first().and_then(|(pattern, item)| Some((pattern.as_str(), item.get(&method)?)))
    }

    fn resolved<'a>(&'a self, value: &'a Value) -> &'a Value {
        let pointer = value["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
        pointer.map_or(value, |pointer| self.document.pointer(pointer).expect("a reference that leads somewhere"))
    }

    /// What was accepted must be what is described.
    fn check_request(&self, at: &str, operation: &Value, query: &str, sent: Option<&[u8]>) -> Result<(), String> {
        for (name, text) in pairs(query) {
            let parameters = operation["parameters"].as_array().into_iter().flatten().enumerate();
            let mut named = parameters.filter(|(_, known)| known["in"] == "query" && known["name"] == name.as_str());
            let Some((index, parameter)) = named.next() else {
                return Err(format!("the parameter {name} was accepted, but is not documented"));
            };
            let schema = self.resolved(&parameter["schema"]);
            let value = match schema["type"].as_str() {
                Some("integer" | "number" | "boolean") => serde_json::from_str(&text).unwrap_or(Value::Null),
                _ => Value::String(text.clone()),
            };
            self.check_value(&format!("{at}/parameters/{index}/schema"), &value, &format!("the parameter {name}"))?;
        }
        let body = &operation["requestBody"];
        match sent.filter(|sent| !sent.is_empty()).map(serde_json::from_slice::<Value>) {
            None if body["required"] == true => Err("no body was accepted where one is required".to_owned()),
            None | Some(Err(_)) => Ok(()),
            // What is read by nobody harms nobody.
            Some(Ok(_)) if body.is_null() => Ok(()),
            Some(Ok(Value::Null)) if body["required"] == false => Ok(()),
            Some(Ok(value)) => {
                let pointer = format!("{at}/requestBody/content/application~1json/schema");
                self.check_value(&pointer, &value, "the body that was accepted")
            }
        }
    }

    fn check_answer(&self, at: &str, operation: &Value, exchange: &Exchange<'_>) -> Result<(), String> {
        let status = exchange.status.to_string();
        let response = &operation["responses"][&status];
        if response.is_null() {
            return Err(format!("the status {status} is not documented"));
        }
        self.check_headers(response, exchange.headers)?;
        let Some((kind, content)) = response["content"].as_object().and_then(|content| content.iter().next()) else {
            return if exchange.body.is_empty() { Ok(()) } else { Err("a body where none is documented".to_owned()) };
        };
        let sent = exchange.headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !sent.starts_with(kind.as_str()) {
            return Err(format!("the answer is {sent}, the document says {kind}"));
        }
        if !kind.ends_with("json") {
            return Ok(());
        }
        let value: Value = serde_json::from_slice(exchange.body).map_err(|error| error.to_string())?;
        let pointer = match value["code"]
            .as_str()
            .and_then(|code| content["schema"]["discriminator"]["mapping"][code].as_str())
        {
            // The one that it says it is: what is wrong with it is then said of that one alone.
            Some(reference) => reference.trim_start_matches('#').to_owned(),
            None => format!("{at}/responses/{status}/content/{}/schema", escape(kind)),
        };
        self.check_value(&pointer, &value, "the answer")
    }

    fn check_headers(&self, response: &Value, headers: &HeaderMap) -> Result<(), String> {
        let documented = &response["headers"];
        for (name, _) in self.document["components"]["headers"].as_object().into_iter().flatten() {
            let (is_documented, is_there) = (!documented[name].is_null(), headers.contains_key(name));
            if is_there && !is_documented {
                return Err(format!("the header {name} is not documented"));
            }
            if is_documented && !is_there && ALWAYS.contains(&name.as_str()) {
                return Err(format!("the header {name} is documented, but is not there"));
            }
        }
        Ok(())
    }

    fn check_value(&self, pointer: &str, value: &Value, what: &str) -> Result<(), String> {
        let validator = self.validator(pointer);
        let told = |error: jsonschema::ValidationError<'_>| format!("{}: {error}", error.instance_path());
        let faults: Vec<_> = validator.iter_errors(value).map(told).collect();
        if faults.is_empty() { Ok(()) } else { Err(format!("{what} is not as {pointer} says: {}", faults.join("; "))) }
    }
}

fn escape(part: &str) -> String {
    part.replace('~', "~0").replace('/', "~1")
}

/// The parameters of a query, decoded.
fn pairs(query: &str) -> Vec<(String, String)> {
    let url = reqwest::Url::parse(&format!("http://shop.test/?{query}")).expect("a query");
    url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}
