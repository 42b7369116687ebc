//! What is wrong with a request, all of it, said by the contract itself.
//!
//! A request that is taken never comes here. One that was refused is held against the schemas of its operation, so that whoever sent it
//! learns of every fault at once. Never here: a decision. Whether a request is refused was decided before.

use super::{
    explain_json::Tree,
    explain_words::{Place, fault, ordering_fault},
    problem::{Code, FieldError, MOST_FAULTS, Problem},
    query::Pairs,
};
use actix_web::{HttpMessage, HttpRequest, web::Bytes};
use jsonschema::Validator;
use serde_json::{Map, Value, json};
use std::{collections::BTreeSet, sync::OnceLock};
use tradepost_domain::{contact::Email, ids::ProductId, instant::Instant};

/// A larger body is not held against its schema: what is wrong with it first must do.
const LARGEST_BODY: usize = 128 * 1024;

/// How a schema refers to one of the contract's.
const REFERENCE: &str = "#/components/schemas/";

/// The body of a request as it came, kept for the case that it has to be explained.
pub struct Sent(pub Bytes);

/// The contract, ready to say what is wrong with a request.
pub struct Explainer {
    schemas: Value,
    operations: Vec<Schemas>,
}

/// What one operation takes.
struct Schemas {
    body: Option<Schema>,
    query: Schema,
}

/// A schema that is made ready when it is needed first: most never are.
struct Schema {
    root: Value,
    ready: OnceLock<Option<Box<Validator>>>,
}

impl Explainer {
    /// From the contract as JSON; operations by method and path, in the order in which they are asked for.
    pub fn new<'a>(document: &Value, operations: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let of = |(method, path): (&str, &str)| {
            let operation = &document["paths"][path][method.to_ascii_lowercase()];
            let body = &operation["requestBody"]["content"]["application/json"]["schema"];
            Schemas {
                body: body.is_object().then(|| Schema::new(body.clone())),
                query: Schema::new(query_schema(&operation["parameters"])),
            }
        };
        let operations = operations.map(of).collect();
        Self { schemas: document["components"]["schemas"].clone(), operations }
    }

    /// The problem with every fault of its request, where it speaks of faults.
    pub fn complete(&self, problem: Problem, request: &HttpRequest, operation: usize) -> Problem {
        let Some(schemas) = self.operations.get(operation) else { return problem };
        let mut found = match problem.code() {
            Code::VALIDATION => self.query_faults(&schemas.query, request.query_string()),
            // Perhaps it can be read after all, but for a number that no machine can keep.
            Code::MALFORMED => Vec::new(),
            _ => return problem,
        };
        if let (Some(schema), Some(Sent(body))) = (&schemas.body, request.extensions().get()) {
            found.extend(self.body_faults(schema, body));
        }
        problem.with_all(found)
    }

    fn body_faults(&self, schema: &Schema, body: &[u8]) -> Vec<FieldError> {
        if body.len() > LARGEST_BODY {
            return Vec::new();
        }
        let Some(tree) = Tree::parse(body) else { return Vec::new() };
        let mut found: Vec<_> = tree.faults().collect();
        found.extend(self.faults(schema, &tree.value, Place::Body));
        first_of_each(found)
    }

    fn query_faults(&self, schema: &Schema, query: &str) -> Vec<FieldError> {
        let Ok(pairs) = Pairs::decode(query) else { return Vec::new() };
        let mut found = pairs.own_faults();
        found.extend(pairs.iter().filter_map(|(name, value)| schema.ordering_fault(name, value)));
        let values: Map<_, _> =
            pairs.iter().map(|(name, value)| (name.to_owned(), self.typed(schema, name, value))).collect();
        found.extend(self.faults(schema, &values.into(), Place::Query));
        first_of_each(found)
    }

    fn faults(&self, schema: &Schema, value: &Value, place: Place) -> Vec<FieldError> {
        let Some(validator) = schema.ready(&self.schemas) else { return Vec::new() };
        let root = |pointer: &str| match pointer.strip_prefix("/components/schemas") {
            Some(rest) => self.schemas.pointer(rest),
            None => schema.root.pointer(pointer),
        };
        let mut found = Vec::new();
        for error in validator.iter_errors(value).take(MOST_FAULTS) {
            fault(&error, &root, place, &mut found);
        }
        found
    }

    /// A parameter as its schema reads it. What cannot be read so stays text, which the schema then refuses.
    fn typed(&self, schema: &Schema, name: &str, text: &str) -> Value {
        let kind = |kind: &str| self.takes(&schema.root["properties"][name], kind);
        if kind("boolean") && matches!(text, "true" | "false") {
            return Value::Bool(text == "true");
        }
        if kind("integer") || kind("number") {
            return serde_json::from_str::<serde_json::Number>(plain(text)).map_or_else(|_| text.into(), Value::Number);
        }
        if kind("array") {
            return text.split(',').map(Value::from).collect();
        }
        text.into()
    }

    fn takes(&self, schema: &Value, kind: &str) -> bool {
        if let Some(name) = schema["$ref"].as_str().and_then(|to| to.strip_prefix(REFERENCE)) {
            return self.takes(&self.schemas[name], kind);
        }
        let several = ["oneOf", "anyOf", "allOf"].iter().filter_map(|several| schema[several].as_array()).flatten();
        schema["type"] == kind
            || schema["type"].as_array().is_some_and(|kinds| kinds.iter().any(|one| one == kind))
            || several.into_iter().any(|one| self.takes(one, kind))
    }
}

