//! Orders: what they hold, have moved and cost, and the way they came.

mod walks;

use super::{
    Check, CheckMethod,
    Statement::{Each, Same},
    row::{Row, amount, next_number_is_taken, step_of_p, whole},
};

pub(super) const CHECKS: &[Check] = &[
    Check {
        invariant: Some(5),
        name: "orders.reserved",
        method: CheckMethod::Rows(
            Same(
                "SELECT product, location, CAST(SUM(w) AS BIGINT) AS w, CAST(SUM(x) AS BIGINT) AS x FROM (\
                    SELECT product_id AS product, location_id AS location, reserved AS w, 0 AS x FROM levels WHERE reserved <> 0 \
                    UNION ALL SELECT l.product_id, o.location_id, 0, l.quantity FROM orders o JOIN order_lines l ON l.order_id = o.id \
                        WHERE o.status IN ('pending', 'accepted')) c \
                GROUP BY product, location HAVING SUM(w) <> SUM(x)",
            ),
            |row| format!("{} has {} reserved, but open orders hold {}.", row.level(), amount(row.w), amount(row.x)),
        ),
    },
    Check {
        invariant: Some(5),
        name: "orders.movements",
        // What was reserved and not released is what the order has, or had when it was shipped.
        method: CheckMethod::Rows(
            Same(
                "SELECT c.id, o.number, c.product, c.text, c.w, c.x FROM (\
                    SELECT id, product, text, CAST(SUM(w) AS BIGINT) AS w, CAST(SUM(x) AS BIGINT) AS x FROM (\
                        SELECT o.id, l.product_id AS product, 'reserved and not released' AS text, l.quantity AS w, 0 AS x \
                            FROM orders o JOIN order_lines l ON l.order_id = o.id WHERE o.status NOT IN ('rejected', 'cancelled') \
                        UNION ALL SELECT o.id, l.product_id, 'shipped', -l.quantity, 0 \
                            FROM orders o JOIN order_lines l ON l.order_id = o.id WHERE o.status IN ('shipped', 'delivered') \
                        UNION ALL SELECT order_id, product_id, 'returned', restocked_quantity, 0 FROM order_lines \
                        UNION ALL SELECT source_id, product_id, \
                            CASE WHEN kind IN ('shipped', 'returned') THEN kind ELSE 'reserved and not released' END, 0, \
                            CASE WHEN kind IN ('shipped', 'returned') THEN on_hand_change ELSE reserved_change END \
                            FROM movements WHERE source_type = 'order') a \
                    GROUP BY id, product, text HAVING SUM(w) <> SUM(x)) c LEFT JOIN orders o ON o.id = c.id",
            ),
            |row| {
                format!(
                    "{} should have {} of product {} {}, its movements say {}.",
                    row.document("order"),
                    amount(row.w),
                    row.product(),
                    row.text(),
                    amount(row.x)
                )
            },
        ),
    },
    Check {
        invariant: Some(8),
        name: "orders.location",
        method: CheckMethod::Rows(
            Same(
                "SELECT DISTINCT o.id, o.number, m.product_id AS product FROM movements m JOIN orders o ON o.id = m.source_id \
                WHERE m.source_type = 'order' AND m.location_id <> o.location_id",
            ),
            |row| {
                format!(
                    "{} has moved product {} at another location than its own.",
                    row.document("order"),
                    row.product()
                )
            },
        ),
    },
    Check {
        invariant: Some(4),
        name: "orders.subtotal",
        method: CheckMethod::Rows(
            Same(
                "SELECT o.id, o.number, o.subtotal AS w, COALESCE(l.total, 0) AS x FROM orders o \
                LEFT JOIN (SELECT order_id, CAST(SUM(line_total) AS BIGINT) AS total FROM order_lines GROUP BY order_id) l \
                    ON l.order_id = o.id WHERE l.order_id IS NULL OR o.subtotal <> l.total",
            ),
            |row| {
                let (says, lines) = (whole(row.w), whole(row.x));
                format!("{} says a subtotal of {says} minor units, its lines add up to {lines}.", row.document("order"))
            },
        ),
    },
    Check {
        invariant: Some(4),
        name: "orders.total",
        method: CheckMethod::Rows(
            Same(
                "SELECT id, number, subtotal AS w, discount AS x, total AS y FROM orders \
                WHERE total <> subtotal - discount OR discount < 0 OR discount > subtotal",
            ),
            |row| {
                let (subtotal, discount, total) = (whole(row.w), whole(row.x), whole(row.y));
                format!(
                    "{} takes {discount} off {subtotal} minor units and says a total of {total}.",
                    row.document("order")
                )
            },
        ),
    },
    Check { invariant: Some(4), name: "orders.line_total", method: CheckMethod::Walk(walks::check_money) },
    Check { invariant: Some(4), name: "orders.figures", method: CheckMethod::Walked },
    Check { invariant: Some(4), name: "orders.discount", method: CheckMethod::Walked },
    Check { invariant: Some(4), name: "orders.terms", method: CheckMethod::Walked },
    Check {
        invariant: None,
        name: "orders.given_back",
        method: CheckMethod::Rows(
            Same(
                "SELECT o.id, o.number, l.product_id AS product, l.quantity AS w, l.returned_quantity AS x, l.restocked_quantity AS y \
                FROM order_lines l JOIN orders o ON o.id = l.order_id \
                WHERE l.returned_quantity > l.quantity OR l.restocked_quantity > l.returned_quantity OR l.returned_quantity < 0 \
                    OR l.restocked_quantity < 0 OR (l.returned_quantity > 0 AND o.status <> 'delivered')",
            ),
            |row| {
                format!(
                    "{} took back more of product {} than it delivered: ordered {}, returned {}, restocked {}.",
                    row.document("order"),
                    row.product(),
                    amount(row.w),
                    amount(row.x),
                    amount(row.y)
                )
            },
        ),
    },
    Check {
        invariant: None,
        name: "orders.history",
        method: CheckMethod::Rows(
            Same(
                "SELECT o.id, o.number, COALESCE(h.n, 0) AS w, e.status AS text, o.status AS other_text FROM orders o \
                LEFT JOIN (SELECT order_id, COUNT(*) AS n, MAX(position) AS last FROM order_history GROUP BY order_id) h \
                    ON h.order_id = o.id \
                LEFT JOIN order_history e ON e.order_id = o.id AND e.position = h.last \
                WHERE h.order_id IS NULL OR h.n <> h.last + 1 OR e.status <> o.status",
            ),
            |row| {
                let last = row.text.as_deref().unwrap_or("nothing");
                format!(
                    "the history of {} has {} steps and ends with {last}, which is not how it came to be {}.",
                    row.document("order"),
                    whole(row.w),
                    row.other_text()
                )
            },
        ),
    },
    Check { invariant: None, name: "orders.first_step", method: CheckMethod::Walk(walks::check_histories) },
    Check { invariant: None, name: "orders.steps", method: CheckMethod::Walked },
    Check {
        invariant: Some(9),
        name: "orders.unit",
        method: CheckMethod::Rows(
            Same(concat!(
                "SELECT o.id, o.number, l.product_id AS product, p.unit AS text, \
                l.quantity AS w, l.returned_quantity AS x, l.restocked_quantity AS y \
                FROM order_lines l JOIN orders o ON o.id = l.order_id JOIN products p ON p.id = l.product_id WHERE l.quantity % ",
                step_of_p!(),
                " <> 0 OR l.returned_quantity % ",
                step_of_p!(),
                " <> 0 OR l.restocked_quantity % ",
                step_of_p!(),
                " <> 0"
            )),
            |row| {
                format!(
                    "{} has {} of product {}, {} returned and {} restocked, which does not fit its unit ({}).",
                    row.document("order"),
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
        name: "orders.numbers",
        method: CheckMethod::Rows(
            Each {
                pg: next_number_is_taken!(pg, "orders", "order_numbers"),
                lite: next_number_is_taken!(lite, "orders", "order"),
            },
            |row| row.number_taken("order"),
        ),
    },
    Check {
        invariant: None,
        name: "orders.orphans",
        method: CheckMethod::Rows(
            Same(
                "SELECT what AS text, id FROM (\
                SELECT 'a line of an order names product' AS what, l.product_id AS id FROM order_lines l \
                    WHERE NOT EXISTS (SELECT 1 FROM products p WHERE p.id = l.product_id) \
                UNION SELECT 'a line names order', l.order_id FROM order_lines l \
                    WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.id = l.order_id) \
                UNION SELECT 'a step of a history names order', h.order_id FROM order_history h \
                    WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.id = h.order_id) \
                UNION SELECT 'a movement names order', m.source_id FROM movements m WHERE m.source_type = 'order' \
                    AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.id = m.source_id) \
                UNION SELECT 'an order names location', o.location_id FROM orders o \
                    WHERE NOT EXISTS (SELECT 1 FROM locations p WHERE p.id = o.location_id) \
                UNION SELECT 'an order names customer', o.customer_id FROM orders o \
                    WHERE NOT EXISTS (SELECT 1 FROM customers c WHERE c.id = o.customer_id) \
                UNION SELECT 'an order names user', o.placed_by FROM orders o WHERE o.placed_by IS NOT NULL \
                    AND NOT EXISTS (SELECT 1 FROM users u WHERE u.id = o.placed_by) \
                UNION SELECT 'a cart names product', i.product_id FROM cart_items i \
                    WHERE NOT EXISTS (SELECT 1 FROM products p WHERE p.id = i.product_id)) o",
            ),
            Row::orphan,
        ),
    },
];
