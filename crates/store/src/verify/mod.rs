//! Adds everything up again: does what is stored agree with itself, and with the rules? Never here: repairs.
//!
//! Read in one snapshot, so it may run beside a server. Each feature has a file here with its named checks. Most are one statement each;
//! what the domain has a rule for (money, rounding, the moves of an order) is judged by the domain, document by document.
//!
//! A check says only what cannot have come about by the rules: where a rule depends on what may have changed since (a limit, a SKU, a
//! till's setting), it is applied only where it is certain that nothing has ([`crate::verify::row`] says by how much clocks may differ).

mod catalogue;
mod database;
mod documents;
mod idempotency;
mod locations;
mod orders;
mod pos;
mod promos;
mod row;
mod sales;
mod stock;

use crate::{
    StoreError,
    connection::{Conn, Engine, Mode, begin, rollback},
    dialect::Sql,
    settings,
};
use diesel::{QueryableByName, connection::SimpleConnection, sql_types::BigInt};
use row::Row;
use std::{collections::HashMap, fmt};
use tradepost_domain::money::Currency;

/// Something that does not agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    check: &'static str,
    text: String,
}

impl Problem {
    /// The name of the check that found it, as in [`checks`].
    pub const fn check(&self) -> &'static str {
        self.check
    }
}

impl fmt::Display for Problem {
    /// A sentence that names the thing.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// How many rows there were to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Checked {
    /// Levels, also those without a movement.
    pub levels: i64,
    /// Movements of all levels.
    pub movements: i64,
    /// Sales, whatever became of them.
    pub sales: i64,
    /// Orders, hidden ones too.
    pub orders: i64,
    /// Deliveries from tills, whatever came of them.
    pub events: i64,
}

/// A check by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckName {
    /// Stable, for example `stock.sums`.
    pub name: &'static str,
    /// The number of the ledger's invariant it watches over; `None` for what every invariant rests on.
    pub invariant: Option<u8>,
}

/// The text of a check's statement.
enum Statement {
    /// The same text on both databases.
    Same(&'static str),
    /// Where they have other words for it.
    Each { pg: &'static str, lite: &'static str },
    /// What only SQLite has.
    Lite(&'static str),
}

impl Statement {
    const fn of(&self, engine: Engine) -> Option<&'static str> {
        match (self, engine) {
            (Self::Same(sql), _)
            | (Self::Each { pg: sql, .. }, Engine::Postgres)
            | (Self::Each { lite: sql, .. } | Self::Lite(sql), Engine::Sqlite) => Some(sql),
            (Self::Lite(_), Engine::Postgres) => None,
        }
    }
}

/// How a check finds what is wrong.
enum CheckMethod {
    /// Each row of a statement is a problem, which is put into words.
    Rows(Statement, fn(&Row) -> String),
    /// By code of its own, which may speak for other checks of its feature too.
    Walk(fn(&mut Conn, Option<Currency>, &mut Reporter<'_>) -> Result<(), StoreError>),
    /// By the walk of another check of its feature.
    Walked,
}

struct Check {
    invariant: Option<u8>,
    name: &'static str,
    method: CheckMethod,
}

/// The database itself first: where it is broken, nothing else can be relied on.
const FEATURES: &[&[Check]] = &[
    database::CHECKS,
    locations::CHECKS,
    catalogue::CHECKS,
    stock::CHECKS,
    sales::CHECKS,
    orders::CHECKS,
    pos::CHECKS,
    promos::CHECKS,
    idempotency::CHECKS,
];

fn all() -> impl Iterator<Item = &'static Check> {
    FEATURES.iter().copied().flatten()
}

/// Every check that is made on this engine, in the order in which they speak.
pub fn checks(engine: Engine) -> impl Iterator<Item = CheckName> {
    let is_made = move |check: &&Check| match &check.method {
        CheckMethod::Rows(statement, _) => statement.of(engine).is_some(),
        CheckMethod::Walk(_) | CheckMethod::Walked => true,
    };
    all().filter(is_made).map(|check| CheckName { name: check.name, invariant: check.invariant })
}

/// How many problems of one check are reported; where there are more, the rest are of the same kind.
const MAX_REPORTED: i64 = 100;

/// Hands problems on, of each check only the first [`MAX_REPORTED`].
struct Reporter<'a> {
    each: &'a mut dyn FnMut(Problem),
    reported: HashMap<&'static str, i64>,
}

impl Reporter<'_> {
    fn report(&mut self, check: &'static str, text: String) {
        let reported = self.reported.entry(check).or_default();
        *reported += 1;
        if *reported <= MAX_REPORTED {
            (self.each)(Problem { check, text });
        }
    }
}

/// Adds everything up in one snapshot. Each problem is told as soon as it is found.
pub(crate) fn verify(conn: &mut Conn, each: &mut dyn FnMut(Problem)) -> Result<Checked, StoreError> {
    if conn.engine() == Engine::Sqlite {
        // Sorting all movements of a large shop must not take its memory.
        conn.batch_execute("PRAGMA temp_store = FILE")?;
    }
    begin(conn, Mode::Snapshot)?;
    let checked = check_all(conn, &mut Reporter { each, reported: HashMap::new() });
    rollback(conn);
    checked
}

fn check_all(conn: &mut Conn, reporter: &mut Reporter<'_>) -> Result<Checked, StoreError> {
    let engine = conn.engine();
    let mut currency = None;
    for check in all() {
        match &check.method {
            CheckMethod::Rows(statement, say) => {
                let Some(sql) = statement.of(engine) else { continue };
                let sql = Sql::new("SELECT * FROM (").text(sql).text(") found LIMIT ").with(MAX_REPORTED);
                for row in sql.load::<Row>(conn)? {
                    reporter.report(check.name, say(&row));
                }
            }
            CheckMethod::Walk(walk) => {
                if currency.is_none() {
                    currency = settings::load(conn)?.map(|settings| settings.currency);
                }
                walk(conn, currency, reporter)?;
            }
            CheckMethod::Walked => {}
        }
    }
    count(conn)
}

#[derive(QueryableByName)]
struct Counts {
    #[diesel(sql_type = BigInt)]
    levels: i64,
    #[diesel(sql_type = BigInt)]
    movements: i64,
    #[diesel(sql_type = BigInt)]
    sales: i64,
    #[diesel(sql_type = BigInt)]
    orders: i64,
    #[diesel(sql_type = BigInt)]
    events: i64,
}

fn count(conn: &mut Conn) -> Result<Checked, StoreError> {
    let sql = Sql::new(
        "SELECT (SELECT COUNT(*) FROM levels) AS levels, (SELECT COUNT(*) FROM movements) AS movements, \
         (SELECT COUNT(*) FROM sales) AS sales, (SELECT COUNT(*) FROM orders) AS orders, (SELECT COUNT(*) FROM pos_events) AS events",
    );
    let counts: Option<Counts> = sql.first(conn)?;
    Ok(counts.map_or_else(Checked::default, |c| Checked {
        levels: c.levels,
        movements: c.movements,
        sales: c.sales,
        orders: c.orders,
        events: c.events,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_has_a_name_of_its_own_and_every_invariant_a_check() {
        for engine in [Engine::Sqlite, Engine::Postgres] {
            let names: Vec<CheckName> = checks(engine).collect();
            for (index, check) in names.iter().enumerate() {
                assert!(names[..index].iter().all(|other| other.name != check.name), "{check:?}");
            }
            for invariant in 1..=9 {
                assert!(names.iter().any(|check| check.invariant == Some(invariant)), "invariant {invariant}");
            }
        }
    }
}
