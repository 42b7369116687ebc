//! Schemas, completed: bounds that no type says, lists that refer to the thing they are lists of, descriptions and examples.

use super::{examples, problems, properties};
use crate::http::wire::{texts, words};
use serde_json::{Map, Value, json};
use tradepost_domain::{lines::MAX_LINES, quantity::MAX_DECIMALS};

/// Completes all schemas.
pub(super) fn complete(schemas: &mut Value) {
    let Some(schemas) = schemas.as_object_mut() else { return };
    problems::add_schemas(schemas);
    name_lists(schemas);
    flatten(schemas);
    for (name, schema) in schemas.iter_mut() {
        let is_request = schema["additionalProperties"] == json!(false);
        for (property, schema) in properties_of(schema) {
            tidy(schema);
            bound(property, schema, is_request);
            properties::describe(property, schema);
        }
        if let Some(example) = examples::of(name) {
            schema["examples"] = json!([example]);
        }
        // JSON Schema's own word for it.
        if let Some(example) = schema.as_object_mut().and_then(|schema| schema.remove("example")) {
            schema["examples"] = json!([example]);
        }
    }
    if let Some(change) = schemas.get_mut("GivenQuantityChange") {
        change["not"] = json!({"const": 0});
    }
    forms(schemas);
}

/// Adds the texts and words that something refers to and nothing brought along, as parameters do; and drops what nothing refers to.
pub(super) fn keep_used(document: &mut Value) {
    if let Some(schemas) = document["components"]["schemas"].as_object_mut() {
        for (name, schema) in texts::schemas().into_iter().chain(words::schemas()) {
            schemas.entry(name).or_insert_with(|| json!(schema));
        }
    }
    // What only something refers to that is dropped itself goes in the next round.
    loop {
        let text = document.to_string();
        let Some(schemas) = document["components"]["schemas"].as_object_mut() else { return };
        let before = schemas.len();
        schemas.retain(|name, _| text.contains(&format!("\"#/components/schemas/{name}\"")));
        if schemas.len() == before {
            return;
        }
    }
}

fn properties_of(schema: &mut Value) -> impl Iterator<Item = (&String, &mut Value)> {
    schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten()
}

/// `List_Order`, in which the order is written out once more, becomes `OrderList`.
fn name_lists(schemas: &mut Map<String, Value>) {
    let names: Vec<String> = schemas.keys().filter_map(|name| name.strip_prefix("List_").map(str::to_owned)).collect();
    for name in names {
        let Some(mut list) = schemas.remove(&format!("List_{name}")) else { continue };
        let items = &mut list["properties"]["items"];
        items["items"] = json!({"$ref": format!("#/components/schemas/{name}")});
        items["maxItems"] = crate::http::wire::lists::MAX_LIMIT.into();
        schemas.insert(format!("{name}List"), list);
    }
}

