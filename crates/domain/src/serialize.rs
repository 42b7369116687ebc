//! How values are written down and read again with the feature `serde`: as the texts people read, and through the parsers that make them. No
//! type is defined in here.

use crate::{
    catalogue::Unit,
    contact::{Country, Email, Phone},
    field_errors::{Actions, Word},
    identity::{Permission, Permissions},
    ids::Id,
    instant::Instant,
    money::{Currency, Money, Price},
    orders::OrderStatus,
    promos::Percentage,
    quantity::{Delta, Quantity},
    sku::Sku,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use std::{
    borrow::Cow,
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

/// Written as its [`Display`](std::fmt::Display), read by the function given.
macro_rules! as_text {
    ($type:ty, $parse:expr $(, $of:ident)?) => {
        impl$(<$of>)? serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de $(, $of)?> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                let parse = $parse;
                parse(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}
pub(crate) use as_text;

as_text!(Quantity, Quantity::parse_stored);
as_text!(Delta, Delta::parse_stored);
as_text!(Percentage, Percentage::parse);
as_text!(Currency, Currency::parse);
as_text!(Instant, Instant::parse);
as_text!(Sku, Sku::parse);
as_text!(Email, Email::parse);
as_text!(Country, Country::parse);
// By its form alone: what was valid when it was written down must stay readable.
as_text!(Phone, Phone::from_e164);
as_text!(Id<T>, str::parse, T);

#[derive(Serialize, Deserialize)]
struct Amount<'a> {
    amount: Cow<'a, str>,
    currency: Currency,
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Amount { amount: self.to_string().into(), currency: self.currency() }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Amount { amount, currency } = Amount::deserialize(deserializer)?;
        Self::parse_stored(&amount, currency).map_err(Error::custom)
    }
}

impl Serialize for Price {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.money().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Price {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(Money::deserialize(deserializer)?).map_err(Error::custom)
    }
}

#[derive(Serialize, Deserialize)]
struct NamedUnit<'a> {
    name: Cow<'a, str>,
    decimals: u8,
}

impl Serialize for Unit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        NamedUnit { name: self.name().into(), decimals: self.decimals() }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Unit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let NamedUnit { name, decimals } = NamedUnit::deserialize(deserializer)?;
        Self::new(&name, decimals).map_err(Error::custom)
    }
}

impl Serialize for Permissions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Permissions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<Permission>::deserialize(deserializer)?.into_iter().collect())
    }
}

/// A field of a patch that was written down, so that `null` empties it: `Some(None)`. One that was left out stays `None`.
pub(crate) fn named<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// The most different words that are ever read, and the longest of them: whoever writes JSON shall not fill the memory with words.
const MAX_WORDS: usize = 1_000;
const MAX_WORD_LEN: usize = 64;

/// A stable word. Each is kept once, for as long as the program runs; so the words that decisions are made of need not be.
pub(crate) fn word<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Word, D::Error> {
    static WORDS: Mutex<BTreeSet<Word>> = Mutex::new(BTreeSet::new());
    let text = <Cow<'de, str>>::deserialize(deserializer)?;
    let mut words = WORDS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = words.get(&*text) {
        return Ok(known);
    }
    if text.len() > MAX_WORD_LEN || words.len() >= MAX_WORDS {
        return Err(Error::custom("this is not one of the words that programs compare"));
    }
    let kept: Word = Box::leak(text.into_owned().into_boxed_str());
    words.insert(kept);
    Ok(kept)
}

/// What can be done in some state: one of the lists that states have.
pub(crate) fn actions<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Actions, D::Error> {
    let read = Vec::<String>::deserialize(deserializer)?;
    let lists = OrderStatus::ALL.into_iter().map(OrderStatus::allowed_actions);
    let known = lists.chain([&[][..]]).find(|list| list.iter().eq(&read));
    known.ok_or_else(|| Error::custom("no state allows just these actions"))
}

/// Bytes as hexadecimal digits.
pub(crate) mod hex {
    use super::{Cow, Deserialize, Deserializer, Error, Serializer};

    pub(crate) fn serialize<S: Serializer>(bytes: impl AsRef<[u8]>, serializer: S) -> Result<S::Ok, S::Error> {
        let digits: String = bytes.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        serializer.serialize_str(&digits)
    }

    pub(crate) fn deserialize<'de, T: TryFrom<Vec<u8>>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
        let wrong = || D::Error::custom("these are not so many bytes as hexadecimal digits");
        let text = <Cow<'de, str>>::deserialize(deserializer)?;
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let byte = |pair: &[u8]| match pair {
            [high, low] => Some(digit(*high)? * 16 + digit(*low)?),
            _ => None,
        };
        let bytes: Option<Vec<u8>> = text.as_bytes().chunks(2).map(byte).collect();
        bytes.and_then(|bytes| T::try_from(bytes).ok()).ok_or_else(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::de::{IntoDeserializer as _, value::Error as ValueError};

    #[test]
    fn words_are_kept_once_and_not_without_end() {
        let read = |text: &str| -> Result<Word, ValueError> { word(text.into_deserializer()) };
        assert!(std::ptr::eq(read("a_word").unwrap(), read("a_word").unwrap()));
        assert!(read(&"x".repeat(65)).is_err());
        assert!((0..2_000).any(|n| read(&format!("word_{n}")).is_err()));
        assert_eq!(read("a_word").unwrap(), "a_word");
    }
}
