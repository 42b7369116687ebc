//! Where stock is, how much there is, and the ledger's rows. Whether there is enough is judged by [`crate::ledger`], never in here.

use crate::{
    field_errors::FieldErrors,
    identity::Actor,
    ids::{Id, OrderId, PosEventId, ProductId, SaleId},
    instant::Instant,
    names::names,
    quantity::{Delta, Quantity},
    repository::entity,
    text::{self, limits},
};
use uuid::Uuid;

/// The id of a location.
pub type LocationId = Id<Location>;

/// Where stock is: a shop, a store room.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Location {
    /// Never changes, and is never used again.
    pub id: LocationId,
    /// Short, unique without regard to case, for example `main`.
    pub code: String,
    /// Unique without regard to case.
    pub name: String,
    /// Where web orders reserve, and what a request means that names no location. There is exactly one.
    pub is_default: bool,
    /// Taken out of every list since.
    pub removed_at: Option<Instant>,
    /// 1 when it was added and one more with every edit.
    pub version: i64,
    /// When it was added, by our clock.
    pub created_at: Instant,
    /// When it was last edited; as `created_at` until then.
    pub updated_at: Instant,
}

entity!(Location, "location", |one| [("code", Some(text::fold(&one.code))), ("name", Some(text::fold(&one.name)))]);

impl Location {
    /// A new location, or what is wrong with it.
    ///
    /// # Errors
    /// Pointers are the fields' names.
    pub fn new(id: LocationId, code: &str, name: &str, now: Instant) -> Result<Self, FieldErrors> {
        let mut location = Self {
            id,
            code: String::new(),
            name: String::new(),
            is_default: false,
            removed_at: None,
            version: 0,
            created_at: now,
            updated_at: now,
        };
        location.edit(Some(code), Some(name), now)?;
        Ok(location)
    }

    /// Changes what is given, or nothing where anything of it is wrong.
    ///
    /// # Errors
    /// Pointers are the fields' names.
    pub fn edit(&mut self, code: Option<&str>, name: Option<&str>, now: Instant) -> Result<(), FieldErrors> {
        let mut errors = FieldErrors::new();
        let code = code.and_then(|t| errors.take("/code", text::required(t, limits::CODE)));
        let name = name.and_then(|t| errors.take("/name", text::required(t, limits::NAME)));
        errors.into_result()?;
        self.code = code.unwrap_or_else(|| std::mem::take(&mut self.code));
        self.name = name.unwrap_or_else(|| std::mem::take(&mut self.name));
        self.version += 1;
        self.updated_at = now;
        Ok(())
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $text:literal),+ $(,)?) => {
        /// What a movement is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum MovementKind {
            $($(#[$doc])* $name),+
        }


        names!(MovementKind { $($name = $text),+ });
    };
}

kinds! {
    /// Came in: a product's first stock, goods from a supplier.
    Received = "received",
    /// Left over the counter.
    Sold = "sold",
    /// A sale was corrected: the net difference.
    Corrected = "corrected",
    /// A refunded sale's goods came back.
    Refunded = "refunded",
    /// A voided sale's goods came back.
    Voided = "voided",
    /// Promised to an order.
    Reserved = "reserved",
    /// No longer promised to an order.
    Released = "released",
    /// Left for an order.
    Shipped = "shipped",
    /// An order's goods came back.
    Returned = "returned",
    /// Somebody said so, with a reason.
    Adjusted = "adjusted",
    /// What a count found to differ.
    Counted = "counted",
    /// Left for another location.
    TransferredOut = "transferred_out",
    /// Came from another location.
    TransferredIn = "transferred_in",
    /// A till reported it.
    Pos = "pos",
}

/// The document a movement belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Source {
    /// A sale over the counter.
    Sale(SaleId),
    /// A delivery from a till.
    PosEvent(PosEventId),
    /// An order of a customer.
    Order(OrderId),
}

impl Source {
    /// The names of all types there are.
    pub const TYPE_NAMES: [&'static str; 3] = ["sale", "order", "pos_event"];

    /// The type's name in the contract and in tables.
    pub const fn type_name(self) -> &'static str {
        match self {
            Self::Sale(_) => "sale",
            Self::PosEvent(_) => "pos_event",
            Self::Order(_) => "order",
        }
    }

