//! Who logs in and what they may do. How somebody proves who they are (hashing, sessions, protocols) is never in here.

mod grants;
mod password;
mod permissions;
mod principal;
mod token;
mod user;

pub use grants::{Denied, may_edit, may_grant};
pub use password::{PASSWORD_MAX, PASSWORD_MIN, check_password};
pub use permissions::{Permission, Permissions, Role};
pub use principal::{Actor, Principal};
pub use token::{Token, TokenId};
pub use user::{User, UserForm, UserId};
