//! Deliveries that were not let in, counted for whoever looks after the till. Strangers cannot make the database write: what they cause is
//! counted here, one number for each connection and reason, and written down every few seconds ([`crate::workers`]).

use super::webhooks::BadSignature;
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};
use tradepost_domain::{
    ids::PosConnectionId,
    instant::Instant,
    pos::{RefusedDeliveries, SignatureFault},
};

/// What was counted since it was last written down.
#[derive(Debug, Default)]
pub struct Refusals(Mutex<HashMap<(PosConnectionId, SignatureFault), RefusedDeliveries>>);

impl Refusals {
    /// Counts a delivery of a connection that exists: so there are never more numbers than connections and reasons.
    pub fn note(&self, connection: PosConnectionId, why: BadSignature, now: Instant) {
        let BadSignature { fault: reason, seconds_off } = why;
        self.add(&[(connection, RefusedDeliveries { reason, count: 1, last_at: now, seconds_off })]);
    }

    /// What is to be written down now.
    pub fn take(&self) -> Vec<(PosConnectionId, RefusedDeliveries)> {
        let taken = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        taken.into_iter().map(|((connection, _), refused)| (connection, refused)).collect()
    }

    /// Puts back what could not be written down.
    pub fn add(&self, refused: &[(PosConnectionId, RefusedDeliveries)]) {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (connection, more) in refused {
            let known = counted.entry((*connection, more.reason));
            known.and_modify(|known| *known = known.and(*more)).or_insert(*more);
        }
    }
}
