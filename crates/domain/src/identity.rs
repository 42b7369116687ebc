//! Who logs in and what they may do.

use crate::{
    contact::{Country, Email, Phone},
    field_errors::FieldErrors,
    ids::{CustomerId, Id, PosConnectionId},
    instant::Instant,
    names::names,
    repository::entity,
    text::{self, limits},
};
use chrono::NaiveDate;
use std::fmt;

/// What a user is to the shop. Later ones stand higher.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Buys.
    Shopper,
    /// Works here, with only the permissions granted.
    Employee,
    /// Has every permission.
    Admin,
    /// Has every permission, and does what only an owner may.
    Owner,
}

names!(Role {
    Shopper = "shopper",
    Employee = "employee",
    Admin = "admin",
    Owner = "owner",
});

impl Role {
    /// Every role, lowest first.
    pub const ALL: [Self; 4] = [Self::Shopper, Self::Employee, Self::Admin, Self::Owner];
}

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $text:literal),+ $(,)?) => {
        /// One thing a user may be allowed to do.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Permission {
            $($(#[$doc])* $name),+
        }

        impl Permission {
            /// Every permission there is.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];
        }

        names!(Permission { $($name = $text),+ });
    };
}

permissions! {
    /// Edit categories and products.
    CatalogueWrite = "catalogue.write",
    /// See levels and movements.
    StockRead = "stock.read",
    /// Adjust, count and transfer stock.
    StockWrite = "stock.write",
    /// Suppliers and purchases.
    PurchasesWrite = "purchases.write",
    /// See sales.
    SalesRead = "sales.read",
    /// Record, correct, refund and void sales.
    SalesWrite = "sales.write",
    /// Sell at another price than the product's.
    SalesOverridePrice = "sales.override_price",
    /// See everybody's orders.
    OrdersReadAll = "orders.read_all",
    /// Order for another customer.
    OrdersPlaceForOthers = "orders.place_for_others",
    /// Accept, reject, ship and deliver orders.
    OrdersFulfil = "orders.fulfil",
    /// Promo codes.
    PromosWrite = "promos.write",
    /// See customers.
    CustomersRead = "customers.read",
    /// Edit customers.
    CustomersWrite = "customers.write",
    /// Reports and the dashboard.
    ReportsRead = "reports.read",
    /// Users and employees.
    UsersManage = "users.manage",
    /// POS connections, their inbox, the outbox.
    IntegrationsManage = "integrations.manage",
    /// The audit log.
    AuditRead = "audit.read",
    /// Settings and locations.
    SettingsWrite = "settings.write",
}

impl Permission {
    const fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// A set of permissions.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Permissions(u32);

impl Permissions {
    /// None.
    pub const NONE: Self = Self(0);

    /// All there are.
    pub fn all() -> Self {
        Permission::ALL.iter().copied().collect()
    }

    /// Is it among them?
    pub const fn contains(self, permission: Permission) -> bool {
        self.0 & permission.bit() != 0
    }

    /// Are all of `other` among them?
    pub const fn contains_all(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Those of `other` that are not among them.
    pub const fn missing(self, other: Self) -> Self {
        Self(other.0 & !self.0)
    }

    /// None at all?
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// One after the other, in the order of the contract.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.iter().copied().filter(move |p| self.contains(*p))
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(iter: I) -> Self {
        Self(iter.into_iter().fold(0, |bits, permission| bits | permission.bit()))
    }
}

impl<const N: usize> From<[Permission; N]> for Permissions {
    fn from(permissions: [Permission; N]) -> Self {
        permissions.into_iter().collect()
    }
}

impl fmt::Debug for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(Permission::as_str)).finish()
    }
}

/// Who did a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Actor {
    /// Somebody who logged in.
    User(UserId),
    /// A till.
    Connection(PosConnectionId),
    /// The program itself, for example `sample-data`.
    System,
}

/// The authenticated caller.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Principal {
    /// Who.
    pub actor: Actor,
    /// Their role; a till stands as an employee.
    pub role: Role,
    /// What they may do: all there is for admins and owners.
    pub permissions: Permissions,
    /// Their own customer record.
    pub customer: Option<CustomerId>,
}

