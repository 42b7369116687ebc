//! What tills report: each delivery is applied once, as a whole, and kept whatever comes of it.

mod apply;
mod command;
mod inbox;
mod map;
mod outcome;
mod resolve;

pub use command::Command;

use super::{Book, Inputs, Refusal, Stop, Written, shelf::shelves};
use crate::{
    ids::{PosConnectionId, PosEventId, ProductId},
    pos::{PosConnection, PosEvent, PosEventStatus, Reference, WebhookDelivery},
    stock::{Movement, Source},
};
use std::sync::Arc;

shelves! {
    /// Whose a delivery is.
    owners: PosEventId => PosConnectionId, Owners;
    /// Connections that are in use, kept from changing until the batch is kept.
    connections: PosConnectionId => Arc<PosConnection>, PosConnections;
    /// Connections whose mappings are to be changed, and are held alone until that is kept. Whoever loads them enters them in
    /// `connections` as well.
    connections_to_change: PosConnectionId => (), PosConnections;
    /// Deliveries by their sender's id.
    event_ids: (PosConnectionId, String) => PosEventId, Inbox;
    /// The held deliveries in which a till's product occurs, in the order they came.
    waiting: (PosConnectionId, String) => Vec<PosEventId>, Inbox;
    /// Deliveries with their lines, held alone until the batch is kept.
    events: PosEventId => Arc<PosEvent>, Events;
    /// Which of our products a till's product is.
    mappings: (PosConnectionId, String) => ProductId, Lookups;
    /// The movements a delivery has led to.
    event_movements: PosEventId => Vec<Movement>, Unlocked;
}

/// What a till's product is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Mapping {
    /// The connection of the till.
    pub connection: PosConnectionId,
    /// The till's id of it.
    pub external_id: String,
    /// Ours; `None`: no longer mapped.
    pub product: Option<ProductId>,
}

/// A delivery that came before, and what it led to then. Nothing changes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct DuplicateDelivery {
    /// The delivery as it stands.
    pub event: Arc<PosEvent>,
    /// What it led to.
    pub movements: Vec<Movement>,
}

/// What changes of deliveries and mappings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields, default))]
pub struct Effects {
    /// Deliveries stored or judged again.
    pub events: Vec<Written<PosEvent>>,
    /// What a new event came with.
    pub delivery: Option<Arc<WebhookDelivery>>,
    /// A till's product mapped or no longer mapped.
    pub mapping: Option<Mapping>,
    /// A refusal that is itself kept, as the outcome of a delivery.
    pub refused: Option<Refusal>,
    /// For the answer: the delivery that came before.
    pub duplicate: Option<DuplicateDelivery>,
}

impl Effects {
    pub(super) fn is_empty(&self) -> bool {
        // The delivery comes with its event, and so does the refusal.
        let Self { events, delivery: _, mapping, refused: _, duplicate: _ } = self;
        events.is_empty() && mapping.is_none()
    }
}

impl Shelves {
    pub(super) fn apply(&mut self, effects: &Effects, movements: &[Movement]) {
        let Effects { events, delivery: _, mapping, refused: _, duplicate: _ } = effects;
        for event in events.iter().map(|written| &written.value) {
            for line in &event.lines {
                // Which deliveries wait is not kept up here: whoever maps asks again.
                if let Reference::External(name) = &line.product {
                    self.waiting.forget(&(event.connection, name.clone()));
                }
            }
            // It is applied at most once, so what it led to is what this decision booked.
            let led_to = movements.iter().filter(|movement| movement.source == Some(Source::PosEvent(event.id)));
            let led_to = if event.status == PosEventStatus::Applied { led_to.cloned().collect() } else { Vec::new() };
            self.event_movements.enter(event.id, Some(led_to));
            self.owners.enter(event.id, Some(event.connection));
            self.event_ids.enter((event.connection, event.webhook_id.clone()), Some(event.id));
            self.events.enter(event.id, Some(Arc::clone(event)));
        }
        if let Some(Mapping { connection, external_id, product }) = mapping {
            self.mappings.enter((*connection, external_id.clone()), *product);
        }
    }
}

pub(super) fn decide(book: &Book, command: &Command, inputs: &mut Inputs<'_>) -> Result<super::Effects, Stop> {
    match command {
        Command::Apply(delivery) => apply::apply(book, delivery, inputs),
        Command::Retry { id } => inbox::retry(book, *id, inputs),
        Command::Dismiss { id, reason } => inbox::dismiss(book, *id, reason.as_deref(), inputs),
        Command::Map { connection, external_id, product } => map::map(book, *connection, external_id, *product, inputs),
        Command::Unmap { connection, external_id } => map::unmap(book, *connection, external_id, inputs),
    }
}
