//! Credentials, known only by their hashes. What a token says is never in here.

use super::UserId;
use crate::{ids::Id, instant::Instant};

/// The id of a credential.
pub type TokenId = Id<Token>;

/// A credential that is alive: an opaque token, known only by its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Never changes, and is never used again.
    pub id: TokenId,
    /// The user it stands for.
    pub user: UserId,
    /// SHA-256 of the token.
    pub hash: [u8; 32],
    /// When it was issued, by our clock.
    pub created_at: Instant,
    /// When it dies by itself.
    pub expires_at: Instant,
}
