//! The rules of a shop: what is true and what is allowed.
//!
//! Pure: no I/O, no clock, no async, no SQL, no HTTP, no logging, no floating point. Everything that depends on the world outside (the time,
//! new ids, what is stored) is an argument. So every decision can be called, tested and simulated by another program.
//!
//! Start with [`memory::Shop`], a whole shop in memory, and [`ledger`], the only door through which stock changes. [`repository`] says
//! what the rules need to be kept.
//!
//! # Embedding it
//!
//! [`memory::Shop`] is the shortest way; `cargo run -p tradepost-domain --example counter` shows it in one file. To keep the books yourself,
//! put a [`Command`](ledger::Command) to [`decide`](ledger::decide). It says what it must know first: look that up, enter it into the
//! [`Book`](ledger::Book) (what there is, or that there is none), and ask again. Then keep the effects wherever you keep things, and
//! [apply](ledger::Book::apply) them to the book before the next command.
//!
//! ```
//! use tradepost_domain::{identity::Principal, ids::{LocationId, ProductId}, instant::Instant, ledger::*, money::Currency};
//! use uuid::Uuid;
//!
//! let home = LocationId::from_uuid(Uuid::from_u128(1));
//! let mut book = Book::new(Currency::parse("EUR")?, home);
//! let product = ProductId::from_uuid(Uuid::from_u128(2));
//! let (location, change, reason) = (None, "-3".parse()?, "spilt".to_owned());
//! let command = Command::Stock(stock::Command::Adjust { product, location, change, reason });
//! let mut inputs = Inputs {
//!     now: Instant::parse("2026-01-31T12:00:00Z")?,
//!     principal: &Principal::system(),
//!     expected_version: None,
//!     new_id: &mut || Uuid::from_u128(3),
//!     next_number: &mut |_| 1,
//! };
//! // It asks for the product, its level and the location.
//! let Err(Stop::Missing(missing)) = decide(&book, &command, &mut inputs) else { panic!() };
//! assert_eq!(missing.wanted.catalogue.products.clone().sorted(), [product]);
//! // There are none of them.
//! book.catalogue.products.enter(product, None);
//! book.stock.levels.enter((product, home), None);
//! book.stock.locations.enter(home, None);
//! assert_eq!(decide(&book, &command, &mut inputs), Err(Stop::Refused(Refusal::NotFound("product"))));
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
pub mod field_errors;
pub mod identity;
pub mod ids;
pub mod instant;
pub mod ledger;
pub mod lines;
pub mod memory;
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
