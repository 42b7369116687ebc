//! What the rules need to be kept: one small trait per noun. Nothing in here says how.
//!
//! Every method works inside one unit of work that is kept whole or not at all. What changes stock is not here: that goes through
//! [`crate::ledger`] alone.

use crate::{
    carts::{Cart, CartItem},
    catalogue::Category,
    customers::Customer,
    identity::{Principal, User},
    ids::{CategoryId, CustomerId, LocationId, PosConnectionId, ProductId, PromoId, TokenId, UserId},
    instant::Instant,
    pos::PosConnection,
    promos::Promo,
    stock::Location,
};
use std::ops::RangeInclusive;

/// Why something could not be kept or found.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another one has this value already.
    #[error("there is already one with this {field}")]
    Duplicate {
        /// The field, as the contract calls it.
        field: &'static str,
    },
    /// Something still refers to it.
    #[error("it is in use by {by}")]
    InUse {
        /// Plural, for example `products`.
        by: &'static str,
    },
    /// Somebody else changed it since it was read; the whole unit of work may be tried again.
    #[error("it was changed meanwhile")]
    Changed,
    /// The storage itself failed.
    #[error(transparent)]
    Storage(Box<dyn std::error::Error + Send + Sync>),
}

/// What every method answers.
pub type Result<T> = std::result::Result<T, Error>;

/// Those who log in.
pub trait Users {
    /// By id; erased users are not found.
    fn user(&mut self, id: UserId) -> Result<Option<User>>;
    /// By username or e-mail (folded, see [`crate::text::fold`]), with the password's hash where there is one.
    fn user_by_login(&mut self, login_key: &str) -> Result<Option<(User, Option<String>)>>;
    /// Keeps a new one with the hash of its password. `Duplicate` of `username` or `email`.
    fn add_user(&mut self, user: &User, password_hash: Option<&str>) -> Result<()>;
    /// Keeps an edit of the version before. `Changed` where that is not the one kept; `Duplicate` as above.
    fn update_user(&mut self, user: &User) -> Result<()>;
    /// How many active owners there are, held fast until the unit of work ends, so that two cannot both remove the last but one.
    fn lock_active_owners(&mut self) -> Result<Vec<UserId>>;
    /// Erases what is personal (also in the user's own customer record), revokes every credential, keeps the row for documents to refer to.
    fn erase_user(&mut self, id: UserId, now: Instant) -> Result<()>;
}

/// A credential that is alive: an opaque token, known only by its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Its id.
    pub id: TokenId,
    /// Whose.
    pub user: UserId,
    /// SHA-256 of the token.
    pub hash: [u8; 32],
    /// When issued.
    pub created_at: Instant,
    /// When it dies by itself.
    pub expires_at: Instant,
}

/// Credentials.
pub trait Tokens {
    /// Keeps a new one.
    fn add_token(&mut self, token: &Token) -> Result<()>;
    /// The token with this hash and its user's standing, if it is alive at `now` and the user is active.
    fn principal_by_token(&mut self, hash: &[u8; 32], now: Instant) -> Result<Option<(Token, Principal)>>;
    /// Kills one; `false` where it was dead already.
    fn revoke_token(&mut self, id: TokenId) -> Result<bool>;
    /// Kills all of a user's.
    fn revoke_all_tokens(&mut self, user: UserId) -> Result<()>;
    /// Notes when tokens were last used; never sets a time back.
    fn note_token_use(&mut self, uses: &[(TokenId, Instant)]) -> Result<()>;
}

/// How often logging in failed, by subject (an account at an address, an account, an address).
pub trait LoginFailures {
    /// Failures and the time of the last one, for each subject that has any.
    fn login_failures(&mut self, subjects: &[String]) -> Result<Vec<(String, u32, Instant)>>;
    /// Adds so many of each subject, the last of them then, starting anew where the one before was not in `remembered`.
    fn note_login_failures(
        &mut self,
        failures: &[(String, u32, Instant)],
        remembered: RangeInclusive<Instant>,
    ) -> Result<()>;
    /// Forgets them.
    fn clear_login_failures(&mut self, subjects: &[String]) -> Result<()>;
}

/// Categories of products.
pub trait Categories {
    /// By id.
    fn category(&mut self, id: CategoryId) -> Result<Option<Category>>;
    /// Keeps a new one. `Duplicate` of `name`.
    fn add_category(&mut self, category: &Category) -> Result<()>;
    /// Keeps an edit of the version before. `Changed`, `Duplicate` of `name`.
    fn update_category(&mut self, category: &Category) -> Result<()>;
    /// Removes one that no product stands in (removed products do not count: they lose their category). `InUse` by `products`.
    fn remove_category(&mut self, id: CategoryId) -> Result<()>;
}

