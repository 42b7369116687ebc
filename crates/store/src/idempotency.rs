//! One idempotency key, one effect. An accepted answer is kept in the transaction of its effect, under its principal and key.
//!
//! On PostgreSQL whoever comes second waits for a lock on the key (held until the first one's transaction ends) before it looks;
//! on SQLite there is one writer. Either way who looks sees the winner's answer, and there are never half-filled rows.

use crate::{
    bulk::{WriteError, Writes, insertable_rows},
    connection::{Conn, Engine},
    dialect::{Array, Sql, on_both},
    error::StoreError,
    repository::unique_keys,
    schema::idempotency_keys,
    session::Session,
    types::At,
};
use diesel::{prelude::*, result::Error as DieselError, sql_types::BigInt};
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};
use tradepost_domain::instant::Instant;

unique_keys! {
    idempotency_keys { idempotency_keys_pkey (principal, key) is "idempotency_key", }
}

/// A request that may be repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keyed {
    /// Whose key it is, for example `user:<uuid>`; keys of different principals never meet.
    pub principal: String,
    /// The client's key, 1 to 255 characters.
    pub key: String,
    /// SHA-256 of method, path with query, and raw body.
    pub fingerprint: [u8; 32],
}

/// The answer to an accepted request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// HTTP's, 100 to 599: that is the language answers are kept in.
    pub status: u16,
    /// JSON; may be empty.
    pub body: Vec<u8>,
    /// Of the resource, for its `ETag`; `None` where it has none.
    pub version: Option<i64>,
    /// The address of what was made; `None` where the answer names none.
    pub location: Option<String>,
    /// The body to keep instead, when the real one carries a secret; `None`: `body` is kept.
    pub stored_body: Option<Vec<u8>>,
}

/// An answer, and whether it was given before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// What to tell the client.
    pub answer: Answer,
    /// It is the stored one: nothing was done this time.
    pub replayed: bool,
}

impl Answer {
    /// The answer as it is kept and given again: a body that carried a secret is replaced by the one without.
    pub fn as_replayed(&self) -> Self {
        let body = self.stored_body.as_ref().unwrap_or(&self.body).clone();
        Self { body, stored_body: None, ..self.clone() }
    }
}

/// The number that stands for a principal's key when it is locked. Two keys may share one, and then merely wait for each other.
pub(crate) fn lock_of(principal: &str, key: &str) -> i64 {
    let mut hasher = Sha256::new();
    hasher.update(principal.as_bytes());
    hasher.update([0]);
    hasher.update(key.as_bytes());
    let digest = hasher.finalize();
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    i64::from_be_bytes(first)
}

/// Waits until nobody else works under this key.
fn lock(conn: &mut Conn, key: i64) -> QueryResult<()> {
    match conn.engine() {
        Engine::Postgres => Sql::new("SELECT pg_advisory_xact_lock(").with(key).text(")").execute(conn).map(|_| ()),
        Engine::Sqlite => Ok(()),
    }
}

#[derive(QueryableByName)]
struct LockRow {
    #[diesel(sql_type = BigInt)]
    k: i64,
}

/// Which of these locks somebody else holds (PostgreSQL; on SQLite nobody does).
pub(crate) fn held_locks(conn: &mut Conn, locks: Vec<i64>) -> QueryResult<HashSet<i64>> {
    if locks.is_empty() || conn.engine() == Engine::Sqlite {
        return Ok(HashSet::new());
    }
    let sql = Sql::new("SELECT k FROM unnest(")
        .array(Array::Ints(locks))
        .text(") AS t (k) WHERE NOT pg_try_advisory_xact_lock(k)");
    Ok(sql.load::<LockRow>(conn)?.into_iter().map(|row| row.k).collect())
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = idempotency_keys)]
struct Row {
    principal: String,
    key: String,
    fingerprint: Vec<u8>,
    status: i32,
    body: Vec<u8>,
    location: Option<String>,
    version: Option<i64>,
}

/// An answer that was kept, and to which request.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) fingerprint: [u8; 32],
    pub(crate) answer: Answer,
}

impl Row {
    fn read(self) -> QueryResult<((String, String), Stored)> {
        // Both are checked by the table: a value that does not fit is a table that somebody changed.
        let broken = |what: &str| DieselError::DeserializationError(format!("a stored answer has no {what}").into());
        let fingerprint = self.fingerprint.try_into().map_err(|_| broken("fingerprint"))?;
        let status = u16::try_from(self.status).map_err(|_| broken("status"))?;
        let answer =
            Answer { status, body: self.body, version: self.version, location: self.location, stored_body: None };
        Ok(((self.principal, self.key), Stored { fingerprint, answer }))
    }
}

