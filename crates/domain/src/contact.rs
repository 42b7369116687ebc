//! How people are reached: e-mail addresses and phone numbers.

use crate::text::{self, TextError, limits};
use std::fmt;

/// An e-mail address as it was written, unique by its folded form.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Email(String);

impl Email {
    /// Reads an address: one `@`, something before it, a name with inner dots or a single label after it, no white space.
    /// Whether it receives mail is known only by sending some.
    ///
    /// # Errors
    /// See [`TextError`].
    pub fn parse(text: &str) -> Result<Self, TextError> {
        const FORM: TextError = TextError::Form("this is not an e-mail address");
        let text = text::required(text, limits::EMAIL)?;
        let (local, domain) = text.rsplit_once('@').ok_or(FORM)?;
        let odd = |c: char| c.is_whitespace() || matches!(c, '<' | '>' | ',' | ';' | '"' | '(' | ')' | '@' | '\\');
        let label = |label: &str| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-');
        let named = !domain.is_empty()
            && domain.split('.').all(label)
            && domain.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '.'));
        if local.is_empty() || local.len() > 64 || local.chars().any(odd) || !named {
            return Err(FORM);
        }
        Ok(Self(text))
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key by which it is unique.
    pub fn key(&self) -> String {
        text::fold(&self.0)
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A country by its ISO 3166 code, with which national phone numbers are completed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Country(phonenumber::country::Id);

impl Country {
    /// Reads a code such as `KE`.
    ///
    /// # Errors
    /// [`TextError::Form`] for an unknown one.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        text.trim()
            .to_uppercase()
            .parse()
            .map(Self)
            .map_err(|_| TextError::Form("a country is a code of two letters from ISO 3166, for example KE"))
    }
}

/// A phone number in E.164.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Phone(String);

impl Phone {
    /// Reads an international number, or a national one where the shop's country is known.
    ///
    /// # Errors
    /// [`TextError::Form`] for what no country's plan allows, and for national numbers without a country.
    pub fn parse(text: &str, home: Option<Country>) -> Result<Self, TextError> {
        const FORM: TextError = TextError::Form("this is not a phone number");
        let text = text::required(text, limits::CODE)?;
        if home.is_none() && !text.starts_with('+') {
            return Err(TextError::Form("write the number with + and the country's code: the shop has no country set"));
        }
        let number = phonenumber::parse(home.map(|c| c.0), &text).map_err(|_| FORM)?;
        if !phonenumber::is_valid(&number) {
            return Err(FORM);
        }
        Ok(Self(number.format().mode(phonenumber::Mode::E164).to_string()))
    }

    /// In E.164, for example `+254712345678`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Trusts what is stored.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Display for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_a_name_and_a_host() {
        for good in
            ["a@b.test", "boss@shop.test", "o'neil+tag@sub.example.org", "jürgen@münchen.example", "root@localhost"]
        {
            assert!(Email::parse(good).is_ok(), "{good}");
        }
        for bad in
            ["a", "@b.test", "a@", "a b@c.test", "a@b..test", "a@-b.test", "<a@b.test>", "a@b@c.test", "a@b.te st"]
        {
            assert_eq!(Email::parse(bad), Err(TextError::Form("this is not an e-mail address")), "{bad}");
        }
        assert_eq!(Email::parse(""), Err(TextError::Empty));
    }

    #[test]
    fn national_numbers_are_completed_with_the_shops_country_and_refused_without_one() {
        let kenya = Country::parse("ke").unwrap();
        assert_eq!(Phone::parse("0712 345678", Some(kenya)).unwrap().as_str(), "+254712345678");
        assert_eq!(Phone::parse("+254 712-345678", None).unwrap().as_str(), "+254712345678");
        let no_country = "write the number with + and the country's code: the shop has no country set";
        assert_eq!(Phone::parse("0712345678", None), Err(TextError::Form(no_country)));
        for (bad, home) in [("+1", None), ("+254", Some(kenya)), ("call me", Some(kenya))] {
            assert_eq!(Phone::parse(bad, home), Err(TextError::Form("this is not a phone number")), "{bad}");
        }
        let said = Country::parse("XX").unwrap_err().to_string();
        assert_eq!(said, "a country is a code of two letters from ISO 3166, for example KE");
    }
}
