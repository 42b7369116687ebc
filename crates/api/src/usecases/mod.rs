//! Verbs that take more than one call to the store. They know nothing of requests and answers.

mod goods;
pub mod login;
pub mod register;
pub mod sample_data;
pub mod secrets;
pub mod users;
