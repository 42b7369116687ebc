//! What is thrown away when nobody needs it any more. Nothing that is history.

use crate::{StoreError, dialect::Sql, session::Session};
use tradepost_domain::{instant::Instant, repository::PosConnections};

/// How long a stored answer is kept: the contract promises a day.
const ANSWERS_SECONDS: i64 = 48 * 3_600;
/// How long rows of failed logins are kept after the last failure. They stop counting much sooner, which is not decided here.
const FAILURES_SECONDS: i64 = 48 * 3_600;

/// How many rows one call threw away; each at most 2,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Purged {
    /// Answers stored under idempotency keys.
    pub answers: usize,
    /// Tokens that had expired.
    pub tokens: usize,
    /// Rows of failed logins: one for each subject that is counted.
    pub failures: usize,
    /// Secrets of tills that were followed by another a day ago: all of them at once.
    pub secrets: usize,
}

/// The most rows that one call throws away of each kind, so that nothing else waits long for it.
const MAX_ROWS: i64 = 2_000;

/// Throws away what is over: stored answers and rows of failed logins after 48 hours, expired tokens, secrets of tills that are no longer
/// good. To be called again until [`Purged::is_done`]. With a `now` that is ahead, answers would go whose requests may still be repeated: better one that is behind.
///
/// # Errors
/// Where the database cannot be written.
pub fn housekeeping(session: &mut Session<'_>, now: Instant) -> Result<Purged, StoreError> {
    let answers = Sql::new(
        "DELETE FROM idempotency_keys WHERE (principal, key) IN (SELECT principal, key FROM idempotency_keys WHERE created_at < ",
    )
    .with(now.plus_seconds(-ANSWERS_SECONDS))
    .text(" ORDER BY created_at LIMIT ")
    .with(MAX_ROWS)
    .either(" FOR UPDATE SKIP LOCKED)", ")");
    let tokens = Sql::new("DELETE FROM tokens WHERE id IN (SELECT id FROM tokens WHERE expires_at < ")
        .with(now)
        .text(" ORDER BY expires_at LIMIT ")
        .with(MAX_ROWS)
        .either(" FOR UPDATE SKIP LOCKED)", ")");
    // What lies far ahead was counted before a clock was set back, and would stay for as long as that was.
    let failures =
        Sql::new("DELETE FROM login_failures WHERE subject IN (SELECT subject FROM login_failures WHERE last_at < ")
            .with(now.plus_seconds(-FAILURES_SECONDS))
            .text(" OR last_at > ")
            .with(now.plus_seconds(FAILURES_SECONDS))
            .text(" ORDER BY last_at LIMIT ")
            .with(MAX_ROWS)
            .either(" FOR UPDATE SKIP LOCKED)", ")");
    Ok(Purged {
        secrets: session.forget_old_connection_secrets(now)?,
        answers: session.execute(answers)?,
        tokens: session.execute(tokens)?,
        failures: session.execute(failures)?,
    })
}

impl Purged {
    /// Was that all there was?
    pub fn is_done(&self) -> bool {
        [self.answers, self.tokens, self.failures].iter().all(|n| i64::try_from(*n).is_ok_and(|n| n < MAX_ROWS))
    }
}
