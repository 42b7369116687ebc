//! What breaks a contract, and what does not, kind by kind.

use crate::compare::{breaks, says_that_it_breaks};
use serde_json::{Value, json};

/// A contract with one operation that takes and answers a thing.
fn contract() -> Value {
    let thing = |is_request: bool| {
        let mut thing = json!({
            "type": "object", "required": ["name", "kind"],
            "properties": {
                "name": { "type": "string", "minLength": 1, "maxLength": 200, "pattern": "^a" },
                "kind": { "type": "string", "enum": ["fixed", "percentage"] },
                "count": { "type": "integer", "minimum": 0, "maximum": 10 },
                "note": { "oneOf": [{ "$ref": "#/components/schemas/Note" }, { "type": "null" }] },
                "tags": { "type": "array", "items": { "type": "string" }, "minItems": 1, "maxItems": 5 },
            },
        });
        if is_request {
            thing["additionalProperties"] = json!(false);
        }
        thing
    };
    let problem =
        |code: &str| json!({ "type": "object", "required": ["code"], "properties": { "code": { "const": code } } });
    json!({
        "paths": { "/things": { "post": {
            "operationId": "create_thing",
            "parameters": [{ "name": "limit", "in": "query", "required": false, "schema": { "type": "integer", "maximum": 200 } }],
            "requestBody": { "required": false, "content": { "application/json": { "schema": { "$ref": "#/components/schemas/CreateThing" } } } },
            "responses": {
                "201": { "headers": { "Location": {} }, "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Thing" } } } },
                "409": { "content": { "application/problem+json": { "schema": { "oneOf": [{ "$ref": "#/components/schemas/Duplicate" }] } } } },
            },
        } } },
        "components": { "schemas": {
            "CreateThing": thing(true), "Thing": thing(false), "Note": { "type": "string", "maxLength": 500 },
            "Duplicate": problem("duplicate"), "Conflict": problem("conflict"),
        } },
    })
}

/// What breaks when the value at this pointer becomes another one; `null` removes it.
fn broken(pointer: &str, value: Value) -> Vec<String> {
    let mut after = contract();
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
    let name = name.replace("~1", "/");
    let parent = after.pointer_mut(parent).unwrap_or_else(|| panic!("{parent} is not there"));
    match (parent, value) {
        (Value::Object(members), Value::Null) => drop(members.remove(&name).expect("it was there")),
        (Value::Object(members), value) => drop(members.insert(name, value)),
        (Value::Array(items), value) => items[name.parse::<usize>().expect("an index")] = value,
        _ => panic!("{pointer} leads nowhere"),
    }
    breaks(&contract(), &after)
}

#[test]
fn the_same_contract_breaks_nothing() {
    assert_eq!(breaks(&contract(), &contract()), Vec::<String>::new());
}

#[test]
fn what_a_client_uses_must_stay() {
    const POST: &str = "/paths/~1things/post";
    for (pointer, value, told) in [
        ("/paths/~1things", json!(null), "no such operation"),
        ("/paths/~1things/post", json!(null), "no such operation"),
        (&format!("{POST}/operationId"), json!("add_thing"), "operationId"),
        (&format!("{POST}/responses/409"), json!(null), "no such response"),
        (&format!("{POST}/responses/201/headers/Location"), json!(null), "header Location"),
        (&format!("{POST}/parameters"), json!([]), "no such parameter"),
        (&format!("{POST}/parameters/0/required"), json!(true), "required now"),
        (&format!("{POST}/parameters/0/schema/maximum"), json!(100), "narrower"),
        (&format!("{POST}/requestBody/required"), json!(true), "required now"),
        (&format!("{POST}/requestBody/content"), json!({}), "not taken any more"),
        (&format!("{POST}/responses/201/content"), json!({}), "any more"),
    ] {
        let found = broken(pointer, value);
        assert!(found.len() == 1 && found[0].contains(told), "{pointer}: {found:?}");
    }
}

