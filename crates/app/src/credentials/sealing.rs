//! What must be known again, and so cannot be hashed, is kept sealed: with a key that is made of the shop's secret key and lies in no database.
//!
//! `1.<id of the key>.<base64 of nonce and ciphertext>`: XChaCha20-Poly1305 with a nonce drawn for each, bound to the connection whose it is,
//! so that one that is copied to another row opens nothing. Keys are made with HKDF-SHA256, each purpose by a label of its own.

use super::webhooks::Secret;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use hkdf::Hkdf;
use sha2::Sha256;
use tradepost_domain::ids::PosConnectionId;

const FORM: &str = "1";
const NONCE_BYTES: usize = 24;

/// What the shop's secret keys open: the current one seals, it and the old ones open.
#[derive(Clone)]
pub struct SecretKeys {
    current: Key,
    old: Vec<Key>,
}

#[derive(Clone)]
struct Key {
    /// Which key it is, which says nothing of the key.
    id: String,
    cipher: XChaCha20Poly1305,
}

impl Key {
    fn of(secret_key: &str) -> Self {
        let secret_key = Hkdf::<Sha256>::new(None, secret_key.as_bytes());
        let (mut id, mut key) = ([0; 6], [0; 32]);
        for (label, bytes) in [("tradepost key id 1", &mut id[..]), ("tradepost till secrets 1", &mut key[..])] {
            // HKDF makes up to 8,160 bytes; it cannot fail for so few.
            let made = secret_key.expand(label.as_bytes(), bytes);
            debug_assert!(made.is_ok(), "HKDF makes so few bytes");
        }
        Self { id: URL_SAFE_NO_PAD.encode(id), cipher: XChaCha20Poly1305::new(&key.into()) }
    }
}

impl SecretKeys {
    /// Of the shop's secret key, and those that it had before.
    pub fn new(current: &str, old: &[String]) -> Self {
        Self { current: Key::of(current), old: old.iter().map(|key| Key::of(key)).collect() }
    }

    /// A connection's secret as it can be kept.
    ///
    /// # Errors
    /// Where the operating system has no randomness.
    pub fn seal(&self, connection: PosConnectionId, secret: &Secret) -> Result<String, getrandom::Error> {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce)?;
        let payload = Payload { msg: secret.expose().as_bytes(), aad: &bound_to(connection) };
        // Only what is longer than 256 GiB cannot be sealed.
        let sealed =
            self.current.cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| getrandom::Error::UNSUPPORTED)?;
        Ok(format!("{FORM}.{}.{}", self.current.id, URL_SAFE_NO_PAD.encode([&nonce[..], &sealed].concat())))
    }

    /// A connection's secret; `None` where none of the keys opens what is kept.
    pub fn open(&self, connection: PosConnectionId, kept: &str) -> Option<Secret> {
        let (form, rest) = kept.split_once('.')?;
        let (id, sealed) = rest.split_once('.').filter(|_| form == FORM)?;
        let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, msg) = sealed.split_at_checked(NONCE_BYTES)?;
        let nonce = XNonce::try_from(nonce).ok()?;
        let open = |key: &Key| key.cipher.decrypt(&nonce, Payload { msg, aad: &bound_to(connection) }).ok();
        let opened = std::iter::once(&self.current).chain(&self.old).filter(|key| key.id == id).find_map(open)?;
        Some(Secret::from(String::from_utf8(opened).ok()?))
    }

    /// Is it sealed with the current key?
    pub fn is_current(&self, kept: &str) -> bool {
        kept.strip_prefix(FORM)
            .and_then(|rest| rest.strip_prefix('.'))
            .and_then(|rest| rest.split_once('.'))
            .is_some_and(|(id, _)| id == self.current.id)
    }
}

/// What a sealed secret belongs to: it opens nowhere else.
fn bound_to(connection: PosConnectionId) -> Vec<u8> {
    [b"pos_connections.secret ", &connection.uuid().as_bytes()[..]].concat()
}

impl std::fmt::Debug for SecretKeys {
    /// Which keys, and nothing of them.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ids = std::iter::once(&self.current).chain(&self.old).map(|key| &key.id);
        f.debug_list().entries(ids).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const OLD: &str = "an old secret key of the shop, long enough to be one";
    const NEW: &str = "a new secret key of the shop, long enough to be one";

    fn till(n: u128) -> PosConnectionId {
        PosConnectionId::from_uuid(Uuid::from_u128(n))
    }

    fn a_secret() -> Secret {
        Secret::from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned())
    }

    #[test]
    fn what_is_sealed_shows_nothing_and_opens_for_its_connection_only() {
        let keys = SecretKeys::new(NEW, &[]);
        let sealed = keys.seal(till(1), &a_secret()).unwrap();
        assert!(
            !sealed.contains("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
                && !format!("{keys:?}{:?}", a_secret()).contains("MfKQ")
        );
        assert_eq!(keys.open(till(1), &sealed).unwrap().expose(), a_secret().expose());
        assert!(keys.open(till(2), &sealed).is_none());
        assert_ne!(keys.seal(till(1), &a_secret()).unwrap(), sealed, "a nonce is drawn for each");
    }

    #[test]
    fn an_old_key_opens_and_only_the_current_one_seals() {
        let sealed = SecretKeys::new(OLD, &[]).seal(till(1), &a_secret()).unwrap();
        assert!(SecretKeys::new(NEW, &[]).open(till(1), &sealed).is_none());
        let keys = SecretKeys::new(NEW, &[OLD.to_owned()]);
        let secret = keys.open(till(1), &sealed).unwrap();
        assert!(!keys.is_current(&sealed));
        let anew = keys.seal(till(1), &secret).unwrap();
        assert!(keys.is_current(&anew) && SecretKeys::new(NEW, &[]).open(till(1), &anew).is_some());
    }

    #[test]
    fn what_was_altered_opens_nothing() {
        let keys = SecretKeys::new(NEW, &[]);
        let sealed = keys.seal(till(1), &a_secret()).unwrap();
        let last = if sealed.ends_with('A') { "B" } else { "A" };
        let altered = format!("{}{last}", &sealed[..sealed.len() - 1]);
        let other_form = sealed.replacen('1', "2", 1);
        for kept in ["", "1", "1..", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", &altered, &other_form, &sealed[..40]] {
            assert!(keys.open(till(1), kept).is_none(), "{kept}");
        }
    }
}
