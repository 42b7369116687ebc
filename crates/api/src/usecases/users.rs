//! Managing users: nobody grants what they do not hold, nor touches somebody who stands higher, and the last owner stays.

use super::check_version;
use crate::{
    clock,
    http::problem::{Code, Problem},
    shop::Shop,
};
use tradepost_domain::{
    field_errors::FieldErrors,
    identity::{Permission, Permissions, Principal, Role, User, UserForm, may_edit, may_grant},
    ids::UserId,
    instant::Instant,
    repository::{Remove, Repository, Tokens, Users},
};
use tradepost_store::Session;

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
/// 400.
pub fn parse_role(text: &str) -> Result<Role, FieldErrors> {
    let names = Role::ALL.map(Role::as_str).join(", ");
    Role::parse(text).ok_or_else(|| FieldErrors::one("/role", "invalid", format!("a role is one of {names}")))
}

/// Reads permissions.
///
/// # Errors
/// 400 for each that is unknown.
pub fn parse_permissions(texts: &[String]) -> Result<Permissions, FieldErrors> {
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
/// 403 for what the caller may not grant, 400 for the form or the password.
pub async fn prepare(shop: &Shop, caller: &Principal, new: NewUser) -> Result<(User, String), Problem> {
    may_grant(caller, new.role, new.permissions)?;
    let id = UserId::from_uuid(clock::new_uuid());
    let user = new.form.parse(id, new.role, new.permissions, shop.country, clock::now())?;
    let hash = shop.passwords.accept("/password", new.password, &user).await?;
    Ok((user, hash))
}

/// Changes what a user is and may; whoever may no longer log in loses every credential.
///
/// # Errors
/// 404, 403, 412, 409 for the last owner.
pub fn change_standing(
    session: &mut Session<'_>,
    caller: &Principal,
    id: UserId,
    standing: Standing,
    expected_version: Option<i64>,
) -> Result<User, Problem> {
    let mut user = session.find(id)?.ok_or_else(Problem::not_found)?;
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
    keep_an_owner(session, id, before, (user.role, user.active))?;
    session.update(&user)?;
    if !user.active {
        session.revoke_all_tokens(id)?;
    }
    Ok(user)
}

/// Erases what is personal and every credential; documents stay.
///
/// # Errors
/// 404, 403, 412, 409 for the last owner.
pub fn erase(
    session: &mut Session<'_>,
    caller: &Principal,
    id: UserId,
    expected_version: Option<i64>,
    now: Instant,
) -> Result<(), Problem> {
    let user = session.find(id)?.ok_or_else(Problem::not_found)?;
    may_edit(caller, &user)?;
    check_version(expected_version, user.version)?;
    keep_an_owner(session, id, (user.role, user.active), (Role::Shopper, false))?;
    session.remove(id, now).map_err(Problem::from)
}

/// Two owners who demote each other at the same time: the second finds itself the last one.
fn keep_an_owner(
    session: &mut Session<'_>,
    id: UserId,
    before: (Role, bool),
    after: (Role, bool),
) -> Result<(), Problem> {
    const ACTIVE_OWNER: (Role, bool) = (Role::Owner, true);
    if before != ACTIVE_OWNER || after == ACTIVE_OWNER {
        return Ok(());
    }
    if session.lock_active_owners()?.iter().any(|owner| *owner != id) {
        return Ok(());
    }
    Err(Problem::new(Code::CONFLICT, "This is the last owner: make somebody else an owner first.")
        .with("reason", "last_owner"))
}
