//! The rules of a shop: what is true and what is allowed.
//!
//! Pure: no I/O, no clock, no async, no SQL, no HTTP, no logging, no floating point. Everything that depends on the world outside (the time,
//! new ids, what is stored) is an argument. So every decision can be called, tested and simulated by another program.
//!
//! Start with [`ledger`], the only door through which stock changes. [`repository`] says what the rules need to be kept.

#![warn(missing_docs)]

pub mod catalogue;
pub mod contact;
pub mod customers;
pub mod faults;
pub mod identity;
pub mod ids;
pub mod instant;
pub mod ledger;
pub mod money;
pub mod pos;
pub mod quantity;
pub mod repository;
pub mod sales;
pub mod sku;
pub mod stock;
pub mod text;
