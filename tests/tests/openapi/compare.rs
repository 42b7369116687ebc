//! What of a contract a change breaks. A request that was good must stay good, and an answer must stay one that clients were told of.

use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Everything that a client of `before` could stumble over with `after`, a sentence each.
pub(crate) fn breaks(before: &Value, after: &Value) -> Vec<String> {
    let mut comparison = Comparison { before, after, found: Vec::new() };
    comparison.paths();
    comparison.found
}

/// Is the version raised in the part that says "this breaks": the first one, or the second one below 1.0?
pub(crate) fn says_that_it_breaks(before: &str, after: &str) -> bool {
    let part = |version: &str, index: usize| version.split('.').nth(index).and_then(|part| part.parse::<u64>().ok());
    match (part(before, 0), part(after, 0)) {
        (Some(0), Some(0)) => part(after, 1) > part(before, 1),
        (before, after) => after > before,
    }
}

/// Which way a value goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// From the client: whatever was taken must be taken.
    Request,
    /// To the client: nothing may come that could not come before.
    Answer,
}

struct Comparison<'a> {
    before: &'a Value,
    after: &'a Value,
    found: Vec<String>,
}

const METHODS: [&str; 5] = ["get", "put", "post", "delete", "patch"];

/// A keyword that bounds, and whether more of it is stricter.
const BOUNDS: [(&str, bool); 8] = [
    ("minimum", true),
    ("exclusiveMinimum", true),
    ("minLength", true),
    ("minItems", true),
    ("maximum", false),
    ("exclusiveMaximum", false),
    ("maxLength", false),
    ("maxItems", false),
];

impl<'a> Comparison<'a> {
    fn tell(&mut self, at: &str, what: impl std::fmt::Display) {
        self.found.push(format!("{at}: {what}"));
    }

    fn paths(&mut self) {
        let (before, after) = (self.before, self.after);
        for (path, item) in members(&before["paths"]) {
            for method in METHODS.into_iter().filter(|method| !item[method].is_null()) {
                let at = format!("{} {path}", method.to_uppercase());
                match &after["paths"][path][method] {
                    Value::Null => self.tell(&at, "there is no such operation any more"),
                    after => self.operation(&at, &item[method], after),
                }
            }
        }
    }

    fn operation(&mut self, at: &str, before: &'a Value, after: &'a Value) {
        if before["operationId"] != after["operationId"] {
            self.tell(at, format_args!("the operationId was {}", before["operationId"]));
        }
        self.parameters(at, before, after);
        self.body(&format!("{at} request"), &before["requestBody"], &after["requestBody"]);
        for (status, response) in members(&before["responses"]) {
            let at = format!("{at} {status}");
            match &after["responses"][status] {
                Value::Null => self.tell(&at, "there is no such response any more"),
                after => self.response(&at, response, after),
            }
        }
    }

    fn parameters(&mut self, at: &str, before: &'a Value, after: &'a Value) {
        let same = |one: &Value, other: &Value| one["name"] == other["name"] && one["in"] == other["in"];
        for known in items(&before["parameters"]) {
            let at = format!("{at} {}", known["name"].as_str().unwrap_or_default());
            match items(&after["parameters"]).find(|other| same(known, other)) {
                None => self.tell(&at, "there is no such parameter any more"),
                Some(other) => {
                    if other["required"] == true && known["required"] != true {
                        self.tell(&at, "it is required now");
                    }
                    self.schema(&at, (&known["schema"], &other["schema"]), Way::Request);
                }
            }
        }
        for new in items(&after["parameters"]).filter(|new| new["required"] == true) {
            if !items(&before["parameters"]).any(|known| same(known, new)) {
                self.tell(at, format_args!("the parameter {} is new, and required", new["name"]));
            }
        }
    }

    fn body(&mut self, at: &str, before: &'a Value, after: &'a Value) {
        if after["required"] == true && before["required"] != true {
            self.tell(at, "a body is required now");
        }
        for (kind, content) in members(&before["content"]) {
            match &after["content"][kind] {
                Value::Null => self.tell(at, format_args!("{kind} is not taken any more")),
                other => self.schema(at, (&content["schema"], &other["schema"]), Way::Request),
            }
        }
    }

    fn response(&mut self, at: &str, before: &'a Value, after: &'a Value) {
        for (name, _) in members(&before["headers"]).filter(|(name, _)| after["headers"][name.as_str()].is_null()) {
            self.tell(at, format_args!("the header {name} is not there any more"));
        }
        for (kind, content) in members(&before["content"]) {
            match &after["content"][kind] {
                Value::Null => self.tell(at, format_args!("it is not {kind} any more")),
                other => self.schema(at, (&content["schema"], &other["schema"]), Way::Answer),
            }
        }
    }

    fn schema(&mut self, at: &str, (before, after): (&'a Value, &'a Value), way: Way) {
        let before = Schema::of(resolve(self.before, before), self.before);
        let after = Schema::of(resolve(self.after, after), self.after);
        // What may come is `after`'s in an answer, and `before`'s in a request; the other one must know all of it.
        let (given, known) = if way == Way::Request { (&before, &after) } else { (&after, &before) };
        for kind in given.types.difference(&known.types) {
            let is_known = known.types.is_empty() || (kind == "integer" && known.types.contains("number"));
            if !is_known {
                self.tell(
                    at,
                    if way == Way::Request {
                        format!("{kind} is not taken any more")
                    } else {
                        format!("it may be {kind} now")
                    },
                );
            }
        }
        if given.types.is_empty() && !known.types.is_empty() {
            self.tell(at, "its type is another one");
        }
        self.words(at, given, known, way);
        self.bounds(at, given, known, way);
        self.properties(at, (&before, &after), way);
        self.forms(at, (&before, &after), way);
        if let (Some(before), Some(after)) = (before.schema.get("items"), after.schema.get("items")) {
            self.schema(&format!("{at}[]"), (before, after), way);
        }
    }

