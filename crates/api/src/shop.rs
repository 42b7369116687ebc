//! What every handler shares.

use crate::{
    auth::{access::Rules, failures::Failures, passwords::Passwords, tokens::Callers},
    http::{
        lists::CursorKey,
        metrics::{Metrics, StoreFigures},
    },
    usecases::secrets::Secrets,
};
use std::{net::IpAddr, sync::atomic::Ordering};
use tokio::sync::Semaphore;
use tradepost_domain::{contact::Country, money::Currency};
use tradepost_store::Store;

/// The running shop.
pub struct Shop {
    /// Its database.
    pub store: Store,
    /// What its money is in.
    pub currency: Currency,
    /// Completes national phone numbers.
    pub country: Option<Country>,
    /// How the outside reaches it, without a slash at the end.
    pub public_url: String,
    /// How long a login lasts, in hours.
    pub token_hours: i64,
    /// Proxies that tell truly who is behind them.
    pub proxies: Vec<IpAddr>,
    /// Who may do what.
    pub rules: Rules,
    /// Who tokens speak for.
    pub callers: Callers,
    /// Failed logins that are not written down yet.
    pub failures: Failures,
    /// Hashes passwords.
    pub passwords: Passwords,
    /// How many late answers may be kept back at once: who comes on top is answered without delay.
    pub late: Semaphore,
    /// Signs cursors.
    pub cursors: CursorKey,
    /// What deliveries are signed with.
    pub secrets: Secrets,
    /// What is counted.
    pub metrics: Metrics,
}

impl Shop {
    /// What the store has counted.
    pub fn store_figures(&self) -> StoreFigures {
        let stats = self.store.ledger().stats();
        StoreFigures {
            statements: tradepost_store::statements(),
            queue_depth: stats.waiting.load(Ordering::Relaxed),
            batches: stats.batches.load(Ordering::Relaxed),
            submissions: stats.submissions.load(Ordering::Relaxed),
            reruns: stats.reruns.load(Ordering::Relaxed),
        }
    }
}
