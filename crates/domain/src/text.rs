//! Texts that people type: trimmed, bounded, without NUL; and the folded key by which they are unique and sorted. What a text means is
//! never in here.

use unicode_normalization::UnicodeNormalization;
use unicode_security::general_security_profile::{GeneralSecurityProfile, IdentifierType};

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
    /// Nothing, or nothing that can be seen: white space, or characters that only format others.
    #[error("there must be something in it that can be seen")]
    Empty,
    /// More characters than allowed.
    #[error("this has more than {0} characters")]
    TooLong(usize),
    /// A NUL or another control character.
    #[error("control characters are not allowed")]
    Control,
    /// A character that makes what follows read in another direction than it is stored: one text can so look like another.
    #[error("characters that change the direction of writing are not allowed")]
    Direction,
    /// Not of the form this field takes.
    #[error("{0}")]
    Form(&'static str),
}

/// Trims; refuses control characters (line breaks and tabs may stand in long texts), short texts that change the direction of writing, texts
/// of which nothing can be seen, and more than `limit` characters, counted as they were sent.
///
/// # Errors
/// See [`TextError`]; an empty text is fine here.
pub fn optional(text: &str, limit: usize) -> Result<String, TextError> {
    // Before it is trimmed, so that a bound can be told to clients as it is.
    if text.chars().count() > limit {
        return Err(TextError::TooLong(limit));
    }
    let text = text.trim();
    let long = limit >= limits::NOTE;
    if text.chars().any(|c| c.is_control() && !(long && matches!(c, '\n' | '\r' | '\t'))) {
        return Err(TextError::Control);
    }
    if !long && text.chars().any(changes_direction) {
        return Err(TextError::Direction);
    }
    if !text.is_empty() && !text.chars().any(is_visible) {
        return Err(TextError::Empty);
    }
    Ok(text.to_owned())
}

/// Like [`optional`], and not empty.
///
/// # Errors
/// See [`TextError`].
pub fn required(text: &str, limit: usize) -> Result<String, TextError> {
    let text = optional(text, limit)?;
    if text.is_empty() { Err(TextError::Empty) } else { Ok(text) }
}

/// The embeddings, overrides and isolates of Unicode's bidirectional algorithm (UAX #9). Long texts may need them, names do not.
const fn changes_direction(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// A character without a picture of its own (UTS #39): soft hyphens, zero-width spaces, fillers.
fn is_ignorable(c: char) -> bool {
    // The tables file some under other types, or under none: they are reserved for more of the kind.
    !c.is_ascii()
        && (c.identifier_type() == Some(IdentifierType::Default_Ignorable)
            || matches!(c, '\u{2065}' | '\u{206A}'..='\u{206F}' | '\u{FFF0}'..='\u{FFF8}' | '\u{E0000}'..='\u{E0FFF}'))
}

fn is_visible(c: char) -> bool {
    // The Braille pattern without dots is a symbol, and blank all the same.
    !(c.is_whitespace() || c == '\u{2800}' || is_ignorable(c))
}

/// The key by which a text is unique and sorted without regard to case: NFKC, lower case, runs of white space as one, without what cannot
/// be seen.
///
/// Compared bytewise it gives the same order on every database.
pub fn fold(text: &str) -> String {
    // Most texts are plain, and every product of every sale comes by here.
    if text.is_ascii() && !text.contains("  ") && !text.contains(|c: char| c.is_whitespace() && c != ' ') {
        return text.trim_matches(' ').to_ascii_lowercase();
    }
    let lower: String = text.nfkc().filter(|c| !is_ignorable(*c)).flat_map(char::to_lowercase).nfkc().collect();
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
    fn what_cannot_be_seen_is_no_name_and_makes_no_other_one() {
        for blank in [
            "\u{200B}",
            "\u{00AD} \u{FEFF}",
            "\u{3164}",
            "\u{115F}",
            "\u{2800}",
            "\u{2060}\u{E0020}",
            "\u{2065}\u{FFF0}",
            "\u{E0001}\u{E0080}",
        ] {
            assert_eq!(required(blank, 10), Err(TextError::Empty), "{blank:?}");
            assert_eq!(optional(blank, limits::NOTE), Err(TextError::Empty), "{blank:?}");
        }
        assert_eq!(required("\u{645}\u{6CC}\u{200C}\u{62E}", 10), Ok("\u{645}\u{6CC}\u{200C}\u{62E}".into()));
        assert_eq!(fold("T\u{200B}ea"), fold("tea"));
    }

    #[test]
    fn a_name_reads_in_the_order_it_is_stored_in() {
        for c in ["\u{202E}", "\u{2066}", "\u{2069}"] {
            assert_eq!(optional(&format!("gpj{c}.exe"), limits::NAME), Err(TextError::Direction));
            assert!(optional(&format!("he said {c}shalom"), limits::NOTE).is_ok());
        }
    }

    #[test]
    fn nul_is_refused_and_length_counts_characters() {
        assert_eq!(required("a\0b", 10), Err(TextError::Control));
        assert_eq!(required("   ", 10), Err(TextError::Empty));
        assert_eq!(required("ééé", 3), Ok("ééé".into()));
        assert_eq!(required("éééé", 3), Err(TextError::TooLong(3)));
        assert_eq!(required(" éé ", 3), Err(TextError::TooLong(3)));
        assert_eq!(optional("two\nlines", limits::NOTE), Ok("two\nlines".into()));
        assert_eq!(optional("two\nlines", limits::NAME), Err(TextError::Control));
    }
}
