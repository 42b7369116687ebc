//! Numbers for people, drawn before the decisions that use them.

use super::failure::Failure;
use crate::{
    bulk::Writes,
    connection::{Conn, Engine},
    dialect::Sql,
    error::StoreError,
    schema::counters,
};
use diesel::{
    prelude::*,
    sql_types::{BigInt, Bool},
};
use std::collections::VecDeque;
use tradepost_domain::ledger::NumberSeries;

/// The counters of SQLite.
const SALES: &str = "sale";
const ORDERS: &str = "order";

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

impl Drawn {
    /// How many more are needed for so many documents.
    fn lacks(&self, wanted: usize) -> i64 {
        i64::try_from(wanted.saturating_sub(self.numbers.len())).unwrap_or(i64::MAX)
    }
}

impl Numbers {
    /// Makes sure that there are so many of each, as many as there are commands that may take one.
    pub(super) fn draw(&mut self, conn: &mut Conn, sales: usize, orders: usize) -> Result<(), Failure> {
        if conn.engine() == Engine::Sqlite {
            for (drawn, wanted, name) in [(&mut self.sales, sales, SALES), (&mut self.orders, orders, ORDERS)] {
                *drawn = if wanted > 0 { counted(conn, name, wanted)? } else { Drawn::default() };
            }
            return Ok(());
        }
        (self.sales.last_used, self.orders.last_used) = (None, None);
        let (more_sales, more_orders) = (self.sales.lacks(sales), self.orders.lacks(orders));
        if (more_sales, more_orders) == (0, 0) {
            return Ok(());
        }
        let sql = Sql::new("SELECT nextval('sale_numbers') AS n, TRUE AS of_sales FROM generate_series(1, ")
            .with(more_sales)
            .text(") UNION ALL SELECT nextval('order_numbers'), FALSE FROM generate_series(1, ")
            .with(more_orders)
            .text(")");
        for row in sql.load::<NumberRow>(conn)? {
            let drawn = if row.of_sales { &mut self.sales } else { &mut self.orders };
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
    pub(super) fn write_used(&self, writes: &mut Writes<'_, '_>) -> Result<(), Failure> {
        let Some(lite) = writes.sqlite() else { return Ok(()) };
        for (name, drawn) in [(SALES, &self.sales), (ORDERS, &self.orders)] {
            if let Some(number) = drawn.last_used {
                let next = counters::next.eq(number.saturating_add(1));
                diesel::update(counters::table.find(name)).set(next).execute(lite)?;
            }
        }
        Ok(())
    }
}

/// The next numbers of a counter of SQLite, which moves when they are used.
fn counted(conn: &mut Conn, name: &str, wanted: usize) -> Result<Drawn, Failure> {
    let first: Option<i64> = counters::table.find(name).select(counters::next).first(conn).optional()?;
    let first = first.ok_or_else(|| StoreError::Internal(format!("there is no counter '{name}'")))?;
    let end = first.saturating_add(i64::try_from(wanted).unwrap_or(i64::MAX));
    Ok(Drawn { numbers: (first..end).collect(), last_used: None })
}
