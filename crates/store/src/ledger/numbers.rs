//! Numbers for people, drawn before the decisions that use them.

use super::failure::Failure;
use crate::{
    bulk::{When, Writes},
    connection::Conn,
    dialect::Sql,
    error::StoreError,
};
use diesel::{
    QueryableByName,
    sql_types::{BigInt, Bool},
};
use std::collections::VecDeque;
use tradepost_domain::ledger::NumberSeries;

/// The numbers a writer has drawn and nobody has got yet. A sequence of PostgreSQL never gives one back, so what a refused command did not
/// take is there for the next; on SQLite, where a row counts, they are drawn anew for each batch.
#[derive(Debug, Clone, Default)]
pub(super) struct Numbers {
    sales: Drawn,
    orders: Drawn,
}

#[derive(Debug, Clone, Default)]
struct Drawn {
    numbers: VecDeque<i64>,
    last_used: Option<i64>,
}

#[derive(QueryableByName)]
struct NumberRow {
    #[diesel(sql_type = BigInt)]
    n: i64,
    #[diesel(sql_type = Bool)]
    of_sales: bool,
}

/// A place's share of a draw.
fn short(drawn: &Drawn, wanted: usize) -> i64 {
    i64::try_from(wanted.saturating_sub(drawn.numbers.len())).unwrap_or(i64::MAX)
}

impl Numbers {
    /// Makes sure that there are so many of each, as many as there are commands that may take one.
    pub(super) fn draw(&mut self, conn: &mut Conn, sales: usize, orders: usize) -> Result<(), Failure> {
        let wanted = [(&mut self.sales, sales, true), (&mut self.orders, orders, false)];
        if matches!(conn, Conn::Lite(_)) {
            for (drawn, wanted, of_sales) in wanted {
                *drawn = if wanted > 0 { counted(conn, of_sales, wanted)? } else { Drawn::default() };
            }
            return Ok(());
        }
        let [(drawn_sales, ..), (drawn_orders, ..)] = wanted;
        (drawn_sales.last_used, drawn_orders.last_used) = (None, None);
        let (more_sales, more_orders) = (short(drawn_sales, sales), short(drawn_orders, orders));
        if (more_sales, more_orders) == (0, 0) {
            return Ok(());
        }
        let sql = Sql::new("SELECT nextval('sale_numbers') AS n, TRUE AS of_sales FROM generate_series(1, ")
            .with(more_sales)
            .text(") UNION ALL SELECT nextval('order_numbers'), FALSE FROM generate_series(1, ")
            .with(more_orders)
            .text(")");
        for row in sql.load::<NumberRow>(conn)? {
            let drawn = if row.of_sales { &mut *drawn_sales } else { &mut *drawn_orders };
            drawn.numbers.push_back(row.n);
        }
        Ok(())
    }

    /// The next one of a series. There is one for each command that may take one.
    #[expect(clippy::expect_used, reason = "a document without a number must not be kept")]
    pub(super) fn next(&mut self, series: NumberSeries) -> i64 {
        let drawn = match series {
            NumberSeries::Sales => &mut self.sales,
            NumberSeries::Orders => &mut self.orders,
        };
        // Caught like any panic of a decision: one caller gets 500, and nothing is kept.
        let number = drawn.numbers.pop_front().expect("a command that takes a number says so by its series");
        drawn.last_used = Some(number);
        number
    }

    /// Notes on SQLite which numbers were used.
    pub(super) fn keep(&self, writes: &mut Writes<'_, '_>) -> Result<(), Failure> {
        if writes.is_postgres() {
            return Ok(());
        }
        for (name, drawn) in [("sale", &self.sales), ("order", &self.orders)] {
            if let Some(number) = drawn.last_used {
                let next = number.saturating_add(1);
                let sql = Sql::new("UPDATE counters SET next = ").with(next).text(" WHERE name = ").with(name);
                writes.run(When::Then, "counters", Some(1), sql)?;
            }
        }
        Ok(())
    }
}

#[derive(QueryableByName)]
struct CounterRow {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

/// The next numbers of a counter of SQLite, which moves when they are used.
fn counted(conn: &mut Conn, of_sales: bool, wanted: usize) -> Result<Drawn, Failure> {
    let name = if of_sales { "sale" } else { "order" };
    let sql = Sql::new("SELECT next AS n FROM counters WHERE name = ").with(name);
    let first = sql.first::<CounterRow>(conn)?.map(|row| row.n);
    let first = first.ok_or_else(|| StoreError::Internal(format!("there is no counter '{name}'")))?;
    let end = first.saturating_add(i64::try_from(wanted).unwrap_or(i64::MAX));
    Ok(Drawn { numbers: (first..end).collect(), last_used: None })
}
