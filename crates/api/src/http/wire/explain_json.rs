//! A body that was refused, read once more, leniently: also what stands in it twice and numbers beyond all bounds, so that both can be named.

use super::problem::{FieldError, MOST_FAULTS, shown};
use serde::{
    Deserializer,
    de::{DeserializeSeed, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value};
use std::{borrow::Cow, cell::RefCell, fmt};

/// A JSON text as a tree, and what the tree cannot show of it.
pub(super) struct Tree {
    /// What it says; of what stands twice, the first, and of a list as much as any may have.
    pub(super) value: Value,
    doubled: Vec<String>,
    too_large: Vec<String>,
}

/// Stands for a number that is larger than any that can be kept.
const BEYOND: &str = "1.7976931348623157e308";

/// More items of a list are left out: every list of the contract is shorter, and a schema would refuse each of them one by one.
const MOST_ITEMS: usize = 1_000;

impl Tree {
    /// `None` for what is not JSON at all.
    pub(super) fn parse(body: &[u8]) -> Option<Self> {
        let text = bounded(std::str::from_utf8(body).ok()?);
        let notes = RefCell::default();
        let mut json = serde_json::Deserializer::from_str(&text);
        let value = Node(&notes).deserialize(&mut json).ok()?;
        json.end().ok()?;
        let Notes { doubled, too_large, .. } = notes.into_inner();
        Some(Self { value, doubled, too_large })
    }

    /// What is wrong with it whatever its schema says.
    pub(super) fn faults(&self) -> impl Iterator<Item = FieldError> {
        let fault = |code: &str, detail: &str| {
            let (code, detail) = (code.to_owned(), detail.to_owned());
            move |pointer: &String| FieldError {
                pointer: Some(pointer.clone()),
                parameter: None,
                code: code.clone(),
                detail: detail.clone(),
            }
        };
        let doubled = self.doubled.iter().map(fault("duplicate", "this stands here twice"));
        doubled.chain(self.too_large.iter().map(fault("out_of_range", "this number is too large")))
    }
}

/// The text with every number that no machine can keep put down to the largest that one can.
fn bounded(text: &str) -> Cow<'_, str> {
    let is_of_number = |b: u8| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E');
    let bytes = text.as_bytes();
    let (mut out, mut copied, mut at, mut in_text) = (String::new(), 0, 0, false);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' if in_text => at += 1,
            b'"' => in_text = !in_text,
            b'-' | b'0'..=b'9' if !in_text => {
                let end = bytes[at..].iter().position(|b| !is_of_number(*b)).map_or(bytes.len(), |length| at + length);
                if text[at..end].parse::<f64>().is_ok_and(f64::is_infinite) {
                    out.push_str(&text[copied..at]);
                    // The sign goes with it: either way it is the same fault.
                    out.push_str(BEYOND);
                    copied = end;
                }
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
}

/// What is remembered while a body is read: where the reader is, and what it noted. A pointer is made only for what is noted.
#[derive(Default)]
struct Notes {
    path: Vec<Step>,
    doubled: Vec<String>,
    too_large: Vec<String>,
}

enum Step {
    Item(usize),
    Member(String),
}

impl Notes {
    /// Where the reader is, as far as an answer shows it; `None` once enough was noted.
    fn pointer(&self) -> Option<String> {
        let step = |step: &Step| match step {
            Step::Item(index) => format!("/{index}"),
            Step::Member(name) => format!("/{}", escape(name)),
        };
        (self.doubled.len() + self.too_large.len() < MOST_FAULTS).then(|| shown(self.path.iter().map(step).collect()))
    }
}

/// The value that comes next.
struct Node<'a>(&'a RefCell<Notes>);

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        if value == f64::MAX {
            let mut notes = self.0.borrow_mut();
            let at = notes.pointer();
            notes.too_large.extend(at);
        }
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        for index in 0.. {
            self.0.borrow_mut().path.push(Step::Item(index));
            let item = items.next_element_seed(Node(self.0))?;
            self.0.borrow_mut().path.pop();
            match item {
                Some(item) if index < MOST_ITEMS => list.push(item),
                Some(_) => {}
                None => break,
            }
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            self.0.borrow_mut().path.push(Step::Member(name));
            let value = members.next_value_seed(Node(self.0))?;
            let mut notes = self.0.borrow_mut();
            if let Some(Step::Member(name)) = notes.path.last()
                && object.contains_key(name)
            {
                let at = notes.pointer();
                notes.doubled.extend(at);
                notes.path.pop();
            } else if let Some(Step::Member(name)) = notes.path.pop() {
                object.insert(name, value);
            }
        }
        Ok(object.into())
    }
}

