//! The contract as OpenAPI 3.1: what the operations say for themselves, completed by what all of them have in common.

mod examples;
mod operations;
mod problems;
mod properties;
mod schemas;

use super::wire::endpoints;
use serde_json::{Value, json};
use tradepost_app::access;
use utoipa::OpenApi;

/// What the operations do not say for themselves.
#[derive(OpenApi)]
#[openapi(info(
    title = "Tradepost",
    description = "Keeps a shop's stock and takes its orders. Errors are RFC 9457 problems with a stable `code`; lists follow each other by \
                   opaque cursors; a POST, PUT, PATCH or DELETE with an `Idempotency-Key` may be sent again safely."
))]
struct Base;

/// What the operations are sorted by.
const TAGS: &[(&str, &str)] = &[
    ("Identity", "Registering, logging in and out, and who one is."),
    ("Users", "Who logs in, and what they may do."),
    ("Catalogue", "What the shop sells. Everybody may read what is on sale."),
    ("Stock", "How much there is, where, and every movement that made it so."),
    ("Sales", "Sales over the counter: stock leaves at once."),
    ("Customers", "Who buys, with or without a login."),
    ("Cart", "What the caller wishes to buy. It reserves nothing."),
    ("Orders", "Customers' orders: they reserve when placed, and leave when shipped."),
    ("Promo codes", "What they take off, for whom, and how often."),
    ("Reports", "What those who run the shop look at in the morning."),
    ("POS", "Tills, what they report by signed webhooks, and what came of it."),
    ("Health", "How the program itself is doing."),
];

/// The contract.
pub fn document() -> Value {
    let app = actix_web::App::new();
    let app = utoipa_actix_web::AppExt::into_utoipa_app(app).openapi(Base::openapi()).configure(super::routes);
    let (_, document) = app.split_for_parts();
    // What it consists of always serialises; a document without paths keeps the program from starting.
    let mut document = serde_json::to_value(&document).unwrap_or_default();
    schemas::complete(&mut document["components"]["schemas"]);
    schemas::refer_to_lists(&mut document["paths"]);
    let schemas = document["components"]["schemas"].clone();
    for known in operations(&document) {
        // What is not in the access table keeps the program from starting; here it only stays incomplete.
        if let Some(access) = access::access(&known.action) {
            let method = known.method.to_ascii_lowercase();
            operations::complete(&mut document["paths"][&known.path][method], &schemas, &known, access);
        }
    }
    schemas::keep_used(&mut document);
    document["components"]["headers"] = operations::headers();
    document["components"]["securitySchemes"] = operations::security_schemes();
    document["info"]["license"] = json!({"name": env!("CARGO_PKG_LICENSE"), "identifier": env!("CARGO_PKG_LICENSE")});
    document["servers"] = json!([{"url": "/", "description": "The server that this document comes from."}]);
    document["tags"] = TAGS.iter().map(|(name, about)| json!({"name": name, "description": about})).collect();
    document
}

/// Every operation there is, as far as the router and the access table need to know it.
pub fn operations(document: &Value) -> Vec<endpoints::Operation> {
    const METHODS: [&str; 8] = ["GET", "PUT", "POST", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE"];
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for method in METHODS {
            let Some(operation) = item.get(method.to_ascii_lowercase()) else { continue };
            let parameters = operation["parameters"].as_array();
            let has = |place: &str, name: Option<&str>| {
                let is_it = |known: &Value| known["in"] == place && name.is_none_or(|name| known["name"] == name);
                parameters.into_iter().flatten().any(is_it)
            };
            let (takes_query, takes_version) = (has("query", None), has("header", Some("If-Match")));
            let action = operation["operationId"].as_str().unwrap_or_default().to_owned();
            all.push(endpoints::Operation { method, path: path.clone(), action, takes_query, takes_version });
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Every operation with its method and path.
    fn each(document: &Value) -> impl Iterator<Item = (endpoints::Operation, &Value)> {
        operations(document).into_iter().map(|known| {
            let operation = &document["paths"][&known.path][known.method.to_ascii_lowercase()];
            (known, operation)
        })
    }

    #[test]
    fn every_operation_has_an_id_of_its_own_and_says_who_may() {
        let document = document();
        let mut ids = BTreeSet::new();
        for (known, operation) in each(&document) {
            assert!(ids.insert(known.action.clone()), "{}", known.action);
            assert!(operation["description"].as_str().unwrap().contains("Who may:"), "{}", known.action);
            assert!(operation["security"].is_array(), "{}", known.action);
            let tag = operation["tags"][0].as_str().unwrap();
            assert!(TAGS.iter().any(|(name, _)| *name == tag), "{}: {tag}", known.action);
        }
        assert_eq!(ids.len(), access::rules().count());
    }

    #[test]
    fn every_reference_leads_somewhere_and_every_component_is_used() {
        let document = document();
        let text = document.to_string();
        let mut used = BTreeSet::new();
        for part in text.split("\"#/components/").skip(1) {
            let path = part.split('"').next().unwrap();
            assert!(document.pointer(&format!("/components/{path}")).is_some(), "{path}");
            used.insert(path.to_owned());
        }
        for kind in ["schemas", "headers"] {
            for name in document["components"][kind].as_object().unwrap().keys() {
                assert!(used.contains(&format!("{kind}/{name}")), "{kind}/{name} is used nowhere");
            }
        }
        assert_eq!(document["openapi"], "3.1.0");
    }

    #[test]
    fn every_parameter_and_every_property_says_what_it_is() {
        let document = document();
        let mut silent = BTreeSet::new();
        for (known, operation) in each(&document) {
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                if parameter["description"].as_str().is_none_or(str::is_empty) {
                    silent.insert(format!("{} {}", known.action, parameter["name"]));
                }
            }
        }
        for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
            if schema["description"].as_str().is_none_or(str::is_empty) {
                silent.insert(name.clone());
            }
            for (property, schema) in schema["properties"].as_object().into_iter().flatten() {
                if schema["description"].as_str().is_none_or(str::is_empty) {
                    silent.insert(format!("{name}.{property}"));
                }
            }
        }
        assert!(silent.is_empty(), "{silent:#?}");
    }

    #[test]
    fn nothing_is_null_but_in_examples() {
        fn nulls(value: &Value, at: &str, found: &mut Vec<String>) {
            match value {
                Value::Null => found.push(at.to_owned()),
                Value::Object(members) => {
                    let shown = members
                        .iter()
                        .filter(|(name, _)| !["examples", "example", "const", "enum"].contains(&name.as_str()));
                    shown.for_each(|(name, value)| nulls(value, &format!("{at}/{name}"), found));
                }
                Value::Array(items) => items.iter().for_each(|value| nulls(value, at, found)),
                Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
            }
        }
        let mut found = Vec::new();
        nulls(&document(), "", &mut found);
        assert!(found.is_empty(), "{found:#?}");
    }

    #[test]
    fn a_closed_set_is_no_mere_text() {
        let document = document();
        for word in ["status", "kind", "role", "dialect", "on_shortage", "type"] {
            for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
                let property = &schema["properties"][word];
                assert!(property["type"] != "string" || !property["const"].is_null(), "{name}.{word}: {property}");
            }
        }
    }

    #[test]
    fn no_word_of_the_language_it_is_written_in_shows() {
        let text = document().to_string();
        for word in ["u32", "int32", "Option<", "List_", "x-problems", "x-orderings"] {
            assert!(!text.contains(word), "{word}");
        }
    }
}