impl Schema {
    fn new(root: Value) -> Self {
        Self { root, ready: OnceLock::new() }
    }

    /// What is wrong with the order of a list. Its pattern could not say which field it is, nor what was meant; its description names them all.
    fn ordering_fault(&self, name: &str, text: &str) -> Option<FieldError> {
        let about = self.root["properties"].get("ordering").filter(|_| name == "ordering")?["description"].as_str()?;
        let known: Vec<_> = about.split('`').skip(1).step_by(2).filter(|name| *name != "-").collect();
        let (parameter, code) = (Some(name.to_owned()), "invalid".to_owned());
        Some(FieldError { pointer: None, parameter, code, detail: ordering_fault(text, &known)? })
    }

    fn ready(&self, schemas: &Value) -> Option<&Validator> {
        let make = || {
            let (mut root, mut used) = (self.root.clone(), Map::new());
            add_used(&root, schemas, &mut used);
            root["components"] = json!({ "schemas": used });
            let made = jsonschema::draft202012::options()
                .should_validate_formats(true)
                .with_format("uuid", |text: &str| text.parse::<ProductId>().is_ok())
                .with_format("date-time", |text: &str| Instant::parse(text).is_ok())
                .with_format("email", |text: &str| Email::parse(text).is_ok())
                .build(&root);
            made.map(Box::new).map_err(|error| log::error!("a schema of the contract is of no use: {error}")).ok()
        };
        self.ready.get_or_init(make).as_deref()
    }
}

/// A number without what JSON does not know before its digits, and a query does: a plus and zeros.
fn plain(number: &str) -> &str {
    let unsigned = number.strip_prefix('+').unwrap_or(number);
    let zeros = unsigned.bytes().take_while(|byte| *byte == b'0').count();
    let is_digit = unsigned.as_bytes().get(zeros).is_some_and(u8::is_ascii_digit);
    &unsigned[if is_digit { zeros } else { zeros.saturating_sub(1) }..]
}

