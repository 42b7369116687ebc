//! How ids, money, quantities and times stand in JSON: exactly, and in one way.

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error as _, MapAccess, Visitor, value::MapAccessDeserializer},
};
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt, marker::PhantomData, str::FromStr};
use tradepost_domain::{
    ids::{self, ProductId},
    instant::Instant,
    money::{Currency, Money},
    quantity::{self, Delta, Quantity},
};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, SchemaFormat, schema::Type},
};
use uuid::Uuid;

/// An id: a UUID in its hyphenated form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Id(Uuid);

impl<T> From<ids::Id<T>> for Id {
    fn from(id: ids::Id<T>) -> Self {
        Self(id.uuid())
    }
}

impl<T> From<Id> for ids::Id<T> {
    fn from(id: Id) -> Self {
        Self::from_uuid(id.0)
    }
}

impl From<Uuid> for Id {
    fn from(id: Uuid) -> Self {
        Self(id)
    }
}

impl From<Id> for Uuid {
    fn from(id: Id) -> Self {
        id.0
    }
}

impl From<tradepost_store::Id> for Id {
    fn from(id: tradepost_store::Id) -> Self {
        Self(id.0)
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.hyphenated().encode_lower(&mut Uuid::encode_buffer()))
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        text.parse::<ProductId>().map(|id| Self(id.uuid())).map_err(D::Error::custom)
    }
}

/// A quantity: a JSON number, read and written digit by digit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Qty(pub Quantity);

/// A signed change of a quantity: a JSON number, read and written digit by digit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QtyChange(pub Delta);

impl Qty {
    /// As stored, in hundred-thousandths; the tables hold nothing below zero.
    pub fn stored(value: i64) -> Self {
        Self(Quantity::from_hundred_thousandths(value).unwrap_or_default())
    }
}

impl QtyChange {
    /// As stored, in hundred-thousandths.
    pub const fn stored(value: i64) -> Self {
        Self(Delta::from_hundred_thousandths(value))
    }
}

/// Reads the text of a JSON number. `f64` never sees it: 0.1 stays 0.1.
fn number<'de, D: Deserializer<'de>, T: FromStr<Err: std::fmt::Display>>(deserializer: D) -> Result<T, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?.get();
    match raw.as_bytes().first() {
        Some(b'-' | b'0'..=b'9') => raw.parse().map_err(D::Error::custom),
        Some(b'"') => Err(D::Error::custom("a quantity is a JSON number, not a string")),
        _ => Err(D::Error::custom("a quantity is a JSON number")),
    }
}

/// Writes hundred-thousandths as a JSON number. Whole ones, which nearly all are, without going through text.
fn write_number<S: Serializer>(value: i64, text: impl ToString, serializer: S) -> Result<S::Ok, S::Error> {
    use serde::ser::Error;
    if value % 100_000 == 0 {
        return serializer.serialize_i64(value / 100_000);
    }
    RawValue::from_string(text.to_string()).map_err(S::Error::custom)?.serialize(serializer)
}

impl<'de> Deserialize<'de> for Qty {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        number(deserializer).map(Self)
    }
}

impl Serialize for Qty {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write_number(self.0.hundred_thousandths(), self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for QtyChange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        number(deserializer).map(Self)
    }
}

impl Serialize for QtyChange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write_number(self.0.hundred_thousandths(), self.0, serializer)
    }
}

/// An amount of the shop's money: a decimal string. (Amounts in requests are texts until the domain reads them.)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amount(pub Money);

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// A point in time: RFC 3339, written in UTC with `Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Time(pub Instant);

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        Instant::parse(&text).map(Self).map_err(D::Error::custom)
    }
}

impl Amount {
    /// As stored, in minor units.
    pub const fn stored(minor: i64, currency: Currency) -> Self {
        Self(Money::from_minor(minor, currency))
    }
}

impl From<tradepost_store::At> for Time {
    fn from(at: tradepost_store::At) -> Self {
        Self(at.into())
    }
}

/// For `#[serde(default, deserialize_with = "present")]` on an `Option<Option<T>>`: absent is `None`, `null` is `Some(None)`.
///
/// # Errors
/// Where the value is no `T`.
pub fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// A whole number. To JSON `3.0` is one as well, and some languages write theirs so.
struct Whole<T>(T);

impl<'de, T: TryFrom<i64>> Deserialize<'de> for Whole<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <&RawValue>::deserialize(deserializer)?.get();
        let whole = text.split_once('.').filter(|(_, zeros)| zeros.bytes().all(|digit| digit == b'0'));
        let whole = whole.map_or(text, |(whole, _)| whole).parse::<i64>().ok();
        let whole = whole.and_then(|whole| T::try_from(whole).ok());
        whole.map(Self).ok_or_else(|| D::Error::custom("this must be a whole number"))
    }
}

/// For `#[serde(default, deserialize_with = "whole")]` on a whole number that may be absent or `null`.
///
/// # Errors
/// Where it is none, or too large.
pub fn whole<'de, D: Deserializer<'de>, T: TryFrom<i64>>(deserializer: D) -> Result<Option<T>, D::Error> {
    Ok(Option::<Whole<T>>::deserialize(deserializer)?.map(|whole| whole.0))
}

/// The same where absent and `null` are two things, as with [`present`].
///
/// # Errors
/// Where it is none, or too large.
pub fn present_whole<'de, D: Deserializer<'de>, T: TryFrom<i64>>(d: D) -> Result<Option<Option<T>>, D::Error> {
    whole(d).map(Some)
}

