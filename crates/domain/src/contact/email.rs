//! E-mail addresses: their shape. Whether one receives mail is never known in here.

use crate::text::{self, TextError, limits};
use std::{fmt, str::FromStr};

/// An e-mail address as it was written, unique by its folded form.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

impl FromStr for Email {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        Self::parse(text)
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
}
