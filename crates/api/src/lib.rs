//! Tradepost over HTTP: the REST API, the command line and the binary. Thin: parse, authorise, call one thing, shape the answer.
//!
//! What a shop does lives in `tradepost-app`, rules in `tradepost-domain`, tables and transactions in `tradepost-store`. Here are the endpoints
//! ([`http`]), what all of them use ([`http::wire`]), the server, its settings, and the commands. Never here: what a command-line client of the
//! same use-cases would need, too.

pub mod banner;
pub mod cli;
pub mod config;
pub mod framing;
pub mod http;
pub mod probe;
pub mod server;
