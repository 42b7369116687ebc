//! What every handler uses, whatever its noun: bodies, queries, ids in paths, callers, problems, entity tags, idempotency keys, lists and the
//! middleware. Never here: nouns.

pub mod auth;
pub mod body;
pub mod change;
pub mod client_address;
pub mod crud;
pub mod cursor;
pub mod endpoints;
pub mod error;
pub mod etag;
pub mod explain;
mod explain_json;
mod explain_words;
pub mod json;
pub mod lists;
pub mod metrics;
pub mod middleware;
pub mod missing;
pub mod path;
pub mod problem;
mod problem_codes;
pub mod problem_texts;
pub mod public_url;
pub mod query;
pub mod request_id;
pub mod response;
mod state;
pub mod texts;
pub mod words;

pub use state::Wire;
