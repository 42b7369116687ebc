//! Managing users: nobody grants what they do not hold, nor touches somebody who stands higher, and the last owner stays.

use super::{check_version, entities::get};
use crate::{Error, Result, Shop, clock, credentials::passwords, nearest::did_you_mean};
use tradepost_domain::{
    contact::Country,
    field_errors::FieldErrors,
    identity::{Permission, Permissions, Principal, Role, User, UserForm, may_edit, may_grant},
    ids::UserId,
    instant::Instant,
    repository::{Tokens, Users},
};

/// A user to be.
pub struct NewUser {
    /// Their names, addresses and logins, as typed.
    pub form: UserForm,
    /// Their first password, as typed; only its hash is kept.
    pub password: String,
    /// The role they get; `permissions` count for employees alone.
    pub role: Role,
    /// What they are granted.
    pub permissions: Permissions,
}

/// What of a user to change.
#[derive(Debug, Clone, Copy, Default)]
pub struct UserPatch {
    /// `None`: the role stays.
    pub role: Option<Role>,
    /// All that they shall be granted; `None`: it stays.
    pub permissions: Option<Permissions>,
    /// Whether they may log in; `None`: it stays.
    pub active: Option<bool>,
}

/// Reads a role by its name: `shopper`, `employee`, `admin` or `owner`.
///
/// # Errors
/// At `/role`.
pub fn parse_role(text: &str) -> std::result::Result<Role, FieldErrors> {
    let names = Role::ALL.map(Role::as_str);
    let unknown = || format!("a role is one of {}{}", names.join(", "), did_you_mean(text, names));
    Role::parse(text).ok_or_else(|| FieldErrors::one("/role", "invalid", unknown()))
}

/// Reads permissions by their names, such as `sales.write`.
///
/// # Errors
/// At `/permissions/<index>` for each that is unknown.
pub fn parse_permissions(texts: &[String]) -> std::result::Result<Permissions, FieldErrors> {
    let mut errors = FieldErrors::new();
    let mut found = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        match Permission::parse(text) {
            Some(permission) => found.push(permission),
            None => {
                let hint = did_you_mean(text, Permission::ALL.iter().map(|one| one.as_str()));
                errors.add(format!("/permissions/{index}"), "invalid", format!("there is no such permission{hint}"));
            }
        }
    }
    errors.into_result()?;
    Ok(found.into_iter().collect())
}

impl NewUser {
    /// The user to be, whoever makes it.
    ///
    /// # Errors
    /// `Invalid` for the form.
    pub fn parse(&self, country: Option<Country>, now: Instant) -> Result<User> {
        let id = UserId::from_uuid(clock::new_uuid());
        Ok(self.form.parse(id, self.role, self.permissions, country, now)?)
    }

    /// The user to be and the hash of their password, on the calling thread: for who makes one user and ends, such as a command.
    ///
    /// # Errors
    /// `Invalid` for the form or the password; `Internal` where the operating system has no randomness.
    pub fn hashed(&self, country: Option<Country>, now: Instant) -> Result<(User, String)> {
        let user = self.parse(country, now)?;
        passwords::check("/password", &self.password, user.username.as_deref(), &user.email)?;
        Ok((user, passwords::hash(&self.password).map_err(Error::Internal)?))
    }
}

/// A user and the hash of their password, ready to be kept, as somebody asked for them.
///
/// # Errors
/// `Denied` for what the caller may not grant, `Invalid` for the form or the password, `Busy`.
pub async fn prepare(shop: &Shop, caller: &Principal, new: NewUser) -> Result<(User, String)> {
    may_grant(caller, new.role, new.permissions)?;
    let user = new.parse(shop.country(), clock::now())?;
    let hash = shop.passwords.accept("/password", new.password, &user).await?;
    Ok((user, hash))
}

/// Keeps a new user with the hash of their password.
///
/// # Errors
/// `Duplicate` for the username or the e-mail address.
pub fn add(users: &mut impl Users, user: &User, password_hash: &str) -> Result<()> {
    users.add(user)?;
    Ok(users.set_password_hash(user.id, password_hash)?)
}

/// Changes what a user is and may; whoever may no longer log in loses every credential.
///
/// # Errors
/// `NotFound`, `Denied`, `PreconditionFailed`, `Conflict` for the last owner.
pub fn edit(
    users: &mut (impl Users + Tokens),
    caller: &Principal,
    id: UserId,
    patch: UserPatch,
    expected_version: Option<i64>,
    now: Instant,
) -> Result<User> {
    let mut user: User = get(users, id)?;
    may_edit(caller, &user)?;
    let role = patch.role.unwrap_or(user.role);
    let permissions = patch.permissions.unwrap_or(user.permissions);
    if role != user.role || !user.permissions.contains_all(permissions) {
        may_grant(caller, role, permissions)?;
    }
    check_version(expected_version, user.version)?;
    let before = (user.role, user.active);
    user.role = role;
    user.permissions = permissions;
    user.active = patch.active.unwrap_or(user.active);
    user.version += 1;
    user.updated_at = now;
    keep_an_owner(users, id, before, (user.role, user.active))?;
    users.update(&user)?;
    if !user.active {
        users.revoke_all_tokens(id)?;
    }
    Ok(user)
}

