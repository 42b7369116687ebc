//! Is the database itself whole?

use super::{Check, Finds, Statement, Told, row::whole};
use crate::{StoreError, connection::Conn, dialect::Sql};
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
        finds: Finds::Rows(
            Statement::Lite("SELECT integrity_check AS text FROM pragma_integrity_check WHERE integrity_check <> 'ok'"),
            |row| format!("the database file is damaged: {}.", row.text()),
        ),
    },
    Check { invariant: None, name: "database.foreign_keys", finds: Finds::Walk(check_foreign_keys) },
    Check {
        invariant: None,
        name: "database.settings",
        finds: Finds::Rows(
            Statement::Same(
                "SELECT n AS w FROM (SELECT (SELECT COUNT(*) FROM sales) + (SELECT COUNT(*) FROM orders) AS n) c \
                WHERE n > 0 AND NOT EXISTS (SELECT 1 FROM settings)",
            ),
            |row| format!("the shop's currency is gone: the money of {} documents cannot be checked.", whole(row.w)),
        ),
    },
];

/// A foreign key, and the statement that counts whom it fails.
#[derive(QueryableByName)]
struct ForeignKey {
    #[diesel(sql_type = Text)]
    pair: String,
    #[diesel(sql_type = Text)]
    statement: String,
}

#[derive(QueryableByName)]
struct Orphans {
    #[diesel(sql_type = Text)]
    pair: String,
    #[diesel(sql_type = BigInt)]
    n: i64,
}

/// PostgreSQL checks a foreign key when a row is written and never again, so the statements are made from its catalogue.
const POSTGRES_KEYS: &str = "SELECT CAST(k.conrelid::regclass AS text) || ' name ' || CAST(k.confrelid::regclass AS text) AS pair, \
    format('SELECT %L AS pair, COUNT(*) AS n FROM %s c WHERE %s AND NOT EXISTS (SELECT 1 FROM %s p WHERE %s)', \
        CAST(k.conrelid::regclass AS text) || ' name ' || CAST(k.confrelid::regclass AS text), k.conrelid::regclass, \
        string_agg(format('c.%I IS NOT NULL', a.attname), ' AND '), k.confrelid::regclass, \
        string_agg(format('p.%I = c.%I', b.attname, a.attname), ' AND ')) AS statement \
    FROM pg_constraint k CROSS JOIN LATERAL unnest(k.conkey, k.confkey) AS u (from_column, to_column) \
    JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.from_column \
    JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = u.to_column \
    WHERE k.contype = 'f' AND k.connamespace = current_schema()::regnamespace GROUP BY k.oid, k.conrelid, k.confrelid ORDER BY 1";

const SQLITE_ORPHANS: &str = "SELECT \"table\" || ' name ' || parent AS pair, COUNT(*) AS n FROM pragma_foreign_key_check \
    GROUP BY 1 ORDER BY 1";

fn check_foreign_keys(conn: &mut Conn, _: Option<Currency>, told: &mut Told<'_>) -> Result<(), StoreError> {
    let found: Vec<Orphans> = match conn {
        Conn::Pg(_) => {
            let keys: Vec<ForeignKey> = Sql::new(POSTGRES_KEYS).load(conn)?;
            let mut found = Vec::with_capacity(keys.len());
            for key in keys {
                log::debug!("looking for orphans: {}", key.pair);
                found.extend(Sql::new("").prepared(false).text(key.statement).load::<Orphans>(conn)?);
            }
            found
        }
        Conn::Lite(_) => Sql::new(SQLITE_ORPHANS).load(conn)?,
    };
    for Orphans { pair, n } in found.into_iter().filter(|orphans| orphans.n > 0) {
        told.tell("database.foreign_keys", format!("{n} rows of {pair} that do not exist."));
    }
    Ok(())
}
