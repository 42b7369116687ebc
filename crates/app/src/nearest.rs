//! What somebody most likely meant who wrote a name that does not exist.

/// Of the names there are, the one most likely meant by `word`; `None` where none is near.
///
/// Capitals, spaces and the sign between words do not count: `productId` is `product_id`.
pub fn nearest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // No name is longer, and comparing takes the product of both lengths.
    const LONGEST: usize = 100;
    if word.is_empty() || word.len() > LONGEST {
        return None;
    }
    let wanted = plain(word);
    let near = names.into_iter().filter_map(|name| {
        let plain = plain(name);
        let distance = strsim::damerau_levenshtein(&wanted, &plain);
        let longer = wanted.chars().count().max(plain.chars().count());
        (distance * 3 <= longer && distance < longer).then_some((distance, name))
    });
    near.min_by_key(|(distance, _)| *distance).map(|(_, name)| name)
}

/// `; did you mean …?`, or nothing where no name is near.
pub fn did_you_mean<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    nearest(word, names).map(|name| format!("; did you mean {name}?")).unwrap_or_default()
}

fn plain(word: &str) -> String {
    word.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 5] = ["product_id", "quantity", "pending", "orders.place_for_others", "id"];

    #[test]
    fn a_slip_of_the_finger_and_another_style_are_near() {
        for (word, name) in [
            ("productId", "product_id"),
            ("PRODUCT-ID", "product_id"),
            ("prodct_id", "product_id"),
            ("pendingg", "pending"),
            ("quantiyt", "quantity"),
            ("orders.placeforothers", "orders.place_for_others"),
        ] {
            assert_eq!(nearest(word, NAMES), Some(name), "{word}");
        }
    }

    #[test]
    fn another_word_is_not() {
        for word in ["colour", "", "x", "q", &"product_id".repeat(100)] {
            assert_eq!(nearest(word, NAMES), None, "{word}");
        }
    }

    #[test]
    fn the_hint_is_a_question_or_nothing() {
        assert_eq!(did_you_mean("pendingg", NAMES), "; did you mean pending?");
        assert_eq!(did_you_mean("colour", NAMES), "");
    }
}
