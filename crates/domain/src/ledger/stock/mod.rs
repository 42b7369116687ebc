//! Stock itself: levels and where they are, adjusting, counting, and the one place that judges whether there is enough. Documents that
//! move stock have wings of their own.

mod adjust;
mod command;
mod count;
mod location;
mod posting;

pub use command::Command;
pub(super) use count::{Found, check_count_time, found};
pub(super) use location::{check_occurred_at, named as location_named};
pub(super) use posting::{Limit, Posting, ReportedChange, check_quantity, post_changes, post_reports};

use super::{Book, Inputs, Stop, Written, shelf::shelves};
use crate::{
    ids::{LocationId, ProductId},
    instant::Instant,
    quantity::Delta,
    stock::{Level, Location, Movement},
};
use std::sync::Arc;

shelves! {
    /// Locations by id, removed ones too.
    locations: LocationId => Arc<Location>, Unlocked;
    /// Locations that are to be changed, and are held alone until that is kept. Whoever loads them enters them in `locations` as well.
    locations_to_change: LocationId => (), Changed;
    /// Levels, held alone until the batch is kept. Where there is none, the product or the location is not in use.
    levels: (ProductId, LocationId) => Level, Levels;
    /// Where a product has levels. Whoever loads this holds them, and enters them in `levels` as well.
    levels_of: ProductId => Vec<LocationId>, Levels;
    /// Which products have levels at a location. Whoever loads this holds them, and enters them in `levels` as well.
    levels_at: LocationId => Vec<ProductId>, Levels;
    /// What has happened to a level since a moment.
    histories: (ProductId, LocationId, Instant) => History, Unlocked;
}

/// What has happened to a level since a moment, by the word of those who reported it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct History {
    /// By how much on hand has changed by movements that occurred after it.
    pub changed: Delta,
    /// When the level's first movement occurred; `None`: it had none.
    pub began_at: Option<Instant>,
}

/// What changes of stock.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields, default))]
pub struct Effects {
    /// Rows of the ledger, in order.
    pub movements: Vec<Movement>,
    /// Locations as they are now.
    pub locations: Vec<Written<Location>>,
}

impl Effects {
    pub(super) fn is_empty(&self) -> bool {
        let Self { movements, locations } = self;
        movements.is_empty() && locations.is_empty()
    }
}

impl Shelves {
    pub(super) fn apply(&mut self, effects: &Effects) {
        let Effects { movements, locations } = effects;
        for movement in movements {
            let key = (movement.product, movement.location);
            let before = self.levels.peek(&key).copied();
            let before = before.unwrap_or(Level::untouched(movement.product, movement.location));
            self.levels.enter(key, Some(before.after(movement)));
            if movement.seq == 1 {
                self.levels_of.forget(&movement.product);
                self.levels_at.forget(&movement.location);
            }
            for ((product, location, at), history) in self.histories.iter_mut() {
                if (*product, *location) == key {
                    history.began_at = history.began_at.or(Some(movement.occurred_at));
                    if movement.occurred_at > *at {
                        let more = movement.change.on_hand;
                        // Both are differences of figures that are far from what cannot be added.
                        history.changed = history.changed.checked_add(more).unwrap_or(history.changed);
                    }
                }
            }
        }
        for location in locations.iter().map(|written| &written.value) {
            self.locations.enter(location.id, Some(Arc::clone(location)));
        }
    }
}

pub(super) fn decide(book: &Book, command: &Command, inputs: &mut Inputs<'_>) -> Result<super::Effects, Stop> {
    match command {
        Command::Adjust { product, location, change, reason } => {
            adjust::adjust(book, (*product, *location), *change, reason, inputs)
        }
        Command::Count { product, location, counted, counted_at } => {
            count::count(book, (*product, *location), *counted, *counted_at, inputs)
        }
        Command::RemoveLocation { id } => location::remove(book, *id, inputs),
    }
}
