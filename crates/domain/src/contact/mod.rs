//! How people are reached: e-mail addresses, phone numbers, and the countries those are read by. Nothing in here sends anything.

mod country;
mod email;
mod phone;

pub use country::Country;
pub use email::Email;
pub use phone::Phone;
