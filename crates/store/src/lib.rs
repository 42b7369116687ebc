//! Tradepost on SQLite and PostgreSQL, through Diesel.
//!
//! Here live the tables, the statements and the transactions: who talks to which database, one file per noun, and the one writer of the
//! ledger. What may happen is decided by `tradepost-domain`; there is no `if` about price, stock or status in here.
//!
//! [`Store`] is the door. It reads on a few threads behind a bounded queue and writes on them too (PostgreSQL) or on the one writer's
//! thread (SQLite). [`Session`] is one unit of work: the domain's repository traits are implemented on it, and the lists of each noun take
//! it as their first argument.

// With one engine alone, some of what tells the two apart has nothing to do. Both together leave nothing unused.
#![cfg_attr(not(all(feature = "sqlite", feature = "postgres")), allow(dead_code, unused_imports))]

#[cfg(not(any(feature = "sqlite", feature = "postgres")))]
compile_error!("a store needs a database: switch on the feature `sqlite` or `postgres` of tradepost-store, or both");

mod bulk;
pub mod carts;
pub mod catalogue;
pub mod categories;
mod claim;
mod connection;
pub mod customers;
mod dialect;
mod error;
mod files;
mod housekeeping;
mod idempotency;
mod instrumentation;
pub mod ledger;
pub mod list;
pub mod locations;
mod migrate;
pub mod orders;
mod parts;
mod pool;
pub mod pos;
pub mod promos;
mod repository;
pub mod sales;
mod schema;
mod session;
mod settings;
pub mod stock;
mod store;
mod throttle;
mod till_secrets;
mod tokens;
mod types;
pub mod users;
mod verify;
mod wal;

pub use connection::Engine;
pub use error::{OpenError, StoreError};
pub use housekeeping::{Purged, housekeeping};
pub use idempotency::{Answer, Done, Keyed};
pub use instrumentation::statements;
pub use ledger::{Ledger, Sources, Submission, SubmitError};
pub use list::{KeyValue, ListRequest, Page, Sort};
pub use migrate::names as migration_names;
pub use repository::UniqueKey;
pub use session::Session;
pub use settings::{FirstStart, Settings};
pub use store::{Store, StoreConfig};
pub use types::{At, Id};
pub use verify::{CheckName, Checked, Problem, checks};

/// Every unique index that a caller can run into.
pub fn all_unique_keys() -> impl Iterator<Item = &'static UniqueKey> {
    let nouns = [
        catalogue::UNIQUE,
        categories::UNIQUE,
        customers::UNIQUE,
        idempotency::UNIQUE,
        locations::UNIQUE,
        orders::UNIQUE,
        pos::UNIQUE,
        promos::UNIQUE,
        sales::UNIQUE,
        users::UNIQUE,
    ];
    nouns.into_iter().flatten()
}
