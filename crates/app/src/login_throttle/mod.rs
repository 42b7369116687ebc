//! Failed logins slow down whoever fails: what is counted, by account and address, and what the counts mean. Here is no password and no user.

mod failures;
mod verdict;

pub use failures::{Batch, Decision, Failures};
pub use verdict::{FREE_ATTEMPTS, MEMORY_SECONDS, Subjects, Verdict, counting_window};
