//! How often logging in failed. In the database, so that replicas count together.

use crate::{dialect::Sql, list::unreadable, schema::login_failures, session::Session, types::At};
use diesel::prelude::*;
use tradepost_domain::{
    instant::Instant,
    repository::{self, LoginFailures},
};

#[derive(QueryableByName)]
#[diesel(table_name = login_failures)]
struct Row {
    subject: String,
    failures: i32,
    last_at: At,
}

impl LoginFailures for Session<'_> {
    fn login_failures(&mut self, subjects: &[String]) -> repository::Result<Vec<(String, u32, Instant)>> {
        let sql = Sql::new("SELECT subject, failures, last_at FROM login_failures WHERE ");
        let rows = self.load::<Row>(sql.text_in("subject", subjects.to_vec()))?;
        let read = |row: Row| {
            let failures = u32::try_from(row.failures).map_err(|error| unreadable("number of failures", error))?;
            Ok((row.subject, failures, row.last_at.into()))
        };
        rows.into_iter().map(read).collect()
    }

    fn note_login_failure(&mut self, subjects: &[String], now: Instant, since: Instant) -> repository::Result<()> {
        // Sorted, so that two who fail at once do not wait for each other in a circle.
        let mut subjects: Vec<&String> = subjects.iter().collect();
        subjects.sort_unstable();
        subjects.dedup();
        for subject in subjects {
            let sql = Sql::new("INSERT INTO login_failures (subject, failures, last_at) VALUES (")
                .with(subject.as_str())
                .text(", 1, ")
                .with(now)
                .text(") ON CONFLICT (subject) DO UPDATE SET last_at = excluded.last_at, failures = CASE WHEN login_failures.last_at < ")
                .with(since)
                .text(" THEN 1 ELSE login_failures.failures + 1 END");
            self.execute(sql)?;
        }
        Ok(())
    }

    fn clear_login_failures(&mut self, subjects: &[String]) -> repository::Result<()> {
        self.execute(Sql::new("DELETE FROM login_failures WHERE ").text_in("subject", subjects.to_vec()))?;
        Ok(())
    }
}
