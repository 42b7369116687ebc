//! Who may give a user a role or permissions, and who may edit whom.

use super::{Actor, Permission, Permissions, Principal, Role, User};

/// Why somebody may not make this change to a user.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// Nobody grants what they do not hold.
    #[error("you cannot grant what you do not hold: {}", .0.iter().map(Permission::as_str).collect::<Vec<_>>().join(", "))]
    NotHeld(Permissions),
    /// Nobody edits somebody who may do what they may not.
    #[error("this user may do what you may not: {}", .0.iter().map(Permission::as_str).collect::<Vec<_>>().join(", "))]
    HoldsMore(Permissions),
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
    if missing.is_empty() { Ok(()) } else { Err(Denied::HoldsMore(missing)) }
}

#[cfg(test)]
mod tests {
    use super::super::{UserForm, UserId};
    use super::*;
    use crate::instant::Instant;
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
            Err(Denied::HoldsMore(_))
        ));
    }
}
