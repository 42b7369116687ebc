//! The authenticated caller. How somebody proves who they are is never in here.

use super::{Permission, Permissions, Role, User, UserId};
use crate::ids::{CustomerId, PosConnectionId};

/// Who did a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Actor {
    /// Somebody who logged in.
    User(UserId),
    /// A till or POS account, through its connection.
    Connection(PosConnectionId),
    /// The program itself, for example `sample-data`.
    System,
}

/// Who asks, and what they may do. It is looked up again for every request; nothing in here says how.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Principal {
    /// Who is noted down as having done it.
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

    /// What a user may do by their role and grants, who buys for this customer record; `None`: they have none.
    pub fn of_user(user: &User, customer: Option<CustomerId>) -> Self {
        Self { actor: Actor::User(user.id), role: user.role, permissions: user.effective_permissions(), customer }
    }

    /// A till's, which may do nothing but report.
    pub const fn of_connection(id: PosConnectionId) -> Self {
        Self { actor: Actor::Connection(id), role: Role::Employee, permissions: Permissions::NONE, customer: None }
    }

    /// The program itself, which may do everything.
    pub fn system() -> Self {
        Self { actor: Actor::System, role: Role::Owner, permissions: Permissions::all(), customer: None }
    }

    /// Do they hold this permission?
    pub const fn may(&self, permission: Permission) -> bool {
        self.permissions.contains(permission)
    }

    /// Do they work here? Staff see what the public does not.
    pub fn is_staff(&self) -> bool {
        self.role >= Role::Employee
    }
}
