//! Users and the form they are made of.

use super::{Permissions, Role};
use crate::{
    contact::{Country, Email, Phone},
    field_errors::FieldErrors,
    ids::Id,
    instant::Instant,
    repository::entity,
    text::{self, limits},
};
use chrono::NaiveDate;
use unicode_security::{RestrictionLevel, RestrictionLevelDetection};

/// The id of a user.
pub type UserId = Id<User>;

/// Somebody who logs in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct User {
    /// Never changes, and is never used again.
    pub id: UserId,
    /// A name to log in with, unique without regard to case.
    pub username: Option<String>,
    /// Also a name to log in with, unique without regard to case.
    pub email: Email,
    /// Up to 200 characters; empty where nobody said.
    pub first_name: String,
    /// Up to 200 characters; empty where nobody said.
    pub last_name: String,
    /// Where to call; kept in E.164.
    pub phone: Option<Phone>,
    /// For greetings and age checks.
    pub date_of_birth: Option<NaiveDate>,
    /// What they are to the shop, which bounds what they may do.
    pub role: Role,
    /// What was granted; only employees need grants.
    pub permissions: Permissions,
    /// May they log in?
    pub active: bool,
    /// 1 when it was added and one more with every edit.
    pub version: i64,
    /// When it was registered, by our clock.
    pub created_at: Instant,
    /// When it was last edited; as `created_at` until then.
    pub updated_at: Instant,
}

entity!(User, "user", |one| [("username", one.username.as_deref().map(text::fold)), ("email", Some(one.email.key()))]);

impl User {
    /// What they may do: everything for admins and owners, what was granted for employees, nothing for shoppers.
    pub fn effective_permissions(&self) -> Permissions {
        match self.role {
            Role::Admin | Role::Owner => Permissions::all(),
            Role::Employee => self.permissions,
            Role::Shopper => Permissions::NONE,
        }
    }

    /// The name to show: first and last, else the username, else the e-mail address.
    pub fn display_name(&self) -> String {
        let full = format!("{} {}", self.first_name, self.last_name);
        match (full.trim(), &self.username) {
            ("", Some(username)) => username.clone(),
            ("", None) => self.email.to_string(),
            (full, _) => full.to_owned(),
        }
    }
}

/// What somebody types to register, or a manager to add a user. Not yet looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields, default))]
pub struct UserForm {
    /// 2 to 64 letters, digits, dots, dashes or underscores; `None`: they log in with the e-mail address.
    pub username: Option<String>,
    /// An e-mail address of up to 254 characters.
    pub email: String,
    /// Up to 200 characters; `None` is the same as empty.
    pub first_name: Option<String>,
    /// Up to 200 characters; `None` is the same as empty.
    pub last_name: Option<String>,
    /// With `+`, or national where the shop has a country.
    pub phone: Option<String>,
    /// A past date by ISO 8601, for example `1990-01-31`.
    pub date_of_birth: Option<String>,
}

impl UserForm {
    /// A user with this role and these grants, or all that is wrong with the form.
    ///
    /// # Errors
    /// Pointers are the fields' names.
    pub fn parse(
        &self,
        id: UserId,
        role: Role,
        permissions: Permissions,
        home: Option<Country>,
        now: Instant,
    ) -> Result<User, FieldErrors> {
        let mut errors = FieldErrors::new();
        let username = self.username.as_deref().and_then(|text| errors.take("/username", parse_username(text)));
        let email = errors.take("/email", Email::parse(&self.email));
        let name = |text: &Option<String>| text::optional(text.as_deref().unwrap_or(""), limits::NAME);
        let first_name = errors.take("/first_name", name(&self.first_name)).unwrap_or_default();
        let last_name = errors.take("/last_name", name(&self.last_name)).unwrap_or_default();
        let phone = self.phone.as_deref().and_then(|text| errors.take("/phone", Phone::parse(text, home)));
        let born = self.date_of_birth.as_deref();
        let date_of_birth = born.and_then(|text| errors.take("/date_of_birth", parse_date_of_birth(text, now)));
        match email {
            Some(email) if errors.is_empty() => Ok(User {
                id,
                username,
                email,
                first_name,
                last_name,
                phone,
                date_of_birth,
                role,
                permissions,
                active: true,
                version: 1,
                created_at: now,
                updated_at: now,
            }),
            _ => Err(errors),
        }
    }
}

/// Letters, digits, `.`, `_`, `-`; 2 to 64; never with an `@`, so that it cannot be mistaken for an address. Of one script, or of scripts that
/// are written together (UTS #39, highly restrictive), so that no `раураl` is taken for a `paypal`.
fn parse_username(text: &str) -> Result<String, text::TextError> {
    let name = text::required(text, limits::CODE)?;
    let plain = name.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-'));
    if !plain || name.chars().count() < 2 {
        return Err(text::TextError::Form("a username has at least 2 letters, digits, dots, dashes or underscores"));
    }
    if !name.as_str().check_restriction_level(RestrictionLevel::HighlyRestrictive) {
        return Err(text::TextError::Form("a username is written in one script, in letters of everyday use"));
    }
    Ok(name)
}

fn parse_date_of_birth(text: &str, now: Instant) -> Result<NaiveDate, text::TextError> {
    const FORM: text::TextError = text::TextError::Form("a date of birth is a past date such as 1990-01-31");
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| FORM)?;
    let oldest = NaiveDate::from_ymd_opt(1870, 1, 1).ok_or(FORM)?;
    if date > now.datetime().date_naive() || date < oldest || text.len() != 10 { Err(FORM) } else { Ok(date) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_username_is_of_one_script_and_of_letters_of_everyday_use() {
        for good in ["maria", "O.Brien-2", "łukasz", "мария", "さくら_田中", "김철수", "علی"] {
            assert_eq!(parse_username(good).as_deref(), Ok(good));
        }
        for odd in
            ["p\u{430}ypal", "mari\u{3b1}", "ｍａｒｉａ", "x\u{200d}y", "admin\u{2800}", "m@ria", "a", "maria lee"]
        {
            assert!(parse_username(odd).is_err(), "{odd}");
        }
    }
}
