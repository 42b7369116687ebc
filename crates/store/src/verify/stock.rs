//! Levels and their movements.

use super::{
    Check, CheckMethod,
    Statement::Same,
    row::{Row, amount, step_of_p, when, whole},
};

pub(super) const CHECKS: &[Check] = &[
    Check {
        invariant: Some(1),
        name: "stock.negative",
        method: CheckMethod::Rows(
            Same(
                "SELECT product_id AS product, location_id AS location, on_hand AS w, reserved AS x FROM levels \
                WHERE on_hand < 0 OR reserved < 0",
            ),
            |row| format!("{} is negative: {} on hand, {} reserved.", row.level(), amount(row.w), amount(row.x)),
        ),
    },
    Check {
        invariant: Some(1),
        name: "stock.negative_after",
        method: CheckMethod::Rows(
            Same(
                "SELECT product_id AS product, location_id AS location, seq, on_hand_after AS w, reserved_after AS x \
                FROM movements WHERE on_hand_after < 0 OR reserved_after < 0",
            ),
            |row| format!("{} left {} on hand and {} reserved.", row.movement(), amount(row.w), amount(row.x)),
        ),
    },
    Check {
        invariant: Some(2),
        name: "stock.sums",
        method: CheckMethod::Rows(
            Same(
                "SELECT l.product_id AS product, l.location_id AS location, l.on_hand AS w, COALESCE(m.on_hand, 0) AS x, \
                    l.reserved AS y, COALESCE(m.reserved, 0) AS z \
                FROM levels l LEFT JOIN (SELECT product_id, location_id, CAST(SUM(on_hand_change) AS BIGINT) AS on_hand, \
                    CAST(SUM(reserved_change) AS BIGINT) AS reserved FROM movements GROUP BY product_id, location_id) m \
                    ON m.product_id = l.product_id AND m.location_id = l.location_id \
                WHERE l.seq <> 0 AND (l.on_hand <> COALESCE(m.on_hand, 0) OR l.reserved <> COALESCE(m.reserved, 0))",
            ),
            |row| {
                format!(
                    "{} says {} on hand and {} reserved, its movements add up to {} and {}.",
                    row.level(),
                    amount(row.w),
                    amount(row.y),
                    amount(row.x),
                    amount(row.z)
                )
            },
        ),
    },
    Check {
        invariant: Some(2),
        name: "stock.untouched",
        method: CheckMethod::Rows(
            Same(
                "SELECT product_id AS product, location_id AS location, on_hand AS w, reserved AS x FROM levels \
                WHERE seq = 0 AND (on_hand <> 0 OR reserved <> 0)",
            ),
            |row| {
                format!(
                    "{} never had a movement, but says {} on hand and {} reserved.",
                    row.level(),
                    amount(row.w),
                    amount(row.x)
                )
            },
        ),
    },
    Check {
        invariant: Some(3),
        name: "stock.count",
        method: CheckMethod::Rows(
            Same(
                "SELECT l.product_id AS product, l.location_id AS location, l.seq AS w, COALESCE(m.n, 0) AS x \
                FROM levels l LEFT JOIN (SELECT product_id, location_id, COUNT(*) AS n FROM movements \
                    GROUP BY product_id, location_id) m ON m.product_id = l.product_id AND m.location_id = l.location_id \
                WHERE l.seq <> COALESCE(m.n, 0)",
            ),
            |row| format!("{} counts {} movements, there are {}.", row.level(), whole(row.w), whole(row.x)),
        ),
    },
    Check {
        invariant: Some(3),
        name: "stock.level_missing",
        method: CheckMethod::Rows(
            Same(
                "SELECT m.product_id AS product, m.location_id AS location, COUNT(*) AS w FROM movements m \
                LEFT JOIN levels l ON l.product_id = m.product_id AND l.location_id = m.location_id \
                WHERE l.product_id IS NULL GROUP BY m.product_id, m.location_id",
            ),
            |row| format!("{} does not exist, but has {} movements.", row.level(), whole(row.w)),
        ),
    },
    Check {
        invariant: Some(3),
        name: "stock.gap",
        method: CheckMethod::Rows(
            Same(
                "SELECT * FROM (SELECT product_id AS product, location_id AS location, seq, \
                    LAG(seq, 1) OVER (PARTITION BY product_id, location_id ORDER BY seq) AS w FROM movements) c \
                WHERE seq <> COALESCE(w, 0) + 1",
            ),
            |row| {
                let (seq, before) = (whole(row.seq), whole(row.w));
                format!("{} has a gap: movement {seq} follows movement {before}.", row.level())
            },
        ),
    },
    Check {
        invariant: Some(3),
        name: "stock.after",
        method: CheckMethod::Rows(
            Same(
                "SELECT * FROM (SELECT product_id AS product, location_id AS location, seq, on_hand_after AS w, reserved_after AS x, \
                    COALESCE(LAG(on_hand_after, 1) OVER (PARTITION BY product_id, location_id ORDER BY seq), 0) + on_hand_change AS y, \
                    COALESCE(LAG(reserved_after, 1) OVER (PARTITION BY product_id, location_id ORDER BY seq), 0) + reserved_change AS z \
                    FROM movements) c WHERE w <> y OR x <> z",
            ),
            |row| {
                format!(
                    "{} says {} on hand and {} reserved afterwards, the one before and its change give {} and {}.",
                    row.movement(),
                    amount(row.w),
                    amount(row.x),
                    amount(row.y),
                    amount(row.z)
                )
            },
        ),
    },
    Check {
        invariant: Some(3),
        name: "stock.booked_backwards",
        method: CheckMethod::Rows(
            Same(
                "SELECT * FROM (SELECT product_id AS product, location_id AS location, seq, recorded_at AS at, \
                    LAG(recorded_at, 1) OVER (PARTITION BY product_id, location_id ORDER BY seq) AS other_at FROM movements) c \
                WHERE at < other_at",
            ),
            |row| format!("{} was booked before the one it follows.", row.movement()),
        ),
    },
    Check {
        invariant: Some(3),
        name: "stock.recorded_at",
        method: CheckMethod::Rows(
            Same(
                "SELECT l.product_id AS product, l.location_id AS location, l.recorded_at AS at, m.recorded_at AS other_at \
                FROM levels l LEFT JOIN movements m ON m.product_id = l.product_id AND m.location_id = l.location_id AND m.seq = l.seq \
                WHERE l.recorded_at IS DISTINCT FROM m.recorded_at AND (l.seq = 0 OR m.seq IS NOT NULL)",
            ),
            |row| {
                let (says, is) = (when(row.at), when(row.other_at));
                format!("{} says that its last movement was booked {says}, it was {is}.", row.level())
            },
        ),
    },
    Check {
        invariant: Some(3),
        name: "stock.counted_at",
        method: CheckMethod::Rows(
            Same(
                "SELECT l.product_id AS product, l.location_id AS location, l.counted_at AS at, m.at AS other_at FROM levels l \
                LEFT JOIN (SELECT product_id, location_id, \
                    MAX(CASE WHEN occurred_at < recorded_at THEN occurred_at ELSE recorded_at END) AS at FROM movements WHERE kind = 'counted' \
                    GROUP BY product_id, location_id) m ON m.product_id = l.product_id AND m.location_id = l.location_id \
                WHERE l.counted_at IS DISTINCT FROM m.at",
            ),
            |row| {
                let (says, is) = (when(row.at), when(row.other_at));
                format!("{} says that it was last counted {says}, its movements say {is}.", row.level())
            },
        ),
    },
    Check {
        invariant: Some(8),
        name: "stock.promise",
        // A till's reports are judged by its connection: see there.
        method: CheckMethod::Rows(
            Same(
                "SELECT product_id AS product, location_id AS location, seq, kind AS text, on_hand_after AS w, reserved_after AS x \
                FROM movements WHERE on_hand_after < reserved_after AND (kind IN ('sold', 'reserved', 'transferred_out') \
                    OR (kind IN ('adjusted', 'corrected') AND on_hand_change < 0))",
            ),
            |row| {
                let (on_hand, reserved) = (amount(row.w), amount(row.x));
                format!(
                    "{} ({}) took what others had reserved: {on_hand} on hand, {reserved} reserved afterwards.",
                    row.movement(),
                    row.text()
                )
            },
        ),
    },
    Check {
        invariant: Some(8),
        name: "stock.change",
        method: CheckMethod::Rows(
            Same(
                "SELECT product_id AS product, location_id AS location, seq, kind AS text, on_hand_change AS w, reserved_change AS x \
                FROM movements WHERE NOT CASE \
                    WHEN kind IN ('received', 'refunded', 'voided', 'returned', 'transferred_in') \
                        THEN on_hand_change > 0 AND reserved_change = 0 \
                    WHEN kind IN ('sold', 'transferred_out') THEN on_hand_change < 0 AND reserved_change = 0 \
                    WHEN kind IN ('corrected', 'adjusted', 'pos') THEN on_hand_change <> 0 AND reserved_change = 0 \
                    WHEN kind = 'counted' THEN reserved_change = 0 \
                    WHEN kind = 'reserved' THEN on_hand_change = 0 AND reserved_change > 0 \
                    WHEN kind = 'released' THEN on_hand_change = 0 AND reserved_change < 0 \
                    WHEN kind = 'shipped' THEN on_hand_change < 0 AND reserved_change = on_hand_change \
                    ELSE FALSE END",
            ),
            |row| {
                let (on_hand, reserved) = (amount(row.w), amount(row.x));
                format!(
                    "{} is {} and changes on hand by {on_hand} and reserved by {reserved}.",
                    row.movement(),
                    row.text()
                )
            },
        ),
    },
    Check {
        invariant: Some(8),
        name: "stock.document",
        // Goods are received without a document only as a product's first stock.
        method: CheckMethod::Rows(
            Same(
                "SELECT product_id AS product, location_id AS location, seq, kind AS text, source_type AS other_text FROM movements \
                WHERE NOT CASE \
                    WHEN kind IN ('sold', 'corrected', 'refunded', 'voided') THEN COALESCE(source_type, '') = 'sale' \
                    WHEN kind IN ('reserved', 'released', 'shipped', 'returned') THEN COALESCE(source_type, '') = 'order' \
                    WHEN kind = 'pos' THEN COALESCE(source_type, '') = 'pos_event' \
                    WHEN kind = 'counted' THEN COALESCE(source_type, 'pos_event') = 'pos_event' \
                    WHEN kind = 'adjusted' THEN source_type IS NULL \
                    WHEN kind = 'received' THEN source_type IS NULL AND seq = 1 \
                    ELSE FALSE END",
            ),
            |row| match &row.other_text {
                Some(source) => {
                    format!("{} is {} and belongs to a document of type {source}.", row.movement(), row.text())
                }
                None => format!("{} is {} and belongs to no document.", row.movement(), row.text()),
            },
        ),
    },
    Check {
        invariant: Some(9),
        name: "stock.unit",
        method: CheckMethod::Rows(
            Same(concat!(
                "SELECT l.product_id AS product, l.location_id AS location, l.on_hand AS w, l.reserved AS x, p.unit AS text \
                FROM levels l JOIN products p ON p.id = l.product_id WHERE l.on_hand % ",
                step_of_p!(),
                " <> 0 OR l.reserved % ",
                step_of_p!(),
                " <> 0"
            )),
            |row| {
                let (on_hand, reserved) = (amount(row.w), amount(row.x));
                format!(
                    "{} says {on_hand} on hand and {reserved} reserved, which does not fit its unit ({}).",
                    row.level(),
                    row.text()
                )
            },
        ),
    },
    Check {
        invariant: Some(9),
        name: "stock.unit_of_movements",
        method: CheckMethod::Rows(
            Same(concat!(
                "SELECT m.product_id AS product, m.location_id AS location, m.seq, m.on_hand_change AS w, m.reserved_change AS x, \
                p.unit AS text FROM movements m JOIN products p ON p.id = m.product_id WHERE m.on_hand_change % ",
                step_of_p!(),
                " <> 0 OR m.reserved_change % ",
                step_of_p!(),
                " <> 0"
            )),
            |row| {
                let (on_hand, reserved) = (amount(row.w), amount(row.x));
                format!(
                    "{} changes on hand by {on_hand} and reserved by {reserved}, which does not fit its unit ({}).",
                    row.movement(),
                    row.text()
                )
            },
        ),
    },
    Check {
        invariant: None,
        name: "stock.orphans",
        method: CheckMethod::Rows(
            Same(
                "SELECT what AS text, id FROM (\
                SELECT 'a movement or level names product' AS what, m.product_id AS id FROM movements m \
                    WHERE NOT EXISTS (SELECT 1 FROM products p WHERE p.id = m.product_id) \
                UNION SELECT 'a movement or level names product', l.product_id FROM levels l \
                    WHERE NOT EXISTS (SELECT 1 FROM products p WHERE p.id = l.product_id) \
                UNION SELECT 'a movement or level names location', m.location_id FROM movements m \
                    WHERE NOT EXISTS (SELECT 1 FROM locations p WHERE p.id = m.location_id) \
                UNION SELECT 'a movement or level names location', l.location_id FROM levels l \
                    WHERE NOT EXISTS (SELECT 1 FROM locations p WHERE p.id = l.location_id)) o",
            ),
            Row::orphan,
        ),
    },
];
