//! Sales, their lines and what they have moved.

use super::{
    Check, CheckMethod, Reporter,
    Statement::{Each, Same},
    documents::{Part, cost, walk},
    row::{Row, amount, next_number_is_taken, step_of_p, whole},
};
use crate::{
    StoreError,
    connection::Conn,
    types::{Id, UuidSql},
};
use diesel::{
    QueryableByName,
    sql_types::{BigInt, Text},
};
use tradepost_domain::{money::Currency, sales::SaleStatus};

pub(super) const CHECKS: &[Check] = &[
    Check {
        invariant: Some(4),
        name: "sales.total",
        method: CheckMethod::Rows(
            Same(
                "SELECT s.id, s.number, s.total AS w, COALESCE(l.total, 0) AS x FROM sales s \
                LEFT JOIN (SELECT sale_id, CAST(SUM(line_total) AS BIGINT) AS total FROM sale_lines GROUP BY sale_id) l \
                    ON l.sale_id = s.id WHERE l.sale_id IS NULL OR s.total <> l.total",
            ),
            |row| {
                let (says, lines) = (whole(row.w), whole(row.x));
                format!("{} says a total of {says} minor units, its lines add up to {lines}.", row.document("sale"))
            },
        ),
    },
    Check { invariant: Some(4), name: "sales.line_total", method: CheckMethod::Walk(check_money) },
    Check { invariant: Some(4), name: "sales.figures", method: CheckMethod::Walked },
    Check { invariant: Some(4), name: "sales.refunded_total", method: CheckMethod::Walked },
    Check { invariant: Some(4), name: "sales.status", method: CheckMethod::Walked },
    Check {
        invariant: None,
        name: "sales.given_back",
        method: CheckMethod::Rows(
            Same(
                "SELECT s.id, s.number, l.product_id AS product, l.quantity AS w, l.refunded_quantity AS x, l.restocked_quantity AS y \
                FROM sale_lines l JOIN sales s ON s.id = l.sale_id WHERE l.refunded_quantity > l.quantity \
                    OR l.restocked_quantity > l.refunded_quantity OR l.refunded_quantity < 0 OR l.restocked_quantity < 0",
            ),
            |row| {
                format!(
                    "{} gave back more of product {} than it sold: sold {}, refunded {}, restocked {}.",
                    row.document("sale"),
                    row.product(),
                    amount(row.w),
                    amount(row.x),
                    amount(row.y)
                )
            },
        ),
    },
    Check {
        invariant: Some(2),
        name: "sales.movements",
        // Correcting never goes below what was refunded, and a void brings back all that was not: so each kind adds up by itself.
        method: CheckMethod::Rows(
            Same(
                "SELECT c.id, s.number, c.product, c.text, c.w, c.x FROM (\
                    SELECT id, product, text, CAST(SUM(w) AS BIGINT) AS w, CAST(SUM(x) AS BIGINT) AS x FROM (\
                        SELECT sale_id AS id, product_id AS product, 'sold and corrected' AS text, -quantity AS w, 0 AS x \
                            FROM sale_lines \
                        UNION ALL SELECT sale_id, product_id, 'refunded', restocked_quantity, 0 FROM sale_lines \
                        UNION ALL SELECT l.sale_id, l.product_id, 'voided', l.quantity - l.refunded_quantity, 0 \
                            FROM sale_lines l JOIN sales s ON s.id = l.sale_id WHERE s.status = 'voided' \
                        UNION ALL SELECT source_id, product_id, \
                            CASE WHEN kind IN ('refunded', 'voided') THEN kind ELSE 'sold and corrected' END, 0, on_hand_change \
                            FROM movements WHERE source_type = 'sale') a \
                    GROUP BY id, product, text HAVING SUM(w) <> SUM(x)) c LEFT JOIN sales s ON s.id = c.id",
            ),
            |row| {
                format!(
                    "{} should have changed the stock of product {} by {} ({}), its movements changed it by {}.",
                    row.document("sale"),
                    row.product(),
                    amount(row.w),
                    row.text(),
                    amount(row.x)
                )
            },
        ),
    },
    Check {
        invariant: Some(8),
        name: "sales.location",
        method: CheckMethod::Rows(
            Same(
                "SELECT DISTINCT s.id, s.number, m.product_id AS product FROM movements m JOIN sales s ON s.id = m.source_id \
                WHERE m.source_type = 'sale' AND m.location_id <> s.location_id",
            ),
            |row| {
                format!(
                    "{} has moved product {} at another location than its own.",
                    row.document("sale"),
                    row.product()
                )
            },
        ),
    },
    Check {
        invariant: Some(9),
        name: "sales.unit",
        method: CheckMethod::Rows(
            Same(concat!(
                "SELECT s.id, s.number, l.product_id AS product, p.unit AS text, \
                l.quantity AS w, l.refunded_quantity AS x, l.restocked_quantity AS y \
                FROM sale_lines l JOIN sales s ON s.id = l.sale_id JOIN products p ON p.id = l.product_id WHERE l.quantity % ",
                step_of_p!(),
                " <> 0 OR l.refunded_quantity % ",
                step_of_p!(),
                " <> 0 OR l.restocked_quantity % ",
                step_of_p!(),
                " <> 0"
            )),
            |row| {
                format!(
                    "{} sold {} of product {}, refunded {} and restocked {}, which does not fit its unit ({}).",
                    row.document("sale"),
                    amount(row.w),
                    row.product(),
                    amount(row.x),
                    amount(row.y),
                    row.text()
                )
            },
        ),
    },
    Check {
        invariant: None,
        name: "sales.numbers",
        method: CheckMethod::Rows(
            Each {
                pg: next_number_is_taken!(pg, "sales", "sale_numbers"),
                lite: next_number_is_taken!(lite, "sales", "sale"),
            },
            |row| row.number_taken("sale"),
        ),
    },
    Check {
        invariant: None,
        name: "sales.orphans",
        method: CheckMethod::Rows(
            Same(
                "SELECT what AS text, id FROM (\
                SELECT 'a line of a sale names product' AS what, l.product_id AS id FROM sale_lines l \
                    WHERE NOT EXISTS (SELECT 1 FROM products p WHERE p.id = l.product_id) \
                UNION SELECT 'a line names sale', l.sale_id FROM sale_lines l \
                    WHERE NOT EXISTS (SELECT 1 FROM sales s WHERE s.id = l.sale_id) \
                UNION SELECT 'a sale names location', s.location_id FROM sales s \
                    WHERE NOT EXISTS (SELECT 1 FROM locations p WHERE p.id = s.location_id) \
                UNION SELECT 'a sale names user', s.sold_by FROM sales s WHERE s.sold_by IS NOT NULL \
                    AND NOT EXISTS (SELECT 1 FROM users u WHERE u.id = s.sold_by) \
                UNION SELECT 'a movement names sale', m.source_id FROM movements m WHERE m.source_type = 'sale' \
                    AND NOT EXISTS (SELECT 1 FROM sales s WHERE s.id = m.source_id)) o",
            ),
            Row::orphan,
        ),
    },
];

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

