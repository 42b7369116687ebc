//! The contract that is kept in `docs/`: it is what the program says, its examples hold, and what it promised stays so until the version says otherwise.

mod cases;
mod compare;

use serde_json::Value;
use std::{collections::BTreeMap, fs, path::Path};
use tradepost_tests::{Program, contract};

fn kept(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("docs/{name}: {error}"))
}

#[test]
fn the_document_that_is_kept_is_the_one_that_the_program_prints() {
    let folder = tempfile::tempdir().expect("a folder");
    let printed = Program::new(folder.path(), &["openapi"]).run().succeeded();
    assert!(printed.stdout == kept("openapi.json"), "docs/openapi.json is another one: `make openapi` writes it");
}

#[test]
fn nothing_that_was_promised_is_broken_without_the_version_saying_so() {
    let parse = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
    let (promised, now) = (parse(&kept("openapi.baseline.json")), parse(&kept("openapi.json")));
    let version = |document: &Value| document["info"]["version"].as_str().expect("a version").to_owned();
    let broken = compare::breaks(&promised, &now);
    let is_said = compare::says_that_it_breaks(&version(&promised), &version(&now));
    assert!(
        broken.is_empty() || is_said,
        "clients of {} would stumble: raise the version's breaking part and take the new promise with `make openapi-baseline`, or do not \
         break it:\n{}",
        version(&promised),
        broken.join("\n")
    );
}

#[test]
fn every_example_is_as_its_schema_says() {
    let document = contract::document();
    let mut count = 0;
    for (name, schema) in document["components"]["schemas"].as_object().expect("schemas") {
        for example in schema["examples"].as_array().into_iter().flatten() {
            let faults = contract::faults(&format!("/components/schemas/{name}"), example);
            assert!(faults.is_empty(), "{name}: {example}: {faults:?}");
            count += 1;
        }
        for (property, schema) in schema["properties"].as_object().into_iter().flatten() {
            for example in schema["examples"].as_array().into_iter().flatten() {
                let faults = contract::faults(&format!("/components/schemas/{name}/properties/{property}"), example);
                assert!(faults.is_empty(), "{name}.{property}: {example}: {faults:?}");
                count += 1;
            }
        }
    }
    assert!(count > 40, "only {count} examples");
}

#[test]
fn the_figures_of_an_example_add_up() {
    let schemas = &contract::document()["components"]["schemas"];
    let cents = |value: &Value| {
        let text = value.as_str().expect("money").replace('.', "");
        text.parse::<i64>().expect("cents")
    };
    for name in ["Order", "Sale", "Cart"] {
        let example = &schemas[name]["examples"][0];
        let mut sum = 0;
        for line in example["lines"].as_array().expect("lines") {
            assert_eq!(
                cents(&line["unit_price"]) * line["quantity"].as_i64().expect("whole"),
                cents(&line["line_total"]),
                "{name}"
            );
            sum += cents(&line["line_total"]);
        }
        let discount = if name == "Sale" { 0 } else { cents(&example["discount"]) };
        assert_eq!(cents(&example["total"]), sum - discount, "{name}");
    }
}

#[test]
fn every_problem_is_told_apart_by_its_code_and_has_its_status() {
    let document = contract::document();
    let schemas = &document["components"]["schemas"];
    let mut seen = BTreeMap::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            for (status, response) in operation["responses"].as_object().expect("responses") {
                let schema = &response["content"]["application/problem+json"]["schema"];
                let one = [schema.clone()];
                let all = schema["oneOf"].as_array().map_or(one.as_slice(), Vec::as_slice);
                for reference in all.iter().filter_map(|one| one["$ref"].as_str()) {
                    let name = reference.rsplit('/').next().expect("a name");
                    let problem = &schemas[name]["properties"];
                    assert_eq!(problem["status"]["const"].to_string(), *status, "{method} {path} {name}");
                    seen.insert(problem["code"]["const"].as_str().expect("a code").to_owned(), name.to_owned());
                }
            }
        }
    }
    assert!(seen.len() > 15, "{seen:?}");
}
