//! How often each kind of command was asked for and what became of it, so that a property that refuses everything is found out.

use crate::world::Answer;
use std::{collections::BTreeMap, sync::Mutex};
use tradepost_domain::{
    ledger::{Command, catalogue, orders, pos, sales, stock},
    orders::Step,
    pos::PosEventStatus,
};

/// Makes the outcomes and the list of their floors from one table: what can be noted has a floor, and what has a floor can be noted.
macro_rules! outcomes {
    ($($outcome:ident: $floor:literal,)+) => {
        /// What may become of a command or a batch.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        enum Outcome {
            $($outcome,)+
        }

        /// Every outcome, and how often there has to be one at least in a thousand histories.
        const FLOORS: &[(Outcome, u32)] = &[$((Outcome::$outcome, $floor)),+];
    };
}

outcomes! {
    ProductAdded: 115,
    ProductEdited: 417,
    ProductRemoved: 78,
    StockAdjusted: 433,
    StockCountedNow: 222,
    StockCountedThen: 120,
    LocationRemoved: 56,
    SaleRecorded: 368,
    SaleCorrected: 213,
    SaleRefunded: 161,
    SaleVoided: 184,
    OrderPlaced: 224,
    CartPlaced: 42,
    OrderQuoted: 40,
    OrderEdited: 85,
    OrderAccepted: 208,
    OrderRejected: 30,
    OrderCancelled: 48,
    OrderShipped: 63,
    OrderDelivered: 19,
    OrderDeleted: 74,
    OrderReturned: 101,
    PromoTaken: 135,
    PromoGivenBack: 20,
    DeliveryApplied: 508,
    DeliveryHeld: 390,
    DeliveryRefused: 61,
    DeliverySeen: 305,
    DeliveryAppliedLater: 4,
    DeliveryRetried: 40,
    DeliveryDismissed: 38,
    CountBookedByATill: 175,
    SeveralLinesOfAProductBooked: 210,
    ProductMapped: 378,
    ProductUnmapped: 31,
    MappingAppliedWhatWaited: 21,
    BatchEndedEarly: 19,
    BatchOfSeveral: 2137,
}

/// How many of a hundred commands are accepted at least.
const ACCEPTED_PERCENT: u32 = 45;

#[derive(Default)]
struct Counts {
    outcomes: BTreeMap<Outcome, u32>,
    asked: u32,
    accepted: u32,
}

/// What all histories came to.
#[derive(Default)]
pub struct Tally(Mutex<Counts>);

impl Tally {
    fn note(&self, outcome: Outcome) {
        *self.0.lock().unwrap().outcomes.entry(outcome).or_default() += 1;
    }

    pub fn note_batch(&self, asked: usize, settled: usize) {
        if settled > 1 {
            self.note(Outcome::BatchOfSeveral);
        }
        if settled < asked {
            self.note(Outcome::BatchEndedEarly);
        }
    }

    pub fn note_answer(&self, command: &Command, answer: &Answer) {
        self.0.lock().unwrap().asked += 1;
        let Ok(effects) = answer else { return };
        self.0.lock().unwrap().accepted += 1;
        match command {
            Command::Catalogue(command) => self.note(match command {
                catalogue::Command::Add { .. } => Outcome::ProductAdded,
                catalogue::Command::Edit { .. } => Outcome::ProductEdited,
                catalogue::Command::Remove { .. } => Outcome::ProductRemoved,
            }),
            Command::Stock(command) => self.note(match command {
                stock::Command::Adjust { .. } => Outcome::StockAdjusted,
                stock::Command::Count { counted_at: None, .. } => Outcome::StockCountedNow,
                stock::Command::Count { counted_at: Some(_), .. } => Outcome::StockCountedThen,
                stock::Command::RemoveLocation { .. } => Outcome::LocationRemoved,
            }),
            Command::Sales(command) => self.note(match command {
                sales::Command::Record(_) => Outcome::SaleRecorded,
                sales::Command::Correct { .. } => Outcome::SaleCorrected,
                sales::Command::Refund { .. } => Outcome::SaleRefunded,
                sales::Command::Void { .. } => Outcome::SaleVoided,
            }),
            Command::Orders(command) => self.note(of_orders(command)),
            Command::Pos(command) => self.note_delivery(command, effects),
        }
        for redemption in &effects.orders.redemptions {
            self.note(if redemption.taken { Outcome::PromoTaken } else { Outcome::PromoGivenBack });
        }
    }

