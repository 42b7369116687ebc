//! What the rules need to be kept: [`Repository`] is the same for every noun, and a noun that needs more has a small trait of its own.
//! Nothing in here says how.
//!
//! Every method works inside one unit of work that is kept whole or not at all. What changes stock is not here: that goes through
//! [`crate::ledger`] alone. [`crate::memory::Shop`] keeps everything in memory, the store's `Session` in a database; one suite of tests
//! holds both to what is said here.

use crate::{
    carts::{Cart, CartItem},
    customers::Customer,
    identity::{Principal, Token, User},
    ids::{CustomerId, Id, PosConnectionId, ProductId, PromoId, TokenId, UserId},
    instant::Instant,
    ledger::{Command, Effects, Refusal},
    pos::{KeptSecrets, PosConnection, RefusedDeliveries},
    promos::Promo,
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

/// Something that is kept as a whole, under its id, and counts its edits.
pub trait Entity: Sized {
    /// What it is called in sentences and problems: one word, singular, for example `category`.
    const NAME: &'static str;
    /// Its id, which never changes.
    fn id(&self) -> Id<Self>;
    /// 1 when it was added, and one more with every edit.
    fn version(&self) -> i64;
    /// What no two of a kind may share: the field as the contract calls it, and its value as it is compared (folded, see
    /// [`crate::text::fold`], where case does not matter). A field without a value is not listed.
    fn unique_keys(&self) -> Vec<(&'static str, String)>;
}

/// Says what [`Entity`] asks of a noun with the fields `id` and `version`.
macro_rules! entity {
    ($entity:ty, $name:literal, |$one:ident| [$(($field:literal, $key:expr)),* $(,)?]) => {
        impl crate::repository::Entity for $entity {
            const NAME: &'static str = $name;

            fn id(&self) -> crate::ids::Id<Self> {
                self.id
            }

            fn version(&self) -> i64 {
                self.version
            }

            fn unique_keys(&self) -> Vec<(&'static str, String)> {
                let $one = self;
                [$(($field, $key)),*].into_iter().filter_map(|(field, key): (_, Option<String>)| Some((field, key?))).collect()
            }
        }
    };
}
pub(crate) use entity;

/// Keeps things of one kind.
pub trait Repository<T: Entity> {
    /// By id; removed and erased ones are not found.
    ///
    /// # Errors
    /// `Storage`.
    fn find(&mut self, id: Id<T>) -> Result<Option<T>>;
    /// Keeps a new one.
    ///
    /// # Errors
    /// `Duplicate` of one of its [`Entity::unique_keys`].
    fn add(&mut self, entity: &T) -> Result<()>;
    /// Keeps an edit of the version before.
    ///
    /// # Errors
    /// `Changed` where that is not the version that is kept (or there is none), `Duplicate` as for a new one.
    fn update(&mut self, entity: &T) -> Result<()>;
}

/// Kinds of things that can be removed without the ledger being asked. A removed one is not found any more; what refers to it stays.
pub trait Remove<T: Entity>: Repository<T> {
    /// Removes it, and what is personal of it; its unique keys are free again. Where there is none, nothing happens.
    ///
    /// # Errors
    /// `InUse` where something refers to it that may not lose it.
    fn remove(&mut self, id: Id<T>, now: Instant) -> Result<()>;
}

/// Those who log in. Removing one revokes their credentials, empties their cart and erases their customer record; the row stays for
/// documents to refer to.
pub trait Users: Repository<User> + Remove<User> {
    /// By username or e-mail (folded, see [`crate::text::fold`]), with the password's hash where there is one.
    fn user_by_login(&mut self, login_key: &str) -> Result<Option<(User, Option<String>)>>;
    /// Keeps the hash of a user's password, in the place of the one before.
    fn set_password_hash(&mut self, id: UserId, password_hash: &str) -> Result<()>;
    /// The hash of a user's password where there is one, held fast until the unit of work ends: nobody replaces it meanwhile.
    fn lock_password_hash(&mut self, id: UserId) -> Result<Option<String>>;
    /// The active owners, by id, held fast until the unit of work ends, so that two cannot both remove the last but one.
    fn lock_active_owners(&mut self) -> Result<Vec<UserId>>;
}

/// Credentials that are alive. Their texts are known to nobody but who holds them: they are found by their hashes.
pub trait Tokens {
    /// Keeps a new one.
    fn add_token(&mut self, token: &Token) -> Result<()>;
    /// The token with this hash and its user's standing, if it is alive at `now` and the user is active.
    fn principal_by_token(&mut self, hash: &[u8; 32], now: Instant) -> Result<Option<(Token, Principal)>>;
    /// Kills one; `false` where it was dead already.
    fn revoke_token(&mut self, id: TokenId) -> Result<bool>;
    /// Kills all of a user's but this one.
    fn revoke_other_tokens(&mut self, user: UserId, kept: TokenId) -> Result<()>;
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
    /// Forgets all failures of these subjects.
    fn clear_login_failures(&mut self, subjects: &[String]) -> Result<()>;
}

/// Who buys. Removing one erases what is personal and keeps the row for documents to refer to.
pub trait Customers: Repository<Customer> + Remove<Customer> {
    /// The record of a login.
    fn customer_of_user(&mut self, user: UserId) -> Result<Option<Customer>>;
}

/// Tills and POS accounts. Their events and mappings change stock, and go through the ledger. Removing one keeps its events and forgets its
/// secrets, which are only ever kept sealed.
pub trait PosConnections: Repository<PosConnection> + Remove<PosConnection> {
    /// What its deliveries are signed with; `None` where there is no such connection.
    fn connection_secrets(&mut self, id: PosConnectionId) -> Result<Option<KeptSecrets>>;
    /// Keeps its secrets, in the place of those before.
    fn set_connection_secrets(&mut self, id: PosConnectionId, secrets: &KeptSecrets) -> Result<()>;
    /// Those of all connections.
    fn all_connection_secrets(&mut self) -> Result<Vec<(PosConnection, KeptSecrets)>>;
    /// Keeps a secret sealed in another way, wherever it is still kept in this one.
    fn seal_connection_secret_anew(&mut self, id: PosConnectionId, sealed: &str, anew: &str) -> Result<()>;
    /// Forgets all secrets that were good until then or earlier, and says how many.
    fn forget_old_connection_secrets(&mut self, now: Instant) -> Result<usize>;
    /// Deliveries of these connections that were not let in, by connection and reason.
    fn refused_deliveries(&mut self, of: &[PosConnectionId]) -> Result<Vec<(PosConnectionId, RefusedDeliveries)>>;
    /// Adds these to them. Each connection and reason occurs once.
    fn note_refused_deliveries(&mut self, refused: &[(PosConnectionId, RefusedDeliveries)]) -> Result<()>;
}

/// Promo codes. Who holds them, and how often, is the ledger's to say: an edit keeps `times_used` as it is. Orders that hold a removed one
/// keep its terms.
pub trait Promos: Repository<Promo> + Remove<Promo> {
    /// By its code (folded); removed ones are not found.
    fn promo_by_code(&mut self, code_key: &str) -> Result<Option<Promo>>;
    /// How many orders of a customer hold it.
    fn redemptions(&mut self, promo: PromoId, customer: CustomerId) -> Result<i64>;
}

/// Asks the ledger what it would say.
pub trait DryRun {
    /// What a command would come to by what this unit of work sees, or why it would be refused. Nothing is kept; ids and numbers in the
    /// effects are made up.
    fn dry_run(
        &mut self,
        command: &Command,
        principal: &Principal,
        now: Instant,
    ) -> Result<std::result::Result<Effects, Refusal>>;
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
