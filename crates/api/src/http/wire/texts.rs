//! The kinds of text that people send, as the contract describes them: how long, made of what. What the domain takes is described exactly where a
//! plain pattern can say it, and never more narrowly than it is.

use std::borrow::Cow;
use tradepost_domain::{
    identity::{PASSWORD_MAX, PASSWORD_MIN},
    text::limits,
};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, SchemaFormat, schema::Type},
};

/// Control characters, as they stand in a class of a pattern.
const CONTROL: &str = r"\x00-\x1f\x7f-\x9f";
/// Control characters but for line breaks and tabs, which long texts may have.
const CONTROL_IN_LONG: &str = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f";
/// White space that is no control character.
const SPACE: &str = r" \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000";
/// White space, control characters among it: what is dropped around a text.
const AROUND: &str = r"\t-\r \x85\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000";
/// What changes the direction of writing.
const DIRECTION: &str = r"\u202a-\u202e\u2066-\u2069";
/// What cannot be seen, beside white space; of the first plane of Unicode, which is what a plain pattern can say.
const INVISIBLE: &str = concat!(
    r"\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f",
    r"\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8"
);

/// One line, perhaps empty.
fn line() -> String {
    format!("^(?:[{AROUND}]*|{})$", filled(CONTROL, DIRECTION))
}

/// One line with something in it that can be seen.
fn filled_line() -> String {
    format!("^{}$", filled(CONTROL, DIRECTION))
}

/// Several lines, perhaps empty.
fn lines() -> String {
    format!("^(?:[{AROUND}]*|{})$", filled(CONTROL_IN_LONG, ""))
}

/// Several lines with something in them that can be seen.
fn filled_lines() -> String {
    format!("^{}$", filled(CONTROL_IN_LONG, ""))
}

fn filled(control: &str, direction: &str) -> String {
    let any = format!("[^{control}{direction}]*");
    format!("[{AROUND}]*{any}[^{CONTROL}{SPACE}{INVISIBLE}]{any}[{AROUND}]*")
}

/// One word, perhaps with white space around it.
fn word() -> String {
    let any = format!("[^{CONTROL}{SPACE}{DIRECTION}]*");
    format!("^[{AROUND}]*{any}[^{CONTROL}{SPACE}{INVISIBLE}]{any}[{AROUND}]*$")
}

/// As [`tradepost_domain::contact::Email`] reads it, but for what only a list of all letters could say.
fn email() -> String {
    let name = format!(r#"[^{CONTROL}{SPACE}{DIRECTION}<>,;"()@\\]{{1,64}}"#);
    let host = format!(r"[^{CONTROL}{SPACE}!-/:-@\[-`{{-~]");
    let label = format!("{host}(?:(?:{host}|-)*{host})?");
    format!(r"^[{AROUND}]*{name}@{label}(?:\.{label})*[{AROUND}]*$")
}

/// Letters and digits of any script, `.`, `_` and `-`.
fn username() -> String {
    format!(r"^[{AROUND}]*[^{CONTROL}{SPACE}!-,/:-@\[-^`{{-~]{{2,64}}[{AROUND}]*$")
}

fn web_address() -> String {
    format!(r"^[{AROUND}]*(?:https?://[^{CONTROL}{SPACE}]+)?[{AROUND}]*$")
}

/// At most 10^9; how many decimals there may be is the currency's to say, four at most.
const AMOUNT: &str = r"^-?(?:0*[0-9]{1,9}(?:\.[0-9]{1,4}0*)?|0*1000000000(?:\.0+)?)$";
/// The same, of more than zero.
const PRICE: &str = concat!(
    r"^(?:0*[1-9][0-9]{0,8}(?:\.[0-9]{1,4}0*)?|0*1000000000(?:\.0+)?|",
    r"0+\.(?:[1-9][0-9]{0,3}|0[1-9][0-9]{0,2}|00[1-9][0-9]?|000[1-9])0*)$"
);
/// More than 0, at most 100, with two decimals at most.
const PERCENTAGE: &str = r"^(?:0*100(?:\.0+)?|0*[1-9][0-9]?(?:\.[0-9]{1,2}0*)?|0+\.(?:0[1-9]|[1-9][0-9]?)0*)$";

/// The fewest and the most characters.
type Length = (usize, usize);

/// One kind of text.
fn text(about: &str, (least, most): Length, pattern: &str) -> ObjectBuilder {
    let text = ObjectBuilder::new().schema_type(Type::String).description(Some(about)).max_length(Some(most));
    let text = if least == 0 { text } else { text.min_length(Some(least)) };
    if pattern.is_empty() { text } else { text.pattern(Some(pattern)) }
}

macro_rules! texts {
    ($($name:ident as $schema_name:literal = $about:literal, $length:expr, $pattern:expr, $example:literal $(, $more:expr)?;)+) => {$(
        #[doc = $about]
        pub struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let schema = text($about, $length, &$pattern).examples([$example]);
                $(let schema = ($more)(schema);)?
                schema.into()
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed($schema_name)
            }
        }
    )+

        /// All of them, with their names.
        pub fn schemas() -> Vec<(Cow<'static, str>, RefOr<Schema>)> {
            vec![$(($name::name(), $name::schema())),+]
        }

        /// Name, pattern, least and most characters of each, for the tests.
        #[cfg(test)]
        fn all() -> Vec<(&'static str, String, Length)> {
            vec![$(($schema_name, String::from($pattern), $length)),+]
        }
    };
}

