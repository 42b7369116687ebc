//! What deliveries from tills are signed with, and whether a signature is good (Standard Webhooks 1.0).

use crate::{Error, Result, clock};
use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD},
};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock},
    time::{Duration, Instant as Tick},
};
use tradepost_domain::{ids::PosConnectionId, instant::Instant, repository::PosConnections};
use tradepost_store::Store;

/// How far a till's clock may be off, in seconds, either way.
pub const TOLERANCE_SECONDS: i64 = 300;
/// How long a secret that another replica changed may still be taken here.
const MEMORY: Duration = Duration::from_secs(2);
/// So many are remembered; addresses that are made up must not fill the memory.
const MOST: usize = 10_000;
const PREFIX: &str = "whsec_";
/// The secret of no connection.
const NOBODYS: &str = "whsec_bm9ib2R5cyBzZWNyZXQ=";
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A new secret: `whsec_` and 256 random bits.
///
/// # Errors
/// Where the operating system has no randomness.
pub fn generate() -> std::result::Result<String, getrandom::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(format!("{PREFIX}{}", STANDARD.encode(bytes)))
}

/// The secrets of connections, as found in the database at most two seconds ago.
#[derive(Default)]
pub struct WebhookSecrets(RwLock<HashMap<PosConnectionId, (Option<String>, Tick)>>);

impl WebhookSecrets {
    /// The connection's secret, where there is such a connection.
    ///
    /// # Errors
    /// Whatever keeps the store from working.
    pub async fn of(&self, store: &Store, id: PosConnectionId) -> Result<Option<String>> {
        if let Some(known) = self.remembered(id) {
            return Ok(known);
        }
        let secret = store.read_one(move |session| session.connection_secret(id).map_err(Error::from)).await?;
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.retain(|_, (_, since)| since.elapsed() < MEMORY);
        }
        if known.len() < MOST {
            known.insert(id, (secret.clone(), clock::ticks()));
        }
        Ok(secret)
    }

    /// Whoever signed a delivery, if they are who they say they are: the connection that `named` names, and the signature is made with its
    /// secret, not too long ago.
    ///
    /// # Errors
    /// Whatever keeps the store from working.
    pub async fn sender(
        &self,
        store: &Store,
        named: Option<PosConnectionId>,
        signed: &Signed<'_>,
    ) -> Result<Option<PosConnectionId>> {
        let secret = match named {
            Some(id) => self.of(store, id).await?,
            None => None,
        };
        // Without a connection the work is the same, so that nobody finds out by the time it takes which ids exist.
        let is_good = signed.is_good(secret.as_deref().unwrap_or(NOBODYS), clock::now());
        Ok(named.filter(|_| is_good && secret.is_some()))
    }

    fn remembered(&self, id: PosConnectionId) -> Option<Option<String>> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.get(&id).filter(|(_, since)| since.elapsed() < MEMORY).map(|(secret, _)| secret.clone())
    }

    /// Forgets one: it was added or removed here. Called after that is kept.
    pub fn forget(&self, id: PosConnectionId) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }
}

/// What a till sends to prove itself.
#[derive(Debug, Clone, Copy)]
pub struct Signed<'a> {
    /// The id that the sender gave the delivery.
    pub id: &'a str,
    /// When it was sent, in seconds since 1970.
    pub timestamp: &'a str,
    /// `v1,` and base64; several are separated by spaces.
    pub signatures: &'a str,
    /// The body, byte for byte.
    pub body: &'a [u8],
}

impl Signed<'_> {
    /// Is one of the signatures made with this secret, and not too long ago?
    pub fn is_good(&self, secret: &str, now: Instant) -> bool {
        let is_fresh = self.timestamp.bytes().all(|b| b.is_ascii_digit())
            && self
                .timestamp
                .parse::<i64>()
                .is_ok_and(|seconds| (now.micros() / 1_000_000 - seconds).abs() <= TOLERANCE_SECONDS);
        let Some(expected) = self.mac(secret) else { return false };
        let given = self.signatures.split(' ').filter_map(|one| one.strip_prefix("v1,")).take(16);
        // Every candidate is compared in constant time, and all of them are.
        let matches =
            given.filter(|one| BASE64.decode(one).is_ok_and(|tag| expected.clone().verify_slice(&tag).is_ok())).count();
        is_fresh && matches > 0
    }

    fn mac(&self, secret: &str) -> Option<Hmac<Sha256>> {
        let key = BASE64.decode(secret.strip_prefix(PREFIX)?).ok()?;
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
        for part in [self.id.as_bytes(), b".", self.timestamp.as_bytes(), b".", self.body] {
            mac.update(part);
        }
        Some(mac)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;

    fn good<'a>() -> Signed<'a> {
        // The example of the Standard Webhooks specification.
        Signed {
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
            timestamp: "1614265330",
            signatures: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            body: BODY,
        }
    }

    fn at(second: i64) -> Instant {
        Instant::from_micros(second * 1_000_000)
    }

    #[test]
    fn the_example_of_the_specification_is_good() {
        assert!(good().is_good(SECRET, at(1_614_265_330)));
        let several = format!("v1,AAAA v1a,xyz {}", good().signatures);
        assert!(Signed { signatures: &several, ..good() }.is_good(SECRET, at(1_614_265_630)));
    }

    #[test]
    fn whatever_differs_is_not() {
        let now = at(1_614_265_330);
        assert!(!good().is_good("whsec_AAAA", now));
        assert!(!good().is_good("", now));
        assert!(!good().is_good(SECRET, at(1_614_265_631)));
        assert!(!good().is_good(SECRET, at(1_614_265_029)));
        for signatures in [
            "",
            "v1,",
            "v1",
            "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        ] {
            assert!(!Signed { signatures, ..good() }.is_good(SECRET, now), "{signatures}");
        }
        assert!(!Signed { id: "msg_q", ..good() }.is_good(SECRET, now));
        assert!(!Signed { timestamp: "1614265331", ..good() }.is_good(SECRET, now));
        assert!(!Signed { timestamp: "+1614265330", ..good() }.is_good(SECRET, now));
        assert!(!Signed { body: b"{}", ..good() }.is_good(SECRET, now));
    }

    #[test]
    fn a_secret_is_256_bits_in_base64() {
        let secret = generate().unwrap();
        assert_eq!(BASE64.decode(secret.strip_prefix("whsec_").unwrap()).unwrap().len(), 32);
    }
}