impl Principal {
    /// An employee's who may do no more than this.
    pub fn clerk(user: UserId, permissions: impl IntoIterator<Item = Permission>) -> Self {
        let permissions = permissions.into_iter().collect();
        Self { actor: Actor::User(user), role: Role::Employee, permissions, customer: None }
    }

    /// A shopper's who buys for their own customer record and may do nothing else.
    pub const fn shopper(user: UserId, customer: CustomerId) -> Self {
        let (role, permissions) = (Role::Shopper, Permissions::NONE);
        Self { actor: Actor::User(user), role, permissions, customer: Some(customer) }
    }

    /// A user's.
    pub fn of_user(user: &User, customer: Option<CustomerId>) -> Self {
        Self { actor: Actor::User(user.id), role: user.role, permissions: user.effective_permissions(), customer }
    }

    /// A till's, which may do nothing but report.
    pub const fn of_connection(id: PosConnectionId) -> Self {
        Self { actor: Actor::Connection(id), role: Role::Employee, permissions: Permissions::NONE, customer: None }
    }

    /// The program's own.
    pub fn system() -> Self {
        Self { actor: Actor::System, role: Role::Owner, permissions: Permissions::all(), customer: None }
    }

    /// May they?
    pub const fn may(&self, permission: Permission) -> bool {
        self.permissions.contains(permission)
    }

    /// Do they work here? Staff see what the public does not.
    pub fn is_staff(&self) -> bool {
        self.role >= Role::Employee
    }
}

/// The id of a user.
pub type UserId = Id<User>;

/// Somebody who logs in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// A name to log in with, unique without regard to case.
    pub username: Option<String>,
    /// Also a name to log in with, unique without regard to case.
    pub email: Email,
    /// May be empty.
    pub first_name: String,
    /// May be empty.
    pub last_name: String,
    /// In E.164.
    pub phone: Option<Phone>,
    /// For greetings and age checks.
    pub date_of_birth: Option<NaiveDate>,
    /// What they are.
    pub role: Role,
    /// What was granted; only employees need grants.
    pub permissions: Permissions,
    /// May they log in?
    pub active: bool,
    /// Counts edits.
    pub version: i64,
    /// When registered.
    pub created_at: Instant,
    /// When last edited.
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
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default))]
pub struct UserForm {
    #[expect(missing_docs, reason = "the fields of a form are those of the thing")]
    pub username: Option<String>,
    #[expect(missing_docs, reason = "the fields of a form are those of the thing")]
    pub email: String,
    #[expect(missing_docs, reason = "the fields of a form are those of the thing")]
    pub first_name: Option<String>,
    #[expect(missing_docs, reason = "the fields of a form are those of the thing")]
    pub last_name: Option<String>,
    #[expect(missing_docs, reason = "the fields of a form are those of the thing")]
    pub phone: Option<String>,
    /// ISO 8601, for example `1990-01-31`.
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

/// Letters, digits, `.`, `_`, `-`; 2 to 64; never with an `@`, so that it cannot be mistaken for an address.
fn parse_username(text: &str) -> Result<String, text::TextError> {
    let name = text::required(text, limits::CODE)?;
    let plain = name.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-'));
    if !plain || name.chars().count() < 2 {
        return Err(text::TextError::Form("a username has at least 2 letters, digits, dots, dashes or underscores"));
    }
    Ok(name)
}

fn parse_date_of_birth(text: &str, now: Instant) -> Result<NaiveDate, text::TextError> {
    const FORM: text::TextError = text::TextError::Form("a date of birth is a past date such as 1990-01-31");
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| FORM)?;
    let oldest = NaiveDate::from_ymd_opt(1870, 1, 1).ok_or(FORM)?;
    if date > now.datetime().date_naive() || date < oldest || text.len() != 10 { Err(FORM) } else { Ok(date) }
}

