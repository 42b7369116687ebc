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
        Kind::AnyOf { context } if value.is_object() => {
            for error in chosen(context).unwrap_or_default() {
                // What its members must be, they say themselves.
                if matches!(error.kind(), Kind::Required { .. }) {
                    fault(error, schema_at, place, found);
                }
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

/// The errors of the only one of several forms of an object that the value can be meant to have; `None` where that is not plain. Then the
/// rules say what is wrong, and better: what one form refuses another may take.
fn chosen<'e>(context: &'e [Vec<ValidationError<'static>>]) -> Option<&'e [ValidationError<'static>]> {
    let is_other_kind = |error: &ValidationError<'_>| matches!(error.kind(), Kind::Constant { .. } | Kind::Enum { .. });
    let is_other_form = |error: &ValidationError<'_>| match error.kind() {
        Kind::Not { .. } | Kind::FalseSchema | Kind::Type { kind: TypeKind::Single(JsonType::Null) } => true,
        Kind::Type { .. } => error.instance().is_null(),
        _ => false,
    };
    let only = |fits: &dyn Fn(&ValidationError<'_>) -> bool| {
        let mut fitting = context.iter().filter(|errors| !errors.iter().any(fits));
        fitting.next().filter(|_| fitting.next().is_none()).map(Vec::as_slice)
    };
    // A member that says which form it is counts for more than those that happen to be there.
    let says_kind = context.iter().any(|errors| errors.iter().any(is_other_kind));
    let said = says_kind.then(|| only(&is_other_kind)).flatten();
    said.or_else(|| only(&|error| is_other_kind(error) || is_other_form(error)))
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
        // All of a query is text, and nothing in it is `null`.
        Place::Query if QUANTITIES.contains(&name) => "this must be a number".to_owned(),
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
        (_, Some("email")) => "an e-mail address",
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
    let such_as = wanted.split_once(" such as ").map(|(_, example)| format!("such as {example}"));
    // An amount may look like one and yet be too small or too large: what it is says that.
    let about = schema["description"].as_str().map(|about| about.trim_end_matches('.'));
    if !wanted.starts_with("this must be") && (!AMOUNTS.contains(&name) || about.is_none()) {
        return wanted;
    }
    let more = about.map(str::to_owned).into_iter().chain(such_as).collect::<Vec<_>>().join(", ");
    format!("this is not of the right form{}{more}", if more.is_empty() { "" } else { ": " })
}

/// What is wrong with the fields that a list shall be sorted by.
pub(super) fn ordering_fault(text: &str, known: &[&str]) -> Option<String> {
    let mut seen = Vec::new();
    for name in text.split(',').map(|part| part.strip_prefix('-').unwrap_or(part)) {
        if !known.contains(&name) {
            let (all, hint) = (known.join(", "), did_you_mean(name.trim_start_matches('-'), known.iter().copied()));
            return Some(format!("{name:?} is unknown: order by {all}, each with - for largest first{hint}"));
        }
        if seen.contains(&name) {
            return Some(format!("{name} is named twice: once, with or without -"));
        }
        seen.push(name);
    }
    None
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

/// Why no JSON can be in a body.
pub(super) fn unreadable(body: &[u8]) -> Option<String> {
    if body.trim_ascii().is_empty() {
        return Some("The body is empty: send a JSON object.".to_owned());
    }
    if body.starts_with("\u{feff}".as_bytes()) {
        return Some("The body begins with a byte order mark: send UTF-8 without one.".to_owned());
    }
    let broken = std::str::from_utf8(body).err()?;
    Some(format!("The body is not UTF-8: its byte {} is of no letter.", broken.valid_up_to() + 1))
}

/// Why a body is not JSON, and where.
pub(super) fn not_json(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let why = match message.split(" at line ").next().unwrap_or_default() {
        _ if error.is_eof() => "it ends too early",
        "trailing characters" => "more stands behind its end",
        "trailing comma" => "nothing stands behind a comma",
        "key must be a string" => "a name must be text in double quotes",
        "expected `:`" => "a colon is missing behind a name",
        m if m.starts_with("expected `,`") => "a comma or the closing bracket is missing",
        "invalid number" | "number out of range" => "a number is written wrongly",
        "recursion limit exceeded" => "too many brackets are open",
        m if m.starts_with("control character") => "a control character stands in a text",
        m if m.contains("escape") || m.contains("surrogate") => "a backslash stands before what it cannot stand for",
        _ => "something stands there that is no value",
    };
    format!("The body is not JSON: {why}, at line {}, column {}.", error.line(), error.column())
}

pub(super) fn explain_message(message: &str) -> Explained<'_> {
    let field = message.split('`').nth(1);
    let about = |code, detail: &str| Explained { field, code, detail: detail.to_owned() };
    match message {
        m if m.starts_with("missing field") => about("required", "this is required"),
        m if m.starts_with("unknown field") => about("unknown", "there is no such field here"),
        m if m.starts_with("duplicate field") => about("duplicate", "this stands here twice"),
        m if m.starts_with("invalid type: ") => Explained { field: None, code: "type", detail: type_words(m) },
        m if m.starts_with("invalid value: ") => about("out_of_range", "this is out of range"),
        m if m.starts_with("invalid length ") => about("length", "this has another length"),
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

    #[test]
    fn a_body_that_is_not_json_is_refused_in_own_words_with_the_place() {
        let said = |body: &[u8]| {
            unreadable(body).unwrap_or_else(|| not_json(&serde_json::from_slice::<Value>(body).unwrap_err()))
        };
        for (body, expected) in [
            ("", "The body is empty: send a JSON object."),
            (" \r\n", "The body is empty: send a JSON object."),
            ("\u{feff}{}", "The body begins with a byte order mark: send UTF-8 without one."),
            ("{\"a\":", "The body is not JSON: it ends too early, at line 1, column 5."),
            ("{\"a\": 1} x", "The body is not JSON: more stands behind its end, at line 1, column 10."),
            ("{a: 1}", "The body is not JSON: a name must be text in double quotes, at line 1, column 2."),
            ("[1,]", "The body is not JSON: nothing stands behind a comma, at line 1, column 4."),
            ("nul", "The body is not JSON: it ends too early, at line 1, column 3."),
            ("none", "The body is not JSON: something stands there that is no value, at line 1, column 2."),
            ("{\"a\" 1}", "The body is not JSON: a colon is missing behind a name, at line 1, column 6."),
            ("{\n\"a\": 01}", "The body is not JSON: a number is written wrongly, at line 2, column 7."),
            ("[\"\t\"]", "The body is not JSON: a control character stands in a text, at line 1, column 3."),
            (
                r#"["\x"]"#,
                "The body is not JSON: a backslash stands before what it cannot stand for, at line 1, column 4.",
            ),
        ] {
            assert_eq!(said(body.as_bytes()), expected, "{body}");
        }
        assert_eq!(said(b"{\"a\": \"\xff\"}"), "The body is not UTF-8: its byte 8 is of no letter.");
        assert!(said(&[0xff, 0xfe, b'{', 0]).starts_with("The body is not UTF-8"));
    }

    #[test]
    fn an_order_says_which_field_is_not_known_and_which_stands_twice() {
        let said = |text: &str| ordering_fault(text, &["name", "total"]);
        assert_eq!(said("name,-total"), None);
        assert!(said("totl").unwrap().ends_with("did you mean total?"));
        assert!(said("name,,total").unwrap().starts_with("\"\" is unknown"));
        assert_eq!(said("name,-name").unwrap(), "name is named twice: once, with or without -");
    }
}
