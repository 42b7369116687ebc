//! Black-box acceptance: the real program over real HTTP, each rule on both engines. Modules mirror the URL tree; what
//! holds across it has a module of its own.

mod access;
mod auth;
mod carts;
mod catalogue;
mod conventions;
mod crash;
mod customers;
mod dashboard;
mod errors;
mod health;
mod http_details;
mod idempotency;
mod inventory;
mod lists;
mod me;
mod nouns;
mod order_edits;
mod order_steps;
mod orders;
mod orders_at_once;
mod outage;
mod oversell;
mod pos;
mod pos_secrets;
mod program;
mod promos;
mod races;
mod readme;
mod sales;
mod settings;
mod users;
