//! Managing users: nobody grants what they do not hold, nor touches somebody who stands higher, and the last owner stays.

use super::{check_version, entities::get};
use crate::{Error, Result, Shop, clock};
use tradepost_domain::{
    field_errors::FieldErrors,
    identity::{Permission, Permissions, Principal, Role, User, UserForm, may_edit, may_grant},
    ids::UserId,
    instant::Instant,
    repository::{Tokens, Users},
};

/// A user to be.
pub struct NewUser {
    /// Who.
    pub form: UserForm,
    /// Their first password.
    pub password: String,
    /// What they are.
    pub role: Role,
    /// What they are granted.
    pub permissions: Permissions,
}

/// What of a user to change.
#[derive(Debug, Clone, Copy, Default)]
pub struct Standing {
    /// What they are.
    pub role: Option<Role>,
    /// What they are granted.
    pub permissions: Option<Permissions>,
    /// May they log in?
    pub active: Option<bool>,
}

/// Reads a role.
///
/// # Errors
/// At `/role`.
pub fn parse_role(text: &str) -> std::result::Result<Role, FieldErrors> {
    let names = Role::ALL.map(Role::as_str).join(", ");
    Role::parse(text).ok_or_else(|| FieldErrors::one("/role", "invalid", format!("a role is one of {names}")))
}

/// Reads permissions.
///
/// # Errors
/// At `/permissions/<index>` for each that is unknown.
pub fn parse_permissions(texts: &[String]) -> std::result::Result<Permissions, FieldErrors> {
    let mut errors = FieldErrors::new();
    let mut found = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        match Permission::parse(text) {
            Some(permission) => found.push(permission),
            None => errors.add(format!("/permissions/{index}"), "invalid", "there is no such permission"),
        }
    }
    errors.into_result()?;
    Ok(found.into_iter().collect())
}

/// A user and the hash of their password, ready to be kept.
///
/// # Errors
/// `Denied` for what the caller may not grant, `Invalid` for the form or the password, `Busy`.
pub async fn prepare(shop: &Shop, caller: &Principal, new: NewUser) -> Result<(User, String)> {
    may_grant(caller, new.role, new.permissions)?;
    let id = UserId::from_uuid(clock::new_uuid());
    let user = new.form.parse(id, new.role, new.permissions, shop.country(), clock::now())?;
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
pub fn change_standing(
    users: &mut (impl Users + Tokens),
    caller: &Principal,
    id: UserId,
    standing: Standing,
    expected_version: Option<i64>,
) -> Result<User> {
    let mut user: User = get(users, id)?;
    may_edit(caller, &user)?;
    let role = standing.role.unwrap_or(user.role);
    let permissions = standing.permissions.unwrap_or(user.permissions);
    if role != user.role || !user.permissions.contains_all(permissions) {
        may_grant(caller, role, permissions)?;
    }
    check_version(expected_version, user.version)?;
    let before = (user.role, user.active);
    user.role = role;
    user.permissions = permissions;
    user.active = standing.active.unwrap_or(user.active);
    user.version += 1;
    user.updated_at = clock::now();
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