/// What it is, for those who make some up.
fn format(name: &str) -> impl Fn(ObjectBuilder) -> ObjectBuilder {
    move |schema| schema.format(Some(SchemaFormat::Custom(name.to_owned())))
}

texts! {
    NameText as "NameText" = "A name: one line, not empty; white space around it is dropped.", (1, limits::NAME), filled_line(), "Mango smoothie";
    OptionalNameText as "OptionalNameText" = "A name: one line, perhaps empty; white space around it is dropped.", (0, limits::NAME), line(), "Maria";
    NoteText as "NoteText" = "A reason or a note: it may have line breaks; empty is the same as none.", (0, limits::NOTE), lines(), "Ring twice";
    ReasonText as "ReasonText" = "A reason: it may have line breaks, and is not empty.", (1, limits::NOTE), filled_lines(), "Dropped";
    DescriptionText as "DescriptionText" = "A longer text: it may have line breaks, and may be empty.", (0, limits::DESCRIPTION), lines(), "Blended to order.";
    CodeText as "CodeText" = "A short text of one line, not empty; white space around it is dropped.", (1, limits::CODE), filled_line(), "store";
    SkuText as "SkuText" = "A SKU or a code without white space inside; white space around it is dropped.", (1, limits::CODE), word(), "SMO-MANGO";
    BarcodeText as "BarcodeText" = "A barcode; empty is the same as none.", (0, limits::CODE), line(), "4006381333931";
    ImageUrlText as "ImageUrlText" = "An http or https address; empty is the same as none.", (0, limits::URL), web_address(), "https://shop.test/mango.jpg";
    UsernameText as "UsernameText" = "A name to log in with: 2 to 64 letters, digits, dots, dashes or underscores.", (2, limits::CODE), username(), "maria", format("username");
    EmailText as "EmailText" = "An e-mail address.", (3, limits::EMAIL), email(), "maria@example.org", format("email");
    PhoneText as "PhoneText" = "A phone number with `+` and the country's code, or a national one where the shop has a country.", (1, limits::CODE), filled_line(), "+254712345678", format("phone");
    PasswordText as "PasswordText" = "A password: none of the common ones, and without the name one logs in with.", (PASSWORD_MIN, PASSWORD_MAX), "", "quiet river stone", format("password");
    DateText as "DateText" = "A date by ISO 8601.", (10, 10), "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "1990-01-31", format("date");
    PriceText as "PriceText" = "An amount of the shop's currency as a decimal string, more than zero and at most 10^9, with no more decimals than the currency has.", (1, 40), PRICE, "4.50";
    AmountText as "AmountText" = "An amount of the shop's currency as a decimal string, with no more decimals than the currency has.", (1, 40), AMOUNT, "12.50";
    PercentageText as "PercentageText" = "A percentage as a decimal string: more than 0, at most 100, with at most two decimals.", (1, 8), PERCENTAGE, "12.5";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::LazyLock;
    use tradepost_domain::{
        contact::Email,
        money::{Currency, Money, Price},
        promos::Percentage,
        sku::Sku,
        text::{optional, required},
    };

    /// Would the contract take it?
    fn takes(name: &str, text: &str) -> bool {
        static PATTERNS: LazyLock<Vec<(&str, regex::Regex, Length)>> = LazyLock::new(|| {
            let read = |(name, pattern, length): (_, String, _)| (name, regex::Regex::new(&pattern).unwrap(), length);
            all().into_iter().map(read).collect()
        });
        let (_, pattern, (least, most)) = PATTERNS.iter().find(|(known, ..)| *known == name).unwrap();
        (*least..=*most).contains(&text.chars().count()) && pattern.is_match(text)
    }

    #[test]
    fn the_contract_takes_exactly_the_texts_that_the_domain_takes() {
        let texts = [
            "",
            " ",
            "a",
            " a ",
            "a b",
            "a\nb",
            "\n",
            "a\u{b}",
            "\u{85}",
            "\u{a0}",
            "a\0",
            "\u{2028}x",
            "ü",
            "\u{3000}a\u{3000}",
        ];
        let long =
            [limits::CODE, limits::NAME, limits::NOTE].map(|limit| [limit, limit + 1].map(|length| "x".repeat(length)));
        let characters: Vec<_> = (0..=0xffff).filter_map(char::from_u32).map(String::from).collect();
        for text in texts.into_iter().chain(long.iter().flatten().chain(&characters).map(String::as_str)) {
            assert_eq!(takes("NameText", text), required(text, limits::NAME).is_ok(), "{text:?}");
            assert_eq!(takes("OptionalNameText", text), optional(text, limits::NAME).is_ok(), "{text:?}");
            assert_eq!(takes("NoteText", text), optional(text, limits::NOTE).is_ok(), "{text:?}");
            assert_eq!(takes("ReasonText", text), required(text, limits::NOTE).is_ok(), "{text:?}");
            assert_eq!(takes("CodeText", text), required(text, limits::CODE).is_ok(), "{text:?}");
            assert_eq!(takes("SkuText", text), Sku::parse(text).is_ok(), "{text:?}");
        }
    }

    #[test]
    fn the_contract_takes_exactly_the_amounts_that_the_domain_takes() {
        let currency = Currency::parse("CLF").unwrap();
        for text in [
            "0",
            "0.00",
            "1",
            "01",
            "4.50",
            "4.5000",
            "4.12345",
            "0.0001",
            "0.00001",
            "0.1000",
            "1000000000",
            "1000000000.00",
            "1000000000.01",
            "1000000001",
            "-1",
            "-0",
            "+1",
            "1.",
            ".5",
            "1e3",
            "1_0",
            "",
            "999999999.9999",
            "00000000004.5",
            "0.00010",
        ] {
            assert_eq!(takes("PriceText", text), Price::parse(text, currency).is_ok(), "{text:?}");
            assert_eq!(takes("AmountText", text), Money::parse(text, currency).is_ok(), "{text:?}");
        }
        for text in [
            "0", "0.00", "100", "100.0", "100.01", "101", "0.01", "0.001", "0.010", "12.5", "099.99", "5.", ".5",
            "1e1", "", "-1",
        ] {
            assert_eq!(takes("PercentageText", text), Percentage::parse(text).is_ok(), "{text:?}");
        }
    }

    #[test]
    fn no_address_that_the_domain_takes_is_refused_by_the_contract() {
        for text in [
            "a@b.test",
            " a@b.test ",
            "o'neil+tag@sub.example.org",
            "jürgen@münchen.example",
            "root@localhost",
            "a@b-c.d",
            "a@x--y.z",
        ] {
            assert!(Email::parse(text).is_ok() && takes("EmailText", text), "{text}");
        }
        for text in [
            "a",
            "@b.test",
            "a@",
            "a b@c.test",
            "a@b..test",
            "a@-b.test",
            "a@b-.test",
            "<a@b.test>",
            "a@b@c.test",
            "a@b.te st",
            "a@b_c.test",
        ] {
            assert!(Email::parse(text).is_err() && !takes("EmailText", text), "{text}");
        }
    }
}
