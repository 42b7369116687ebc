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
//! [`memory::Shop`] is the shortest way:
//!
//! ```
//! use tradepost_domain::{identity::Principal, instant::Instant, ledger::{SellLine, sales::NewSale}, memory::Shop};
//!
//! let now: Instant = "2026-01-31T12:00:00Z".parse()?;
//! let mut shop = Shop::new("EUR".parse()?, now);
//! let tea = shop.add_product("TEA", "Tea", "2.50", "10", now)?;
//! let sell = NewSale::of([SellLine::of(tea, "7".parse()?)]).into();
//! let effects = shop.submit(&sell, &Principal::system(), now)?;
//! assert_eq!(effects.sales.sales[0].value.total.to_string(), "17.50");
//! let refusal = shop.submit(&sell, &Principal::system(), now).unwrap_err();
//! assert_eq!(shop.explain(&refusal), "there is not enough stock: 7 requested of TEA, 3 available");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! To keep the books yourself, put a [`Command`](ledger::Command) to [`decide`](ledger::decide). It says what it must know first: look that
//! up, enter it into the [`Book`](ledger::Book) (what there is, or that there is none), and ask again. Then keep the effects wherever you
//! keep things, and [apply](ledger::Book::apply) them to the book before the next command.
//!
//! ```
//! use tradepost_domain::{identity::Principal, ids::{LocationId, ProductId}, ledger::*, uuid::Uuid};
//!
//! let home = LocationId::from_uuid(Uuid::from_u128(1));
//! let mut book = Book::new("EUR".parse()?, home);
//! let product = ProductId::from_uuid(Uuid::from_u128(2));
//! let (location, change, reason) = (None, "-3".parse()?, "spilt".to_owned());
//! let command = stock::Command::Adjust { product, location, change, reason }.into();
//! let mut inputs = Inputs {
//!     now: "2026-01-31T12:00:00Z".parse()?,
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
//!
//! # Features
//!
//! - `phone` (on by default): phone numbers by the numbering plans of all countries. Without it they are written in E.164.
//! - `serde`: [commands](ledger::Command), [effects](ledger::Effects), [refusals](ledger::Refusal) and every noun to and from JSON and other
//!   formats that name their fields, each value as people read it and read through the parser that makes it.
//!   [`Shop::replay`](memory::Shop::replay) takes stored effects back.
//!
//! # What may grow
//!
//! Commands, refusals, statuses and kinds of movements are enumerations that can be matched to the last value, on purpose: what keeps books
//! or answers people must not compile against a new one until somebody has decided what it means. What a caller only ever receives and reads
//! (errors of parsers, a field's error, a quote) is `#[non_exhaustive]` and grows without breaking anybody.

#![warn(missing_docs)]

pub use chrono;
pub use uuid;

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
mod names;
pub mod orders;
pub mod pos;
pub mod promos;
pub mod quantity;
pub mod repository;
pub mod sales;
#[cfg(feature = "serde")]
mod serialize;
pub mod sku;
pub mod stock;
pub mod text;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