/// The same in the answers that refer to it.
pub(super) fn refer_to_lists(value: &mut Value) {
    const BEFORE: &str = "#/components/schemas/List_";
    match value {
        Value::String(text) => {
            if let Some(name) = text.strip_prefix(BEFORE) {
                *text = format!("#/components/schemas/{name}List");
            }
        }
        Value::Array(items) => items.iter_mut().for_each(refer_to_lists),
        Value::Object(members) => members.values_mut().for_each(refer_to_lists),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// What is made of several is one object: that is how it is answered.
fn flatten(schemas: &mut Map<String, Value>) {
    let before = schemas.clone();
    for schema in schemas.values_mut() {
        let Some(parts) = schema.as_object_mut().and_then(|schema| schema.remove("allOf")) else { continue };
        let (mut properties, mut required) = (Map::new(), Vec::new());
        for part in parts.as_array().into_iter().flatten() {
            let name = part["$ref"].as_str().and_then(|reference| reference.rsplit('/').next());
            let part = name.and_then(|name| before.get(name)).unwrap_or(part);
            properties.extend(part["properties"].as_object().cloned().unwrap_or_default());
            required.extend(part["required"].as_array().cloned().unwrap_or_default());
        }
        schema["type"] = "object".into();
        schema["properties"] = properties.into();
        schema["required"] = required.into();
    }
}

/// What a property is stands beside its schema, not in one branch of it; widths of integers are nobody's business.
fn tidy(schema: &mut Value) {
    let Some(members) = schema.as_object_mut() else { return };
    let branches = members.get_mut("oneOf").and_then(Value::as_array_mut).into_iter().flatten();
    let about = branches.filter_map(|branch| branch.as_object_mut()?.remove("description")).next();
    if let Some(about) = about {
        members.insert("description".to_owned(), about);
    }
    if members.get("format").is_some_and(|format| format == "int32") {
        members.remove("format");
    }
    if let Some(example) = members.remove("example") {
        members.insert("examples".to_owned(), json!([example]));
    }
}

/// Bounds of what the program reads, where the property's name says what it is.
fn bound(property: &str, schema: &mut Value, is_request: bool) {
    let mut between = |least: Value, most: Value| {
        schema["minimum"] = least;
        schema["maximum"] = most;
    };
    match property {
        "unit_decimals" => between(0.into(), MAX_DECIMALS.into()),
        "usage_limit" | "per_customer_limit" => between(1.into(), u32::MAX.into()),
        "lines" | "changes" | "counts" if is_request => {
            schema["minItems"] = 1.into();
            schema["maxItems"] = MAX_LINES.into();
        }
        "permissions" if is_request => schema["maxItems"] = 64.into(),
        "number" | "seq" => schema["minimum"] = 1.into(),
        "count" | "times_used" => schema["minimum"] = 0.into(),
        _ => {}
    }
}

/// Bodies with several forms: what goes with what.
fn forms(schemas: &mut Map<String, Value>) {
    three_forms_of_a_report(schemas);
    // Beside its properties, so that generators that know nothing of forms still see one plain object.
    let mut set = |name: &str, forms: Value| {
        if let Some(schema) = schemas.get_mut(name) {
            schema["allOf"] = json!([{"anyOf": forms}]);
        }
    };
    set(
        "CreatePromoCode",
        json!([promo_of("fixed", "amount", "percentage"), promo_of("percentage", "percentage", "amount")]),
    );
    for name in ["PosChange", "ReportedChange", "ReportedCount"] {
        set(name, json!(["product_id", "sku", "external_id"].map(one_name)));
    }
    for name in ["UpdatedOrderLine", "ReturnedOrderLine", "CorrectedLine", "ReturnedLine"] {
        set(name, line_or_product());
    }
    set("CheckPromo", lines_or_cart());
    set("RecordSale", not_both_buyers());
    set("CorrectSale", not_both_buyers());
}

/// A property that is absent or `null`, which is all that is left where its own schema takes nothing else beside this type. Not said as
/// "it is null": of that, clients in TypeScript make a property that nobody may write.
fn nothing(own_type: &str) -> Value {
    json!({"not": {"type": own_type}})
}

fn promo_of(kind: &str, own: &str, other: &str) -> Value {
    json!({"required": [own], "properties": {"kind": {"const": kind}, own: {"type": "string"}, other: nothing("string")}})
}

fn line_or_product() -> Value {
    json!([
        {"required": ["line_id"], "properties": {"line_id": {"type": "string"}}},
        {"required": ["product_id"], "properties": {"line_id": nothing("string"), "product_id": {"type": "string"}}},
    ])
}

fn lines_or_cart() -> Value {
    json!([
        {"required": ["lines"], "properties": {"lines": {"not": {"type": "null"}}, "cart": {"enum": [false, null]}}},
        {"required": ["cart"], "properties": {"lines": {"maxItems": 0}, "cart": {"const": true}}},
    ])
}

fn not_both_buyers() -> Value {
    json!([
        {"properties": {"customer_id": nothing("string"), "customer_name": {"type": ["string", "null"]}}},
        {"required": ["customer_id"], "properties": {"customer_id": {"type": "string"}, "customer_name": nothing("string")}},
    ])
}

/// The product is named in this way, and in no other.
fn one_name(own: &str) -> Value {
    let names = ["product_id", "sku", "external_id"]
        .map(|name| (name.to_owned(), if name == own { json!({"type": "string"}) } else { nothing("string") }));
    json!({"required": [own], "properties": Map::from_iter(names)})
}

/// A till's report is one of three closed objects; in Rust it is one struct, which says what is wrong better than three could.
fn three_forms_of_a_report(schemas: &mut Map<String, Value>) {
    let Some(all) = schemas.get("PosReport").cloned() else { return };
    let form = |about: &str, required: &str, fields: &[&str]| {
        let mut properties: Map<_, _> =
            fields.iter().map(|name| ((*name).to_owned(), all["properties"][*name].clone())).collect();
        // Of one that is required `null` is not taken.
        if let Some(own) = properties.get_mut(required).filter(|own| !own["oneOf"].is_null()) {
            *own = json!({"$ref": own["oneOf"][0]["$ref"], "description": own["description"]});
        }
        json!({"type": "object", "description": about, "required": [required], "properties": properties, "additionalProperties": false})
    };
    let single = ["product_id", "sku", "external_id", "quantity_change", "reason", "occurred_at"];
    let forms = [
        ("PosChange", form("A single change.", "quantity_change", &single)),
        ("PosChanges", form("Several changes, all or nothing.", "changes", &["changes"])),
        ("PosCounts", form("What was counted.", "counts", &["counts"])),
    ];
    let references = forms.each_ref().map(|(name, _)| json!({"$ref": format!("#/components/schemas/{name}")}));
    let report = json!({"description": all["description"], "oneOf": references, "examples": all["examples"]});
    schemas.insert("PosReport".to_owned(), report);
    schemas.extend(forms.map(|(name, schema)| (name.to_owned(), schema)));
}
