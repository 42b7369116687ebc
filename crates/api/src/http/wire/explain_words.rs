//! What a schema or a parser has against a value, in words of JSON for people: text, number, list, object.

use super::{
    explain_json::escape,
    problem::{FieldError, MOST_FAULTS},
};
use jsonschema::{
    JsonType, ValidationError,
    error::{TypeKind, ValidationErrorKind as Kind},
};
use serde_json::Value;
use tradepost_app::nearest::did_you_mean;

/// The schemas of quantities, whose faults all have one code.
const QUANTITIES: [&str; 5] = ["Quantity", "QuantityChange", "WantedQuantity", "GivenQuantity", "GivenQuantityChange"];

/// The schemas of amounts of money.
const AMOUNTS: [&str; 3] = ["Money", "PriceText", "AmountText"];

/// Where the value came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// A JSON body: faults have pointers.
    Body,
    /// A query, read as an object: faults name their parameter.
    Query,
}

/// Puts one error of a schema into words. `schema_at` finds a part of the schema by its pointer.
pub(super) fn fault<'a>(
    error: &ValidationError<'_>,
    schema_at: &impl Fn(&str) -> Option<&'a Value>,
    place: Place,
    found: &mut Vec<FieldError>,
) {
    let at = error.instance_path().as_str();
    let path = error.schema_path().as_str();
    let owner = path.rsplit_once('/').map_or("", |(owner, _)| owner);
    let name = owner.rsplit('/').next().unwrap_or_default();
    let schema = schema_at(owner).unwrap_or(&Value::Null);
    let value = error.instance().as_ref();
    let mut say = |at: &str, code: &str, detail: String| found.push(place.fault(at, code, detail));
    match error.kind() {
        Kind::Required { property } => {
            let property = property.as_str().unwrap_or_default();
            say(&format!("{at}/{}", escape(property)), "required", "this is required".to_owned());
        }
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            let mut known = Vec::new();
            properties(schema, schema_at, &mut known);
            known.retain(|known| value.get(known).is_none());
            for odd in unexpected.iter().take(MOST_FAULTS) {
                let hint = did_you_mean(odd, known.iter().copied());
                say(&format!("{at}/{}", escape(odd)), "unknown", format!("{}{hint}", place.no_such()));
            }
        }
        Kind::OneOfNotValid { context } | Kind::AnyOf { context } => {
            for error in best(context, at) {
                fault(error, schema_at, place, found);
            }
        }
        Kind::Enum { options } => say(at, "invalid", one_of(options, value)),
        Kind::Constant { expected_value } => say(at, "invalid", format!("this can only be {expected_value}")),
        Kind::Type { .. } => say(at, code_of(name, place, "type"), type_fault(name, schema, value, place)),
        kind => {
            let (code, detail) = bound(kind, name, schema);
            say(at, code_of(name, Place::Body, code), detail);
        }
    }
}

impl Place {
    fn fault(self, at: &str, code: &str, detail: String) -> FieldError {
        let (pointer, parameter) = match self {
            Self::Body => (Some(at.to_owned()), None),
            Self::Query => (None, at.split('/').nth(1).map(str::to_owned)),
        };
        FieldError { pointer, parameter, code: code.to_owned(), detail }
    }

    const fn no_such(self) -> &'static str {
        match self {
            Self::Body => "there is no such field here",
            Self::Query => "there is no such parameter here",
        }
    }
}

/// A quantity is refused with one code, whatever is wrong with it; and a parameter is always text, so it cannot be of the wrong type.
fn code_of<'a>(schema: &str, place: Place, code: &'a str) -> &'a str {
    if QUANTITIES.contains(&schema) || place == Place::Query { "invalid" } else { code }
}

/// The errors of the form that the value comes nearest to. `null` is a form too, but nobody who sent something meant that.
fn best<'e>(context: &'e [Vec<ValidationError<'static>>], at: &str) -> &'e [ValidationError<'static>] {
    let is_of_another_type =
        |error: &ValidationError<'_>| error.instance_path().as_str() == at && matches!(error.kind(), Kind::Type { .. });
    let wants_null = |errors: &[ValidationError<'_>]| {
        let is_null = |kind: &Kind| matches!(kind, Kind::Type { kind: TypeKind::Single(JsonType::Null) });
        errors.iter().any(|error| is_null(error.kind()))
    };
    let distance = |errors: &&Vec<ValidationError<'static>>| {
        let is_missing = |error: &&ValidationError<'_>| {
            matches!(error.kind(), Kind::Required { .. } | Kind::AdditionalProperties { .. } | Kind::Constant { .. })
        };
        let missing = errors.iter().filter(is_missing).count();
        (wants_null(errors), errors.iter().any(is_of_another_type), missing, errors.len())
    };
    context.iter().min_by_key(distance).map(Vec::as_slice).unwrap_or_default()
}

