//! Tills and POS accounts that report what happened, and the inbox of what they reported. Judging and booking what they report is
//! [`crate::ledger`]'s; how signatures are made and checked is never in here.

mod secrets;

pub use secrets::{KeptSecrets, OLD_SECRET_SECONDS, RefusedDeliveries, SignatureFault};

use crate::{
    field_errors::FieldErrors,
    ids::{Id, LocationId, ProductId},
    instant::Instant,
    names::names,
    quantity::{Delta, Quantity},
    repository::entity,
    text::{self, limits},
};

/// What to do with a till's report of goods that, by the books, are not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnShortage {
    /// Refuse: the till may ask before it sells.
    Refuse,
    /// It has happened, so it is a fact: take it from what is on hand even if promised, and hold it where even that is too little.
    Hold,
}

names!(OnShortage {
    Refuse = "refuse",
    Hold = "hold",
});

/// The id of a registered till or POS account.
pub type PosConnectionId = Id<PosConnection>;

/// A registered till or POS account.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct PosConnection {
    /// Its id, which is in its webhook's address.
    pub id: PosConnectionId,
    /// Unique without regard to case.
    pub name: String,
    /// Where its sales take stock from; `None`: the default location.
    pub location: Option<LocationId>,
    /// What to do where there is too little.
    pub on_shortage: OnShortage,
    /// 1 when it was added and one more with every edit.
    pub version: i64,
    /// When it was registered, by our clock.
    pub created_at: Instant,
    /// When it was last edited; as `created_at` until then.
    pub updated_at: Instant,
}

entity!(PosConnection, "connection", |one| [("name", Some(text::fold(&one.name)))]);

impl PosConnection {
    /// Changes what is given, or nothing where anything of it is wrong.
    ///
    /// # Errors
    /// Pointers are the fields' names.
    pub fn edit(&mut self, patch: &PosConnectionPatch, now: Instant) -> Result<(), FieldErrors> {
        let mut errors = FieldErrors::new();
        let name = patch.name.as_deref().and_then(|t| errors.take("/name", text::required(t, limits::NAME)));
        errors.into_result()?;
        self.name = name.unwrap_or_else(|| std::mem::take(&mut self.name));
        self.location = patch.location.unwrap_or(self.location);
        self.on_shortage = patch.on_shortage.unwrap_or(self.on_shortage);
        self.version += 1;
        self.updated_at = now;
        Ok(())
    }

    /// Notes that it was given a new secret, which is kept apart ([`KeptSecrets`]).
    pub const fn note_new_secret(&mut self, now: Instant) {
        self.version += 1;
        self.updated_at = now;
    }

    /// A new connection, or what is wrong with it.
    ///
    /// # Errors
    /// Pointers are the fields' names.
    pub fn new(id: PosConnectionId, form: &PosConnectionPatch, now: Instant) -> Result<Self, FieldErrors> {
        let mut connection = Self {
            id,
            name: String::new(),
            location: None,
            on_shortage: OnShortage::Refuse,
            version: 0,
            created_at: now,
            updated_at: now,
        };
        let form = PosConnectionPatch { name: Some(form.name.clone().unwrap_or_default()), ..form.clone() };
        connection.edit(&form, now)?;
        Ok(connection)
    }
}

/// Which fields to change; `Some(None)` empties one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields, default))]
pub struct PosConnectionPatch {
    /// Up to 200 characters.
    pub name: Option<String>,
    /// A location that exists; `Some(None)`: the default one.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::serialize::named")
    )]
    pub location: Option<Option<LocationId>>,
    /// What to do where there is too little.
    pub on_shortage: Option<OnShortage>,
}

/// How a till names a product.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Reference {
    /// By our id of the product.
    Product(ProductId),
    /// By our SKU, without regard to case.
    Sku(String),
    /// By its own id, which a mapping leads to one of our products.
    External(String),
}

impl Reference {
    /// The kind's name, as the field is called in a delivery.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Product(_) => "product_id",
            Self::Sku(_) => "sku",
            Self::External(_) => "external_id",
        }
    }

    /// What it names, as text.
    pub fn value(&self) -> String {
        match self {
            Self::Product(id) => id.to_string(),
            Self::Sku(text) | Self::External(text) => text.clone(),
        }
    }
}

/// What a till says happened to one product.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Report {
    /// So much more or less.
    Change {
        /// By how much on hand changes, in the product's unit; not zero.
        change: Delta,
        /// When, by the till's clock.
        occurred_at: Option<Instant>,
        /// Why, in the till's words, up to 500 characters.
        reason: Option<String>,
    },
    /// So much was there.
    Count {
        /// What was found, in the product's unit.
        counted: Quantity,
        /// When; `None`: when it was received.
        counted_at: Option<Instant>,
    },
}

/// One line of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct PosEventLine {
    /// The product, as the till names it.
    pub product: Reference,
    /// What happened to it.
    pub report: Report,
}

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PosEventStatus {
    /// Stored, not yet judged.
    Received,
    /// Its movements are in the ledger.
    Applied,
    /// Judged and refused: there was too little, or the product is not sold.
    Refused,
    /// Waits for somebody to map a product or to restock.
    Held,
    /// Somebody decided that it shall not be applied.
    Dismissed,
}

names!(PosEventStatus {
    Received = "received",
    Applied = "applied",
    Refused = "refused",
    Held = "held",
    Dismissed = "dismissed",
});

/// Why a delivery was refused or is held.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct PosReason {
    /// `unknown_product`, `insufficient_stock`, `product_unavailable` or `dismissed`.
    pub code: String,
    /// A sentence for people.
    pub detail: String,
}

/// The id of a delivery from a till.
pub type PosEventId = Id<PosEvent>;

/// One delivery from a till, as it stands in the inbox.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct PosEvent {
    /// Our id of it.
    pub id: PosEventId,
    /// The connection it came through.
    pub connection: PosConnectionId,
    /// The sender's id of it, once per connection.
    pub webhook_id: String,
    /// SHA-256 of the body.
    #[cfg_attr(feature = "serde", serde(with = "crate::serialize::hex"))]
    pub body_hash: [u8; 32],
    /// 1 to 200 lines: all changes, or all counts.
    pub lines: Vec<PosEventLine>,
    /// What has become of it so far.
    pub status: PosEventStatus,
    /// Why, where it was refused, is held or was dismissed.
    pub reason: Option<PosReason>,
    /// 1 when it was first judged, and one more each time it is judged again or dismissed.
    pub version: i64,
    /// When it came, by our clock.
    pub received_at: Instant,
    /// When it was last judged.
    pub updated_at: Instant,
}

/// A delivery as it came, after its signature was found good.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct WebhookDelivery {
    /// The connection it came through.
    pub connection: PosConnectionId,
    /// The sender's id of it.
    pub webhook_id: String,
    /// SHA-256 of the body.
    #[cfg_attr(feature = "serde", serde(with = "crate::serialize::hex"))]
    pub body_hash: [u8; 32],
    /// The body, byte for byte.
    #[cfg_attr(feature = "serde", serde(with = "crate::serialize::hex"))]
    pub body: Vec<u8>,
    /// The headers that were signed, as JSON.
    pub headers: String,
    /// What the body says.
    pub lines: Vec<PosEventLine>,
}