impl Part for Line {
    const DOCUMENTS: &'static str = "SELECT id FROM sales WHERE id > ";
    const PARTS: &'static str = "SELECT l.sale_id, s.number, s.status, s.refunded_total, l.quantity, l.refunded_quantity, l.unit_price, \
        l.line_total FROM sale_lines l JOIN sales s ON s.id = l.sale_id WHERE l.sale_id > ";
    const UP_TO: &'static str = " AND l.sale_id <= ";
    const IN_ORDER: &'static str = " ORDER BY l.sale_id, l.position";

    fn document(&self) -> Id {
        self.sale_id
    }
}

impl Line {
    /// What the line should cost and what should have been paid back for it; `None` where its figures are none.
    fn expected(&self, currency: Currency) -> Option<(i64, i64)> {
        let total = cost(self.unit_price, self.quantity, currency)?;
        let all = self.refunded_quantity == self.quantity;
        let back = if all { total } else { cost(self.unit_price, self.refunded_quantity, currency)? };
        Some((total, back))
    }
}

fn check_money(conn: &mut Conn, currency: Option<Currency>, reporter: &mut Reporter<'_>) -> Result<(), StoreError> {
    let Some(currency) = currency else { return Ok(()) };
    walk(conn, |lines: &[Line]| judge(lines, currency, reporter))
}

fn judge(lines: &[Line], currency: Currency, reporter: &mut Reporter<'_>) {
    let Some(first) = lines.first() else { return };
    let sale = format!("sale {} ({})", first.number, first.sale_id);
    let mut back: i64 = 0;
    for line in lines {
        match line.expected(currency) {
            Some((total, refunded)) => {
                back = back.saturating_add(refunded);
                if total != line.line_total {
                    let says = line.line_total;
                    reporter
                        .report("sales.line_total", format!("{sale}: a line of {says} minor units should be {total}."));
                }
            }
            None => reporter.report("sales.figures", format!("{sale}: a line has a price or quantity that is none.")),
        }
    }
    if back != first.refunded_total {
        let says = first.refunded_total;
        reporter.report(
            "sales.refunded_total",
            format!("{sale} says that {says} minor units were paid back, its lines give {back}."),
        );
    }
    let stands = if lines.iter().all(|line| line.refunded_quantity == 0) {
        SaleStatus::Completed
    } else if lines.iter().all(|line| line.refunded_quantity == line.quantity) {
        SaleStatus::Refunded
    } else {
        SaleStatus::PartlyRefunded
    };
    if first.status != SaleStatus::Voided.as_str() && first.status != stands.as_str() {
        reporter.report("sales.status", format!("{sale} is {}, its lines say {}.", first.status, stands.as_str()));
    }
}