/// The same where `null` is refused.
///
/// # Errors
/// Where it is none, or too large.
pub fn present_whole_only<'de, D: Deserializer<'de>, T: TryFrom<i64>>(d: D) -> Result<Option<T>, D::Error> {
    Ok(Some(Whole::deserialize(d)?.0))
}

/// A JSON object. (Serde's structs would also take their fields as a JSON array, one after the other.)
pub struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Object)
    }
}

/// For `#[serde(deserialize_with = "objects")]` on a list of structs.
///
/// # Errors
/// Where an item is no object, or the object is no `T`.
pub fn objects<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let objects = Vec::<Object<T>>::deserialize(deserializer)?;
    Ok(objects.into_iter().map(|object| object.0).collect())
}

/// The same for a list that may be absent.
///
/// # Errors
/// Where an item is no object, or the object is no `T`.
pub fn present_objects<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Vec<T>>, D::Error> {
    objects(deserializer).map(Some)
}

/// A quantity that somebody asks for, as the contract describes it.
pub struct WantedQty;

/// A quantity that somebody names, as the contract describes it.
pub struct GivenQty;

/// A change that somebody asks for or reports, as the contract describes it.
pub struct GivenQtyChange;

macro_rules! schemas {
    ($($name:ident as $schema_name:literal = $schema:expr, $example:expr, $about:literal;)+) => {$(
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let schema: ObjectBuilder = $schema;
                schema.examples([serde_json::json!($example)]).description(Some($about)).into()
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed($schema_name)
            }
        }
    )+};
}
schemas! {
    Id as "Id" = a_string(Some("uuid")).pattern(Some("^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")),
        "0192f0c1-7b1a-7c3e-9a52-4d6e8f0a1b2c", "A UUID in its hyphenated form.";
    Qty as "Quantity" = a_number().minimum(Some(0)), 3, "A quantity with at most the decimals of its product's unit (5 at most).";
    QtyChange as "QuantityChange" = a_number(), -2, "A signed change of a quantity.";
    WantedQty as "WantedQuantity" = a_number().exclusive_minimum(Some(0)).maximum(Some(most())), 2,
        "A quantity of more than zero, with at most the decimals of its product's unit (5 at most).";
    GivenQty as "GivenQuantity" = a_number().minimum(Some(0)).maximum(Some(most())), 20,
        "A quantity, zero or more, with at most the decimals of its product's unit (5 at most).";
    GivenQtyChange as "GivenQuantityChange" = a_number().minimum(Some(-most())).maximum(Some(most())), -2,
        "A signed change of a quantity, not zero, with at most the decimals of its product's unit (5 at most).";
    Amount as "Money" = a_string(None).pattern(Some(r"^-?[0-9]+(?:\.[0-9]{2,4})?$")), "12.50",
        "An amount of the shop's currency, with as many decimals as the currency has.";
    Time as "Time" = a_string(Some("date-time")), "2026-01-31T12:00:00Z", "A point in time by RFC 3339, answered in UTC with `Z`.";
}

fn a_string(format: Option<&str>) -> ObjectBuilder {
    let format = format.map(|format| SchemaFormat::Custom(format.to_owned()));
    ObjectBuilder::new().schema_type(Type::String).format(format)
}

fn a_number() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::Number)
}

/// The largest quantity that a request may name, in whole units.
fn most() -> i64 {
    quantity::MAX.hundred_thousandths() / Quantity::whole(1).unwrap_or(quantity::MAX).hundred_thousandths()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize, Debug)]
    struct Line {
        quantity: Qty,
        #[serde(default, deserialize_with = "present")]
        note: Option<Option<String>>,
    }

    #[test]
    fn a_quantity_is_read_and_written_digit_by_digit() {
        for text in ["0.1", "3", "1000000000", "0.00001", "12.50001"] {
            let quantity: Qty = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&quantity).unwrap(), text);
        }
        assert_eq!(serde_json::to_string(&serde_json::from_str::<QtyChange>("-2.50").unwrap()).unwrap(), "-2.5");
    }

    #[test]
    fn a_string_is_no_quantity() {
        for text in ["\"3\"", "null", "true", "[]", "{}", "0.000001", "-1"] {
            assert!(serde_json::from_str::<Qty>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn absent_and_null_are_two_things() {
        let line: Line = serde_json::from_str(r#"{"quantity": 1}"#).unwrap();
        assert_eq!((line.quantity.0.hundred_thousandths(), line.note), (100_000, None));
        assert_eq!(serde_json::from_str::<Line>(r#"{"quantity": 1, "note": null}"#).unwrap().note, Some(None));
    }

    #[test]
    fn a_whole_number_may_be_written_with_zeros_behind_it() {
        let read = |text: &str| serde_json::from_str::<Whole<u8>>(text).ok().map(|whole| whole.0);
        for (text, whole) in [("3", 3), ("3.0", 3), ("3.00", 3), ("-0.0", 0), ("255", 255)] {
            assert_eq!(read(text), Some(whole), "{text}");
        }
        for other in ["3.5", "256", "-1", "\"3\"", "true", "null", "1e1"] {
            assert_eq!(read(other), None, "{other}");
        }
    }

    #[test]
    fn only_the_hyphenated_form_is_an_id() {
        assert!(serde_json::from_str::<Id>("\"0192f0c1-7b1a-7c3e-9a52-4d6e8f0a1b2c\"").is_ok());
        assert!(serde_json::from_str::<Id>("\"0192f0c17b1a7c3e9a524d6e8f0a1b2c\"").is_err());
    }
}
