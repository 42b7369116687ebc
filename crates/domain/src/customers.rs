//! Who buys. A customer may or may not have a login. What they ordered is never in here.

use crate::{
    contact::{Country, Email, Phone},
    field_errors::FieldErrors,
    ids::{Id, UserId},
    instant::Instant,
    repository::entity,
    text::{self, limits},
};

/// The id of a customer.
pub type CustomerId = Id<Customer>;

/// Who buys, with or without a login. Once erased, only the code is left.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Customer {
    /// Never changes, and is never used again.
    pub id: CustomerId,
    /// Unique without regard to case; made by the program when nobody names one.
    pub code: String,
    /// A person or a company.
    pub name: String,
    /// Where to call; kept in E.164.
    pub phone: Option<Phone>,
    /// Where to write; not unique: a family may share one.
    pub email: Option<Email>,
    /// The login, where there is one.
    pub user: Option<UserId>,
    /// 1 when it was added and one more with every edit.
    pub version: i64,
    /// When the record was made, by our clock.
    pub created_at: Instant,
    /// When it was last edited; as `created_at` until then.
    pub updated_at: Instant,
}

entity!(Customer, "customer", |one| [
    ("code", Some(text::fold(&one.code))),
    ("user_id", one.user.map(|user| user.to_string()))
]);

/// What is known of a customer to be. Not yet looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields, default))]
pub struct CustomerForm {
    /// A person or a company.
    pub name: String,
    /// `None`: the program makes one.
    pub code: Option<String>,
    /// With `+`, or national where the shop has a country.
    pub phone: Option<String>,
    /// An e-mail address of up to 254 characters.
    pub email: Option<String>,
}

/// Which fields to change; `Some(None)` empties one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields, default))]
pub struct CustomerPatch {
    /// A person or a company.
    pub name: Option<String>,
    /// Up to 64 characters, unique without regard to case.
    pub code: Option<String>,
    /// With `+`, or national where the shop has a country.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::serialize::named")
    )]
    pub phone: Option<Option<String>>,
    /// An e-mail address of up to 254 characters.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::serialize::named")
    )]
    pub email: Option<Option<String>>,
}

impl CustomerForm {
    /// The customer, or all that is wrong with the form.
    ///
    /// # Errors
    /// Pointers are the fields' names.
    pub fn parse(&self, id: CustomerId, home: Option<Country>, now: Instant) -> Result<Customer, FieldErrors> {
        let mut customer = Customer {
            id,
            code: generated_code(id),
            name: String::new(),
            phone: None,
            email: None,
            user: None,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        let patch = CustomerPatch {
            name: Some(self.name.clone()),
            code: self.code.clone(),
            phone: Some(self.phone.clone()),
            email: Some(self.email.clone()),
        };
        customer.apply(&patch, home)?;
        Ok(customer)
    }
}

impl Customer {
    /// Changes what the patch names, or nothing where anything in it is wrong.
    ///
    /// # Errors
    /// Pointers are the fields' names.
    pub fn edit(&mut self, patch: &CustomerPatch, home: Option<Country>, now: Instant) -> Result<(), FieldErrors> {
        self.apply(patch, home)?;
        self.version += 1;
        self.updated_at = now;
        Ok(())
    }

    fn apply(&mut self, patch: &CustomerPatch, home: Option<Country>) -> Result<(), FieldErrors> {
        let mut errors = FieldErrors::new();
        let name = patch.name.as_deref().and_then(|t| errors.take("/name", text::required(t, limits::NAME)));
        let code = patch.code.as_deref().and_then(|t| errors.take("/code", text::required(t, limits::CODE)));
        let phone = patch
            .phone
            .as_ref()
            .map(|phone| phone.as_deref().and_then(|text| errors.take("/phone", Phone::parse(text, home))));
        let email = patch
            .email
            .as_ref()
            .map(|email| email.as_deref().and_then(|text| errors.take("/email", Email::parse(text))));
        errors.into_result()?;
        self.name = name.unwrap_or_else(|| std::mem::take(&mut self.name));
        self.code = code.unwrap_or_else(|| std::mem::take(&mut self.code));
        self.phone = phone.unwrap_or_else(|| self.phone.take());
        self.email = email.unwrap_or_else(|| self.email.take());
        Ok(())
    }
}

/// `C-` and twelve digits and letters of the id's random end: short enough to say, and never met twice in one shop.
fn generated_code(id: CustomerId) -> String {
    const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let mut bits = id.uuid().as_u128() & ((1 << 60) - 1);
    let mut code = vec![b'0'; 12];
    for place in code.iter_mut().rev() {
        *place = LETTERS[(bits % 32) as usize];
        bits /= 32;
    }
    format!("C-{}", String::from_utf8_lossy(&code))
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_code_is_made_when_nobody_names_one() {
        let id = CustomerId::from_uuid(Uuid::from_u128(u128::MAX));
        let form = CustomerForm { name: "Ann".into(), ..CustomerForm::default() };
        let customer = form.parse(id, None, Instant::from_micros(0)).unwrap();
        assert_eq!(customer.code, "C-ZZZZZZZZZZZZ");
    }

    #[test]
    fn a_patch_that_is_wrong_in_one_field_changes_none() {
        let id = CustomerId::from_uuid(Uuid::from_u128(1));
        let form = CustomerForm { name: "Ann".into(), email: Some("a@b.test".into()), ..CustomerForm::default() };
        let mut customer = form.parse(id, None, Instant::from_micros(0)).unwrap();
        let before = customer.clone();
        let patch =
            CustomerPatch { name: Some("Bea".into()), email: Some(Some("no".into())), ..CustomerPatch::default() };
        let errors = customer.edit(&patch, None, Instant::from_micros(1)).unwrap_err();
        assert_eq!(errors, FieldErrors::one("/email", "invalid", "this is not an e-mail address"));
        assert_eq!(customer, before);
        let patch = CustomerPatch { email: Some(None), ..CustomerPatch::default() };
        customer.edit(&patch, None, Instant::from_micros(1)).unwrap();
        assert_eq!((customer.name.as_str(), customer.email.as_ref(), customer.version), ("Ann", None, 2));
    }
}