    /// The document's id without its type.
    pub const fn uuid(self) -> Uuid {
        match self {
            Self::Sale(id) => id.uuid(),
            Self::PosEvent(id) => id.uuid(),
            Self::Order(id) => id.uuid(),
        }
    }

    /// From the two columns; `None` for a type that is unknown.
    pub fn from_parts(type_name: &str, id: Uuid) -> Option<Self> {
        match type_name {
            "sale" => Some(Self::Sale(SaleId::from_uuid(id))),
            "pos_event" => Some(Self::PosEvent(PosEventId::from_uuid(id))),
            "order" => Some(Self::Order(OrderId::from_uuid(id))),
            _ => None,
        }
    }
}

/// A signed change of the two figures of a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Change {
    /// Of what is there.
    pub on_hand: Delta,
    /// Of what is promised.
    pub reserved: Delta,
}

impl Change {
    /// Only what is there changes.
    pub const fn on_hand(change: Delta) -> Self {
        Self { on_hand: change, reserved: Delta::ZERO }
    }

    /// Only what is promised changes.
    pub const fn reserved(change: Delta) -> Self {
        Self { on_hand: Delta::ZERO, reserved: change }
    }

    /// The same for many products.
    pub(crate) fn all_on_hand(changes: &[(ProductId, Delta)]) -> Vec<(ProductId, Self)> {
        changes.iter().map(|(product, change)| (*product, Self::on_hand(*change))).collect()
    }
}

/// The id of a row of the ledger.
pub type MovementId = Id<Movement>;

/// One row of the ledger. Never changed, never deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Movement {
    /// Never changes, and is never used again.
    pub id: MovementId,
    /// The product.
    pub product: ProductId,
    /// The location.
    pub location: LocationId,
    /// 1, 2, 3 … within its level, without gaps.
    pub seq: i64,
    /// What kind of change it is.
    pub kind: MovementKind,
    /// By how much on hand and reserved changed.
    pub change: Change,
    /// What was there afterwards.
    pub on_hand_after: Quantity,
    /// What was promised afterwards.
    pub reserved_after: Quantity,
    /// Why, in somebody's words; `None`: nobody said.
    pub reason: Option<String>,
    /// The document it belongs to.
    pub source: Option<Source>,
    /// The user, the till, or the program itself.
    pub actor: Actor,
    /// When it happened, by the caller's word.
    pub occurred_at: Instant,
    /// When it was booked; never goes back within a level.
    pub recorded_at: Instant,
}

/// One product at one location. A level nobody ever touched is all zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Level {
    /// The product.
    pub product: ProductId,
    /// The location.
    pub location: LocationId,
    /// What is there, promised or not; never below zero.
    pub on_hand: Quantity,
    /// What open orders hold of it; more than is on hand only where facts say so.
    pub reserved: Quantity,
    /// How many movements it has had.
    pub seq: i64,
    /// When it was counted, the latest time of all its counts.
    pub counted_at: Option<Instant>,
    /// When its last movement was booked.
    pub recorded_at: Option<Instant>,
}

impl Level {
    /// The level before its first movement.
    pub const fn untouched(product: ProductId, location: LocationId) -> Self {
        Self {
            product,
            location,
            on_hand: Quantity::ZERO,
            reserved: Quantity::ZERO,
            seq: 0,
            counted_at: None,
            recorded_at: None,
        }
    }

    /// What can be promised to somebody else: zero when facts have left less on hand than is reserved.
    pub const fn available(&self) -> Quantity {
        self.on_hand.saturating_sub(self.reserved)
    }

    /// How much is promised that is not there.
    pub const fn shortfall(&self) -> Quantity {
        self.reserved.saturating_sub(self.on_hand)
    }

    /// The level once this movement has happened to it.
    pub fn after(&self, movement: &Movement) -> Self {
        Self {
            on_hand: movement.on_hand_after,
            reserved: movement.reserved_after,
            seq: movement.seq,
            counted_at: if movement.kind == MovementKind::Counted {
                // Never back, for a later count may be booked before an earlier one; and never ahead of the booking, for a clock that runs
                // ahead must not supersede the counts of others.
                self.counted_at.max(Some(movement.occurred_at.min(movement.recorded_at)))
            } else {
                self.counted_at
            },
            recorded_at: Some(movement.recorded_at),
            ..*self
        }
    }
}
