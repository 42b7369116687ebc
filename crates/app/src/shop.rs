//! What every use-case shares.

use crate::{
    Error, Result,
    credentials::{passwords::Passwords, refusals::Refusals, sealing::SecretKeys, till_secrets::WebhookSecrets},
    login_throttle::Failures,
    principals::PrincipalCache,
};
use std::sync::atomic::AtomicU64;
use tokio::sync::Semaphore;
use tradepost_domain::{
    contact::Country,
    ids::{PosConnectionId, UserId},
    money::Currency,
};
use tradepost_store::{Answer, Done, Keyed, Session, Store};

/// How many answers to logging in may be kept back at once.
const DELAYED_LOGINS: usize = 256;

/// What is settled before a shop is opened.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What its money is in.
    pub currency: Currency,
    /// Completes national phone numbers; `None`: they are refused.
    pub country: Option<Country>,
    /// How the outside reaches it, without a slash at the end; the addresses it hands out begin so. `None`: as whoever asks has reached it.
    pub public_url: Option<String>,
    /// How long a login lasts, in hours.
    pub token_hours: i64,
}

/// A running shop: its store, and what this process remembers beside it.
pub struct Shop {
    /// Its database, with the door to the ledger.
    pub store: Store,
    /// What was settled before it was opened.
    pub settings: Settings,
    /// Who tokens speak for.
    pub principals: PrincipalCache,
    /// Failed logins that are not written down yet.
    pub failures: Failures,
    /// Hashes passwords, as many at once as there are cores.
    pub passwords: Passwords,
    /// How many late answers to logging in may be kept back at once: who comes on top is answered without delay.
    pub delayed_logins: Semaphore,
    /// What opens the secrets that are kept, and seals them.
    pub keys: SecretKeys,
    /// What deliveries of tills are signed with.
    pub webhook_secrets: WebhookSecrets,
    /// Deliveries of tills that were not let in and are not written down yet.
    pub refused_deliveries: Refusals,
    /// Logins with a wrong name or password, since the start.
    pub wrong_passwords: AtomicU64,
}

impl Shop {
    /// Opens it over a store that is ready ([`crate::start::prepare`]). Hashes passwords on as many threads as there are cores.
    ///
    /// # Errors
    /// `Internal` where the operating system has no randomness.
    pub fn open(store: Store, settings: Settings, keys: SecretKeys) -> Result<Self> {
        let threads = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Ok(Self {
            store,
            settings,
            principals: PrincipalCache::default(),
            failures: Failures::default(),
            passwords: Passwords::new(threads).map_err(Error::Internal)?,
            delayed_logins: Semaphore::new(DELAYED_LOGINS),
            keys,
            webhook_secrets: WebhookSecrets::default(),
            refused_deliveries: Refusals::default(),
            wrong_passwords: AtomicU64::new(0),
        })
    }

    /// The currency of all its amounts, fixed at the first start.
    pub const fn currency(&self) -> Currency {
        self.settings.currency
    }

    /// The country that completes national phone numbers.
    pub const fn country(&self) -> Option<Country> {
        self.settings.country
    }

    /// Does a unit of work that changes what a user may, and forgets in this process what was known of their credentials.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub async fn write_about_user<F>(&self, user: UserId, key: Option<Keyed>, work: F) -> Result<Done>
    where
        F: Fn(&mut Session<'_>) -> Result<Answer> + Send + 'static,
    {
        let done = self.store.write(key, work).await;
        // Also where nobody knows whether it was kept.
        self.principals.forget(user);
        done
    }

    /// Does a unit of work that changes a till's connection, and forgets in this process the secrets that it had.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub async fn write_about_connection<F>(&self, id: PosConnectionId, key: Option<Keyed>, work: F) -> Result<Done>
    where
        F: Fn(&mut Session<'_>) -> Result<Answer> + Send + 'static,
    {
        let done = self.store.write(key, work).await;
        self.webhook_secrets.forget(id);
        done
    }
}