/// The names of an object's members, wherever its schema keeps them.
fn properties<'a>(schema: &'a Value, schema_at: &impl Fn(&str) -> Option<&'a Value>, found: &mut Vec<&'a str>) {
    found.extend(schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.as_str()));
    if let Some(part) = schema["$ref"].as_str().and_then(|to| schema_at(to.strip_prefix('#')?)) {
        properties(part, schema_at, found);
    }
    for part in ["allOf", "oneOf", "anyOf"].iter().filter_map(|parts| schema[parts].as_array()).flatten() {
        properties(part, schema_at, found);
    }
}

fn one_of(options: &Value, value: &Value) -> String {
    let names: Vec<_> = options.as_array().into_iter().flatten().filter(|one| !one.is_null()).collect();
    let texts: Vec<_> = names.iter().filter_map(|name| name.as_str()).collect();
    let all = names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    format!("this is one of {all}{}", did_you_mean(value.as_str().unwrap_or_default(), texts))
}

fn type_fault(name: &str, schema: &Value, value: &Value, place: Place) -> String {
    match place {
        Place::Body => format!("this is {}; {}", kind_of(value), wanted(name, schema)),
        // Nothing in a query is `null`.
        Place::Query => wanted(name, schema).replace(" or null", ""),
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// What a schema takes, as a sentence.
fn wanted(name: &str, schema: &Value) -> String {
    let example = schema["examples"].get(0).or_else(|| schema.get("example")).filter(|example| !example.is_array());
    let such_as = example.map(|example| format!(" such as {example}")).unwrap_or_default();
    let subject = match (name, schema["format"].as_str()) {
        (name, _) if AMOUNTS.contains(&name) => "money",
        (name, _) if QUANTITIES.contains(&name) => return "a quantity is a number, not text".to_owned(),
        (_, Some("uuid")) => "an id",
        (_, Some("date-time")) => return r#"a time is text such as "2026-01-31T12:00:00Z""#.to_owned(),
        (_, Some("date")) => return r#"a date is text such as "1990-01-31""#.to_owned(),
        _ => "this",
    };
    let kinds = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).map(kind_name).collect::<Vec<_>>().join(" or "),
        kind => kind_name(kind.as_str().unwrap_or_default()).to_owned(),
    };
    format!("{subject} {} {kinds}{such_as}", if subject == "this" { "must be" } else { "is" })
}

fn kind_name(kind: &str) -> &str {
    match kind {
        "string" => "text",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        "array" => "a list",
        "object" => "an object",
        other => other,
    }
}

/// A value of the right type that is too large, too small or not of the right form.
fn bound(kind: &Kind, name: &str, schema: &Value) -> (&'static str, String) {
    match kind {
        Kind::Minimum { .. } | Kind::Maximum { .. } | Kind::ExclusiveMinimum { .. } | Kind::ExclusiveMaximum { .. } => {
            ("out_of_range", range(schema))
        }
        Kind::MultipleOf { multiple_of } if *multiple_of >= 1.0 => {
            ("invalid", format!("this must be a multiple of {multiple_of}"))
        }
        Kind::MultipleOf { .. } => ("invalid", "this has too many decimals".to_owned()),
        Kind::MinLength { limit: 0 | 1 } => ("invalid", "this must not be empty".to_owned()),
        Kind::MinLength { limit } => ("invalid", format!("this has at least {limit} characters")),
        Kind::MaxLength { limit } => ("invalid", format!("this has at most {limit} characters")),
        Kind::MinItems { .. } | Kind::MaxItems { .. } => ("length", length(schema)),
        Kind::MinProperties { .. } => ("required", "something of it must be said".to_owned()),
        Kind::UniqueItems => ("duplicate", "something stands here twice".to_owned()),
        Kind::Pattern { .. } | Kind::Format { .. } => ("invalid", wanted_form(name, schema)),
        _ => ("invalid", "this is not as the contract says".to_owned()),
    }
}

fn wanted_form(name: &str, schema: &Value) -> String {
    let wanted = wanted(name, schema);
    if !wanted.starts_with("this must be") {
        return wanted;
    }
    let such_as = wanted.split_once(" such as ").map(|(_, example)| format!(", such as {example}")).unwrap_or_default();
    match (schema["description"].as_str(), schema["pattern"].as_str()) {
        (Some(about), _) => format!("this is not of the right form: {}{such_as}", about.trim_end_matches('.')),
        (None, Some(pattern)) => format!("this must be text of the form {pattern}{such_as}"),
        (None, None) => {
            format!("{wanted}, of the form {}", schema["format"].as_str().unwrap_or("that the contract names"))
        }
    }
}

