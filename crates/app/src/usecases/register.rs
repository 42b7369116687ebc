//! Somebody registers: a shopper and their customer record, both or neither.

use super::users;
use crate::{Error, Result, Shop, clock};
use tradepost_domain::{
    contact::{Country, Email, Phone},
    customers::{Customer, CustomerForm},
    field_errors::FieldErrors,
    identity::{Permissions, Role, User, UserForm},
    ids::{CustomerId, UserId},
    instant::Instant,
    repository::Repository,
    text::limits,
};

/// Makes a shopper, who may log in at once, and their customer record.
///
/// # Errors
/// `Invalid` for the form or the password, `Duplicate` where the e-mail address or the username is taken.
pub async fn register(shop: &Shop, form: UserForm, password: String) -> Result<User> {
    let now = clock::now();
    let id = UserId::from_uuid(clock::new_uuid());
    let user = form.parse(id, Role::Shopper, Permissions::NONE, shop.country(), now)?;
    check_names(&user)?;
    let customer = customer_of(&user, shop.country(), now)?;
    let hash = shop.passwords.accept("/password", password, &user).await?;
    let kept = user.clone();
    let work = move |session: &mut tradepost_store::Session<'_>| -> Result<_> {
        users::add(session, &kept, &hash)?;
        session.add(&customer).map_err(Error::from)
    };
    shop.store.write_plain(work).await?;
    Ok(user)
}

/// A customer's one name is made of the user's two, which can be too long together.
fn check_names(user: &User) -> std::result::Result<(), FieldErrors> {
    let mut errors = FieldErrors::new();
    let most = limits::NAME - 1;
    if user.first_name.chars().count() + user.last_name.chars().count() > most
        && user.display_name().chars().count() > limits::NAME
    {
        for at in ["/first_name", "/last_name"] {
            errors.add(at, "invalid", format!("first and last name have at most {most} characters together"));
        }
    }
    errors.into_result()
}

/// The customer record of a user.
fn customer_of(user: &User, country: Option<Country>, now: Instant) -> Result<Customer> {
    let form = CustomerForm {
        // A login that stands in for a name may be longer than a name.
        name: user.display_name().chars().take(limits::NAME).collect(),
        code: None,
        phone: user.phone.as_ref().map(|phone: &Phone| phone.as_str().to_owned()),
        email: Some(&user.email).map(|email: &Email| email.as_str().to_owned()),
    };
    let mut customer = form.parse(CustomerId::from_uuid(clock::new_uuid()), country, now)?;
    customer.user = Some(user.id);
    Ok(customer)
}
