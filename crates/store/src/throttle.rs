//! How often logging in failed. In the database, so that replicas count together.

use crate::{
    connection::{Conn, Engine},
    dialect::{Array, Sql, replace_nul},
    list::unreadable,
    schema::login_failures,
    session::Session,
    types::At,
};
use diesel::prelude::*;
use std::ops::RangeInclusive;
use tradepost_domain::{
    instant::Instant,
    repository::{self, LoginFailures},
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = login_failures)]
struct Row {
    subject: String,
    failures: i32,
    last_at: At,
}

impl LoginFailures for Session<'_> {
    fn login_failures(&mut self, subjects: &[String]) -> repository::Result<Vec<(String, u32, Instant)>> {
        let of_these = login_failures::subject.eq_any(subjects.iter().cloned().map(replace_nul));
        let found = login_failures::table.filter(of_these).select(Row::as_select());
        let rows: Vec<Row> = self.run(|conn| found.load(conn))?;
        let read = |row: Row| {
            let failures = u32::try_from(row.failures).map_err(|error| unreadable("number of failures", error))?;
            Ok((row.subject, failures, row.last_at.into()))
        };
        rows.into_iter().map(read).collect()
    }

    fn note_login_failures(
        &mut self,
        failures: &[(String, u32, Instant)],
        remembered: RangeInclusive<Instant>,
    ) -> repository::Result<()> {
        Ok(self.run(|conn| add(conn, failures, &remembered))?)
    }

    fn clear_login_failures(&mut self, subjects: &[String]) -> repository::Result<()> {
        let of_these = login_failures::subject.eq_any(subjects.iter().cloned().map(replace_nul));
        self.run(|conn| diesel::delete(login_failures::table.filter(of_these)).execute(conn))?;
        Ok(())
    }
}

/// One statement on PostgreSQL, a prepared one in a loop on SQLite. In order, so that two who write at once do not wait for each other in
/// a circle.
fn add(
    conn: &mut Conn,
    failures: &[(String, u32, Instant)],
    remembered: &RangeInclusive<Instant>,
) -> diesel::QueryResult<()> {
    let into = || Sql::new("INSERT INTO login_failures (subject, failures, last_at) ");
    let or_more = |sql: Sql| {
        sql.text(
            " ON CONFLICT (subject) DO UPDATE SET last_at = excluded.last_at, failures = excluded.failures + \
             CASE WHEN login_failures.last_at BETWEEN ",
        )
        .with(*remembered.start())
        .text(" AND ")
        .with(*remembered.end())
        .text(" THEN login_failures.failures ELSE 0 END")
    };
    if conn.engine() == Engine::Postgres {
        let sql = into()
            .text("SELECT w.subject, w.failures::integer, w.last_at FROM unnest(")
            .array(Array::Texts(failures.iter().map(|(subject, _, _)| subject.clone()).collect()))
            .text(", ")
            .array(Array::Ints(failures.iter().map(|(_, count, _)| i64::from(*count)).collect()))
            .text(", ")
            .array(Array::Ats(failures.iter().map(|(_, _, last)| (*last).into()).collect()))
            .text(") AS w (subject, failures, last_at) ORDER BY w.subject COLLATE \"C\"");
        return or_more(sql).execute(conn).map(|_| ());
    }
    for (subject, count, last) in failures {
        let values = [subject.as_str().into(), i64::from(*count).into(), (*last).into()];
        or_more(into().text("VALUES (").list(values).text(")")).execute(conn)?;
    }
    Ok(())
}
