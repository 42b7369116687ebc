//! What a Tradepost shop does, whoever asks for it: the REST API today, a command line or another program just as well.
//!
//! Here live the verbs that take more than one call to the store ([`usecases`]), the one table of who may do what ([`access`]), how somebody
//! proves who they are ([`credentials`], [`principals`]), work that nobody waits for ([`workers`]), settings, the clock, the sample data, and
//! how a shop is opened ([`start`]). Rules live in `tradepost-domain`, tables and transactions in `tradepost-store`. Never here:
//! anything that belongs to one way of asking, such as how it is written down and what number an answer has.

pub mod access;
pub mod clock;
pub mod config;
pub mod credentials;
mod error;
pub mod login_throttle;
pub mod nearest;
pub mod principals;
pub mod sample_data;
pub mod shop;
pub mod start;
pub mod usecases;
pub mod workers;

pub use error::{Error, Result};
pub use shop::Shop;