#[test]
fn a_request_that_was_good_must_stay_good() {
    const THING: &str = "/components/schemas/CreateThing";
    for (place, value, told) in [
        ("properties/count", json!(null), "count: it is not there any more"),
        ("required", json!(["name", "kind", "count"]), "count: it is required now"),
        ("properties/kind/enum", json!(["fixed"]), "percentage is not taken"),
        ("properties/count/enum", json!([1, 2]), "any value is not taken"),
        ("properties/count/maximum", json!(9), "maximum makes it narrower"),
        ("properties/count/minimum", json!(1), "minimum makes it narrower"),
        ("properties/count/type", json!("string"), "integer is not taken"),
        ("properties/name/maxLength", json!(100), "maxLength"),
        ("properties/name/minLength", json!(2), "minLength"),
        ("properties/name/pattern", json!("^b"), "pattern"),
        ("properties/name/format", json!("email"), "format"),
        ("properties/note", json!({ "$ref": "#/components/schemas/Note" }), "null is not taken"),
        ("properties/tags/maxItems", json!(4), "maxItems"),
        ("properties/tags/items/type", json!("integer"), "string is not taken"),
        ("allOf", json!([{ "oneOf": [] }]), "forms"),
    ] {
        let found = broken(&format!("{THING}/{place}"), value);
        assert!(found.len() == 1 && found[0].contains(told), "{place}: {found:?}");
    }
}

#[test]
fn an_answer_must_stay_one_that_clients_were_told_of() {
    const THING: &str = "/components/schemas/Thing";
    for (place, value, told) in [
        ("properties/count", json!(null), "count: it is not there any more"),
        ("required", json!(["name"]), "kind: it may be absent now"),
        ("properties/kind/enum", json!(["fixed", "percentage", "free"]), "it may be free now"),
        ("properties/kind/enum", json!(null), "it may be any value now"),
        ("properties/count/type", json!(["integer", "null"]), "it may be null now"),
        ("properties/count/type", json!("number"), "it may be number now"),
        ("properties/count/maximum", json!(11), "maximum makes it wider"),
        ("properties/name/pattern", json!(null), "pattern makes it wider"),
    ] {
        let found = broken(&format!("{THING}/{place}"), value);
        assert!(found.len() == 1 && found[0].contains(told), "{place}: {found:?}");
    }
    let all = json!([{ "$ref": "#/components/schemas/Duplicate" }, { "$ref": "#/components/schemas/Conflict" }]);
    let found = broken("/paths/~1things/post/responses/409/content/application~1problem+json/schema/oneOf", all);
    assert!(found.len() == 1 && found[0].contains("it may be Conflict now"), "{found:?}");
}

#[test]
fn what_no_client_can_stumble_over_breaks_nothing() {
    for (pointer, value) in [
        ("/paths/~1more", json!({ "get": { "operationId": "list_more", "responses": {} } })),
        ("/paths/~1things/get", json!({ "operationId": "list_things", "responses": {} })),
        ("/paths/~1things/post/responses/429", json!({})),
        ("/paths/~1things/post/description", json!("In other words.")),
        ("/paths/~1things/post/parameters/0/schema/maximum", json!(500)),
        ("/components/schemas/CreateThing/properties/colour", json!({ "type": "string" })),
        ("/components/schemas/CreateThing/required", json!(["name"])),
        ("/components/schemas/CreateThing/properties/kind/enum", json!(["fixed", "percentage", "free"])),
        ("/components/schemas/CreateThing/properties/count/type", json!("number")),
        ("/components/schemas/CreateThing/properties/count/maximum", json!(20)),
        ("/components/schemas/CreateThing/properties/name/pattern", json!(null)),
        ("/components/schemas/CreateThing/properties/name/type", json!(["string", "null"])),
        ("/components/schemas/Thing/properties/colour", json!({ "type": "string" })),
        ("/components/schemas/Thing/required", json!(["name", "kind", "count"])),
        ("/components/schemas/Thing/properties/kind/enum", json!(["fixed"])),
        ("/components/schemas/Thing/properties/count/maximum", json!(5)),
        ("/components/schemas/Thing/properties/note", json!({ "$ref": "#/components/schemas/Note" })),
    ] {
        assert_eq!(broken(pointer, value), Vec::<String>::new(), "{pointer}");
    }
}

#[test]
fn a_version_says_that_it_breaks_in_its_first_part_or_below_one_in_its_second() {
    for (before, after, is_said) in [
        ("0.2.0", "0.2.0", false),
        ("0.2.0", "0.2.9", false),
        ("0.2.0", "0.3.0", true),
        ("0.9.0", "1.0.0", true),
        ("1.2.0", "1.3.0", false),
        ("1.9.0", "2.0.0", true),
        ("0.10.0", "0.9.0", false),
    ] {
        assert_eq!(says_that_it_breaks(before, after), is_said, "{before} → {after}");
    }
}