/// What was answered under these keys (principal, key): one statement on PostgreSQL, a prepared one in a loop on SQLite.
pub(crate) fn find_answers(conn: &mut Conn, keys: &[(&str, &str)]) -> QueryResult<HashMap<(String, String), Stored>> {
    let mut rows: Vec<Row> = Vec::new();
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    match conn.engine() {
        Engine::Postgres => {
            let column = |which: fn(&(&str, &str)) -> String| Array::Texts(keys.iter().map(which).collect());
            // Row by row through the primary key, whatever statistics say of a table that is mostly young.
            rows = Sql::select::<Row>()
                .text(" FROM unnest(")
                .array(column(|k| k.0.to_owned()))
                .text(", ")
                .array(column(|k| k.1.to_owned()))
                .text(") AS wanted (principal, key) CROSS JOIN LATERAL (SELECT * FROM idempotency_keys k ")
                .text("WHERE k.principal = wanted.principal AND k.key = wanted.key LIMIT 1) AS idempotency_keys")
                .load(conn)?;
        }
        Engine::Sqlite => {
            for key in keys {
                // On the connection itself: through the enum a statement of Diesel's is prepared once as well, but printed at each run, and takes
                // more than twice as long. This is the hot path.
                let one = || idempotency_keys::table.find(*key);
                let row = on_both!(&mut *conn, c => one().select(Row::as_select()).first::<Row>(c).optional())?;
                rows.extend(row);
            }
        }
    }
    rows.into_iter().map(Row::read).collect()
}

/// An accepted answer to be kept.
pub(crate) struct NewAnswer<'a> {
    pub(crate) principal: &'a str,
    pub(crate) key: &'a str,
    pub(crate) fingerprint: &'a [u8; 32],
    /// As it is replayed ([`Answer::as_replayed`] is applied when it is kept).
    pub(crate) answer: &'a Answer,
    pub(crate) created_at: Instant,
}

insertable_rows! {
    /// An answer that is kept.
    #[derive(Insertable)]
    #[diesel(table_name = idempotency_keys, treat_none_as_default_value = false)]
    AnswerRow<'a> in idempotency_keys {
        principal: &'a str,
        key: &'a str,
        fingerprint: &'a [u8],
        status: i32,
        body: &'a [u8],
        location: Option<&'a str>,
        version: Option<i64>,
        created_at: At,
    }
}

impl<'a> From<&NewAnswer<'a>> for AnswerRow<'a> {
    fn from(new: &NewAnswer<'a>) -> Self {
        let NewAnswer { principal, key, fingerprint, answer, created_at } = new;
        Self {
            principal,
            key,
            fingerprint: fingerprint.as_slice(),
            status: i32::from(answer.status),
            body: answer.stored_body.as_ref().unwrap_or(&answer.body),
            location: answer.location.as_deref(),
            version: answer.version,
            created_at: (*created_at).into(),
        }
    }
}

/// Keeps accepted answers with what else is written.
pub(crate) fn write_answers<'e>(writes: &mut Writes<'_, 'e>, answers: &[NewAnswer<'e>]) -> Result<(), WriteError> {
    let rows = answers.iter().map(AnswerRow::from);
    let Some(lite) = writes.sqlite() else { return writes.insert(rows.collect()) };
    // One by one and as bytes: a body that goes through JSON would have to be written in hexadecimal.
    for row in rows {
        diesel::insert_into(idempotency_keys::table).values(row).execute(lite)?;
    }
    Ok(())
}

/// Does a unit of work under a key, or answers what it was answered before.
pub(crate) fn once<E: From<StoreError>>(
    session: &mut Session<'_>,
    keyed: Option<&Keyed>,
    now: Instant,
    work: impl FnOnce(&mut Session<'_>) -> Result<Answer, E>,
) -> Result<Done, E> {
    let Some(keyed) = keyed else {
        return Ok(Done { answer: work(session)?, replayed: false });
    };
    let (principal, key) = (keyed.principal.as_str(), keyed.key.as_str());
    session.run(|conn| lock(conn, lock_of(principal, key)))?;
    let stored = session.run(|conn| find_answers(conn, &[(principal, key)]))?;
    match stored.into_values().next() {
        Some(stored) if stored.fingerprint == keyed.fingerprint => Ok(Done { answer: stored.answer, replayed: true }),
        Some(_) => Err(StoreError::KeyReused.into()),
        None => {
            let answer = work(session)?;
            let fingerprint = &keyed.fingerprint;
            let new = NewAnswer { principal, key, fingerprint, answer: &answer, created_at: now };
            let insert = diesel::insert_into(idempotency_keys::table).values(AnswerRow::from(&new));
            session.run(|conn| insert.execute(conn))?;
            Ok(Done { answer, replayed: false })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn principals_and_keys_do_not_run_into_each_other() {
        assert_ne!(lock_of("user:a", "b"), lock_of("user:", "ab"));
        assert_eq!(lock_of("user:a", "b"), lock_of("user:a", "b"));
    }

    #[test]
    fn an_answer_that_carried_a_secret_is_replayed_without_it() {
        let answer =
            Answer { status: 201, body: b"secret".to_vec(), stored_body: Some(b"-".to_vec()), ..Answer::default() };
        assert_eq!(answer.as_replayed().body, b"-");
    }
}