    fn words(&mut self, at: &str, given: &Schema<'_>, known: &Schema<'_>, way: Way) {
        let Some(known) = &known.words else { return };
        let unknown: Vec<_> = match &given.words {
            None => vec!["any value".to_owned()],
            Some(given) => given.difference(known).cloned().collect(),
        };
        for word in unknown {
            self.tell(
                at,
                if way == Way::Request {
                    format!("{word} is not taken any more")
                } else {
                    format!("it may be {word} now")
                },
            );
        }
    }

    fn bounds(&mut self, at: &str, given: &Schema<'_>, known: &Schema<'_>, way: Way) {
        let verb = if way == Way::Request { "narrower" } else { "wider" };
        for (keyword, more_is_stricter) in BOUNDS {
            let (Some(limit), own) = (known.schema[keyword].as_f64(), given.schema[keyword].as_f64()) else { continue };
            let is_within = own.is_some_and(|own| if more_is_stricter { own >= limit } else { own <= limit });
            if !is_within && given.words.is_none() {
                self.tell(at, format_args!("{keyword} makes it {verb}"));
            }
        }
        for keyword in ["pattern", "format", "not", "multipleOf"] {
            let (known, own) = (&known.schema[keyword], &given.schema[keyword]);
            if !known.is_null() && known != own && given.words.is_none() {
                self.tell(at, format_args!("{keyword} makes it {verb}"));
            }
        }
    }

    fn properties(&mut self, at: &str, (before, after): (&Schema<'a>, &Schema<'a>), way: Way) {
        for (name, schema) in members(&before.schema["properties"]) {
            let at = format!("{at}/{name}");
            match &after.schema["properties"][name.as_str()] {
                Value::Null if way == Way::Answer || after.schema["additionalProperties"] == false => {
                    self.tell(&at, "it is not there any more");
                }
                Value::Null => {}
                other => self.schema(&at, (schema, other), way),
            }
        }
        let (newly, word) = match way {
            Way::Request => (after.required.difference(&before.required), "it is required now"),
            Way::Answer => (before.required.difference(&after.required), "it may be absent now"),
        };
        for name in newly.filter(|name| way == Way::Request || !after.schema["properties"][name.as_str()].is_null()) {
            self.tell(&format!("{at}/{name}"), word);
        }
    }

    /// Forms, one of which it has.
    fn forms(&mut self, at: &str, (before, after): (&Schema<'a>, &Schema<'a>), way: Way) {
        match (way, before.forms, after.forms) {
            (Way::Request, _, None) | (Way::Answer, None, _) => {}
            (Way::Request, None, Some(_)) => self.tell(at, "its forms are others"),
            (Way::Request, Some(before), Some(after)) => {
                for form in items(before) {
                    match items(after).find(|known| is_same_form(known, form)) {
                        None => self.tell(at, "its forms are others"),
                        Some(known) => {
                            self.schema(&format!("{at} {}", name_of(form).unwrap_or_default()), (form, known), way)
                        }
                    }
                }
            }
            (Way::Answer, Some(before), Some(after)) => {
                for form in items(after) {
                    let same = |known: &&Value| {
                        *known == form || name_of(known).is_some_and(|name| Some(name) == name_of(form))
                    };
                    match items(before).find(same) {
                        None => {
                            self.tell(at, format_args!("it may be {} now", name_of(form).unwrap_or("something else")))
                        }
                        Some(known) => {
                            self.schema(&format!("{at} {}", name_of(form).unwrap_or_default()), (known, form), way)
                        }
                    }
                }
            }
            (Way::Answer, Some(_), None) => self.tell(at, "it is not one of several any more"),
        }
    }
}

/// A schema, with what is written in more than one way brought into one.
struct Schema<'a> {
    schema: &'a Value,
    /// Empty: any.
    types: BTreeSet<String>,
    words: Option<BTreeSet<String>>,
    required: BTreeSet<String>,
    forms: Option<&'a Value>,
}

impl<'a> Schema<'a> {
    fn of(schema: &'a Value, document: &'a Value) -> Schema<'a> {
        // "This or null" is this, and null among its types.
        let branches: Vec<_> = items(&schema["oneOf"]).collect();
        if let [one, other] = branches.as_slice() {
            let is_null = |branch: &Value| branch["type"] == "null";
            if is_null(one) != is_null(other) {
                let mut same = Schema::of(resolve(document, if is_null(one) { other } else { one }), document);
                same.types.insert("null".to_owned());
                return same;
            }
        }
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let types = match &schema["type"] {
            Value::Array(types) => types.iter().map(text).collect(),
            Value::String(one) => BTreeSet::from([one.clone()]),
            _ => BTreeSet::new(),
        };
        let words = match (&schema["enum"], &schema["const"]) {
            (Value::Array(words), _) => Some(words.iter().map(text).collect()),
            (_, Value::Null) => None,
            (_, word) => Some(BTreeSet::from([text(word)])),
        };
        let required = items(&schema["required"]).map(text).collect();
        let forms = [&schema["oneOf"], &schema["anyOf"], &schema["allOf"]].into_iter().find(|forms| !forms.is_null());
        Schema { schema, types, words, required, forms }
    }
}

fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let pointer = schema["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
    pointer.and_then(|pointer| document.pointer(pointer)).unwrap_or(schema)
}

fn is_same_form(one: &Value, other: &Value) -> bool {
    one == other || name_of(one).is_some_and(|name| Some(name) == name_of(other))
}

fn name_of(form: &Value) -> Option<&str> {
    form["$ref"].as_str().and_then(|reference| reference.rsplit('/').next())
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
