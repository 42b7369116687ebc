//! Roles and permissions: what may be granted. Who may grant it is in `grants`.

use crate::names::names;
use std::fmt;

/// What a user is to the shop. Later ones stand higher.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Buys for themselves; works not here, and has no permission.
    Shopper,
    /// Works here, with only the permissions granted.
    Employee,
    /// Has every permission; made by owners alone.
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

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $text:literal),+ $(,)?) => {
        /// One thing a user may be allowed to do.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Permission {
            $($(#[$doc])* $name),+
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
    /// Edit suppliers, and record what is bought from them.
    PurchasesWrite = "purchases.write",
    /// See the sales of everybody who sells.
    SalesRead = "sales.read",
    /// Record, correct, refund and void sales.
    SalesWrite = "sales.write",
    /// Sell at another price than the product's.
    SalesOverridePrice = "sales.override_price",
    /// See the orders of all customers, hidden ones too.
    OrdersReadAll = "orders.read_all",
    /// Order for another customer.
    OrdersPlaceForOthers = "orders.place_for_others",
    /// Accept, reject, ship and deliver orders.
    OrdersFulfil = "orders.fulfil",
    /// See and edit promo codes, which are secrets to others.
    PromosWrite = "promos.write",
    /// See customers and how to reach them.
    CustomersRead = "customers.read",
    /// Add, edit and erase customers.
    CustomersWrite = "customers.write",
    /// Reports and the dashboard.
    ReportsRead = "reports.read",
    /// Add, edit and remove users, and grant what one holds oneself.
    UsersManage = "users.manage",
    /// POS connections, their inbox, the outbox.
    IntegrationsManage = "integrations.manage",
    /// Read the audit log: who changed what.
    AuditRead = "audit.read",
    /// Edit the shop's settings and its locations.
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
    /// The empty set.
    pub const NONE: Self = Self(0);

    /// Every permission there is: what admins and owners have.
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

    /// Is nothing in the set?
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_permission_has_its_own_bit_and_name() {
        let names: std::collections::BTreeSet<_> = Permission::ALL.iter().map(|p| p.as_str()).collect();
        assert_eq!(names.len(), Permission::ALL.len());
        assert_eq!(Permissions::all().iter().count(), 18);
    }
}
