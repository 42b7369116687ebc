//! Black-box acceptance: the real program over real HTTP, each rule on both engines. Modules mirror the URL tree; what
//! holds across it has a module of its own.

mod access;
mod auth;
mod catalogue;
mod conventions;
mod crash;
mod customers;
mod idempotency;
mod inventory;
mod lists;
mod outage;
mod oversell;
mod pos;
mod program;
mod races;
mod readme;
mod sales;
mod users;
