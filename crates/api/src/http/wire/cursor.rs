//! Cursors: where a page ends, signed, so that nobody makes one up or uses it with another list.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Makes and checks cursors. Replicas with the same key understand each other's.
#[derive(Clone)]
pub struct CursorKey(Hmac<Sha256>);

impl CursorKey {
    /// From the shop's secret key.
    pub fn new(secret: &str) -> Self {
        let mut mac = Self::keyed(secret.as_bytes());
        mac.update(b"tradepost cursor 1");
        Self(Self::keyed(&mac.finalize().into_bytes()))
    }

    fn keyed(key: &[u8]) -> Hmac<Sha256> {
        // HMAC takes keys of any length; the other arm cannot be reached.
        Hmac::new_from_slice(key).unwrap_or_else(|_| Hmac::new(&Default::default()))
    }

    fn tag(&self, scope: &str, position: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        mac.update(&(scope.len() as u64).to_le_bytes());
        mac.update(scope.as_bytes());
        mac.update(position);
        mac
    }

    /// The cursor of a position in a list (its path, filters and order).
    pub(super) fn seal(&self, scope: &str, position: &[u8]) -> String {
        let tag = self.tag(scope, position).finalize().into_bytes();
        URL_SAFE_NO_PAD.encode([&tag[..16], position].concat())
    }

    /// The position of a cursor of this list; `None` where it was altered or is another list's.
    pub(super) fn open(&self, scope: &str, cursor: &str) -> Option<Vec<u8>> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (tag, position) = bytes.split_at_checked(16)?;
        self.tag(scope, position).verify_truncated_left(tag).ok()?;
        Some(position.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_refused_when_altered_or_used_with_other_filters() {
        let key = CursorKey::new("a secret of the shop, long enough to be one");
        let cursor = key.seal("/products a", b"[1]");
        assert_eq!(key.open("/products a", &cursor).as_deref(), Some(&b"[1]"[..]));
        assert_eq!(key.open("/products b", &cursor), None);
        for index in 0..cursor.len() {
            let mut altered = cursor.clone().into_bytes();
            altered[index] = if altered[index] == b'A' { b'B' } else { b'A' };
            assert_eq!(key.open("/products a", &String::from_utf8(altered).unwrap()), None);
        }
        assert_eq!(CursorKey::new("another secret").open("/products a", &cursor), None);
        assert_eq!(key.open("/products a", ""), None);
    }
}
