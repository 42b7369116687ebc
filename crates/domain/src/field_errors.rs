//! What is wrong with a request, field by field. Refusals of requests that are well formed are in [`crate::ledger`].

use std::fmt;

/// A stable word that programs compare, never translated: lower case, the parts joined by `_` or `.`, for example `too_precise`.
pub type Word = &'static str;

/// What can be done with a thing in some state, by the stable words of the actions, for example `["ship", "cancel"]`.
pub type Actions = &'static [Word];

/// One thing wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct FieldError {
    /// RFC 6901 pointer into the request's body, for example `/lines/0/quantity`.
    /// The names are those of the REST contract (`product_id`, `quantity_change`), also where a command's own fields are called otherwise.
    pub pointer: String,
    /// The kind of error, for programs, for example `too_precise`.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "crate::serialize::word"))]
    pub code: Word,
    /// A sentence for people.
    pub detail: String,
}

/// All that is wrong with a request; collected so that a client learns of everything at once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct FieldErrors(Vec<FieldError>);

impl FieldErrors {
    /// Starts with no error.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Errors that consist of this one.
    pub fn one(pointer: impl Into<String>, code: &'static str, detail: impl fmt::Display) -> Self {
        let mut errors = Self::new();
        errors.add(pointer, code, detail);
        errors
    }

    /// Adds an error.
    pub fn add(&mut self, pointer: impl Into<String>, code: &'static str, detail: impl fmt::Display) {
        self.0.push(FieldError { pointer: pointer.into(), code, detail: detail.to_string() });
    }

    /// Keeps the value, or notes why there is none.
    pub fn take<T, E: fmt::Display>(&mut self, pointer: &str, parsed: Result<T, E>) -> Option<T> {
        match parsed {
            Ok(value) => Some(value),
            Err(error) => {
                self.add(pointer, "invalid", error);
                None
            }
        }
    }

    /// Was no error added?
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The errors, in the order they were added.
    pub fn as_slice(&self) -> &[FieldError] {
        &self.0
    }

    /// `Ok` where nothing was noted.
    ///
    /// # Errors
    /// The errors themselves.
    pub fn into_result(self) -> Result<(), Self> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }
}

impl fmt::Display for FieldErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, error) in self.0.iter().enumerate() {
            let separator = if i == 0 { "" } else { "; " };
            write!(f, "{separator}{}: {}", error.pointer, error.detail)?;
        }
        Ok(())
    }
}

impl std::error::Error for FieldErrors {}
