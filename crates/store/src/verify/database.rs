//! Is the database itself whole?

use super::{Check, CheckMethod, Reporter, Statement, row::whole};
use crate::{
    StoreError,
    connection::{Conn, Engine},
    dialect::Sql,
};
use diesel::{
    QueryableByName,
    sql_types::{BigInt, Text},
};
use tradepost_domain::money::Currency;

pub(super) const CHECKS: &[Check] = &[
    Check {
        invariant: None,
        name: "database.file",
        // Its trees, its indexes, and what its tables demand of each row.
        method: CheckMethod::Rows(
            Statement::Lite("SELECT integrity_check AS text FROM pragma_integrity_check WHERE integrity_check <> 'ok'"),
            |row| format!("the database file is damaged: {}.", row.text()),
        ),
    },
    Check { invariant: None, name: "database.foreign_keys", method: CheckMethod::Walk(check_foreign_keys) },
    Check {
        invariant: None,
        name: "database.settings",
        method: CheckMethod::Rows(
            Statement::Same(
                "SELECT n AS w FROM (SELECT (SELECT COUNT(*) FROM sales) + (SELECT COUNT(*) FROM orders) AS n) c \
                WHERE n > 0 AND NOT EXISTS (SELECT 1 FROM settings)",
            ),
            |row| format!("the shop's currency is gone: the money of {} documents cannot be checked.", whole(row.w)),
        ),
    },
];

/// One column of a foreign key.
#[derive(QueryableByName)]
struct KeyColumn {
    /// The key's own number.
    #[diesel(sql_type = BigInt)]
    key: i64,
    #[diesel(sql_type = Text)]
    child: String,
    #[diesel(sql_type = Text)]
    parent: String,
    #[diesel(sql_type = Text)]
    from_column: String,
    #[diesel(sql_type = Text)]
    to_column: String,
}

#[derive(QueryableByName)]
struct Orphans {
    #[diesel(sql_type = Text)]
    pair: String,
    #[diesel(sql_type = BigInt)]
    n: i64,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

/// PostgreSQL checks a foreign key when a row is written and never again, so the statements are made from its catalogue.
const POSTGRES_KEYS: &str = "SELECT CAST(k.oid AS bigint) AS key, CAST(child.relname AS text) AS child, \
        CAST(parent.relname AS text) AS parent, CAST(a.attname AS text) AS from_column, CAST(b.attname AS text) AS to_column \
    FROM pg_constraint k CROSS JOIN LATERAL unnest(k.conkey, k.confkey) AS u (from_column, to_column) \
    JOIN pg_class child ON child.oid = k.conrelid JOIN pg_class parent ON parent.oid = k.confrelid \
    JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.from_column \
    JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = u.to_column \
    WHERE k.contype = 'f' AND k.connamespace = current_schema()::regnamespace ORDER BY child.relname, parent.relname, k.oid";

const SQLITE_ORPHANS: &str = "SELECT \"table\" || ' name ' || parent AS pair, COUNT(*) AS n FROM pragma_foreign_key_check \
    GROUP BY 1 ORDER BY 1";

fn check_foreign_keys(conn: &mut Conn, _: Option<Currency>, reporter: &mut Reporter<'_>) -> Result<(), StoreError> {
    let found: Vec<Orphans> = match conn.engine() {
        Engine::Postgres => {
            let columns: Vec<KeyColumn> = Sql::new(POSTGRES_KEYS).load(conn)?;
            let mut found = Vec::new();
            for key in columns.chunk_by(|one, next| one.key == next.key) {
                let Some(KeyColumn { child, parent, .. }) = key.first() else { continue };
                let pair = format!("{child} name {parent}");
                log::debug!("looking for orphans: {pair}");
                let n = orphans(key, child, parent).first::<Count>(conn)?.map_or(0, |count| count.n);
                found.push(Orphans { pair, n });
            }
            found
        }
        Engine::Sqlite => Sql::new(SQLITE_ORPHANS).load(conn)?,
    };
    for Orphans { pair, n } in found.into_iter().filter(|orphans| orphans.n > 0) {
        reporter.report("database.foreign_keys", format!("{n} rows of {pair} that do not exist."));
    }
    Ok(())
}

/// Counts the rows that name a parent which is not there.
fn orphans(key: &[KeyColumn], child: &str, parent: &str) -> Sql {
    let mut sql = Sql::new("SELECT COUNT(*) AS n FROM ").prepared(false).name(child).text(" c WHERE ");
    for column in key {
        sql = sql.text("c.").name(&column.from_column).text(" IS NOT NULL AND ");
    }
    sql = sql.text("NOT EXISTS (SELECT 1 FROM ").name(parent).text(" p WHERE ");
    for (n, column) in key.iter().enumerate() {
        sql = sql.text(if n > 0 { " AND p." } else { "p." }).name(&column.to_column);
        sql = sql.text(" = c.").name(&column.from_column);
    }
    sql.text(")")
}
