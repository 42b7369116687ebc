//! How somebody proves who they are: passwords, tokens, signatures of tills. What they may do then is [`crate::access`]'s to say.

pub mod passwords;
pub mod refusals;
pub mod sealing;
pub mod till_secrets;
pub mod tokens;
pub mod webhooks;