/// Where stock is. Removing one is a command of the ledger.
pub trait Locations {
    /// By id; removed ones are not found.
    fn location(&mut self, id: LocationId) -> Result<Option<Location>>;
    /// Keeps a new one. `Duplicate` of `code` or `name`.
    fn add_location(&mut self, location: &Location) -> Result<()>;
    /// Keeps an edit of the version before. `Changed`, `Duplicate` of `code` or `name`.
    fn update_location(&mut self, location: &Location) -> Result<()>;
}

/// Who buys.
pub trait Customers {
    /// By id; erased ones are not found.
    fn customer(&mut self, id: CustomerId) -> Result<Option<Customer>>;
    /// The record of a login.
    fn customer_of_user(&mut self, user: UserId) -> Result<Option<Customer>>;
    /// Keeps a new one. `Duplicate` of `code`.
    fn add_customer(&mut self, customer: &Customer) -> Result<()>;
    /// Keeps an edit of the version before. `Changed`, `Duplicate` of `code`.
    fn update_customer(&mut self, customer: &Customer) -> Result<()>;
    /// Erases what is personal, keeps the row for documents to refer to.
    fn erase_customer(&mut self, id: CustomerId, now: Instant) -> Result<()>;
}

/// Tills and POS accounts. Their events and mappings change stock, and go through the ledger.
pub trait PosConnections {
    /// By id; removed ones are not found.
    fn connection(&mut self, id: PosConnectionId) -> Result<Option<PosConnection>>;
    /// The secret that its deliveries are signed with.
    fn connection_secret(&mut self, id: PosConnectionId) -> Result<Option<String>>;
    /// Keeps a new one with its secret. `Duplicate` of `name`.
    fn add_connection(&mut self, connection: &PosConnection, secret: &str) -> Result<()>;
    /// Keeps an edit of the version before. `Changed`, `Duplicate` of `name`.
    fn update_connection(&mut self, connection: &PosConnection) -> Result<()>;
    /// Takes it out of use; its events stay. Its secret is forgotten.
    fn remove_connection(&mut self, id: PosConnectionId, now: Instant) -> Result<()>;
}

/// Promo codes. Who holds them, and how often, is the ledger's to say.
pub trait Promos {
    /// By id; removed ones are not found.
    fn promo(&mut self, id: PromoId) -> Result<Option<Promo>>;
    /// By its code (folded); removed ones are not found.
    fn promo_by_code(&mut self, code_key: &str) -> Result<Option<Promo>>;
    /// How many orders of a customer hold it.
    fn redemptions(&mut self, promo: PromoId, customer: CustomerId) -> Result<i64>;
    /// Keeps a new one. `Duplicate` of `code`.
    fn add_promo(&mut self, promo: &Promo) -> Result<()>;
    /// Keeps an edit of the version before, all but `times_used`. `Changed`, `Duplicate` of `code`.
    fn update_promo(&mut self, promo: &Promo) -> Result<()>;
    /// Takes it out of use; orders that hold it keep their terms. Its code is free again.
    fn remove_promo(&mut self, id: PromoId, now: Instant) -> Result<()>;
}

/// Carts. Placing what is in one is a command of the ledger. Every change raises the version.
pub trait Carts {
    /// A user's; an empty one of version 0 where they have none.
    fn cart(&mut self, user: UserId) -> Result<Cart>;
    /// The same, held fast until the unit of work ends, so that nobody else changes or places it meanwhile.
    fn lock_cart(&mut self, user: UserId, now: Instant) -> Result<Cart>;
    /// Puts a product in, or in the place of what is wished of it: quantity and the price seen. When it was first put in stays.
    fn put_cart_item(&mut self, user: UserId, item: &CartItem, now: Instant) -> Result<()>;
    /// Takes a product out; `false` where it was not in.
    fn remove_cart_item(&mut self, user: UserId, product: ProductId, now: Instant) -> Result<bool>;
    /// The code that is to be used.
    fn set_cart_promo(&mut self, user: UserId, code: Option<&str>, now: Instant) -> Result<()>;
    /// Takes everything out, the code too.
    fn empty_cart(&mut self, user: UserId, now: Instant) -> Result<()>;
}