/// Erases what is personal and every credential; documents stay.
///
/// # Errors
/// `NotFound`, `Denied`, `PreconditionFailed`, `Conflict` for the last owner.
pub fn erase(
    users: &mut (impl Users + Tokens),
    caller: &Principal,
    id: UserId,
    expected_version: Option<i64>,
    now: Instant,
) -> Result<()> {
    let user: User = get(users, id)?;
    may_edit(caller, &user)?;
    check_version(expected_version, user.version)?;
    keep_an_owner(users, id, (user.role, user.active), (Role::Shopper, false))?;
    Ok(users.remove(id, now)?)
}

/// Two owners who demote each other at the same time: the second finds itself the last one.
fn keep_an_owner(users: &mut impl Users, id: UserId, before: (Role, bool), after: (Role, bool)) -> Result<()> {
    const ACTIVE_OWNER: (Role, bool) = (Role::Owner, true);
    if before != ACTIVE_OWNER || after == ACTIVE_OWNER {
        return Ok(());
    }
    if users.lock_active_owners()?.iter().any(|owner| *owner != id) {
        return Ok(());
    }
    Err(Error::conflict("last_owner", "This is the last owner: make somebody else an owner first."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tradepost_domain::{memory, money::Currency, repository::Repository};

    const NOW: Instant = Instant::from_micros(0);

    fn a_shop() -> memory::Shop {
        memory::Shop::new(Currency::parse("EUR").unwrap(), NOW)
    }

    fn somebody(role: Role, email: &str) -> NewUser {
        let form = UserForm { email: email.to_owned(), ..UserForm::default() };
        NewUser { form, password: "quiet river stone".to_owned(), role, permissions: Permissions::NONE }
    }

    fn add_owner(shop: &mut memory::Shop, email: &str) -> User {
        let owner = somebody(Role::Owner, email).parse(None, NOW).unwrap();
        add(shop, &owner, "hash").unwrap();
        owner
    }

    #[test]
    fn the_last_owner_stays_one_and_the_last_but_one_may_go() {
        let mut shop = a_shop();
        let (first, second) = (add_owner(&mut shop, "a@shop.test"), add_owner(&mut shop, "b@shop.test"));
        let [caller, other] = [&first, &second].map(|user| Principal::of_user(user, None));
        let demoted = UserPatch { role: Some(Role::Employee), ..UserPatch::default() };
        edit(&mut shop, &caller, second.id, demoted, None, NOW).unwrap();
        // The other one asked at the same time, and was still an owner then.
        let refused = edit(&mut shop, &other, first.id, demoted, None, NOW).unwrap_err();
        assert!(matches!(&refused, Error::Refused(why) if why.to_string().contains("last owner")), "{refused}");
        assert!(erase(&mut shop, &other, first.id, None, NOW).is_err());
        let kept: User = shop.find(first.id).unwrap().unwrap();
        assert_eq!((kept.role, kept.version), (Role::Owner, 1));
    }

    #[test]
    fn whoever_may_no_longer_log_in_loses_every_credential() {
        let mut shop = a_shop();
        let owner = add_owner(&mut shop, "a@shop.test");
        let clerk = somebody(Role::Employee, "c@shop.test").parse(None, NOW).unwrap();
        add(&mut shop, &clerk, "hash").unwrap();
        let token = tradepost_domain::identity::Token {
            id: tradepost_domain::ids::TokenId::from_uuid(clock::new_uuid()),
            user: clerk.id,
            hash: [7; 32],
            created_at: NOW,
            expires_at: NOW.plus_seconds(60),
        };
        shop.add_token(&token).unwrap();
        let locked_out = UserPatch { active: Some(false), ..UserPatch::default() };
        edit(&mut shop, &Principal::of_user(&owner, None), clerk.id, locked_out, Some(1), NOW).unwrap();
        assert_eq!(shop.principal_by_token(&[7; 32], NOW).unwrap(), None);
    }

    #[test]
    fn an_unknown_permission_or_role_names_the_closest() {
        let texts = ["sales.write".to_owned(), "salesread".to_owned(), "fly".to_owned()];
        let errors = parse_permissions(&texts).unwrap_err();
        let details: Vec<_> =
            errors.as_slice().iter().map(|error| (error.pointer.as_str(), error.detail.as_str())).collect();
        let expected = [
            ("/permissions/1", "there is no such permission; did you mean sales.read?"),
            ("/permissions/2", "there is no such permission"),
        ];
        assert_eq!(details, expected);
        assert!(parse_role("emploee").unwrap_err().to_string().contains("did you mean employee?"));
    }

    #[test]
    fn a_common_password_is_refused_before_anybody_is_made() {
        let mut new = somebody(Role::Owner, "a@shop.test");
        new.password = "password123".to_owned();
        assert!(matches!(new.hashed(None, NOW), Err(Error::Refused(_))));
    }
}