/// Why somebody may not make this change to a user.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// Nobody grants what they do not hold.
    #[error("you cannot grant what you do not hold: {}", .0.iter().map(Permission::as_str).collect::<Vec<_>>().join(", "))]
    NotHeld(Permissions),
    /// Only an owner makes admins and owners.
    #[error("only an owner grants the roles admin and owner")]
    OnlyOwner,
    /// Nobody edits somebody of a higher role.
    #[error("this user has a higher role than you")]
    HigherRole,
    /// Nobody lifts or removes themselves.
    #[error("you cannot change your own role, permissions or activity")]
    Oneself,
}

/// May `who` give a user this role and these permissions?
///
/// # Errors
/// [`Denied`] says why not.
pub fn may_grant(who: &Principal, role: Role, permissions: Permissions) -> Result<(), Denied> {
    if role >= Role::Admin && who.role != Role::Owner {
        return Err(Denied::OnlyOwner);
    }
    if role > who.role {
        return Err(Denied::HigherRole);
    }
    let missing = who.permissions.missing(permissions);
    if missing.is_empty() { Ok(()) } else { Err(Denied::NotHeld(missing)) }
}

/// May `who` edit or delete this user?
///
/// # Errors
/// [`Denied`] says why not.
pub fn may_edit(who: &Principal, user: &User) -> Result<(), Denied> {
    if who.actor == Actor::User(user.id) {
        return Err(Denied::Oneself);
    }
    if user.role > who.role {
        return Err(Denied::HigherRole);
    }
    // Somebody with more permissions than oneself is of a higher standing in all but name.
    let missing = who.permissions.missing(user.effective_permissions());
    if missing.is_empty() { Ok(()) } else { Err(Denied::NotHeld(missing)) }
}

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

/// The id of a credential.
pub type TokenId = Id<Token>;

/// A credential that is alive: an opaque token, known only by its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Its id.
    pub id: TokenId,
    /// Whose.
    pub user: UserId,
    /// SHA-256 of the token.
    pub hash: [u8; 32],
    /// When issued.
    pub created_at: Instant,
    /// When it dies by itself.
    pub expires_at: Instant,
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn a_user(role: Role, permissions: &[Permission]) -> User {
        let form = UserForm { email: "a@b.test".into(), ..UserForm::default() };
        let id = UserId::from_uuid(Uuid::from_u128(7));
        form.parse(id, role, permissions.iter().copied().collect(), None, Instant::from_micros(0)).unwrap()
    }

    fn caller(role: Role, permissions: &[Permission]) -> Principal {
        let mut user = a_user(role, permissions);
        user.id = UserId::from_uuid(Uuid::from_u128(1));
        Principal::of_user(&user, None)
    }

    #[test]
    fn nobody_grants_what_they_do_not_hold() {
        let manager = caller(Role::Employee, &[Permission::UsersManage]);
        let wanted = [Permission::SalesWrite].into_iter().collect();
        assert_eq!(may_grant(&manager, Role::Employee, wanted), Err(Denied::NotHeld(wanted)));
        assert_eq!(may_grant(&caller(Role::Admin, &[]), Role::Employee, wanted), Ok(()));
    }

    #[test]
    fn only_an_owner_makes_admins() {
        assert_eq!(may_grant(&caller(Role::Admin, &[]), Role::Admin, Permissions::NONE), Err(Denied::OnlyOwner));
        assert_eq!(may_grant(&caller(Role::Owner, &[]), Role::Owner, Permissions::NONE), Ok(()));
    }

    #[test]
    fn nobody_edits_somebody_who_stands_higher() {
        let manager = caller(Role::Employee, &[Permission::UsersManage]);
        assert_eq!(may_edit(&manager, &a_user(Role::Admin, &[])), Err(Denied::HigherRole));
        assert_eq!(may_edit(&manager, &a_user(Role::Shopper, &[])), Ok(()));
        assert!(matches!(
            may_edit(&manager, &a_user(Role::Employee, &[Permission::AuditRead])),
            Err(Denied::NotHeld(_))
        ));
    }

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

    #[test]
    fn every_permission_has_its_own_bit_and_name() {
        let names: std::collections::BTreeSet<_> = Permission::ALL.iter().map(|p| p.as_str()).collect();
        assert_eq!(names.len(), Permission::ALL.len());
        assert_eq!(Permissions::all().iter().count(), 18);
    }
}
