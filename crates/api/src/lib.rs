//! Tradepost's REST API, command line and binary. Thin: parse, authorise, call one thing, shape the answer.
//!
//! Rules live in `tradepost-domain`, tables and transactions in `tradepost-store`. Here are the endpoints ([`http`]), who may call them
//! ([`auth`]), the verbs that take more than one call ([`usecases`]), settings, the clock, and the commands.

pub mod auth;
pub mod cli;
pub mod clock;
pub mod config;
mod error;
pub mod http;
pub mod server;
pub mod shop;
pub mod usecases;
