//! How often each kind of command was asked for and what became of it, so that a property that refuses everything is found out.

use crate::world::Answer;
use std::{collections::BTreeMap, sync::Mutex};
use tradepost_domain::{
    ledger::{Command, catalogue, orders, pos, sales, stock},
    orders::Step,
    pos::EventStatus,
};

/// Every outcome that there has to be, and how often at least in a thousand histories.
const FLOORS: [(&str, u32); 37] = [
    ("product added", 115),
    ("product edited", 417),
    ("product removed", 78),
    ("stock adjusted", 433),
    ("stock counted now", 222),
    ("stock counted then", 120),
    ("location removed", 56),
    ("sale recorded", 368),
    ("sale corrected", 213),
    ("sale refunded", 161),
    ("sale voided", 184),
    ("order placed", 224),
    ("cart placed", 42),
    ("order quoted", 40),
    ("order edited", 85),
    ("order accepted", 208),
    ("order rejected", 30),
    ("order cancelled", 48),
    ("order shipped", 63),
    ("order delivered", 19),
    ("order deleted", 74),
    ("order returned", 101),
    ("promo taken", 135),
    ("promo given back", 20),
    ("delivery applied", 508),
    ("delivery held", 390),
    ("delivery refused", 61),
    ("delivery seen", 305),
    ("delivery applied later", 4),
    ("delivery retried", 40),
    ("delivery dismissed", 38),
    ("count booked by a till", 175),
    ("product mapped", 378),
    ("product unmapped", 31),
    ("mapping applied what waited", 21),
    ("batch ended early", 38),
    ("batch of several", 2137),
];

/// How many of a hundred commands are accepted at least.
const ACCEPTED_PERCENT: u32 = 45;

#[derive(Default)]
struct Counts {
    outcomes: BTreeMap<&'static str, u32>,
    asked: u32,
    accepted: u32,
}

/// What all histories came to.
#[derive(Default)]
pub struct Tally(Mutex<Counts>);

impl Tally {
    pub fn note(&self, outcome: &'static str) {
        *self.0.lock().unwrap().outcomes.entry(outcome).or_default() += 1;
    }

    pub fn note_batch(&self, asked: usize, settled: usize) {
        if settled > 1 {
            self.note("batch of several");
        }
        if settled < asked {
            self.note("batch ended early");
        }
    }

    pub fn note_answer(&self, command: &Command, answer: &Answer) {
        self.0.lock().unwrap().asked += 1;
        let Ok(effects) = answer else { return };
        self.0.lock().unwrap().accepted += 1;
        match command {
            Command::Catalogue(command) => self.note(match command {
                catalogue::Command::Add { .. } => "product added",
                catalogue::Command::Edit { .. } => "product edited",
                catalogue::Command::Remove { .. } => "product removed",
            }),
            Command::Stock(command) => self.note(match command {
                stock::Command::Adjust { .. } => "stock adjusted",
                stock::Command::Count { counted_at: None, .. } => "stock counted now",
                stock::Command::Count { counted_at: Some(_), .. } => "stock counted then",
                stock::Command::RemoveLocation { .. } => "location removed",
            }),
            Command::Sales(command) => self.note(match command {
                sales::Command::Record(_) => "sale recorded",
                sales::Command::Correct { .. } => "sale corrected",
                sales::Command::Refund { .. } => "sale refunded",
                sales::Command::Void { .. } => "sale voided",
            }),
            Command::Orders(command) => self.note(of_orders(command)),
            Command::Pos(command) => self.note_delivery(command, effects),
        }
        for redemption in &effects.orders.redemptions {
            self.note(if redemption.taken { "promo taken" } else { "promo given back" });
        }
    }

    fn note_delivery(&self, command: &pos::Command, effects: &tradepost_domain::ledger::Effects) {
        let status = effects.pos.events.first().map(|written| written.value.status);
        let is_count = |m: &tradepost_domain::stock::Movement| m.kind == tradepost_domain::stock::Kind::Counted;
        if effects.movements().iter().any(is_count) {
            self.note("count booked by a till");
        }
        self.note(match (command, status) {
            (pos::Command::Apply(_), None) => "delivery seen",
            (pos::Command::Apply(_), Some(EventStatus::Held)) => "delivery held",
            (pos::Command::Apply(_), Some(EventStatus::Refused)) => "delivery refused",
            (pos::Command::Apply(_), Some(_)) if effects.pos.delivery.is_none() => "delivery applied later",
            (pos::Command::Apply(_), Some(_)) => "delivery applied",
            (pos::Command::Retry { .. }, _) => "delivery retried",
            (pos::Command::Dismiss { .. }, _) => "delivery dismissed",
            (pos::Command::Map { .. }, Some(EventStatus::Applied)) => "mapping applied what waited",
            (pos::Command::Map { .. }, _) => "product mapped",
            (pos::Command::Unmap { .. }, _) => "product unmapped",
        });
    }

    /// Fails where something did not happen often enough in so many histories.
    pub fn check(&self, histories: u32) {
        let counts = self.0.lock().unwrap();
        // What is wanted fewer than ten times may well not happen at all in a short run.
        for (outcome, floor) in FLOORS.into_iter().filter(|(_, floor)| floor * histories >= 10_000) {
            let times = counts.outcomes.get(outcome).copied().unwrap_or_default();
            assert!(times * 1_000 >= floor * histories, "{outcome}: {times} times in {histories} histories");
        }
        let unknown = counts.outcomes.keys().find(|outcome| !FLOORS.iter().any(|(known, _)| known == *outcome));
        assert_eq!(unknown, None, "every outcome has a floor");
        let (asked, accepted) = (counts.asked, counts.accepted);
        assert!(accepted * 100 >= ACCEPTED_PERCENT * asked, "{accepted} of {asked} commands were accepted");
    }
}

fn of_orders(command: &orders::Command) -> &'static str {
    match command {
        orders::Command::Place(_) => "order placed",
        orders::Command::Checkout { .. } => "cart placed",
        orders::Command::Quote { .. } => "order quoted",
        orders::Command::Edit { .. } => "order edited",
        orders::Command::Step { step: Step::Accept, .. } => "order accepted",
        orders::Command::Step { step: Step::Reject, .. } => "order rejected",
        orders::Command::Step { step: Step::Cancel, .. } => "order cancelled",
        orders::Command::Step { step: Step::Ship, .. } => "order shipped",
        orders::Command::Step { step: Step::Deliver, .. } => "order delivered",
        orders::Command::Delete { .. } => "order deleted",
        orders::Command::Return { .. } => "order returned",
    }
}
