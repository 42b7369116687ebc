//! Sales.

use super::{Case, append};
use tradepost_tests::Engine;

/// Half a unit on each of two lines instead of a whole one on one.
pub(super) fn halved(noun: &str, document: &str) -> String {
    format!(
        "INSERT INTO {noun}_lines (id, {noun}_id, position, product_id, sku, name, quantity, unit_price, line_total) \
        SELECT {{new}}, {noun}_id, 7, product_id, sku, name, 50000, unit_price, unit_price / 2 FROM {noun}_lines \
            WHERE {noun}_id = {{{document}}}; \
        UPDATE {noun}_lines SET quantity = quantity - 50000, line_total = line_total - unit_price / 2 \
            WHERE {noun}_id = {{{document}}} AND position = 0"
    )
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = money();
    cases.extend(stock());
    cases.extend(orphans());
    let next = "the next sale would be number 6, but the highest number is 6 already.";
    cases.extend([
        Case::new("sales.numbers", "UPDATE counters SET next = 6 WHERE name = 'sale'", next).only_on(Engine::Sqlite),
        Case::new("sales.numbers", "SELECT setval('sale_numbers', 5)", next).only_on(Engine::Postgres),
        Case::new(
            "sales.numbers",
            "DELETE FROM counters WHERE name = 'sale'",
            "the next sale would be number 0, but the highest number is 6 already.",
        )
        .only_on(Engine::Sqlite),
    ]);
    cases
}

fn money() -> Vec<Case> {
    let mut cases = vec![
        Case::new(
            "sales.total",
            "UPDATE sales SET total = total + 1 WHERE id = {s1}",
            "sale 1 (s1) says a total of 951 minor units, its lines add up to 950.",
        ),
        Case::new(
            "sales.total",
            "DELETE FROM sale_lines WHERE sale_id = {s6}",
            "sale 6 (s6) says a total of 100 minor units, its lines add up to 0.",
        )
        .and(
            "sales.movements",
            "sale 6 (s6) should have changed the stock of product MILK by 0 (sold and corrected), its movements changed it by -1.",
        ),
        Case::new(
            "sales.line_total",
            "UPDATE sale_lines SET line_total = line_total + 1 WHERE sale_id = {s6}; UPDATE sales SET total = total + 1 WHERE id = {s6}",
            "sale 6 (s6): a line of 101 minor units should be 100.",
        ),
        Case::new(
            "sales.refunded_total",
            "UPDATE sales SET refunded_total = refunded_total + 1 WHERE id = {s3}",
            "sale 3 (s3) says that 751 minor units were paid back, its lines give 750.",
        ),
        Case::new(
            "sales.status",
            "UPDATE sales SET status = 'refunded' WHERE id = {s1}",
            "sale 1 (s1) is refunded, its lines say completed.",
        ),
    ];
    let nothing = "UPDATE sale_lines SET unit_price = 0, line_total = 0 WHERE sale_id = {s6}; UPDATE sales SET total = 0 WHERE id = {s6}";
    let figures = "sale 6 (s6): a line has a price or quantity that is none.";
    cases.extend(Case::new("sales.figures", nothing, figures).breaking("sale_lines"));
    cases
}

fn stock() -> Vec<Case> {
    let mut cases = vec![
        Case::new(
            "sales.movements",
            "UPDATE sale_lines SET quantity = quantity + 100000, line_total = line_total + 100 WHERE sale_id = {s6}; \
            UPDATE sales SET total = total + 100 WHERE id = {s6}",
            "sale 6 (s6) should have changed the stock of product MILK by -2 (sold and corrected), its movements changed it by -1.",
        ),
        Case::new(
            "sales.movements",
            "UPDATE sales SET status = 'voided' WHERE id = {s6}",
            "sale 6 (s6) should have changed the stock of product MILK by 1 (voided), its movements changed it by 0.",
        ),
        Case::new(
            "sales.movements",
            "UPDATE movements SET kind = 'voided' WHERE source_id = {s4} AND kind = 'refunded'",
            "sale 4 (s4) should have changed the stock of product RICE by 1.125 (refunded), its movements changed it by 0.",
        )
        .and(
            "sales.movements",
            "sale 4 (s4) should have changed the stock of product RICE by 0 (voided), its movements changed it by 1.125.",
        ),
        Case::new(
            "sales.location",
            "UPDATE sales SET location_id = {back} WHERE id = {s2}",
            "sale 2 (s2) has moved product TEA at another location than its own.",
        ),
        Case::new(
            "sales.unit",
            halved("sale", "s6"),
            "sale 6 (s6) sold 0.5 of product MILK, refunded 0 and restocked 0, which does not fit its unit (each).",
        )
        .and(
            "sales.unit",
            "sale 6 (s6) sold 0.5 of product MILK, refunded 0 and restocked 0, which does not fit its unit (each).",
        ),
    ];
    let more = "UPDATE sale_lines SET restocked_quantity = 400000 WHERE sale_id = {s3}; ".to_owned()
        + &append(("TEA", "main"), "refunded", (200_000, 0), "'sale', {s3}");
    let given_back = "sale 3 (s3) gave back more of product TEA than it sold: sold 6, refunded 3, restocked 4.";
    cases.extend(Case::new("sales.given_back", more, given_back).breaking("sale_lines"));
    cases
}

fn orphans() -> Vec<Case> {
    vec![
        Case::new(
            "sales.orphans",
            "UPDATE sales SET sold_by = {nobody} WHERE id = {s1}",
            "a sale names user nobody, which does not exist.",
        ),
        Case::new(
            "sales.orphans",
            "DELETE FROM sales WHERE id = {s2}",
            "a line names sale s2, which does not exist.",
        )
        .and("sales.orphans", "a movement names sale s2, which does not exist."),
        Case::new(
            "sales.orphans",
            "UPDATE sales SET location_id = {nobody} WHERE id = {s6}",
            "a sale names location nobody, which does not exist.",
        )
        .and("sales.location", "sale 6 (s6) has moved product MILK at another location than its own."),
        Case::new(
            "sales.orphans",
            "UPDATE sale_lines SET product_id = {nobody} WHERE sale_id = {s6}",
            "a line of a sale names product nobody, which does not exist.",
        )
        .and(
            "sales.movements",
            "sale 6 (s6) should have changed the stock of product MILK by 0 (sold and corrected), its movements changed it by -1.",
        )
        .and(
            "sales.movements",
            "sale 6 (s6) should have changed the stock of product nobody by -1 (sold and corrected), its movements changed it by 0.",
        ),
    ]
}
