//! Typed identifiers. An id is a UUIDv7 that the program made; its order means nothing to anybody.
//!
//! Ids are made by whoever calls the domain (see [`crate::ledger::Inputs`]), never in here.

use std::{fmt, str::FromStr};
use uuid::Uuid;

/// A text that should have been an id and is not a UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not an id: ids are UUIDs")]
pub struct NotAnId;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// Takes a UUID for what it is said to identify.
            pub const fn from_uuid(id: Uuid) -> Self {
                Self(id)
            }

            /// The UUID, for storing it.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                // Only the hyphenated form is an id: `Uuid` would also take braces and URNs, and then one
                // thing had several addresses.
                if text.len() != 36 {
                    return Err(NotAnId);
                }
                Uuid::try_parse(text).map(Self).map_err(|_| NotAnId)
            }
        }
    )+};
}

ids! {
    /// A category of products.
    CategoryId,
    /// A thing sold.
    ProductId,
    /// Where stock is.
    LocationId,
    /// One row of the ledger.
    MovementId,
    /// A sale over the counter.
    SaleId,
    /// One line of a document.
    LineId,
    /// Who buys.
    CustomerId,
    /// Who logs in.
    UserId,
    /// A credential of a user.
    TokenId,
    /// A registered till or POS account.
    PosConnectionId,
    /// One delivery from a till.
    PosEventId,
    /// A customer's order.
    OrderId,
    /// A promo code.
    PromoId,
    /// Something that somebody outside is to be told.
    MessageId,
    /// An entry of the audit log.
    AuditId,
}
