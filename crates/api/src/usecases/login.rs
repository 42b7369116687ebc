//! Logging in. An unknown login and a wrong password are told apart neither by the answer nor by the time it takes.

use crate::{
    auth::{
        failures,
        throttle::{self, Subjects, Verdict},
        tokens,
    },
    clock,
    http::problem::{Code, Problem},
    shop::Shop,
};
use std::{net::IpAddr, time::Duration};
use tradepost_domain::{
    identity::Token,
    identity::User,
    ids::{TokenId, UserId},
    instant::Instant,
    repository::{LoginFailures, Tokens, Users},
    text::{self, limits},
};
use tradepost_store::StoreError;

/// Somebody wants in.
pub struct Attempt {
    /// A username or an e-mail address, as it was typed.
    pub login: String,
    /// As it was typed.
    pub password: String,
    /// From where.
    pub address: IpAddr,
}

/// They are in.
pub struct Session {
    /// Shown once; only its hash is kept.
    pub token: String,
    /// When it dies by itself.
    pub expires_at: Instant,
    /// Who they are.
    pub user: User,
}

/// Checks the password and makes a token.
///
/// # Errors
/// `bad_credentials`, `rate_limited`, and whatever keeps the store from working.
pub async fn log_in(shop: &Shop, attempt: Attempt) -> Result<Session, Problem> {
    let subjects = Subjects::of(&attempt.login, attempt.address);
    let Opened { late, if_wrong, found } = open(shop, &attempt.login, &subjects).await?;
    hold_back(shop, late).await;
    let (user, hash) = found.map_or((None, None), |(user, hash)| (Some(user), hash));
    let matches = shop.passwords.verify(attempt.password, hash).await?;
    match user.filter(|user| matches && user.active) {
        Some(user) => admit(shop, user, subjects).await,
        None => {
            shop.metrics.login_failures.inc();
            shop.failures.add_to_address(&subjects, clock::now());
            Err(Problem::new(Code::BAD_CREDENTIALS, "The login or the password is wrong.")
                .with_header(throttle::RATE_LIMIT_POLICY, throttle::policy())
                .with_header(throttle::RATE_LIMIT, if_wrong.left()))
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
/// must not stand in the line of the sales.
async fn open(shop: &Shop, login: &str, subjects: &Subjects) -> Result<Opened, Problem> {
    // What cannot be a login is nobody's.
    let key = text::optional(login, limits::EMAIL).map(|login| text::fold(&login)).unwrap_or_default();
    let mut reads = 1;
    loop {
        let generation = (reads < READS).then(|| shop.failures.generation());
        let (asked, key) = (subjects.all(), key.clone());
        let work = move |session: &mut tradepost_store::Session<'_>| -> Result<_, Problem> {
            Ok((session.login_failures(&asked)?, session.user_by_login(&key)?))
        };
        let (stored, found) = shop.store.read(work).await?;
        match shop.failures.attempt(subjects, &stored, generation, clock::now()) {
            failures::Attempt::ReadAgain => reads += 1,
            failures::Attempt::Refused(problem) => return Err(problem),
            failures::Attempt::Admitted { late, if_wrong } => return Ok(Opened { late, if_wrong, found }),
        }
    }
}

/// Writes down the failures that were counted since the last time, in one small unit of work.
pub async fn note_failures(shop: &Shop) {
    let Some(batch) = shop.failures.take() else { return };
    let written = batch.clone();
    let work = move |session: &mut tradepost_store::Session<'_>| -> Result<_, StoreError> {
        session.clear_login_failures(&written.forget)?;
        Ok(session.note_login_failures(&written.add, throttle::remembered(clock::now()))?)
    };
    let outcome = shop.store.write_plain(work).await;
    if let Err(error) = &outcome {
        log::warn!("failed logins were not noted, other replicas do not know of them yet: {error}");
    }
    // Where nobody knows, they may be there: nobody is to wait twice as long.
    shop.failures.settle(batch, matches!(outcome, Ok(()) | Err(StoreError::OutcomeUnknown(_))));
}

async fn hold_back(shop: &Shop, late: Duration) {
    if late.is_zero() {
        return;
    }
    // Only so many are kept waiting; hashing passwords is bounded in its own right.
    if let Ok(_place) = shop.late.try_acquire() {
        tokio::time::sleep(late).await;
    }
}

async fn admit(shop: &Shop, user: User, subjects: Subjects) -> Result<Session, Problem> {
    let secret = tokens::generate().map_err(Problem::internal)?;
    let now = clock::now();
    let token = Token {
        id: TokenId::from_uuid(clock::new_uuid()),
        user: user.id,
        hash: tokens::hash(&secret),
        created_at: now,
        expires_at: now.plus_seconds(shop.token_hours * 3_600),
    };
    let expires_at = token.expires_at;
    let known = [subjects.pair.clone(), subjects.account.clone()];
    let work = move |session: &mut tradepost_store::Session<'_>| -> Result<_, Problem> {
        session.clear_login_failures(&known)?;
        session.add_token(&token).map_err(Problem::from)
    };
    shop.store.write_plain(work).await?;
    shop.failures.forget(&subjects);
    Ok(Session { token: secret, expires_at, user })
}

/// Kills one credential.
///
/// # Errors
/// Whatever keeps the store from working.
pub async fn log_out(shop: &Shop, user: UserId, token: TokenId) -> Result<(), Problem> {
    shop.store.write_plain(move |session| session.revoke_token(token).map_err(Problem::from)).await?;
    shop.callers.forget(user);
    Ok(())
}

/// Kills every credential of a user.
///
/// # Errors
/// Whatever keeps the store from working.
pub async fn log_out_everywhere(shop: &Shop, user: UserId) -> Result<(), Problem> {
    shop.store.write_plain(move |session| session.revoke_all_tokens(user).map_err(Problem::from)).await?;
    shop.callers.forget(user);
    Ok(())
}
