//! Passwords: Argon2id, on threads that may block, few at a time; common ones are refused.

use crate::{Error, Result};
use argon2::{
    Argon2, Params,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use std::sync::Arc;
use tokio::sync::Semaphore;
use tradepost_domain::{
    contact::Email,
    identity::{self, User},
};

/// Memory in KiB, passes, lanes: OWASP's first choice for Argon2id.
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);
/// How many may wait for a thread for each one that has one; who comes on top is told to try again.
const WAITING_PER_THREAD: usize = 64;
/// The least that an estimate of the attacker's work must be (of 0 to 4): 2 refuses what is in dictionaries.
const LEAST_SCORE: u8 = 2;

/// Hashes and verifies passwords, as many at once as it was made for; the others wait in a bounded queue.
pub struct Passwords {
    working: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    nobodys: String,
}

impl Passwords {
    /// For so many at a time.
    ///
    /// # Errors
    /// Where the operating system has no randomness.
    pub fn new(threads: usize) -> std::result::Result<Self, String> {
        Ok(Self {
            working: Arc::new(Semaphore::new(threads.max(1))),
            waiting: Arc::new(Semaphore::new(threads.max(1) * WAITING_PER_THREAD)),
            nobodys: hash("nobody logs in with this one")?,
        })
    }

    /// The PHC string to keep, of a password that is fit to be one. (Judging one takes long enough to keep it off the threads that serve.)
    ///
    /// # Errors
    /// `Refused` at this pointer for one that is not, `Busy` where too many are waiting.
    pub async fn accept(&self, pointer: &'static str, password: String, user: &User) -> Result<String> {
        let (username, email) = (user.username.clone(), user.email.clone());
        identity::check_password(&password, username.as_deref(), &email)
            .map_err(|why| Error::invalid(pointer, "invalid", why))?;
        let work = move || {
            check(pointer, &password, username.as_deref(), &email)?;
            hash(&password).map_err(Error::internal)
        };
        self.work(work).await?
    }

    /// Is it the right one? Where there is nobody, or nobody's password, it takes as long to say no.
    ///
    /// # Errors
    /// `Busy` where too many are waiting.
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<bool> {
        let (known, hash) = (hash.is_some(), hash.unwrap_or_else(|| self.nobodys.clone()));
        let matches = self.work(move || verify(&password, &hash)).await?;
        Ok(matches && known)
    }

    async fn work<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let busy = || Error::Busy { what: "Too many are logging in at once. Try again.", retry_after_seconds: 2 };
        let _place = self.waiting.try_acquire().map_err(|_| busy())?;
        let permit = Arc::clone(&self.working).acquire_owned().await.map_err(Error::internal)?;
        let run = move || {
            // Held until the work is done, even where the caller has gone meanwhile.
            let _permit = permit;
            work()
        };
        tokio::task::spawn_blocking(run).await.map_err(Error::internal)
    }
}

/// Hashes on the calling thread, for the command line.
///
/// # Errors
/// Where the operating system has no randomness.
pub fn hash(password: &str) -> std::result::Result<String, String> {
    let hashed = hasher()?.hash_password(password.as_bytes()).map_err(|error| error.to_string())?;
    Ok(hashed.to_string())
}

fn hasher() -> std::result::Result<Argon2<'static>, String> {
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, None).map_err(|error| error.to_string())?;
    Ok(Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params))
}

fn verify(password: &str, hash: &str) -> bool {
    let parsed = match PasswordHash::new(hash) {
        Ok(parsed) => parsed,
        Err(error) => {
            log::error!("a stored password hash cannot be read: {error}");
            return false;
        }
    };
    Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok()
}

/// Is it fit to be a password: long enough, not the login, not a common one?
///
/// # Errors
/// `Refused` with a sentence, at this pointer.
pub fn check(pointer: &str, password: &str, username: Option<&str>, email: &Email) -> Result<()> {
    identity::check_password(password, username, email).map_err(|why| Error::invalid(pointer, "invalid", why))?;
    let inputs: Vec<&str> = [Some(email.as_str()), username].into_iter().flatten().collect();
    let estimate = zxcvbn::zxcvbn(password, &inputs);
    if u8::from(estimate.score()) < LEAST_SCORE {
        let why = estimate.feedback().and_then(|feedback| feedback.warning());
        let why = why.map_or_else(|| "choose one that is harder to guess".to_owned(), |warning| warning.to_string());
        return Err(Error::invalid(pointer, "common", format!("this password is too easy to guess: {why}")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_argon2id_and_fits_its_password_only() {
        let hash = hash("quiet river stone").unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(verify("quiet river stone", &hash));
        assert!(!verify("quiet river stones", &hash));
    }

    #[test]
    fn common_passwords_are_refused() {
        let email = Email::parse("maria@shop.test").unwrap();
        for common in ["password123", "1234567890", "qwertyuiop", "aaaaaaaaaaaa", "iloveyou12"] {
            assert!(check("/password", common, None, &email).is_err(), "{common}");
        }
        assert!(check("/password", "quiet river stone", None, &email).is_ok());
    }
}
