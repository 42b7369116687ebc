//! Logging in. An unknown login and a wrong password are told apart neither by the answer nor by the time it takes.

use crate::{
    auth::{
        throttle::{self, Subjects, Verdict},
        tokens,
    },
    clock,
    http::problem::{Code, Problem},
    shop::Shop,
};
use std::net::IpAddr;
use tradepost_domain::{
    identity::User,
    ids::{TokenId, UserId},
    instant::Instant,
    repository::{LoginFailures, Token, Tokens, Users},
    text::{self, limits},
};

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
    let (verdict, found) = open(shop, &attempt.login, &subjects).await?;
    hold_back(shop, verdict).await;
    let (user, hash) = found.map_or((None, None), |(user, hash)| (Some(user), hash));
    let matches = shop.passwords.verify(attempt.password, hash).await?;
    match user.filter(|user| matches && user.active) {
        Some(user) => admit(shop, user, subjects).await,
        None => Err(refuse(shop, subjects).await?),
    }
}

type Found = Option<(User, Option<String>)>;

/// Counts the attempt as failed before its password is looked at, so that a thousand guesses at once are not all the first.
async fn open(shop: &Shop, login: &str, subjects: &Subjects) -> Result<(Verdict, Found), Problem> {
    // What cannot be a login is nobody's.
    let key = text::optional(login, limits::EMAIL).map(|login| text::fold(&login)).unwrap_or_default();
    let subjects = subjects.clone();
    let work = move |session: &mut tradepost_store::Session<'_>| -> Result<_, Problem> {
        let now = clock::now();
        let verdict = Verdict::of(&subjects, &session.login_failures(&subjects.all())?, now);
        if verdict.wait_seconds > 0 {
            return Err(verdict.refusal());
        }
        let counted = [subjects.pair.clone(), subjects.account.clone()];
        session.note_login_failure(&counted, now, throttle::since(now))?;
        Ok((verdict, session.user_by_login(&key)?))
    };
    shop.store.write_plain(work).await
}

async fn hold_back(shop: &Shop, verdict: Verdict) {
    if verdict.late.is_zero() {
        return;
    }
    // Only so many are kept waiting; hashing passwords is bounded in its own right.
    if let Ok(_place) = shop.late.try_acquire() {
        tokio::time::sleep(verdict.late).await;
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
    let work = move |session: &mut tradepost_store::Session<'_>| -> Result<_, Problem> {
        session.clear_login_failures(&[subjects.pair.clone(), subjects.account.clone()])?;
        session.add_token(&token).map_err(Problem::from)
    };
    shop.store.write_plain(work).await?;
    Ok(Session { token: secret, expires_at, user })
}

async fn refuse(shop: &Shop, subjects: Subjects) -> Result<Problem, Problem> {
    shop.metrics.login_failures.inc();
    let work = move |session: &mut tradepost_store::Session<'_>| -> Result<_, Problem> {
        let now = clock::now();
        session.note_login_failure(std::slice::from_ref(&subjects.address), now, throttle::since(now))?;
        let counted = session.login_failures(&subjects.all())?;
        Ok(Verdict::of(&subjects, &counted, now))
    };
    let verdict = shop.store.write_plain(work).await?;
    Ok(Problem::new(Code::BAD_CREDENTIALS, "The login or the password is wrong.")
        .with_header(throttle::RATE_LIMIT_POLICY, throttle::policy())
        .with_header(throttle::RATE_LIMIT, verdict.left()))
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
