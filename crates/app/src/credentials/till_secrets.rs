//! Who sends a delivery: the secrets of tills, as this process knows them, and why a delivery was not let in.
//!
//! A secret that was rotated is good here at once, wherever it was rotated: a signature that matches nothing that is remembered makes one look
//! into the database, a bounded number of times. One that is no longer good is forgotten within two seconds.

use super::{
    sealing::SecretKeys,
    webhooks::{BadSignature, Secret, Signed},
};
use crate::{Error, Result, clock};
use std::{
    collections::HashMap,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant as Tick},
};
use tradepost_domain::{
    ids::PosConnectionId,
    instant::Instant,
    pos::{KeptSecrets, SignatureFault},
    repository::PosConnections,
};
use tradepost_store::{Session, Store, StoreError};

/// How long a connection that another replica removed may still be taken here.
const MEMORY: Duration = Duration::from_secs(2);
/// How often, within that time, one connection's bad signatures may make this process look again: strangers can sign badly as fast as they
/// like.
const LOOKS_AGAIN: u8 = 8;
/// So many are remembered; addresses that are made up must not fill the memory.
const MOST: usize = 10_000;

/// The secrets of connections, as found in the database at most two seconds ago.
#[derive(Default)]
pub struct WebhookSecrets {
    known: RwLock<HashMap<PosConnectionId, Known>>,
    generation: AtomicU64,
}

/// Somebody whose delivery is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stranger {
    /// The connection that they named, where there is such a one.
    pub connection: Option<PosConnectionId>,
    /// What is wrong.
    pub why: BadSignature,
}

#[derive(Clone)]
struct Known {
    /// `None`: there is no such connection.
    secrets: Option<Arc<Opened>>,
    since: Tick,
    looks: Looks,
}

/// How often it was looked again since then.
#[derive(Clone, Copy)]
struct Looks {
    since: Tick,
    count: u8,
}

/// `None` where a secret is sealed with a key that this process does not have.
type Opened = KeptSecrets<Option<Secret>>;

impl WebhookSecrets {
    /// Whoever signed a delivery, if they are who they say they are: the connection that `named` names, and the signature is made with a
    /// secret of it that is good, not too long ago.
    ///
    /// # Errors
    /// Whatever keeps the store from working; `Unavailable` where the connection's secret is sealed with a key that is not known here.
    pub async fn sender(
        &self,
        (store, keys): (&Store, &SecretKeys),
        named: Option<PosConnectionId>,
        signed: &Signed<'_>,
        now: Instant,
    ) -> Result<std::result::Result<PosConnectionId, Stranger>> {
        let Some(id) = named else { return Ok(judge(None, signed, now)) };
        let (mut secrets, is_remembered) = match self.remembered(id) {
            Some(secrets) => (secrets, true),
            None => (self.load(store, keys, id).await?, false),
        };
        let mut judged = judge(secrets.as_deref().map(|secrets| (id, secrets)), signed, now);
        // The same for a connection that does not exist, so that nobody finds out by the time it takes which do.
        let matches_nothing = |stranger: Stranger| stranger.why.fault == SignatureFault::NoSignatureMatches;
        if is_remembered && judged.is_err_and(matches_nothing) && self.may_look_again(id) {
            secrets = self.load(store, keys, id).await?;
            judged = judge(secrets.as_deref().map(|secrets| (id, secrets)), signed, now);
        }
        // One from before it was rotated is lost, and its till must be given the new one in any case.
        let is_locked = secrets.is_some_and(|secrets| secrets.current.is_none());
        if is_locked && judged.is_err_and(matches_nothing) {
            let why = format!("a secret of the POS connection {id} is sealed with a key that is not known here");
            return Err(StoreError::Unavailable(why).into());
        }
        Ok(judged)
    }

