//! Problems as the contract describes them: one schema for each code, and the answers of an operation made of them.

use crate::http::wire::{
    error::{HolderView, ShortageView},
    json::Id,
    problem::{Code, FieldError},
    texts::AmountText,
    words::{ActionWord, ConflictWord, PermissionWord, PromoRefusalWord, StateWord},
};
use serde_json::{Map, Value, json};
use utoipa::{PartialSchema, ToSchema};

/// Everything a field error's code can be. Examples and no closed set: with a new rule comes a new code, and no client shall break of it.
const FIELD_CODES: &[&str] = &[
    "ambiguous",
    "before_start",
    "common",
    "duplicate",
    "form",
    "in_the_future",
    "invalid",
    "length",
    "mixed",
    "named_twice",
    "not_of_this_kind",
    "not_positive",
    "not_sold",
    "other_currency",
    "other_product",
    "out_of_range",
    "required",
    "too_large",
    "too_long_ago",
    "too_precise",
    "type",
    "unknown",
    "unknown_category",
    "unknown_customer",
    "unknown_line",
    "unknown_location",
    "unknown_product",
    "zero",
];

/// Everything that a 404 can say does not exist.
const NOT_FOUND: &[&str] = &[
    "cart_item",
    "category",
    "connection",
    "customer",
    "event",
    "location",
    "mapping",
    "movement",
    "order",
    "path",
    "problem",
    "product",
    "promo_code",
    "sale",
    "user",
];

