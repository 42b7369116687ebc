//! What the domain judges of orders: what their lines come to, what their promo codes take off, and the way they came.

use crate::{
    StoreError,
    connection::Conn,
    promos::TermsColumns,
    types::{Id, UuidSql},
    verify::{
        Reporter,
        documents::{Part, cost, walk},
    },
};
use diesel::{
    QueryableByName,
    sql_types::{BigInt, Nullable, Text},
};
use tradepost_domain::{
    money::{Currency, Money},
    orders::{OrderStatus, Step},
};

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

impl Part for Line {
    const DOCUMENTS: &'static str = "SELECT id FROM orders WHERE id > ";
    const PARTS: &'static str = "SELECT l.order_id, o.number, o.subtotal, o.discount, o.promo_kind, o.promo_amount, \
        o.promo_percentage_hundredths, o.promo_max_discount, o.promo_minimum_subtotal, l.quantity, l.unit_price, l.line_total \
        FROM order_lines l JOIN orders o ON o.id = l.order_id WHERE l.order_id > ";
    const UP_TO: &'static str = " AND l.order_id <= ";
    const IN_ORDER: &'static str = " ORDER BY l.order_id, l.position";

    fn document(&self) -> Id {
        self.order_id
    }
}

impl Line {
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

pub(super) fn check_money(
    conn: &mut Conn,
    currency: Option<Currency>,
    reporter: &mut Reporter<'_>,
) -> Result<(), StoreError> {
    let Some(currency) = currency else { return Ok(()) };
    walk(conn, |lines: &[Line]| judge_money(lines, currency, reporter))
}

fn judge_money(lines: &[Line], currency: Currency, reporter: &mut Reporter<'_>) {
    let Some(first) = lines.first() else { return };
    let order = format!("order {} ({})", first.number, first.order_id);
    for line in lines {
        match cost(line.unit_price, line.quantity, currency) {
            Some(total) if total == line.line_total => {}
            Some(total) => {
                let says = line.line_total;
                reporter
                    .report("orders.line_total", format!("{order}: a line of {says} minor units should be {total}."));
            }
            None => reporter.report("orders.figures", format!("{order}: a line has a price or quantity that is none.")),
        }
    }
    match first.expected_discount(currency) {
        Some(discount) if discount == first.discount => {}
        Some(discount) => {
            let says = first.discount;
            reporter.report(
                "orders.discount",
                format!("{order} takes {says} minor units off, its promo code gives {discount}."),
            );
        }
        None => reporter
            .report("orders.terms", format!("{order} holds a promo code whose terms do not go with its subtotal.")),
    }
}

/// One step of an order's history.
#[derive(QueryableByName)]
struct Entry {
    #[diesel(sql_type = UuidSql)]
    order_id: Id,
    #[diesel(sql_type = BigInt)]
    number: i64,
    #[diesel(sql_type = Text)]
    status: String,
}

impl Part for Entry {
    const DOCUMENTS: &'static str = "SELECT id FROM orders WHERE id > ";
    const PARTS: &'static str = "SELECT h.order_id, o.number, h.status FROM order_history h JOIN orders o ON o.id = h.order_id \
        WHERE h.order_id > ";
    const UP_TO: &'static str = " AND h.order_id <= ";
    const IN_ORDER: &'static str = " ORDER BY h.order_id, h.position";

    fn document(&self) -> Id {
        self.order_id
    }
}

pub(super) fn check_histories(
    conn: &mut Conn,
    _: Option<Currency>,
    reporter: &mut Reporter<'_>,
) -> Result<(), StoreError> {
    walk(conn, |entries: &[Entry]| judge_history(entries, reporter))
}

/// By the domain's own moves. That goods came back is noted by saying once more that the order is delivered.
fn leads_to(from: &str, to: &str) -> bool {
    let (Some(from), Some(to)) = (OrderStatus::parse(from), OrderStatus::parse(to)) else { return false };
    (from, to) == (OrderStatus::Delivered, OrderStatus::Delivered)
        || Step::ALL.iter().any(|step| from.after(*step) == Ok(to))
}

fn judge_history(entries: &[Entry], reporter: &mut Reporter<'_>) {
    let Some(first) = entries.first() else { return };
    let order = format!("order {} ({})", first.number, first.order_id);
    if first.status != OrderStatus::Pending.as_str() {
        reporter.report(
            "orders.first_step",
            format!("the history of {order} starts with {}, not with pending.", first.status),
        );
    }
    for (from, to) in entries.iter().zip(entries.iter().skip(1)) {
        if !leads_to(&from.status, &to.status) {
            let (from, to) = (&from.status, &to.status);
            reporter
                .report("orders.steps", format!("the history of {order} goes from {from} to {to}, which is no step."));
        }
    }
}
