//! Opaque bearer tokens: `tp_` and 256 random bits. Only their hash is kept.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

/// SHA-256 of a token: what is stored and what is looked up.
pub type TokenHash = [u8; 32];

/// A new token, shown once.
///
/// # Errors
/// Where the operating system has no randomness.
pub fn generate() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(format!("tp_{}", URL_SAFE_NO_PAD.encode(bytes)))
}

/// A password that nobody guesses, to be shown once: 20 letters and digits.
///
/// # Errors
/// Where the operating system has no randomness.
pub fn one_time_password() -> Result<String, getrandom::Error> {
    Ok(generate()?.trim_start_matches("tp_").chars().filter(char::is_ascii_alphanumeric).take(20).collect())
}

/// What a token is known by.
pub fn hash(token: &str) -> TokenHash {
    Sha256::digest(token).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_have_256_bits_and_never_repeat() {
        let token = generate().unwrap();
        assert_eq!((token.len(), &token[..3]), (3 + 43, "tp_"));
        assert_ne!(token, generate().unwrap());
    }

    #[test]
    fn a_one_time_password_passes_the_rules() {
        let email = tradepost_domain::contact::Email::parse("owner@shop.test").unwrap();
        let password = one_time_password().unwrap();
        crate::credentials::passwords::check("/password", &password, Some("owner"), &email).unwrap();
    }
}
