//! What the lines of orders come to and what their promo codes take off, by the domain's rules.

use super::{MOST, Problem};
use crate::{
    StoreError,
    connection::Conn,
    dialect::Sql,
    promos::TermsColumns,
    types::{Id, UuidSql},
};
use diesel::{
    QueryableByName,
    sql_types::{BigInt, Nullable, Text},
};
use tradepost_domain::{
    money::{Currency, Money, Price},
    quantity::Quantity,
};
use uuid::Uuid;

/// One line of an order with what its order says.
#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = UuidSql)]
    order_id: Id,
    #[diesel(sql_type = BigInt)]
    number: i64,
    #[diesel(sql_type = BigInt)]
    subtotal: i64,
    #[diesel(sql_type = BigInt)]
    discount: i64,
    #[diesel(sql_type = Nullable<Text>)]
    promo_kind: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    promo_amount: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    promo_percentage_hundredths: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    promo_max_discount: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    promo_minimum_subtotal: Option<i64>,
    #[diesel(sql_type = BigInt)]
    quantity: i64,
    #[diesel(sql_type = BigInt)]
    unit_price: i64,
    #[diesel(sql_type = BigInt)]
    line_total: i64,
}

impl Line {
    /// What the line should cost; `None` where its figures are none.
    fn expected(&self, currency: Currency) -> Option<i64> {
        let price = Price::new(Money::from_minor(self.unit_price, currency)).ok()?;
        Some(price.times(Quantity::from_hundred_thousandths(self.quantity).ok()?)?.minor())
    }

    /// What the order's promo code takes off its subtotal; `None` where its terms give nothing for it.
    fn expected_discount(&self, currency: Currency) -> Option<i64> {
        let Some(kind) = &self.promo_kind else { return Some(0) };
        let columns = TermsColumns {
            kind,
            amount: self.promo_amount,
            percentage_hundredths: self.promo_percentage_hundredths,
            max_discount: self.promo_max_discount,
            minimum_subtotal: self.promo_minimum_subtotal,
        };
        let terms = columns.terms(currency).ok()?;
        terms.discount(Money::from_minor(self.subtotal, currency)).ok().map(Money::minor)
    }
}

/// Orders are read so many at a time.
const CHUNK: i64 = 1_000;

pub(super) fn check(conn: &mut Conn, currency: Currency, tell: &mut dyn FnMut(Problem)) -> Result<(), StoreError> {
    let mut after = Id(Uuid::nil());
    let mut told = 0;
    loop {
        let lines: Vec<Line> = Sql::new(
            "SELECT l.order_id, o.number, o.subtotal, o.discount, o.promo_kind, o.promo_amount, o.promo_percentage_hundredths, \
             o.promo_max_discount, o.promo_minimum_subtotal, l.quantity, l.unit_price, l.line_total \
             FROM order_lines l JOIN orders o ON o.id = l.order_id \
             WHERE l.order_id IN (SELECT id FROM orders WHERE id > ",
        )
        .with(after)
        .text(" ORDER BY id LIMIT ")
        .with(CHUNK)
        .text(") ORDER BY l.order_id")
        .load(conn)?;
        let Some(last) = lines.last() else { return Ok(()) };
        after = last.order_id;
        for order in lines.chunk_by(|a, b| a.order_id == b.order_id) {
            for problem in problems_of(order, currency) {
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
    let order = format!("order {} ({})", first.number, first.order_id);
    let mut problems = Vec::new();
    for line in lines {
        match line.expected(currency) {
            Some(total) if total == line.line_total => {}
            Some(total) => {
                let text = format!("{order}: a line of {} minor units should be {total}.", line.line_total);
                problems.push(Problem(text));
            }
            None => problems.push(Problem(format!("{order}: a line has a price or quantity that is none."))),
        }
    }
    match first.expected_discount(currency) {
        Some(discount) if discount == first.discount => {}
        Some(discount) => {
            let text = format!("{order} takes {} minor units off, its promo code gives {discount}.", first.discount);
            problems.push(Problem(text));
        }
        None => problems.push(Problem(format!("{order} holds a promo code whose terms do not go with its subtotal."))),
    }
    problems
}
