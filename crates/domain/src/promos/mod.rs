//! Promo codes: what they take off, for whom, and how often. Who holds one is the ledger's to say.

mod patch;
mod percentage;
mod promo;
mod refusal;
mod terms;

pub use patch::PromoPatch;
pub use percentage::Percentage;
pub use promo::{Promo, PromoId};
pub use refusal::PromoRefusal;
pub use terms::{Discount, PromoTerms};