fn range(schema: &Value) -> String {
    let least = ["minimum", "exclusiveMinimum"].iter().find_map(|bound| Some((*bound, schema.get(bound)?)));
    let most = ["maximum", "exclusiveMaximum"].iter().find_map(|bound| Some((*bound, schema.get(bound)?)));
    match (least, most) {
        (Some(("minimum", least)), Some(("maximum", most))) => format!("this is a number from {least} to {most}"),
        (Some(("exclusiveMinimum", least)), Some(("maximum", most))) => {
            format!("this is more than {least} and at most {most}")
        }
        (_, Some((bound, most))) => {
            format!("this is {} {most}", if bound == "maximum" { "at most" } else { "less than" })
        }
        (Some((bound, least)), None) => {
            format!("this is {} {least}", if bound == "minimum" { "at least" } else { "more than" })
        }
        (None, None) => "this is out of range".to_owned(),
    }
}

fn length(schema: &Value) -> String {
    match (schema["minItems"].as_u64(), schema["maxItems"].as_u64()) {
        (Some(least), Some(most)) => format!("this list has {least} to {most} items"),
        (None, Some(most)) => format!("this list has at most {most} items"),
        (Some(least), None) => format!("this list has at least {least} items"),
        (None, None) => "this list has another length".to_owned(),
    }
}

/// What serde said, in words for people.
pub(super) struct Explained<'a> {
    /// The field it is about, where the message names one.
    pub(super) field: Option<&'a str>,
    /// Stable, in snake_case: what programs may compare.
    pub(super) code: &'static str,
    /// A sentence for people, which may change.
    pub(super) detail: String,
}

pub(super) fn explain_message(message: &str) -> Explained<'_> {
    let field = message.split('`').nth(1);
    let about = |code, detail: &str| Explained { field, code, detail: detail.to_owned() };
    match message {
        m if m.starts_with("missing field") => about("required", "this is required"),
        m if m.starts_with("unknown field") => about("unknown", "there is no such field here"),
        m if m.starts_with("duplicate field") => about("duplicate", "this stands here twice"),
        m if m.starts_with("invalid type: ") => Explained { field: None, code: "type", detail: type_words(m) },
        m if m.starts_with("unknown variant") => Explained { field: None, code: "invalid", detail: variant_words(m) },
        m => Explained { field: None, code: "invalid", detail: m.to_owned() },
    }
}

/// `invalid type: integer `5`, expected a string` in words of JSON.
fn type_words(message: &str) -> String {
    let (found, expected) =
        message.trim_start_matches("invalid type: ").split_once(", expected ").unwrap_or((message, "something else"));
    let found = match found.split([' ', ',']).next().unwrap_or_default() {
        "integer" | "floating" => "a number",
        "string" => "text",
        "boolean" => "true or false",
        "null" | "unit" => "null",
        "map" => "an object",
        "sequence" => "a list",
        _ => "something else",
    };
    let expected = match expected {
        "a string" | "a borrowed string" => "text",
        "a sequence" => "a list",
        "a boolean" => "true or false",
        "f32" | "f64" => "a number",
        "i8" | "i16" | "i32" | "i64" | "u8" | "u16" | "u32" | "u64" => "a whole number",
        map if map == "a map" || map.starts_with("struct ") => "an object",
        other => other,
    };
    format!("this is {found}; this must be {expected}")
}

/// `unknown variant `pendingg`, expected one of `pending`, `accepted`` with what was most likely meant.
fn variant_words(message: &str) -> String {
    let mut names = message.split('`').skip(1).step_by(2);
    let given = names.next().unwrap_or_default();
    let known: Vec<_> = names.collect();
    format!("this is one of {}{}", known.join(", "), did_you_mean(given, known.iter().copied()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_serde_says_is_said_in_words_of_json() {
        for (message, detail) in [
            ("invalid type: integer `5`, expected a string", "this is a number; this must be text"),
            ("invalid type: string \"x\", expected i64", "this is text; this must be a whole number"),
            ("invalid type: null, expected struct Line", "this is null; this must be an object"),
            ("invalid type: sequence, expected an object", "this is a list; this must be an object"),
            (
                "unknown variant `pendingg`, expected one of `pending`, `shipped`",
                "this is one of pending, shipped; did you mean pending?",
            ),
        ] {
            assert_eq!(explain_message(message).detail, detail);
        }
    }
}
