//! Logging in. An unknown login and a wrong password are told apart neither by the answer nor by the time it takes.

use crate::{
    Error, Result, Shop, clock,
    credentials::tokens,
    login_throttle::{Decision, Subjects, Verdict},
};
use std::{net::IpAddr, sync::atomic::Ordering, time::Duration};
use tradepost_domain::{
    identity::{Token, User},
    ids::{TokenId, UserId},
    instant::Instant,
    repository::{LoginFailures, Tokens, Users},
    text::{self, limits},
};
use tradepost_store::Session;

/// Somebody wants to log in.
pub struct Attempt {
    /// A username or an e-mail address, as it was typed.
    pub login: String,
    /// As it was typed.
    pub password: String,
    /// The address it comes from, as far as proxies are believed.
    pub address: IpAddr,
}

/// Somebody knows the password of an active user.
pub(super) struct Proved {
    pub(super) user: User,
    /// The hash that their password was compared with.
    pub(super) hash: String,
    pub(super) subjects: Subjects,
    /// What it comes to if the password was replaced meanwhile, and so is wrong after all.
    pub(super) if_wrong: Verdict,
}

/// Somebody has logged in.
pub struct LoggedIn {
    /// Shown once; only its hash is kept.
    pub token: String,
    /// When it dies by itself.
    pub expires_at: Instant,
    /// The user, as they are kept.
    pub user: User,
}

/// Checks the password and makes a token.
///
/// # Errors
/// `BadCredentials`, `TooManyAttempts`, `Busy`, and whatever keeps the store from working.
pub async fn log_in(shop: &Shop, attempt: Attempt) -> Result<LoggedIn> {
    admit(shop, prove(shop, attempt).await?).await
}

/// Checks the password, and counts the attempt as failed until [`admit`] or its like says that it was not.
///
/// # Errors
/// As [`log_in`].
pub(super) async fn prove(shop: &Shop, attempt: Attempt) -> Result<Proved> {
    let subjects = Subjects::of(&attempt.login, attempt.address);
    let Opened { late, if_wrong, found } = open(shop, &attempt.login, &subjects).await?;
    delay(shop, late).await;
    let (user, hash) = found.map_or((None, None), |(user, hash)| (Some(user), hash));
    let matches = shop.passwords.verify(attempt.password, hash.clone()).await?;
    match user.filter(|user| matches && user.active).zip(hash) {
        Some((user, hash)) => Ok(Proved { user, hash, subjects, if_wrong }),
        None => {
            shop.wrong_passwords.fetch_add(1, Ordering::Relaxed);
            shop.failures.add_to_address(&subjects, clock::now());
            Err(Error::BadCredentials(if_wrong))
        }
    }
}

/// Somebody may try a password.
struct Opened {
    late: Duration,
    if_wrong: Verdict,
    found: Option<(User, Option<String>)>,
}

/// How often the stored counts are read again because a batch was written meanwhile, which happens once a second.
const READS: usize = 3;

/// Looks the user up, and counts the attempt as failed before its password is looked at. Nothing is written: a flood of wrong passwords
/// must not stand in the queue of the sales.
async fn open(shop: &Shop, login: &str, subjects: &Subjects) -> Result<Opened> {
    // What cannot be a login is nobody's.
    let key = text::optional(login, limits::EMAIL).map(|login| text::fold(&login)).unwrap_or_default();
    let mut reads = 1;
    loop {
        let generation = (reads < READS).then(|| shop.failures.generation());
        let (asked, key) = (subjects.all(), key.clone());
        let work = move |session: &mut Session<'_>| -> Result<_> {
            Ok((session.login_failures(&asked)?, session.user_by_login(&key)?))
        };
        let (stored, found) = shop.store.read(work).await?;
        match shop.failures.attempt(subjects, &stored, generation, clock::now()) {
            Decision::ReadAgain => reads += 1,
            Decision::TooMany => {
                let what = "Too many are logging in at the moment. Nothing was done; try again.";
                return Err(Error::Busy { what, retry_after_seconds: 1 });
            }
            Decision::Wait(verdict) => return Err(Error::TooManyAttempts(verdict)),
            Decision::Admitted { late, if_wrong } => return Ok(Opened { late, if_wrong, found }),
        }
    }
}

async fn delay(shop: &Shop, late: Duration) {
    if late.is_zero() {
        return;
    }
    // Only so many are kept waiting; hashing passwords is bounded in its own right.
    if let Ok(_place) = shop.delayed_logins.try_acquire() {
        tokio::time::sleep(late).await;
    }
}

async fn admit(shop: &Shop, proved: Proved) -> Result<LoggedIn> {
    let Proved { user, hash, subjects, if_wrong } = proved;
    let secret = tokens::generate().map_err(Error::internal)?;
    let now = clock::now();
    let token = Token {
        id: TokenId::from_uuid(clock::new_uuid()),
        user: user.id,
        hash: tokens::hash(&secret),
        created_at: now,
        expires_at: now.plus_seconds(shop.settings.token_hours * 3_600),
    };
    let expires_at = token.expires_at;
    let known = [subjects.pair.clone(), subjects.account.clone()];
    let id = user.id;
    let work = move |session: &mut Session<'_>| -> Result<_> {
        // A change of the password revokes what was issued for the old one. Whoever comes a moment later must not get another.
        if session.lock_password_hash(id)?.as_deref() != Some(hash.as_str()) {
            return Err(Error::BadCredentials(if_wrong));
        }
        session.clear_login_failures(&known)?;
        session.add_token(&token).map_err(Error::from)
    };
    shop.store.write_plain(work).await?;
    shop.failures.forget(&subjects);
    Ok(LoggedIn { token: secret, expires_at, user })
}

/// Revokes one credential, and forgets it in this process at once.
///
/// # Errors
/// Whatever keeps the store from working.
pub async fn log_out(shop: &Shop, user: UserId, token: TokenId) -> Result<()> {
    shop.store.write_plain(move |session| session.revoke_token(token).map_err(Error::from)).await?;
    shop.principals.forget(user);
    Ok(())
}

/// Kills every credential of a user.
///
/// # Errors
/// Whatever keeps the store from working.
pub async fn log_out_everywhere(shop: &Shop, user: UserId) -> Result<()> {
    shop.store.write_plain(move |session| session.revoke_all_tokens(user).map_err(Error::from)).await?;
    shop.principals.forget(user);
    Ok(())
}
