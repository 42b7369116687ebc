//! What a decision changes, to be kept as a whole. How it is kept is never in here.

use super::{Book, CustomerSummary, Inputs, catalogue, orders, pos, sales, stock};
use crate::{
    field_errors::Word,
    identity::Actor,
    ids::{CustomerId, Id, OrderId, ProductId},
    instant::Instant,
    sku::Sku,
    stock::Movement,
};
use std::{collections::BTreeMap, sync::Arc};
use uuid::Uuid;

/// A document to keep: new, or in the place of its version before.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Written<T> {
    /// Was it not there before?
    pub is_new: bool,
    /// Are its lines others than before? Always so for a new one.
    pub has_new_lines: bool,
    /// As it is now.
    pub value: Arc<T>,
}

impl<T> Written<T> {
    pub(super) fn new(value: T) -> Self {
        Self { is_new: true, has_new_lines: true, value: Arc::new(value) }
    }

    /// Changed in its head alone.
    pub(super) fn changed(value: T) -> Self {
        Self { is_new: false, has_new_lines: false, value: Arc::new(value) }
    }

    /// Changed with its lines.
    pub(super) fn rewritten(value: T) -> Self {
        Self { is_new: false, has_new_lines: true, value: Arc::new(value) }
    }
}

/// The id of something that somebody outside is to be told.
pub type MessageId = Id<Message>;

/// Something that somebody outside is to be told. It is kept with the effects and delivered afterwards.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Message {
    /// Its id, by which a receiver knows it again.
    pub id: MessageId,
    /// What happened, for example `order.placed`.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "crate::serialize::word"))]
    pub name: Word,
    /// The order that it happened to.
    pub order: OrderId,
    /// The customer whom it concerns.
    pub customer: CustomerId,
    /// When it was decided.
    pub occurred_at: Instant,
}

/// The id of an entry of the audit log.
pub type AuditId = Id<AuditEntry>;

/// Who did what to which thing, for changes that no document and no movement records.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct AuditEntry {
    /// Never changes, and is never used again.
    pub id: AuditId,
    /// The user, the till, or the program itself.
    pub actor: Actor,
    /// What, for example `product.edited`.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "crate::serialize::word"))]
    pub action: Word,
    /// To which thing: its type …
    #[cfg_attr(feature = "serde", serde(deserialize_with = "crate::serialize::word"))]
    pub subject_type: Word,
    /// … and its id.
    pub subject_id: Uuid,
    /// When it was decided.
    pub at: Instant,
}

impl AuditEntry {
    /// That whoever asks does this to that thing, now.
    pub(super) fn of(action: Word, (subject_type, subject_id): (Word, Uuid), inputs: &mut Inputs<'_>) -> Self {
        let (actor, at) = (inputs.principal.actor, inputs.now);
        Self { id: AuditId::from_uuid((inputs.new_id)()), actor, action, subject_type, subject_id, at }
    }
}

/// What people call the things that the effects name by id, so that an answer can be made of the effects alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Names {
    /// Customers of the documents.
    pub customers: BTreeMap<CustomerId, CustomerSummary>,
    /// SKUs of the products of movements that are shown.
    pub skus: BTreeMap<ProductId, Sku>,
}

/// All that a decision changes, to be kept as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields, default))]
pub struct Effects {
    /// Products added or changed.
    pub catalogue: catalogue::Effects,
    /// Movements of the ledger, and locations changed.
    pub stock: stock::Effects,
    /// Sales recorded or changed.
    pub sales: sales::Effects,
    /// Orders, promo codes, carts.
    pub orders: orders::Effects,
    /// Deliveries of tills and what their products are.
    pub pos: pos::Effects,
    /// To be delivered once this is kept.
    pub messages: Vec<Message>,
    /// Entries of the audit log.
    pub audit: Vec<AuditEntry>,
    /// For answers; not kept.
    pub names: Names,
}

impl Effects {
    /// Is there nothing to keep?
    pub fn is_empty(&self) -> bool {
        let Self { catalogue, stock, sales, orders, pos, messages, audit, names: _ } = self;
        catalogue.is_empty()
            && stock.is_empty()
            && sales.is_empty()
            && orders.is_empty()
            && pos.is_empty()
            && messages.is_empty()
            && audit.is_empty()
    }

    /// The rows of the ledger, in order.
    pub fn movements(&self) -> &[Movement] {
        &self.stock.movements
    }

    pub(super) fn of_movements(movements: Vec<Movement>) -> Self {
        Self { stock: stock::Effects { movements, ..stock::Effects::default() }, ..Self::default() }
    }

    /// Notes what the book calls this customer.
    pub(super) fn name_customer(&mut self, book: &Book, id: CustomerId) {
        if let Some(summary) = book.customers.summaries.get(&id) {
            self.names.customers.insert(id, summary.clone());
        }
    }

    /// Notes the SKU of every product that moved.
    pub(super) fn name_products(&mut self, book: &Book) {
        for product in self.stock.movements.iter().map(|movement| movement.product) {
            self.names.skus.entry(product).or_insert_with(|| book.sku(product));
        }
    }
}
