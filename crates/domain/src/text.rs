//! Texts that people type: trimmed, bounded, without NUL; and the folded key by which they are unique and sorted. What a text means is
//! never in here.

use unicode_normalization::UnicodeNormalization;

/// The most characters each kind of text may have.
pub mod limits {
    /// Names of things and people.
    pub const NAME: usize = 200;
    /// Reasons and notes, which may have line breaks.
    pub const NOTE: usize = 500;
    /// Descriptions, which may have line breaks.
    pub const DESCRIPTION: usize = 10_000;
    /// SKUs, barcodes, codes, units, external ids.
    pub const CODE: usize = 64;
    /// Web addresses, http or https.
    pub const URL: usize = 2_000;
    /// E-mail addresses (RFC 5321).
    pub const EMAIL: usize = 254;
}

/// Why a text was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TextError {
    /// Nothing, or only white space.
    #[error("this must not be empty")]
    Empty,
    /// More characters than allowed.
    #[error("this has more than {0} characters")]
    TooLong(usize),
    /// A NUL or another control character.
    #[error("control characters are not allowed")]
    Control,
    /// Not of the form this field takes.
    #[error("{0}")]
    Form(&'static str),
}

/// Trims; refuses control characters (line breaks and tabs may stand in long texts), and more than `limit` characters. Both are judged
/// before it is trimmed, as everybody can who sees no more than the text and the limit.
///
/// # Errors
/// See [`TextError`]; an empty text is fine here.
pub fn optional(text: &str, limit: usize) -> Result<String, TextError> {
    let long = limit >= limits::NOTE;
    if text.chars().any(|c| c.is_control() && !(long && matches!(c, '\n' | '\r' | '\t'))) {
        return Err(TextError::Control);
    }
    if text.chars().count() > limit {
        return Err(TextError::TooLong(limit));
    }
    Ok(text.trim().to_owned())
}

/// Like [`optional`], and not empty.
///
/// # Errors
/// See [`TextError`].
pub fn required(text: &str, limit: usize) -> Result<String, TextError> {
    let text = optional(text, limit)?;
    if text.is_empty() { Err(TextError::Empty) } else { Ok(text) }
}

/// The key by which a text is unique and sorted without regard to case: NFKC, lower case, runs of white space as one.
///
/// Compared bytewise it gives the same order on every database.
pub fn fold(text: &str) -> String {
    // Most texts are plain, and every product of every sale comes by here.
    if text.is_ascii() && !text.contains("  ") && !text.contains(|c: char| c.is_whitespace() && c != ' ') {
        return text.trim_matches(' ').to_ascii_lowercase();
    }
    let lower: String = text.nfkc().flat_map(char::to_lowercase).nfkc().collect();
    let mut words = lower.split_whitespace();
    let mut key = String::with_capacity(lower.len());
    if let Some(first) = words.next() {
        key.push_str(first);
    }
    for word in words {
        key.push(' ');
        key.push_str(word);
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_width_and_spacing_do_not_make_another_name() {
        assert_eq!(fold("  Ünï  Code "), fold("ünÏ code"));
        assert_eq!(fold("TEA"), "tea");
    }

    #[test]
    fn a_plain_text_folds_like_any_other() {
        for text in ["", " ", "Tea", " a  b ", "a\tb", "A\u{b}B", "x y z", "TEA-500 ml"] {
            let any = fold(&format!("{text} é"));
            assert_eq!(fold(text), any.trim_end_matches('é').trim_end(), "{text:?}");
        }
    }

    #[test]
    fn nul_is_refused_and_length_counts_characters() {
        assert_eq!(required("a\0b", 10), Err(TextError::Control));
        assert_eq!(required("   ", 10), Err(TextError::Empty));
        assert_eq!(required("ééé", 3), Ok("ééé".into()));
        assert_eq!(required("éééé", 3), Err(TextError::TooLong(3)));
        assert_eq!(optional("two\nlines", limits::NOTE), Ok("two\nlines".into()));
        assert_eq!(optional("two\nlines", limits::NAME), Err(TextError::Control));
    }
}
