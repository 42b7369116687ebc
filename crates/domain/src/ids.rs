//! Typed identifiers. An id is a UUIDv7 that the program made; its order means nothing to anybody.
//!
//! Ids are made by whoever calls the domain (see [`crate::ledger::Inputs`]), never in here. Each noun names the type of its ids beside
//! itself, as in `pub type CategoryId = Id<Category>`; those of all nouns can be imported from here.

use std::{
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
    marker::PhantomData,
    str::FromStr,
};
use uuid::Uuid;

pub use crate::{
    catalogue::{CategoryId, ProductId},
    customers::CustomerId,
    identity::{TokenId, UserId},
    ledger::{AuditId, MessageId},
    lines::LineId,
    orders::OrderId,
    pos::{PosConnectionId, PosEventId},
    promos::PromoId,
    sales::SaleId,
    stock::{LocationId, MovementId},
};

/// A text that should have been an id and is not a UUID in its hyphenated form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not an id: ids are UUIDs")]
pub struct NotAnId;

/// The id of a `T`. The ids of two kinds of things cannot be mixed up.
///
/// ```compile_fail
/// use tradepost_domain::ids::{OrderId, SaleId};
/// fn void(sale: SaleId) {}
/// fn ship(order: OrderId) { void(order) }
/// ```
pub struct Id<T> {
    uuid: Uuid,
    of: PhantomData<fn() -> T>,
}

impl<T> Id<T> {
    /// Takes a UUID for what it is said to identify.
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self { uuid, of: PhantomData }
    }

    /// The UUID, for storing it.
    pub const fn uuid(self) -> Uuid {
        self.uuid
    }
}

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Id<T> {}

impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.uuid == other.uuid
    }
}

impl<T> Eq for Id<T> {}

impl<T> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.uuid.cmp(&other.uuid)
    }
}

impl<T> Hash for Id<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.uuid.hash(state);
    }
}

impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = std::any::type_name::<T>();
        write!(f, "{}({})", name.rsplit("::").next().unwrap_or(name), self.uuid)
    }
}

impl<T> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.uuid.hyphenated().fmt(f)
    }
}

impl<T> FromStr for Id<T> {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        // Only the hyphenated form is an id: `Uuid` would also take braces and URNs, and then one thing had several addresses.
        if text.len() != 36 {
            return Err(NotAnId);
        }
        Uuid::try_parse(text).map(Self::from_uuid).map_err(|_| NotAnId)
    }
}