/// The name of the schema of a code: `insufficient_stock` is `InsufficientStock`.
pub(super) fn schema_name(code: &str) -> String {
    let capital = |word: &str| word[..1].to_ascii_uppercase() + &word[1..];
    code.split('_').map(capital).collect()
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// A member that only problems with this code have.
struct Member {
    name: &'static str,
    about: &'static str,
    schema: Value,
    is_required: bool,
}

fn member(name: &'static str, about: &'static str, schema: Value) -> Member {
    Member { name, about, schema, is_required: true }
}

fn list_of(name: &str) -> Value {
    json!({"type": "array", "items": reference(name)})
}

/// A member that is there only now and then.
fn perhaps(name: &'static str, about: &'static str, schema: Value) -> Member {
    Member { is_required: false, ..member(name, about, schema) }
}

fn event() -> Member {
    perhaps("event_id", "The delivery in the inbox; only where a till reported.", reference(&Id::name()))
}

/// What `wire::error` adds to problems with this code.
fn members(code: Code) -> Vec<Member> {
    match code {
        Code::VALIDATION | Code::DUPLICATE => {
            vec![member("errors", "What is wrong, field by field.", list_of(&FieldError::name()))]
        }
        Code::FORBIDDEN => vec![
            perhaps("permission", "The permission that is missing.", reference(&PermissionWord::name())),
            perhaps("permissions", "All permissions that are missing.", list_of(&PermissionWord::name())),
        ],
        Code::NOT_FOUND => {
            let about = "What does not exist: `path`, or the kind of thing; stable. All there are are the examples.";
            vec![member("what", about, json!({"type": "string", "examples": NOT_FOUND}))]
        }
        Code::INSUFFICIENT_STOCK | Code::PRODUCT_UNAVAILABLE => members_about_stock(code),
        Code::ILLEGAL_TRANSITION => vec![
            member("from", "Where it stands.", reference(&StateWord::name())),
            member("allowed", "What can be done instead.", list_of(&ActionWord::name())),
        ],
        Code::CONFLICT => vec![member("reason", "What is contradicted.", reference(&ConflictWord::name())), event()],
        Code::PROMO_REFUSED => vec![member("reason", "Why it cannot be used.", reference(&PromoRefusalWord::name()))],
        _ => Vec::new(),
    }
}

fn members_about_stock(code: Code) -> Vec<Member> {
    let about = "What there is too little of, product by product.";
    match code {
        Code::INSUFFICIENT_STOCK => vec![member("shortages", about, list_of(&ShortageView::name())), event()],
        _ => vec![
            member("product_id", "The product that was asked for.", reference(&Id::name())),
            perhaps("sku", "Its SKU; only for those who work here.", json!({"type": "string"})),
            event(),
        ],
    }
}

/// What all problems have.
fn common(code: Code) -> Map<String, Value> {
    let text = |about: &str, example: &str| json!({"type": "string", "description": about, "examples": [example]});
    let fixed = |about: &str, value: Value| json!({"description": about, "const": value});
    let mut all = Map::new();
    let mut add = |name: &str, schema: Value| all.insert(name.to_owned(), schema);
    let kind = json!({"type": "string", "format": "uri-reference"});
    add("type", merged(kind, fixed("What kind of problem it is.", code.type_uri().into())));
    add("title", merged(json!({"type": "string"}), fixed("What the code means.", code.title.into())));
    let status = fixed("The HTTP status, as in the answer's first line.", code.status.into());
    add("status", merged(json!({"type": "integer"}), status));
    add("detail", text("What happened, for people; it may change.", "This is what happened."));
    add(
        "instance",
        text("The request's id, as in `X-Request-Id` and in the log.", "0192f0c1-7b1a-7c3e-9a52-4d6e8f0a1b2c"),
    );
    add("code", merged(json!({"type": "string"}), fixed("Stable; what programs compare.", code.name.into())));
    all
}

fn merged(mut one: Value, other: Value) -> Value {
    if let (Some(one), Value::Object(other)) = (one.as_object_mut(), other) {
        one.extend(other);
    }
    one
}

/// The schema of the problems with this code.
fn schema(code: Code) -> Value {
    let mut properties = common(code);
    let mut required: Vec<_> = properties.keys().cloned().collect();
    for Member { name, about, schema, is_required } in members(code) {
        properties.insert(name.to_owned(), merged(schema, json!({"description": about})));
        required.extend(is_required.then(|| name.to_owned()));
    }
    json!({"type": "object", "description": format!("{}.", code.title), "required": required, "properties": properties})
}

/// Adds the schemas of all problems.
pub(super) fn add_schemas(schemas: &mut Map<String, Value>) {
    for code in Code::ALL {
        schemas.insert(schema_name(code.name), schema(*code));
    }
    let mut used = vec![
        (FieldError::name(), FieldError::schema()),
        (ShortageView::name(), ShortageView::schema()),
        (HolderView::name(), HolderView::schema()),
        (PermissionWord::name(), PermissionWord::schema()),
        // Only parameters refer to it.
        (AmountText::name(), AmountText::schema()),
        (StateWord::name(), StateWord::schema()),
        (ActionWord::name(), ActionWord::schema()),
        (ConflictWord::name(), ConflictWord::schema()),
        (PromoRefusalWord::name(), PromoRefusalWord::schema()),
    ];
    for (name, schema) in used.drain(..) {
        schemas.insert(name.into_owned(), json!(schema));
    }
    if let Some(code) = schemas.get_mut(&*FieldError::name()).and_then(|schema| schema.pointer_mut("/properties/code"))
    {
        *code = json!({"type": "string", "description": "Stable; all there are are the examples.", "examples": FIELD_CODES});
    }
}

/// The answer with these codes, which are all of one status.
pub(super) fn response(codes: &[Code]) -> Value {
    let names: Vec<_> = codes.iter().map(|code| schema_name(code.name)).collect();
    let schema = match names.as_slice() {
        [one] => reference(one),
        several => {
            let all: Vec<_> = several.iter().map(|name| reference(name)).collect();
            let pair = |(code, one): (&Code, &Value)| (code.name.to_owned(), one["$ref"].clone());
            let mapping: Map<_, _> = codes.iter().zip(&all).map(pair).collect();
            json!({"oneOf": all, "discriminator": {"propertyName": "code", "mapping": mapping}})
        }
    };
    let about: Vec<_> = codes.iter().map(|code| format!("`{}`: {}.", code.name, code.title)).collect();
    json!({"description": about.join(" "), "content": {"application/problem+json": {"schema": schema}}})
}