/// A member's name as it stands in a JSON pointer.
pub(super) fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn faults(text: &str) -> Vec<(String, String)> {
        let tree = Tree::parse(text.as_bytes()).unwrap();
        tree.faults().map(|fault| (fault.pointer.unwrap(), fault.code)).collect()
    }

    #[test]
    fn what_stands_twice_is_named_wherever_it_is() {
        let text = r#"{"a": 1, "a": 2, "lines": [{"b/c": 1}, {"b/c": 1, "b/c": 2}]}"#;
        let expected = [("/a", "duplicate"), ("/lines/1/b~1c", "duplicate")];
        assert_eq!(faults(text), expected.map(|(at, code)| (at.to_owned(), code.to_owned())));
        assert_eq!(Tree::parse(text.as_bytes()).unwrap().value["a"], 1);
    }

    #[test]
    fn a_number_beyond_all_bounds_is_named_and_a_text_like_one_is_not() {
        let expected = ["/a/1", "/c"].map(|at| (at.to_owned(), "out_of_range".to_owned()));
        assert_eq!(faults(r#"{"a": [1, -1e400], "b": "1e400", "c": 1E+999}"#), expected);
    }

    #[test]
    fn a_body_with_a_long_name_and_many_faults_is_noted_in_little() {
        let name = "k".repeat(60_000);
        for inside in [
            format!("{{{}}}", vec!["\"a\": 1"; 8_000].join(",")),
            format!("[{}]", vec!["1e400"; 9_000].join(",")),
            format!("{{\"\": [{}]}}", vec!["0"; 30_000].join(",")),
            format!("{{\"{name}\": 1, \"{name}\": 1}}"),
        ] {
            let tree = Tree::parse(format!("{{\"{name}\": {inside}}}").as_bytes()).unwrap();
            let lengths: Vec<_> = tree.faults().map(|fault| fault.pointer.unwrap().len()).collect();
            assert!(lengths.len() <= MOST_FAULTS && lengths.iter().all(|length| *length <= 1_000), "{lengths:?}");
        }
    }

    #[test]
    fn of_a_list_that_is_too_long_for_any_rule_only_the_beginning_is_kept() {
        let tree = Tree::parse(format!("[{}, 1e400]", vec!["{}"; 2 * MOST_ITEMS].join(",")).as_bytes()).unwrap();
        assert_eq!(tree.value.as_array().unwrap().len(), MOST_ITEMS);
        assert_eq!(tree.faults().next().unwrap().pointer.unwrap(), format!("/{}", 2 * MOST_ITEMS));
    }

    #[test]
    fn what_is_not_json_is_no_tree() {
        for text in ["", "{", "[1,]", "{\"a\": 01}", "nonsense", "{} {}", &"[".repeat(10_000)] {
            assert!(Tree::parse(text.as_bytes()).is_none(), "{text:.20}");
        }
        assert!(Tree::parse(b"\"\xff\"").is_none());
    }

    #[test]
    fn everything_else_is_read_as_it_is() {
        let value = json!({"a": [null, true, -1, 1.5, "\"\\ 1e999"], "\u{e9}": {}});
        assert_eq!(Tree::parse(value.to_string().as_bytes()).unwrap().value, value);
    }
}