/// The schemas that one refers to, and those that they refer to: what is made ready holds no more of the contract than it needs.
fn add_used(schema: &Value, schemas: &Value, found: &mut Map<String, Value>) {
    match schema {
        Value::Object(members) => {
            let name = members.get("$ref").and_then(Value::as_str).and_then(|to| to.strip_prefix(REFERENCE));
            if let Some(name) = name.filter(|name| !found.contains_key(*name)) {
                found.insert(name.to_owned(), schemas[name].clone());
                add_used(&schemas[name], schemas, found);
            }
            members.values().for_each(|member| add_used(member, schemas, found));
        }
        Value::Array(items) => items.iter().for_each(|item| add_used(item, schemas, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The parameters of a query as one object, in which nothing else may stand.
fn query_schema(parameters: &Value) -> Value {
    let in_query = || parameters.as_array().into_iter().flatten().filter(|parameter| parameter["in"] == "query");
    let properties: Map<_, _> = in_query()
        .filter_map(|parameter| Some((parameter["name"].as_str()?.to_owned(), described(parameter))))
        .collect();
    let required: Vec<_> =
        in_query().filter(|parameter| parameter["required"] == true).map(|parameter| &parameter["name"]).collect();
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

/// What a parameter takes, and what it is: the contract says that beside its schema.
fn described(parameter: &Value) -> Value {
    let mut schema = parameter["schema"].clone();
    if let Some(members) = schema.as_object_mut().filter(|members| !members.contains_key("$ref")) {
        for part in ["description", "example"].into_iter().filter(|part| parameter.get(part).is_some()) {
            members.entry(part).or_insert_with(|| parameter[part].clone());
        }
    }
    schema
}

/// One fault for each place: the first that was found.
fn first_of_each(faults: Vec<FieldError>) -> Vec<FieldError> {
    let mut seen = BTreeSet::new();
    let place = |fault: &FieldError| (fault.pointer.clone(), fault.parameter.clone());
    faults.into_iter().filter(|fault| seen.insert(place(fault))).take(MOST_FAULTS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explainer() -> Explainer {
        let document = json!({
            "paths": { "/things": { "post": {
                "requestBody": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Thing" } } } },
                "parameters": [
                    { "name": "limit", "in": "query", "schema": { "type": "integer", "minimum": 1, "maximum": 200 } },
                    { "name": "status", "in": "query", "schema": { "oneOf": [{ "type": "null" }, { "$ref": "#/components/schemas/Status" }] } },
                    { "name": "enabled", "in": "query", "schema": { "type": ["boolean", "null"] } },
                    { "name": "category_id", "in": "query", "schema": { "$ref": "#/components/schemas/Id" } },
                    { "name": "If-Match", "in": "header", "schema": { "type": "string" } },
                ],
            } } },
            "components": { "schemas": {
                "Id": { "type": "string", "format": "uuid", "examples": ["0192f0c1-7b1a-7c3e-9a52-4d6e8f0a1b2c"] },
                "Money": { "type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?$", "examples": ["12.50"] },
                "Quantity": { "type": "number", "minimum": 0 },
                "Status": { "type": "string", "enum": ["pending", "accepted", "shipped"] },
                "Line": {
                    "type": "object", "additionalProperties": false, "required": ["product_id", "quantity"],
                    "properties": { "product_id": { "$ref": "#/components/schemas/Id" }, "quantity": { "$ref": "#/components/schemas/Quantity" } },
                },
                "Thing": {
                    "type": "object", "additionalProperties": false, "required": ["name", "lines"],
                    "properties": {
                        "name": { "type": "string", "minLength": 1, "maxLength": 5 },
                        "price": { "oneOf": [{ "type": "null" }, { "$ref": "#/components/schemas/Money" }] },
                        "status": { "$ref": "#/components/schemas/Status" },
                        "until": { "type": ["string", "null"], "format": "date-time" },
                        "lines": { "type": "array", "items": { "$ref": "#/components/schemas/Line" }, "minItems": 1, "maxItems": 2 },
                    },
                },
            } },
        });
        Explainer::new(&document, [("POST", "/things")].into_iter())
    }

    fn of_body(body: &str) -> Vec<(String, String, String)> {
        let explainer = explainer();
        let faults = explainer.body_faults(explainer.operations[0].body.as_ref().unwrap(), body.as_bytes());
        let mut found: Vec<_> =
            faults.into_iter().map(|fault| (fault.pointer.unwrap(), fault.code, fault.detail)).collect();
        found.sort();
        found
    }

    fn of_query(query: &str) -> Vec<(String, String, String)> {
        let explainer = explainer();
        let faults = explainer.query_faults(&explainer.operations[0].query, query);
        let mut found: Vec<_> =
            faults.into_iter().map(|fault| (fault.parameter.unwrap(), fault.code, fault.detail)).collect();
        found.sort();
        found
    }

    fn expected(faults: &[(&str, &str, &str)]) -> Vec<(String, String, String)> {
        faults.iter().map(|(at, code, detail)| ((*at).to_owned(), (*code).to_owned(), (*detail).to_owned())).collect()
    }

    #[test]
    fn every_fault_of_a_body_is_named_where_it_is_in_words_of_json() {
        let body = r#"{"name": 5, "price": 4.5, "status": "pendingg", "until": "tomorrow", "colour": "red",
            "lines": [{"productId": "x", "quantity": "3"}, {"product_id": "7", "quantity": -1}, [], 1e400]}"#;
        assert_eq!(
            of_body(body),
            expected(&[
                ("/colour", "unknown", "there is no such field here"),
                ("/lines", "length", "this list has 1 to 2 items"),
                ("/lines/0/productId", "unknown", "there is no such field here; did you mean product_id?"),
                ("/lines/0/product_id", "required", "this is required"),
                ("/lines/0/quantity", "invalid", "this is text; a quantity is a number, not text"),
                ("/lines/1/product_id", "invalid", "an id is text such as \"0192f0c1-7b1a-7c3e-9a52-4d6e8f0a1b2c\""),
                ("/lines/1/quantity", "invalid", "this is at least 0"),
                ("/lines/2", "type", "this is a list; this must be an object"),
                ("/lines/3", "out_of_range", "this number is too large"),
                ("/name", "type", "this is a number; this must be text"),
                ("/price", "type", "this is a number; money is text such as \"12.50\""),
                ("/status", "invalid", "this is one of \"pending\", \"accepted\", \"shipped\"; did you mean pending?"),
                ("/until", "invalid", "a time is text such as \"2026-01-31T12:00:00Z\""),
            ])
        );
    }

    #[test]
    fn what_stands_twice_and_what_is_missing_are_named_together() {
        assert_eq!(
            of_body(r#"{"name": "a", "name": "b", "price": null}"#),
            expected(&[("/lines", "required", "this is required"), ("/name", "duplicate", "this stands here twice"),])
        );
    }

    #[test]
    fn a_text_that_is_too_long_or_of_another_form_says_what_is_taken() {
        assert_eq!(
            of_body(r#"{"name": "too long", "price": "4,50", "lines": []}"#),
            expected(&[
                ("/lines", "length", "this list has 1 to 2 items"),
                ("/name", "invalid", "this has at most 5 characters"),
                ("/price", "invalid", "money is text such as \"12.50\""),
            ])
        );
    }

    #[test]
    fn every_fault_of_a_query_is_named_by_its_parameter() {
        assert_eq!(
            of_query("limit=201&status=pendingg&enabled=yes&category_id=tea&Limit=3&colour=red&colour=blue"),
            expected(&[
                ("Limit", "unknown", "there is no such parameter here"),
                ("category_id", "invalid", "an id is text such as \"0192f0c1-7b1a-7c3e-9a52-4d6e8f0a1b2c\""),
                ("colour", "duplicate", "this parameter stands here twice"),
                ("enabled", "invalid", "this must be true or false"),
                ("limit", "out_of_range", "this is a number from 1 to 200"),
                ("status", "invalid", "this is one of \"pending\", \"accepted\", \"shipped\"; did you mean pending?"),
            ])
        );
        assert_eq!(
            of_query("limt=ten&enabled=true&status=shipped"),
            expected(&[("limt", "unknown", "there is no such parameter here; did you mean limit?"),])
        );
        assert_eq!(of_query("limit=ten"), expected(&[("limit", "invalid", "this must be a whole number")]));
    }

    #[test]
    fn what_is_right_has_no_fault_and_what_is_huge_is_left_alone() {
        let body = r#"{"name": "tea", "price": "1.00", "status": "pending", "until": null,
            "lines": [{"product_id": "0192f0c1-7b1a-7c3e-9a52-4d6e8f0a1b2c", "quantity": 0.5}]}"#;
        assert_eq!(of_body(body), Vec::new());
        assert_eq!(of_query("limit=200&enabled=false"), Vec::new());
        assert_eq!(of_query("limit=%2B05&enabled=false"), Vec::new());
        assert_eq!(["05", "+7", "0", "0.5", "000", "00.5", ""].map(plain), ["5", "7", "0", "0.5", "0", "0.5", ""]);
        assert_eq!(of_body(&format!("{{\"name\": \"{}\"}}", "x".repeat(LARGEST_BODY))), Vec::new());
        assert!(
            of_body(&format!("{{{}}}", (0..9_000).map(|n| format!("\"a{n}\": 1")).collect::<Vec<_>>().join(","))).len()
                <= MOST_FAULTS
        );
    }

    fn of_the_contract() -> (Explainer, Vec<crate::http::wire::endpoints::Operation>) {
        let document = crate::http::document::document();
        let operations = crate::http::document::operations(&document);
        let named = operations.iter().map(|operation| (operation.method, operation.path.as_str()));
        (Explainer::new(&serde_json::to_value(&document).unwrap(), named), operations)
    }

    #[test]
    fn of_several_forms_only_the_one_that_was_meant_is_spoken_of() {
        const ID: &str = "0192f0c1-7b1a-7c3e-9a52-4d6e8f0a1b2c";
        let (explainer, operations) = of_the_contract();
        let promo = |more: Value| {
            let mut body = json!({ "code": "TEA", "name": "Tea", "valid_from": "2026-01-31T12:00:00Z", "valid_until": "2026-02-28T12:00:00Z" });
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            ("/promo-codes", body)
        };
        let lines = json!([{ "product_id": ID, "quantity": 1 }]);
        for ((path, body), expected) in [
            (promo(json!({ "kind": "percentage", "amount": "5" })), vec![("/percentage", "this is required")]),
            (promo(json!({ "kind": "fixed", "percentage": "5" })), vec![("/amount", "this is required")]),
            (promo(json!({ "kind": "fixed", "amount": "5", "percentage": "5" })), vec![]),
            (promo(json!({})), vec![("/kind", "this is required")]),
            (
                promo(json!({ "kind": "fixd" })),
                vec![("/kind", "this is one of \"fixed\", \"percentage\"; did you mean fixed?")],
            ),
            (("/sales", json!({ "lines": lines, "customer_id": ID, "customer_name": "Nia" })), vec![]),
            (("/sales", json!({ "lines": lines, "customer_id": null, "customer_name": "Nia" })), vec![]),
            (("/promo-codes/check", json!({ "code": "TEA" })), vec![]),
            (("/promo-codes/check", json!({ "code": "TEA", "cart": false })), vec![("/lines", "this is required")]),
            (("/promo-codes/check", json!({ "code": "TEA", "cart": true, "lines": lines })), vec![]),
        ] {
            let path = format!("/api/v1{path}");
            let index = operations.iter().position(|one| one.method == "POST" && one.path == path).unwrap();
            let schema = explainer.operations[index].body.as_ref().unwrap();
            let found = explainer.body_faults(schema, body.to_string().as_bytes());
            let found: Vec<_> =
                found.iter().map(|one| (one.pointer.as_deref().unwrap(), one.detail.as_str())).collect();
            assert_eq!(found, expected, "{path} {body}");
        }
    }

    #[test]
    fn no_pattern_is_answered_and_every_list_knows_what_it_can_be_sorted_by() {
        let (explainer, operations) = of_the_contract();
        let mut lists = 0;
        for (schemas, operation) in explainer.operations.iter().zip(&operations) {
            for found in ["%01", "%00", "x", "", "-1"].map(|value| {
                let names = schemas.query.root["properties"].as_object().unwrap().keys();
                let query = names.map(|name| format!("{name}={value}")).collect::<Vec<_>>().join("&");
                explainer.query_faults(&schemas.query, &query)
            }) {
                assert!(found.iter().all(|fault| !fault.detail.contains(['^', '['])), "{operation:?} {found:?}");
            }
            if let Some(ordering) = schemas.query.root["properties"].get("ordering") {
                lists += 1;
                let names: Vec<_> = ordering["description"]
                    .as_str()
                    .unwrap()
                    .split('`')
                    .skip(1)
                    .step_by(2)
                    .filter(|name| *name != "-")
                    .collect();
                let (all, twice) = (names.join(",-"), format!("ordering={0},-{0}", names[0]));
                assert!(explainer.query_faults(&schemas.query, &format!("ordering={all}")).is_empty(), "{ordering}");
                assert!(explainer.query_faults(&schemas.query, &twice)[0].detail.contains("twice"), "{ordering}");
            }
        }
        assert!(lists > 5);
    }

    #[test]
    fn every_schema_of_the_contract_is_of_use() {
        let (explainer, operations) = of_the_contract();
        for (schemas, operation) in explainer.operations.iter().zip(&operations) {
            for schema in schemas.body.iter().chain([&schemas.query]) {
                assert!(schema.ready(&explainer.schemas).is_some(), "{operation:?}");
            }
        }
    }

    #[test]
    fn a_rules_words_stay_and_a_parsers_give_way_but_its_code_does_not() {
        let fault = |at: &str, code: &str, detail: &str| FieldError {
            pointer: Some(at.to_owned()),
            parameter: None,
            code: code.to_owned(),
            detail: detail.to_owned(),
        };
        let more = || vec![fault("/a", "type", "better words"), fault("/b", "required", "this is required")];
        let shown = |problem: Problem| -> Value { serde_json::from_slice(&problem.with_all(more()).body()).unwrap() };
        let of_rule = shown(Problem::at("/a", "own", "own words"));
        assert_eq!(of_rule["errors"][0], json!({ "pointer": "/a", "code": "own", "detail": "own words" }));
        assert_eq!(of_rule["errors"][1]["pointer"], "/b");
        assert_eq!(of_rule["detail"], "/a: own words (and 1 more, see `errors`)");
        let of_parser = shown(Problem::at("/a", "own", "own words").of_parser());
        assert_eq!(of_parser["errors"][0], json!({ "pointer": "/a", "code": "own", "detail": "better words" }));
        assert_eq!(of_parser["errors"].as_array().unwrap().len(), 2);
        let vague = shown(Problem::at("", "invalid", "something").of_parser());
        assert!(vague["errors"].as_array().unwrap().iter().all(|error| error["pointer"] != ""), "{vague}");
        let elsewhere = shown(Problem::at("/c", "invalid", "what no schema says").of_parser());
        assert_eq!(elsewhere["errors"][2]["pointer"], "/c");
    }
}
