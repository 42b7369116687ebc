//! Texts that are put together while the program runs.

/// What [`Printed::number`] takes: digits and a sign, nothing that could be more than a number in SQL.
pub(crate) trait Number: ToString {}

impl Number for i64 {}
impl Number for usize {}

/// A text made of the program's own texts, names of the schema and whole numbers. Nothing else gets in: there is no way to add a `String`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Printed(String);

impl Printed {
    /// Starts with this text.
    pub(crate) fn new(text: &'static str) -> Self {
        Self(text.to_owned())
    }

    /// The same with this text behind it.
    pub(crate) fn text(mut self, text: &'static str) -> Self {
        self.0.push_str(text);
        self
    }

    /// A whole number in this place.
    pub(crate) fn number(mut self, number: impl Number) -> Self {
        self.0.push_str(&number.to_string());
        self
    }

    /// Another such text in this place.
    pub(crate) fn with(mut self, other: Self) -> Self {
        self.0.push_str(&other.0);
        self
    }

    /// All of these, with this between them.
    pub(crate) fn joined(parts: impl IntoIterator<Item = Self>, between: &'static str) -> Self {
        let mut all = Self::default();
        for (n, part) in parts.into_iter().enumerate() {
            all = if n > 0 { all.text(between).with(part) } else { part };
        }
        all
    }

    /// As the database gets it.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}
