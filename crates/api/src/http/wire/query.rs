//! Query strings: known parameters only, each once, each of its type.

use super::{
    explain_words::explain_message,
    problem::{Code, FieldError, Problem},
};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error as _, IntoDeserializer, Visitor, value::MapDeserializer},
    forward_to_deserialize_any,
};
use std::{collections::HashMap, fmt::Display, str::FromStr};
use tradepost_domain::money::{Currency, Money};

/// The parameters of a request, in the order given.
#[derive(Debug, Clone, Default)]
pub struct Pairs(Vec<(String, String)>);

impl Pairs {
    /// Decodes a query string, whatever stands in it.
    ///
    /// # Errors
    /// 400 for what is not made of texts.
    pub fn decode(query: &str) -> Result<Self, Problem> {
        let unreadable = || Problem::new(Code::MALFORMED, "The query is not made of name=value in UTF-8.");
        if percent_encoding::percent_decode_str(query).decode_utf8().is_err() {
            return Err(unreadable());
        }
        serde_urlencoded::from_str(query).map(Self).map_err(|_| unreadable())
    }

    /// Decodes a query string in which each parameter stands once.
    ///
    /// # Errors
    /// 400 for a doubled parameter and for NUL, each of them.
    pub fn parse(query: &str) -> Result<Self, Problem> {
        let pairs = Self::decode(query)?;
        let faults = pairs.own_faults();
        if faults.is_empty() {
            return Ok(pairs);
        }
        Err(faults.into_iter().fold(Problem::new(Code::VALIDATION, ""), Problem::with_field_error))
    }

    /// What is wrong with them whatever they mean.
    pub fn own_faults(&self) -> Vec<FieldError> {
        let fault = |name: &str, code: &str, detail: &str| FieldError {
            pointer: None,
            parameter: Some(name.to_owned()),
            code: code.to_owned(),
            detail: detail.to_owned(),
        };
        let mut seen = HashMap::new();
        let mut found = Vec::new();
        for (name, value) in &self.0 {
            let times = seen.entry(name.as_str()).or_insert(0_u32);
            *times += 1;
            if *times == 2 {
                found.push(fault(name, "duplicate", "this parameter stands here twice"));
            }
            if value.contains('\0') || name.contains('\0') {
                found.push(fault(name, "invalid", "control characters are not allowed"));
            }
        }
        found
    }

    /// Names and values, in the order given.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Takes a parameter out; `None` where it was not given.
    pub fn take(&mut self, name: &str) -> Option<String> {
        let index = self.0.iter().position(|(other, _)| other == name)?;
        Some(self.0.remove(index).1)
    }

    /// What is left, as one text in a fixed order: the same filters give the same text.
    pub fn canonical(&self) -> String {
        let mut pairs: Vec<_> = self.0.iter().collect();
        pairs.sort();
        pairs.iter().map(|(name, value)| format!("{}={name}{}={value}", name.len(), value.len())).collect()
    }

    /// Encodes them again, with more at the end.
    pub fn encode_with(&self, more: &[(&str, &str)]) -> String {
        let own = self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let all: Vec<_> = own.chain(more.iter().copied()).collect();
        // Pairs of texts always encode.
        serde_urlencoded::to_string(all).unwrap_or_default()
    }

    /// Reads what is left as filters.
    ///
    /// # Errors
    /// 400 that names the parameter, for one that is unknown or of the wrong type.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let pairs = self.0.iter().map(|(name, value)| (name.as_str(), Value(value)));
        serde_path_to_error::deserialize(MapDeserializer::new(pairs)).map_err(|error| {
            let name = error.path().to_string();
            let message = error.into_inner().to_string();
            let explained = explain_message(&message);
            let detail = match explained.code {
                "unknown" => "there is no such parameter here".to_owned(),
                _ => explained.detail,
            };
            Problem::parameter(explained.field.unwrap_or(&name), explained.code, detail).of_parser()
        })
    }
}

/// Refuses every parameter, where none is known.
///
/// # Errors
/// 400 that names one.
pub fn refuse_all(query: &str) -> Result<(), Problem> {
    if query.is_empty() {
        return Ok(());
    }
    let pairs = Pairs::parse(query)?;
    let unknown = |name| Problem::parameter(name, "unknown", "there is no such parameter here").of_parser();
    pairs.iter().next().map_or(Ok(()), |(name, _)| Err(unknown(name)))
}

/// A parameter that is one of a few names.
///
/// # Errors
/// 400 for any other.
pub fn named<T>(parameter: &str, text: Option<&str>, parse: impl Fn(&str) -> Option<T>) -> Result<Option<T>, Problem> {
    let unknown = |text| {
        Problem::parameter(parameter, "invalid", format!("{text:?} is not one of the values this takes")).of_parser()
    };
    text.map(|text| parse(text).ok_or_else(|| unknown(text))).transpose()
}

/// A parameter that is an amount of money, in minor units.
///
/// # Errors
/// 400 for any other.
pub fn amount(parameter: &str, text: Option<&str>, currency: Currency) -> Result<Option<i64>, Problem> {
    let parse = |text| Money::parse(text, currency).map_err(|why| Problem::parameter(parameter, "invalid", why));
    text.map(|text| parse(text).map(Money::minor)).transpose()
}

type Fault = serde::de::value::Error;

#[derive(Clone, Copy)]
struct Value<'a>(&'a str);

impl Value<'_> {
    fn parsed<T: FromStr>(self, wanted: &str) -> Result<T, Fault> {
        self.0.parse().map_err(|_| Fault::custom(format_args!("this must be {wanted}")))
    }
}

impl<'de> IntoDeserializer<'de, Fault> for Value<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Value<'de> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_borrowed_str(self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_some(self)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_bool(self.parsed("true or false")?)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_i64(self.parsed("a whole number")?)
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct newtype_struct seq tuple
        tuple_struct map struct enum identifier ignored_any
    }
}

/// A parameter that is read as the domain reads it.
#[derive(Debug, Clone, Copy)]
pub struct Parsed<T>(pub T);

impl<'de, T: FromStr<Err: Display>> Deserialize<'de> for Parsed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map(Self).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tradepost_domain::quantity::Quantity;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Filter {
        search: Option<String>,
        enabled: Option<bool>,
        number: Option<i64>,
        available_min: Option<Parsed<Quantity>>,
    }

    fn read(query: &str) -> Result<Filter, Problem> {
        Pairs::parse(query)?.read()
    }

    #[test]
    fn known_parameters_are_read() {
        let filter = read("search=green+tea&enabled=true&number=7&available_min=0.5").unwrap();
        assert_eq!(filter.search.as_deref(), Some("green tea"));
        assert_eq!((filter.enabled, filter.number), (Some(true), Some(7)));
        assert_eq!(filter.available_min.unwrap().0.hundred_thousandths(), 50_000);
    }

    #[test]
    fn what_is_no_text_is_refused() {
        assert_eq!(Pairs::parse("search=%FF%FE").unwrap_err().code(), Code::MALFORMED);
    }

    #[test]
    fn what_is_unknown_doubled_or_of_the_wrong_type_is_named() {
        for (query, name) in [
            ("colour=red", "colour"),
            ("search=a&search=b", "search"),
            ("enabled=yes", "enabled"),
            ("number=1.5", "number"),
            ("available_min=-1", "available_min"),
            ("search=%00", "search"),
        ] {
            let json: serde_json::Value = serde_json::from_slice(&read(query).unwrap_err().body()).unwrap();
            assert_eq!(json["errors"][0]["parameter"], name, "{query}");
        }
    }
}
