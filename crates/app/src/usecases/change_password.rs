//! Somebody changes their password. Knowing the old one is proved as at login, and as slowly where it is guessed.

use super::{entities, login};
use crate::{Error, Result, Shop, principals::Caller};
use std::net::IpAddr;
use tradepost_domain::{
    identity::{User, check_password},
    repository::{LoginFailures, Tokens, Users},
};
use tradepost_store::Session;

/// The password there is and the one that shall be, as they were typed.
pub struct Passwords {
    /// The one there is.
    pub current: String,
    /// The one that shall be.
    pub new: String,
}

/// Replaces the caller's password, and kills all of their credentials but the one they came with.
///
/// # Errors
/// `BadCredentials` where the current password is wrong, also because another change was first; `TooManyAttempts`; `Invalid` at
/// `/new_password`; `Busy`, and whatever keeps the store from working.
pub async fn change_password(shop: &Shop, caller: &Caller, passwords: Passwords, address: IpAddr) -> Result<()> {
    let (id, kept) = (caller.user, caller.token);
    let user: User = shop.store.read_one(move |session| entities::get(session, id)).await?;
    // What can be said of the new one alone comes first: then it is no guess.
    let refused = |code, why: &dyn std::fmt::Display| Error::invalid("/new_password", code, why);
    check_password(&passwords.new, user.username.as_deref(), &user.email).map_err(|why| refused("invalid", &why))?;
    if passwords.new == passwords.current {
        return Err(refused("same", &"this is the password there is: choose another"));
    }
    let attempt = login::Attempt { login: user.email.to_string(), password: passwords.current, address };
    let login::Proved { user, hash: current, subjects, if_wrong } = login::prove(shop, attempt).await?;
    if user.id != id {
        // Their address became somebody else's between two reads.
        return Err(Error::BadCredentials(if_wrong));
    }
    let new = shop.passwords.accept("/new_password", passwords.new, &user).await.inspect_err(|_| {
        // The current one was right: that was no guess.
        shop.failures.forget(&subjects);
    })?;
    let known = [subjects.pair.clone(), subjects.account.clone()];
    let work = move |session: &mut Session<'_>| -> Result<_> {
        if session.lock_password_hash(id)?.as_deref() != Some(current.as_str()) {
            return Err(Error::BadCredentials(if_wrong));
        }
        session.set_password_hash(id, &new)?;
        session.revoke_other_tokens(id, kept)?;
        session.clear_login_failures(&known).map_err(Error::from)
    };
    let done = shop.store.write_plain(work).await;
    // Also where nobody knows whether it was kept.
    shop.principals.forget(id);
    done?;
    shop.failures.forget(&subjects);
    Ok(())
}
