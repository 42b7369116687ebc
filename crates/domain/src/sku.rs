//! Stock keeping units: the shop's own code of a product, unique for ever without regard to case. Whether a SKU is taken is never known
//! in here.

use crate::text::{self, TextError, limits};
use std::{fmt, str::FromStr};

/// A stock keeping unit, 1 to 64 characters without white space.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sku(String);

impl Sku {
    /// Reads a SKU.
    ///
    /// # Errors
    /// Empty, too long, or with white space or control characters inside.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        let text = text::required(text, limits::CODE)?;
        if text.chars().any(char::is_whitespace) {
            return Err(TextError::Form("a SKU has no white space"));
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

impl FromStr for Sku {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        Self::parse(text)
    }
}

impl fmt::Display for Sku {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
