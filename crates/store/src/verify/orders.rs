//! What orders hold, have moved and redeem.

use super::{Check, Row, amount};
use crate::types::Id;
use uuid::Uuid;

impl Row {
    /// An order whose number is in `w`.
    fn order(&self) -> String {
        format!("order {} ({})", self.w.unwrap_or(0), self.a)
    }

    fn other(&self) -> Id {
        self.b.unwrap_or(Id(Uuid::nil()))
    }
}

pub(super) const CHECKS: &[Check] = &[
    Check {
        sql: "SELECT a, b, CAST(SUM(w) AS BIGINT) AS w, CAST(SUM(x) AS BIGINT) AS x, NULL AS y, NULL AS z, NULL AS t FROM (\
                SELECT product_id AS a, location_id AS b, reserved AS w, 0 AS x FROM levels WHERE reserved <> 0 \
                UNION ALL SELECT l.product_id, o.location_id, 0, l.quantity FROM orders o JOIN order_lines l ON l.order_id = o.id \
                    WHERE o.status IN ('pending', 'accepted')) c \
            GROUP BY a, b HAVING SUM(w) <> SUM(x)",
        say: |row| format!("{} has {} reserved, but open orders hold {}.", row.level(), amount(row.w), amount(row.x)),
    },
    Check {
        // Out of stock is what was shipped less what went back; reserved is what is still held.
        sql: "SELECT a, b, CAST(SUM(w) AS BIGINT) AS w, CAST(SUM(x) AS BIGINT) AS x, CAST(SUM(y) AS BIGINT) AS y, \
                CAST(SUM(z) AS BIGINT) AS z, NULL AS t FROM (\
                SELECT o.id AS a, l.product_id AS b, \
                    CASE WHEN o.status IN ('shipped', 'delivered') THEN l.restocked_quantity - l.quantity ELSE 0 END AS w, 0 AS x, \
                    CASE WHEN o.status IN ('pending', 'accepted') THEN l.quantity ELSE 0 END AS y, 0 AS z \
                FROM orders o JOIN order_lines l ON l.order_id = o.id \
                UNION ALL SELECT source_id, product_id, 0, on_hand_change, 0, reserved_change FROM movements \
                    WHERE source_type = 'order') c \
            GROUP BY a, b HAVING SUM(w) <> SUM(x) OR SUM(y) <> SUM(z)",
        say: |row| {
            format!(
                "order {} should have changed the stock of product {} by {} and hold {}, its movements changed it by {} and hold {}.",
                row.a,
                row.other(),
                amount(row.w),
                amount(row.y),
                amount(row.x),
                amount(row.z)
            )
        },
    },
    Check {
        // A movement of an order is at the order's location.
        sql: "SELECT o.id AS a, m.product_id AS b, o.number AS w, NULL AS x, NULL AS y, NULL AS z, NULL AS t FROM movements m \
            JOIN orders o ON o.id = m.source_id WHERE m.source_type = 'order' AND m.location_id <> o.location_id",
        say: |row| format!("{} has moved product {} at another location than its own.", row.order(), row.other()),
    },
    Check {
        sql: "SELECT o.id AS a, NULL AS b, o.number AS w, o.subtotal AS x, COALESCE(l.total, 0) AS y, NULL AS z, NULL AS t FROM orders o \
            LEFT JOIN (SELECT order_id, CAST(SUM(line_total) AS BIGINT) AS total FROM order_lines GROUP BY order_id) l \
                ON l.order_id = o.id \
            WHERE l.order_id IS NULL OR o.subtotal <> l.total",
        say: |row| {
            let (says, lines) = (row.x.unwrap_or(0), row.y.unwrap_or(0));
            format!("{} says a subtotal of {says} minor units, its lines add up to {lines}.", row.order())
        },
    },
    Check {
        sql: "SELECT id AS a, NULL AS b, number AS w, subtotal AS x, discount AS y, total AS z, NULL AS t FROM orders \
            WHERE total <> subtotal - discount OR discount < 0 OR discount > subtotal",
        say: |row| {
            let (subtotal, discount, total) = (row.x.unwrap_or(0), row.y.unwrap_or(0), row.z.unwrap_or(0));
            format!("{} takes {discount} off {subtotal} minor units and says a total of {total}.", row.order())
        },
    },
    Check {
        sql: "SELECT o.id AS a, l.product_id AS b, o.number AS w, l.quantity AS x, l.returned_quantity AS y, l.restocked_quantity AS z, \
            NULL AS t FROM order_lines l JOIN orders o ON o.id = l.order_id \
            WHERE l.returned_quantity > l.quantity OR l.restocked_quantity > l.returned_quantity OR l.returned_quantity < 0 \
                OR l.restocked_quantity < 0 OR (l.returned_quantity > 0 AND o.status <> 'delivered')",
        say: |row| {
            format!(
                "{} took back more of product {} than it delivered: ordered {}, returned {}, restocked {}.",
                row.order(),
                row.other(),
                amount(row.x),
                amount(row.y),
                amount(row.z)
            )
        },
    },
    Check {
        sql: "SELECT p.id AS a, NULL AS b, p.times_used AS w, COALESCE(r.n, 0) AS x, COALESCE(o.n, 0) AS y, NULL AS z, p.code AS t \
            FROM promo_codes p \
            LEFT JOIN (SELECT promo_id, COUNT(*) AS n FROM redemptions GROUP BY promo_id) r ON r.promo_id = p.id \
            LEFT JOIN (SELECT promo_id, COUNT(*) AS n FROM orders WHERE status NOT IN ('rejected', 'cancelled') \
                GROUP BY promo_id) o ON o.promo_id = p.id \
            WHERE p.times_used <> COALESCE(r.n, 0) OR p.times_used <> COALESCE(o.n, 0)",
        say: |row| {
            format!(
                "promo code {} ({}) counts {} uses, there are {} redemptions and {} orders that hold it.",
                row.t.as_deref().unwrap_or("?"),
                row.a,
                row.w.unwrap_or(0),
                row.x.unwrap_or(0),
                row.y.unwrap_or(0)
            )
        },
    },
    Check {
        sql: "SELECT o.id AS a, r.promo_id AS b, o.number AS w, NULL AS x, NULL AS y, NULL AS z, o.status AS t FROM redemptions r \
            JOIN orders o ON o.id = r.order_id WHERE o.status IN ('rejected', 'cancelled') OR o.promo_id IS NULL \
                OR o.promo_id <> r.promo_id OR o.customer_id <> r.customer_id",
        say: |row| {
            let status = row.t.as_deref().unwrap_or("?");
            format!(
                "{} is {status}, and a redemption of promo code {} for it is not its own.",
                row.order(),
                row.other()
            )
        },
    },
    Check {
        sql: "SELECT o.id AS a, o.promo_id AS b, o.number AS w, NULL AS x, NULL AS y, NULL AS z, NULL AS t FROM orders o \
            WHERE o.promo_id IS NOT NULL AND o.status NOT IN ('rejected', 'cancelled') \
                AND NOT EXISTS (SELECT 1 FROM redemptions r WHERE r.order_id = o.id)",
        say: |row| format!("{} holds promo code {}, but its redemption is missing.", row.order(), row.other()),
    },
    Check {
        sql: "SELECT o.id AS a, NULL AS b, o.number AS w, COALESCE(h.n, 0) AS x, h.last AS y, NULL AS z, e.status AS t FROM orders o \
            LEFT JOIN (SELECT order_id, COUNT(*) AS n, MAX(position) AS last FROM order_history GROUP BY order_id) h \
                ON h.order_id = o.id \
            LEFT JOIN order_history e ON e.order_id = o.id AND e.position = h.last \
            WHERE h.order_id IS NULL OR h.n <> h.last + 1 OR e.status <> o.status",
        say: |row| {
            let last = row.t.as_deref().unwrap_or("missing");
            format!(
                "the history of {} has {} steps and ends with {last}, which is not how it stands.",
                row.order(),
                row.x.unwrap_or(0)
            )
        },
    },
    Check {
        sql: "SELECT id AS a, NULL AS b, NULL AS w, NULL AS x, NULL AS y, NULL AS z, what AS t FROM (\
            SELECT l.product_id AS id, 'a line of an order names product' AS what FROM order_lines l \
                WHERE NOT EXISTS (SELECT 1 FROM products p WHERE p.id = l.product_id) \
            UNION SELECT l.order_id, 'a line names order' FROM order_lines l \
                WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.id = l.order_id) \
            UNION SELECT h.order_id, 'a step of a history names order' FROM order_history h \
                WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.id = h.order_id) \
            UNION SELECT r.order_id, 'a redemption names order' FROM redemptions r \
                WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.id = r.order_id) \
            UNION SELECT m.source_id, 'a movement names order' FROM movements m WHERE m.source_type = 'order' \
                AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.id = m.source_id) \
            UNION SELECT o.location_id, 'an order names location' FROM orders o \
                WHERE NOT EXISTS (SELECT 1 FROM locations p WHERE p.id = o.location_id) \
            UNION SELECT o.customer_id, 'an order names customer' FROM orders o \
                WHERE NOT EXISTS (SELECT 1 FROM customers c WHERE c.id = o.customer_id) \
            UNION SELECT o.placed_by, 'an order names user' FROM orders o WHERE o.placed_by IS NOT NULL \
                AND NOT EXISTS (SELECT 1 FROM users u WHERE u.id = o.placed_by) \
            UNION SELECT i.product_id, 'a cart names product' FROM cart_items i \
                WHERE NOT EXISTS (SELECT 1 FROM products p WHERE p.id = i.product_id)) o",
        say: |row| format!("{} {}, which does not exist.", row.t.as_deref().unwrap_or("something names"), row.a),
    },
];
