//! What every handler uses, whatever its noun: bodies, queries, ids in paths, callers, problems, entity tags, idempotency keys, lists and the
//! middleware. Never here: nouns.

pub mod auth;
pub mod body;
pub mod change;
pub mod client_address;
pub mod crud;
pub mod endpoints;
pub mod error;
pub mod etag;
pub mod json;
pub mod lists;
pub mod metrics;
pub mod middleware;
pub mod path;
pub mod problem;
pub mod query;
pub mod request_id;
pub mod response;

use std::net::IpAddr;

/// What the machinery needs to know besides the shop.
pub struct Wire {
    /// Which endpoints there are, and who may.
    pub endpoints: endpoints::Endpoints,
    /// Signs the cursors of lists, and recognises its own.
    pub cursors: lists::CursorKey,
    /// What this process has counted.
    pub metrics: metrics::Metrics,
    /// Proxies that tell truly who is behind them.
    pub proxies: Vec<IpAddr>,
}
