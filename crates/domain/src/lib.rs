//! The rules of a shop: what is true and what is allowed.
//!
//! Pure: no I/O, no clock, no async, no SQL, no HTTP, no logging, no floating point. Everything that depends on the world outside (the time,
//! new ids, what is stored) is an argument. So every decision can be called, tested and simulated by another program.
//!
//! Start with [`ledger`], the only door through which stock changes. [`repository`] says what the rules need to be kept.
//!
//! # Embedding it
//!
//! Load what a command needs into a [`Book`](ledger::Book), ask [`decide`](ledger::decide), keep the effects wherever you keep things, and
//! [apply](ledger::Book::apply) them before the next command. `cargo run -p tradepost-domain --example counter` is the whole of it in one
//! file; the gist is:
//!
//! ```
//! use tradepost_domain::{identity::Principal, ids::{LocationId, ProductId}, instant::Instant, ledger::*, money::Currency};
//! use uuid::Uuid;
//!
//! let shop = LocationId::from_uuid(Uuid::from_u128(1));
//! let book = Book::new(Currency::parse("EUR")?, shop);
//! let command = Command::Adjust {
//!     product: ProductId::from_uuid(Uuid::from_u128(2)),
//!     location: None,
//!     change: "-3".parse()?,
//!     reason: "spilt".to_owned(),
//! };
//! let mut inputs = Inputs {
//!     now: Instant::parse("2026-01-31T12:00:00Z")?,
//!     principal: &Principal::system(),
//!     expected_version: None,
//!     new_id: &mut || Uuid::from_u128(3),
//!     next_number: &mut |_| 1,
//! };
//! // Nothing was entered into this book, so there is no such product; nothing has changed.
//! assert_eq!(decide(&book, &command, &mut inputs), Err(Refusal::NotFound("product")));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Two shops in memory that are given the same commands and inputs come to the same effects; so a history can be replayed, and a change of
//! rules tried on last year's sales.

#![warn(missing_docs)]

pub mod carts;
pub mod catalogue;
pub mod contact;
pub mod customers;
pub mod faults;
pub mod identity;
pub mod ids;
pub mod instant;
pub mod ledger;
pub mod lines;
pub mod money;
pub mod orders;
pub mod pos;
pub mod promos;
pub mod quantity;
pub mod repository;
pub mod sales;
pub mod sku;
pub mod stock;
pub mod text;
