//! Phone numbers in E.164. With the feature `phone` they are read by the numbering plans of all countries; without it, by their form alone.

use super::Country;
use crate::text::{self, TextError, limits};
use std::fmt;

/// A phone number in E.164: `+`, the country's code and the number, 7 to 15 digits in all.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Phone(String);

impl Phone {
    /// Reads an international number, or a national one where the `home` country is known.
    ///
    /// Without the feature `phone` nothing is known of numbering plans: only E.164 is accepted, and a national number is refused whatever
    /// `home` says.
    ///
    /// # Errors
    /// [`TextError::Form`] for what no country's plan allows, and for national numbers without a country.
    pub fn parse(text: &str, home: Option<Country>) -> Result<Self, TextError> {
        let text = text::required(text, limits::CODE)?;
        parse(&text, home).map(Self)
    }

    /// In E.164, for example `+254712345678`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Takes a text that [`Phone::parse`] made, as it was stored. It is not looked at: plans change, and what was valid when it was kept
    /// must stay readable.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// Reads a number that was written down in E.164, by its form alone: plans change, and what was valid then must stay readable.
    #[cfg(feature = "serde")]
    pub(crate) fn from_e164(text: &str) -> Result<Self, TextError> {
        e164(text).map(|()| Self(text.to_owned()))
    }
}

#[cfg(any(feature = "serde", not(feature = "phone")))]
fn e164(text: &str) -> Result<(), TextError> {
    match text.strip_prefix('+') {
        Some(digits) if (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()) => Ok(()),
        _ => Err(TextError::Form(
            "write the number with + and the country's code, 7 to 15 digits without spaces, for example +254712345678",
        )),
    }
}

#[cfg(not(feature = "phone"))]
fn parse(text: &str, _home: Option<Country>) -> Result<String, TextError> {
    e164(text).map(|()| text.to_owned())
}

#[cfg(feature = "phone")]
fn parse(text: &str, home: Option<Country>) -> Result<String, TextError> {
    const FORM: TextError = TextError::Form("this is not a phone number");
    if home.is_none() && !text.starts_with('+') {
        return Err(TextError::Form("write the number with + and the country's code: the shop has no country set"));
    }
    // A country without a numbering plan has no national numbers to complete.
    let plan = home.and_then(|country| country.code().parse::<phonenumber::country::Id>().ok());
    let number = phonenumber::parse(plan, text).map_err(|_| FORM)?;
    if !phonenumber::is_valid(&number) {
        return Err(FORM);
    }
    Ok(number.format().mode(phonenumber::Mode::E164).to_string())
}

impl fmt::Display for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "phone")]
    #[test]
    fn national_numbers_are_completed_with_the_shops_country_and_refused_without_one() {
        let kenya = Country::parse("ke").unwrap();
        assert_eq!(Phone::parse("0712 345678", Some(kenya)).unwrap().as_str(), "+254712345678");
        assert_eq!(Phone::parse("+254 712-345678", None).unwrap().as_str(), "+254712345678");
        let no_country = "write the number with + and the country's code: the shop has no country set";
        assert_eq!(Phone::parse("0712345678", None), Err(TextError::Form(no_country)));
        let antarctica = Country::parse("AQ").unwrap();
        for (bad, home) in
            [("+1", None), ("+254", Some(kenya)), ("call me", Some(kenya)), ("0712345678", Some(antarctica))]
        {
            assert_eq!(Phone::parse(bad, home), Err(TextError::Form("this is not a phone number")), "{bad}");
        }
    }

    #[cfg(not(feature = "phone"))]
    #[test]
    fn without_numbering_plans_only_e164_is_taken_and_the_refusal_says_how_to_write_it() {
        let kenya = Country::parse("KE").ok();
        assert_eq!(Phone::parse(" +254712345678 ", kenya).unwrap().as_str(), "+254712345678");
        for bad in ["0712345678", "+254 712 345678", "+123456", "+1234567890123456", "call me"] {
            let told = Phone::parse(bad, kenya).unwrap_err().to_string();
            let how = "write the number with + and the country's code, 7 to 15 digits without spaces, for example +254712345678";
            assert_eq!(told, how, "{bad}");
        }
    }
}
