//! What the lines of sales come to, multiplied and rounded by the domain.

use super::{MOST, Problem};
use crate::{
    StoreError,
    connection::Conn,
    dialect::Sql,
    types::{Id, UuidSql},
};
use diesel::{
    QueryableByName,
    sql_types::{BigInt, Text},
};
use tradepost_domain::{
    money::{Currency, Money, Price},
    quantity::Quantity,
    sales::SaleStatus,
};
use uuid::Uuid;

/// One line of a sale with what its sale says.
#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = UuidSql)]
    sale_id: Id,
    #[diesel(sql_type = BigInt)]
    number: i64,
    #[diesel(sql_type = Text)]
    status: String,
    #[diesel(sql_type = BigInt)]
    refunded_total: i64,
    #[diesel(sql_type = BigInt)]
    quantity: i64,
    #[diesel(sql_type = BigInt)]
    refunded_quantity: i64,
    #[diesel(sql_type = BigInt)]
    unit_price: i64,
    #[diesel(sql_type = BigInt)]
    line_total: i64,
}

impl Line {
    /// What the line should cost and what should have been paid back for it; `None` where its figures are none.
    fn expected(&self, currency: Currency) -> Option<(i64, i64)> {
        let price = Price::new(Money::from_minor(self.unit_price, currency)).ok()?;
        let cost = |quantity| Some(price.times(Quantity::from_hundred_thousandths(quantity).ok()?)?.minor());
        let total = cost(self.quantity)?;
        let back = if self.refunded_quantity == self.quantity { total } else { cost(self.refunded_quantity)? };
        Some((total, back))
    }
}

/// Sales are read so many at a time.
const CHUNK: i64 = 1_000;

pub(super) fn check(conn: &mut Conn, currency: Currency, tell: &mut dyn FnMut(Problem)) -> Result<(), StoreError> {
    let mut after = Id(Uuid::nil());
    let mut told = 0;
    loop {
        let lines: Vec<Line> = Sql::new(
            "SELECT l.sale_id, s.number, s.status, s.refunded_total, l.quantity, l.refunded_quantity, l.unit_price, l.line_total \
             FROM sale_lines l JOIN sales s ON s.id = l.sale_id \
             WHERE l.sale_id IN (SELECT id FROM sales WHERE id > ",
        )
        .with(after)
        .text(" ORDER BY id LIMIT ")
        .with(CHUNK)
        .text(") ORDER BY l.sale_id")
        .load(conn)?;
        let Some(last) = lines.last() else { return Ok(()) };
        after = last.sale_id;
        for sale in lines.chunk_by(|a, b| a.sale_id == b.sale_id) {
            for problem in problems_of(sale, currency) {
                told += 1;
                if told <= MOST {
                    tell(problem);
                }
            }
        }
    }
}

fn problems_of(lines: &[Line], currency: Currency) -> Vec<Problem> {
    let Some(first) = lines.first() else { return Vec::new() };
    let sale = format!("sale {} ({})", first.number, first.sale_id);
    let mut problems = Vec::new();
    let mut back: i64 = 0;
    for line in lines {
        match line.expected(currency) {
            Some((total, refunded)) => {
                back = back.saturating_add(refunded);
                if total != line.line_total {
                    let text = format!("{sale}: a line of {} minor units should be {total}.", line.line_total);
                    problems.push(Problem(text));
                }
            }
            None => problems.push(Problem(format!("{sale}: a line has a price or quantity that is none."))),
        }
    }
    if back != first.refunded_total {
        let text =
            format!("{sale} says that {} minor units were paid back, its lines give {back}.", first.refunded_total);
        problems.push(Problem(text));
    }
    let refunded = |line: &Line| line.refunded_quantity;
    let stands = if lines.iter().all(|line| refunded(line) == 0) {
        SaleStatus::Completed
    } else if lines.iter().all(|line| refunded(line) == line.quantity) {
        SaleStatus::Refunded
    } else {
        SaleStatus::PartlyRefunded
    };
    if first.status != SaleStatus::Voided.as_str() && first.status != stands.as_str() {
        problems.push(Problem(format!("{sale} is {}, its lines say {}.", first.status, stands.as_str())));
    }
    problems
}