    /// Where it is remembered: its secrets, or that there is no such connection.
    fn remembered(&self, id: PosConnectionId) -> Option<Option<Arc<Opened>>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.get(&id).filter(|known| known.since.elapsed() < MEMORY).map(|known| known.secrets.clone())
    }

    fn may_look_again(&self, id: PosConnectionId) -> bool {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let Some(Known { looks, .. }) = known.get_mut(&id) else { return true };
        if looks.since.elapsed() >= MEMORY {
            *looks = Looks { since: clock::ticks(), count: 0 };
        }
        looks.count = looks.count.saturating_add(1);
        looks.count <= LOOKS_AGAIN
    }

    async fn load(&self, store: &Store, keys: &SecretKeys, id: PosConnectionId) -> Result<Option<Arc<Opened>>> {
        let generation = self.generation.load(Ordering::Acquire);
        let find = move |session: &mut Session<'_>| session.connection_secrets(id).map_err(Error::from);
        // An older server beside this one may have kept it as it is.
        let open = |kept: &String| keys.open(id, kept).or_else(|| Secret::unsealed(kept));
        let secrets = store.read_one(find).await?.map(|kept| Arc::new(kept.map(open)));
        self.remember(id, secrets.clone(), generation);
        Ok(secrets)
    }

    /// Remembers what the database said, unless something was forgotten since it was asked: then what it said may be old.
    fn remember(&self, id: PosConnectionId, secrets: Option<Arc<Opened>>, generation: u64) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if self.generation.load(Ordering::Acquire) != generation {
            return;
        }
        if known.len() >= MOST {
            known.retain(|_, known| known.since.elapsed() < MEMORY);
        }
        let since = clock::ticks();
        let looks = known.get(&id).map_or(Looks { since, count: 0 }, |known| known.looks);
        if known.len() < MOST || known.contains_key(&id) {
            known.insert(id, Known { secrets, since, looks });
        }
    }

    /// Forgets one: it was added, removed or given another secret here. Called after that is kept.
    pub fn forget(&self, id: PosConnectionId) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        self.generation.fetch_add(1, Ordering::Release);
        known.remove(&id);
    }
}

/// Whose delivery this is, by the secrets of the connection that it names.
fn judge(
    named: Option<(PosConnectionId, &Opened)>,
    signed: &Signed<'_>,
    now: Instant,
) -> std::result::Result<PosConnectionId, Stranger> {
    match named {
        Some((id, secrets)) => {
            let checked = signed.check(secrets.good_at(now).flatten(), now);
            checked.map(|()| id).map_err(|why| Stranger { connection: Some(id), why })
        }
        // The work is the same, so that nobody finds out by the time it takes which connections there are.
        None => {
            let checked = signed.check([&Secret::nobodys()], now);
            let why = checked.err().unwrap_or(SignatureFault::NoSignatureMatches.into());
            Err(Stranger { connection: None, why })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(secret: &str) -> Option<Arc<Opened>> {
        Some(Arc::new(KeptSecrets::first(Some(Secret::from(secret.to_owned())))))
    }

    fn till() -> PosConnectionId {
        PosConnectionId::from_uuid(clock::new_uuid())
    }

    #[test]
    fn what_was_read_before_a_rotation_is_not_remembered_after_it() {
        let (secrets, id) = (WebhookSecrets::default(), till());
        let generation = secrets.generation.load(Ordering::Acquire);
        secrets.forget(id);
        secrets.remember(id, opened("whsec_AAAA"), generation);
        assert!(secrets.remembered(id).is_none());
        secrets.remember(id, opened("whsec_BBBB"), generation + 1);
        assert!(secrets.remembered(id).is_some());
    }

    #[test]
    fn bad_signatures_make_a_process_look_again_a_few_times_only() {
        let (secrets, id) = (WebhookSecrets::default(), till());
        secrets.remember(id, opened("whsec_AAAA"), 0);
        let looks = (0..100).filter(|_| {
            let may = secrets.may_look_again(id);
            secrets.remember(id, opened("whsec_AAAA"), 0);
            may
        });
        assert_eq!(looks.count(), usize::from(LOOKS_AGAIN));
    }

    #[test]
    fn a_delivery_signed_with_nobodys_secret_is_nobodys() {
        let now = Instant::from_micros(1_614_265_330_000_000);
        let (mac, id) = ("v1,Y2Fubm90IG1hdGNo", till());
        let signed = Signed { id: "e", timestamp: "1614265330", signatures: mac, body: b"{}" };
        assert_eq!(judge(None, &signed, now).unwrap_err().connection, None);
        let stranger = judge(Some((id, &opened("whsec_AAAA").unwrap())), &signed, now).unwrap_err();
        assert_eq!((stranger.connection, stranger.why.fault), (Some(id), SignatureFault::NoSignatureMatches));
    }
}