    fn note_delivery(&self, command: &pos::Command, effects: &tradepost_domain::ledger::Effects) {
        let status = effects.pos.events.first().map(|written| written.value.status);
        let is_count = |m: &tradepost_domain::stock::Movement| m.kind == tradepost_domain::stock::MovementKind::Counted;
        if effects.movements().iter().any(is_count) {
            self.note(Outcome::CountBookedByATill);
        }
        // Movements of a delivery are in the order of their products.
        let is_same = |pair: &[tradepost_domain::stock::Movement]| pair[0].product == pair[1].product;
        if matches!(command, pos::Command::Apply(_)) && effects.movements().windows(2).any(is_same) {
            self.note(Outcome::SeveralLinesOfAProductBooked);
        }
        self.note(match (command, status) {
            (pos::Command::Apply(_), None) => Outcome::DeliverySeen,
            (pos::Command::Apply(_), Some(PosEventStatus::Held)) => Outcome::DeliveryHeld,
            (pos::Command::Apply(_), Some(PosEventStatus::Refused)) => Outcome::DeliveryRefused,
            (
                pos::Command::Apply(_),
                Some(PosEventStatus::Applied | PosEventStatus::Received | PosEventStatus::Dismissed),
            ) => {
                if effects.pos.delivery.is_none() {
                    Outcome::DeliveryAppliedLater
                } else {
                    Outcome::DeliveryApplied
                }
            }
            (pos::Command::Retry { .. }, _) => Outcome::DeliveryRetried,
            (pos::Command::Dismiss { .. }, _) => Outcome::DeliveryDismissed,
            (pos::Command::Map { .. }, Some(PosEventStatus::Applied)) => Outcome::MappingAppliedWhatWaited,
            (pos::Command::Map { .. }, _) => Outcome::ProductMapped,
            (pos::Command::Unmap { .. }, _) => Outcome::ProductUnmapped,
        });
    }

    /// Fails where something did not happen often enough in so many histories.
    pub fn check(&self, histories: u32) {
        let counts = self.0.lock().unwrap();
        for (outcome, floor) in FLOORS {
            let times = counts.outcomes.get(outcome).copied().unwrap_or_default();
            assert!(times > 0 || histories < 1_000, "{outcome:?}: never in {histories} histories");
            // What is wanted fewer than ten times may well not happen at all in a short run.
            let is_enough = times * 1_000 >= floor * histories || floor * histories < 10_000;
            assert!(is_enough, "{outcome:?}: {times} times (of {floor} in a thousand) in {histories} histories");
        }
        let (asked, accepted) = (counts.asked, counts.accepted);
        assert!(accepted * 100 >= ACCEPTED_PERCENT * asked, "{accepted} of {asked} commands were accepted");
    }
}

fn of_orders(command: &orders::Command) -> Outcome {
    match command {
        orders::Command::Place(_) => Outcome::OrderPlaced,
        orders::Command::Checkout { .. } => Outcome::CartPlaced,
        orders::Command::Quote { .. } => Outcome::OrderQuoted,
        orders::Command::Edit { .. } => Outcome::OrderEdited,
        orders::Command::Step { step: Step::Accept, .. } => Outcome::OrderAccepted,
        orders::Command::Step { step: Step::Reject, .. } => Outcome::OrderRejected,
        orders::Command::Step { step: Step::Cancel, .. } => Outcome::OrderCancelled,
        orders::Command::Step { step: Step::Ship, .. } => Outcome::OrderShipped,
        orders::Command::Step { step: Step::Deliver, .. } => Outcome::OrderDelivered,
        orders::Command::Delete { .. } => Outcome::OrderDeleted,
        orders::Command::Return { .. } => Outcome::OrderReturned,
    }
}
