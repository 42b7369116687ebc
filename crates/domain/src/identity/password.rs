//! What a password must be like. Hashing one is never in here.

use crate::{contact::Email, text};

/// The fewest characters a password may have.
pub const PASSWORD_MIN: usize = 10;
/// The most characters a password may have: hashing must not become a lever for load.
pub const PASSWORD_MAX: usize = 128;

/// Is it long enough, and not made of the names one logs in with? (Whether it is a common one is for a dictionary to say.)
///
/// # Errors
/// A sentence that says what is wrong.
pub fn check_password(password: &str, username: Option<&str>, email: &Email) -> Result<(), text::TextError> {
    let characters = password.chars().count();
    if characters < PASSWORD_MIN {
        return Err(text::TextError::Form("a password has at least 10 characters"));
    }
    if characters > PASSWORD_MAX {
        return Err(text::TextError::TooLong(PASSWORD_MAX));
    }
    let folded = text::fold(password);
    let address = email.key();
    let local = address.split('@').next().unwrap_or(&address).to_owned();
    let logins = [username.map(text::fold), Some(local), Some(address)];
    // A login of one or two letters is in every password.
    if logins.into_iter().flatten().any(|login| login.chars().count() >= 3 && folded.contains(&login)) {
        return Err(text::TextError::Form("a password does not contain the name you log in with"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_long_and_not_the_login() {
        let email = Email::parse("maria@shop.test").unwrap();
        let short = Err(text::TextError::Form("a password has at least 10 characters"));
        let login = Err(text::TextError::Form("a password does not contain the name you log in with"));
        assert_eq!(check_password("short", None, &email), short);
        assert_eq!(check_password("xxMARIAxxxx", None, &email), login);
        assert_eq!(check_password("the-Boss-is-here", Some("boss"), &email), login);
        assert_eq!(check_password(&"x".repeat(129), None, &email), Err(text::TextError::TooLong(128)));
        assert_eq!(check_password("quiet river stone", Some("boss"), &email), Ok(()));
    }
}
