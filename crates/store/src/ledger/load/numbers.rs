//! Numbers for people, drawn before the decisions that use them.

use super::Loaded;
use crate::{connection::Conn, dialect::Sql, error::StoreError};
use diesel::{QueryableByName, sql_types::BigInt};
use std::collections::VecDeque;
use tradepost_domain::ledger::Series;

#[derive(QueryableByName)]
struct NumberRow {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

/// The numbers of one batch.
pub(in crate::ledger) struct Numbers {
    sales: Drawn,
    orders: Drawn,
}

#[derive(Default)]
struct Drawn {
    numbers: VecDeque<i64>,
    last_used: Option<i64>,
}

/// Where the numbers of a series come from: a sequence on PostgreSQL, a row of `counters` on SQLite.
struct Origin {
    draw: &'static str,
    counter: &'static str,
}

const fn origin(series: Series) -> Origin {
    match series {
        Series::Sales => Origin {
            draw: "SELECT nextval('sale_numbers') AS n FROM generate_series(1, ",
            counter: "SELECT next AS n FROM counters WHERE name = 'sale'",
        },
        Series::Orders => Origin {
            draw: "SELECT nextval('order_numbers') AS n FROM generate_series(1, ",
            counter: "SELECT next AS n FROM counters WHERE name = 'order'",
        },
    }
}

impl Numbers {
    /// So many of each, as many as there are commands that may need one.
    pub(super) fn draw(conn: &mut Conn, sales: usize, orders: usize) -> Loaded<Self> {
        let sales = Drawn::draw(conn, Series::Sales, sales)?;
        Ok(Self { sales, orders: Drawn::draw(conn, Series::Orders, orders)? })
    }

    /// The next one of a series.
    pub(in crate::ledger) fn next(&mut self, series: Series) -> i64 {
        let drawn = match series {
            Series::Sales => &mut self.sales,
            Series::Orders => &mut self.orders,
        };
        drawn.last_used = drawn.numbers.pop_front();
        drawn.last_used.unwrap_or_default()
    }

    /// Notes which numbers were used. On SQLite those that were not stay for the next batch; a sequence never gives one back.
    pub(in crate::ledger) fn keep(&self, conn: &mut Conn) -> Loaded<()> {
        if matches!(conn, Conn::Pg(_)) {
            return Ok(());
        }
        for (name, drawn) in [("sale", &self.sales), ("order", &self.orders)] {
            if let Some(number) = drawn.last_used {
                let next = number.saturating_add(1);
                Sql::new("UPDATE counters SET next = ").with(next).text(" WHERE name = ").with(name).execute(conn)?;
            }
        }
        Ok(())
    }
}

impl Drawn {
    fn draw(conn: &mut Conn, series: Series, count: usize) -> Loaded<Self> {
        if count == 0 {
            return Ok(Self::default());
        }
        let wanted = i64::try_from(count).unwrap_or(i64::MAX);
        let origin = origin(series);
        let numbers: VecDeque<i64> = match conn {
            Conn::Pg(_) => {
                let rows: Vec<NumberRow> = Sql::new(origin.draw).with(wanted).text(")").load(conn)?;
                rows.into_iter().map(|row| row.n).collect()
            }
            Conn::Lite(_) => {
                let first: Option<NumberRow> = Sql::new(origin.counter).first(conn)?;
                first.map_or_else(VecDeque::new, |first| (first.n..first.n.saturating_add(wanted)).collect())
            }
        };
        if numbers.len() < count {
            return Err(StoreError::Internal(format!("there are no numbers for {series:?}")).into());
        }
        Ok(Self { numbers, last_used: None })
    }
}
