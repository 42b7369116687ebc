//! Who somebody is: the principal behind a credential, remembered for two seconds, and when each credential was last used.

use crate::{
    Error, Result, clock,
    credentials::tokens::{self, TokenHash},
};
use std::{
    collections::HashMap,
    sync::{
        Mutex, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant as Tick},
};
use tradepost_domain::{
    identity::Principal,
    ids::{TokenId, UserId},
    instant::Instant,
    repository::Tokens,
};
use tradepost_store::{Session, Store};

/// How long another replica's revocation may go unnoticed here.
const MEMORY: Duration = Duration::from_secs(2);
/// How exactly the last use of a token is known.
const USE_NOTED_EVERY_SECONDS: i64 = 60;
/// So many are remembered; a flood of tokens must not fill the memory.
const MOST: usize = 10_000;

/// The authenticated caller, and by which credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// What they may do.
    pub principal: Principal,
    /// The user that the credential is of.
    pub user: UserId,
    /// The credential itself, to be revoked by.
    pub token: TokenId,
    /// When it dies by itself.
    pub expires_at: Instant,
}

/// Who tokens speak for, as found in the database at most two seconds ago.
#[derive(Default)]
pub struct PrincipalCache {
    known: RwLock<HashMap<TokenHash, (Caller, Tick)>>,
    generation: AtomicU64,
    uses: Mutex<HashMap<TokenId, Use>>,
}

#[derive(Clone, Copy)]
struct Use {
    last: Instant,
    noted: Option<Instant>,
}

impl PrincipalCache {
    /// Finds out whom a token speaks for, and notes that it was used.
    ///
    /// # Errors
    /// `UnknownToken`, and whatever keeps the store from working.
    pub async fn identify(&self, store: &Store, token: &str) -> Result<Caller> {
        let (hash, now) = (tokens::hash(token), clock::now());
        let caller = match self.find(&hash, now) {
            Some(caller) => caller,
            None => self.look_up(store, hash).await?.ok_or(Error::UnknownToken)?,
        };
        self.used(caller.token, now);
        Ok(caller)
    }

    async fn look_up(&self, store: &Store, hash: TokenHash) -> Result<Option<Caller>> {
        let generation = self.generation();
        let find =
            move |session: &mut Session<'_>| session.principal_by_token(&hash, clock::now()).map_err(Error::from);
        let found = store.read_one(find).await?;
        let caller = found.map(|(token, principal)| Caller {
            principal,
            user: token.user,
            token: token.id,
            expires_at: token.expires_at,
        });
        if let Some(caller) = &caller {
            self.remember(hash, caller, generation);
        }
        Ok(caller)
    }

    /// Whom the token speaks for, where that is remembered.
    pub fn find(&self, hash: &TokenHash, now: Instant) -> Option<Caller> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let (caller, since) = known.get(hash)?;
        (since.elapsed() < MEMORY && caller.expires_at > now).then(|| caller.clone())
    }

    /// To be read before the database is asked; see [`PrincipalCache::remember`].
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Remembers what the database said, unless somebody was forgotten since: then what it said may be old.
    pub fn remember(&self, hash: TokenHash, caller: &Caller, generation: u64) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if self.generation() != generation {
            return;
        }
        if known.len() >= MOST {
            known.retain(|_, (_, since)| since.elapsed() < MEMORY);
        }
        if known.len() < MOST {
            known.insert(hash, (caller.clone(), clock::ticks()));
        }
    }

    /// Forgets a user's credentials: they were revoked, or the user changed. Called after that is kept.
    pub fn forget(&self, user: UserId) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        self.generation.fetch_add(1, Ordering::Release);
        known.retain(|_, (caller, _)| caller.user != user);
    }

    /// Notes that a token was used. Costs nothing but memory; see [`PrincipalCache::take_uses`].
    pub fn used(&self, token: TokenId, now: Instant) {
        let mut uses = self.uses.lock().unwrap_or_else(PoisonError::into_inner);
        uses.entry(token).and_modify(|known| known.last = now).or_insert(Use { last: now, noted: None });
    }

    /// The uses to write down now: each token's at most once a minute.
    pub fn take_uses(&self, now: Instant) -> Vec<(TokenId, Instant)> {
        let mut uses = self.uses.lock().unwrap_or_else(PoisonError::into_inner);
        // One that was noted ahead of now is not fresh: the clock was set back since.
        let fresh = |noted: Instant| (0..USE_NOTED_EVERY_SECONDS).contains(&now.seconds_since(noted));
        uses.retain(|_, known| known.noted.is_none_or(fresh) || known.noted.is_some_and(|noted| noted != known.last));
        let due =
            uses.iter_mut().filter(|(_, known)| known.noted.is_none_or(|noted| !fresh(noted) && noted != known.last));
        due.map(|(token, known)| {
            known.noted = Some(known.last);
            (*token, known.last)
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn at(second: i64) -> Instant {
        Instant::from_micros(second * 1_000_000)
    }

    fn a_caller(number: u128) -> Caller {
        let user = UserId::from_uuid(Uuid::from_u128(number));
        let token = TokenId::from_uuid(Uuid::from_u128(number));
        Caller { principal: Principal::system(), user, token, expires_at: at(1_000) }
    }

    #[test]
    fn a_revoked_token_is_forgotten_at_once_even_by_a_read_that_began_before() {
        let callers = PrincipalCache::default();
        let (hash, caller) = (tokens::hash("tp_x"), a_caller(1));
        callers.remember(hash, &caller, callers.generation());
        assert_eq!(callers.find(&hash, at(0)), Some(caller.clone()));
        let before = callers.generation();
        callers.forget(caller.user);
        assert_eq!(callers.find(&hash, at(0)), None);
        callers.remember(hash, &caller, before);
        assert_eq!(callers.find(&hash, at(0)), None);
    }

    #[test]
    fn an_expired_token_is_not_found() {
        let callers = PrincipalCache::default();
        callers.remember(tokens::hash("tp_x"), &a_caller(1), callers.generation());
        assert_eq!(callers.find(&tokens::hash("tp_x"), at(1_000)), None);
    }

    #[test]
    fn a_use_is_written_down_at_most_once_a_minute() {
        let callers = PrincipalCache::default();
        let token = a_caller(1).token;
        callers.used(token, at(0));
        assert_eq!(callers.take_uses(at(1)), [(token, at(0))]);
        callers.used(token, at(30));
        assert_eq!(callers.take_uses(at(31)), []);
        assert_eq!(callers.take_uses(at(61)), [(token, at(30))]);
        assert_eq!(callers.take_uses(at(200)), []);
    }

    #[test]
    fn a_clock_that_was_set_back_keeps_no_use_from_being_written_down_and_nothing_in_memory() {
        let callers = PrincipalCache::default();
        let token = a_caller(1).token;
        callers.used(token, at(10_000));
        assert_eq!(callers.take_uses(at(10_000)).len(), 1);
        callers.used(token, at(100));
        assert_eq!(callers.take_uses(at(101)), [(token, at(100))]);
        assert_eq!(callers.take_uses(at(50)), []);
        assert!(callers.uses.lock().unwrap().is_empty());
    }
}
