//! What tills delivered, and what was booked of it: each line of an applied delivery once, as a movement of its own.
//!
//! Which product a line means is certain where it names our id, and where it names the SKU of a product that was not edited since. A
//! till's own ids are mapped, and a mapping may have changed since: of such lines only the figures and times are compared.

use super::{
    Check, CheckMethod,
    Statement::{Each, Same},
    row::{Row, amount, an_hour_before, id_from_text, when, whole},
};

/// The lines of applied deliveries: when each happened, and its product where that is certain.
macro_rules! lines {
    ($engine:ident) => {
        concat!(
            "WITH line AS (SELECT l.event_id, l.change, l.counted, l.counted_at, \
            COALESCE(l.occurred_at, l.counted_at, e.received_at) AS at, CASE l.ref_kind WHEN 'product_id' THEN ",
            id_from_text!($engine, "l.ref_value"),
            " WHEN 'sku' THEN (SELECT p.id FROM products p WHERE p.sku_key = lower(l.ref_value) AND p.updated_at < ",
            an_hour_before!($engine, "e.updated_at"),
            ") END AS product FROM pos_event_lines l JOIN pos_events e ON e.id = l.event_id WHERE e.status = 'applied') "
        )
    };
}

macro_rules! changes_of_products {
    ($engine:ident) => {
        concat!(
            lines!($engine),
            "SELECT id, product, at, w, CAST(SUM(x) AS BIGINT) AS x, CAST(SUM(y) AS BIGINT) AS y FROM (\
                SELECT event_id AS id, product, at, change AS w, 1 AS x, 0 AS y FROM line \
                    WHERE change IS NOT NULL AND product IS NOT NULL \
                UNION ALL SELECT source_id, product_id, occurred_at, on_hand_change, 0, 1 FROM movements \
                    WHERE source_type = 'pos_event' AND kind = 'pos') c \
            GROUP BY id, product, at, w HAVING SUM(x) > SUM(y)"
        )
    };
}

macro_rules! counts_of_products {
    ($engine:ident) => {
        concat!(
            lines!($engine),
            "SELECT * FROM (SELECT m.source_id AS id, m.product_id AS product, m.occurred_at AS at, COUNT(*) AS w, \
                (SELECT COUNT(*) FROM line l WHERE l.event_id = m.source_id AND l.counted IS NOT NULL AND l.at = m.occurred_at \
                    AND (l.product IS NULL OR l.product = m.product_id)) AS x \
                FROM movements m JOIN pos_events e ON e.id = m.source_id \
                WHERE m.source_type = 'pos_event' AND m.kind = 'counted' AND e.status = 'applied' \
                GROUP BY m.source_id, m.product_id, m.occurred_at) c WHERE w > x"
        )
    };
}

/// Counted without a time is what is there now. Otherwise what was there then, and what has changed since stays changed; that is what
/// the ledger said when the count was booked: by the movements before it. Nothing is booked that lies more than minutes ahead, so no more
/// of a level is read than what was booked since.
macro_rules! counted_figures {
    ($engine:ident) => {
        concat!(
            lines!($engine),
            "SELECT m.source_id AS id, m.product_id AS product, m.location_id AS location, m.seq, m.on_hand_after AS w \
            FROM movements m JOIN pos_events e ON e.id = m.source_id \
            WHERE m.source_type = 'pos_event' AND m.kind = 'counted' AND e.status = 'applied' AND NOT EXISTS (\
                SELECT 1 FROM line l WHERE l.event_id = m.source_id AND l.counted IS NOT NULL AND l.at = m.occurred_at \
                    AND (l.product IS NULL OR l.product = m.product_id) \
                    AND ((l.counted_at IS NULL AND l.counted = m.on_hand_after) OR m.on_hand_after = l.counted + \
                        (SELECT COALESCE(SUM(b.on_hand_change), 0) FROM movements b WHERE b.product_id = m.product_id \
                            AND b.location_id = m.location_id AND b.seq < m.seq AND b.occurred_at > m.occurred_at \
                            AND b.seq > COALESCE((SELECT s.seq FROM movements s WHERE s.product_id = m.product_id \
                                AND s.location_id = m.location_id AND s.seq < m.seq AND s.recorded_at < ",
            an_hour_before!($engine, "m.occurred_at"),
            " ORDER BY s.seq DESC LIMIT 1), 0))))"
        )
    };
}

/// Connections that refuse take nothing that others have reserved. What was booked of a product is judged by its last movement.
macro_rules! refusing_connections {
    ($engine:ident) => {
        concat!(
            "SELECT m.source_id AS id, m.product_id AS product, m.location_id AS location, m.seq, \
                m.on_hand_after AS w, m.reserved_after AS x \
            FROM (SELECT source_id, product_id, location_id, SUM(on_hand_change) AS change, MAX(seq) AS last FROM movements \
                WHERE source_type = 'pos_event' AND kind = 'pos' GROUP BY source_id, product_id, location_id) n \
            JOIN movements m ON m.product_id = n.product_id AND m.location_id = n.location_id AND m.seq = n.last \
            JOIN pos_events e ON e.id = n.source_id JOIN pos_connections c ON c.id = e.connection_id \
            WHERE n.change < 0 AND m.on_hand_after < m.reserved_after AND c.on_shortage = 'refuse' \
                AND (c.version = 1 OR c.updated_at < ",
            an_hour_before!($engine, "e.updated_at"),
            ")"
        )
    };
}

pub(super) const CHECKS: &[Check] = &[
    Check {
        invariant: Some(7),
        name: "pos.delivered_twice",
        method: CheckMethod::Rows(
            Same(
                "SELECT connection_id AS id, webhook_id AS text, COUNT(*) AS w FROM pos_events \
                GROUP BY connection_id, webhook_id HAVING COUNT(*) > 1",
            ),
            |row| format!("delivery {} of connection {} is stored {} times.", row.text(), row.id(), whole(row.w)),
        ),
    },
    Check {
        invariant: Some(7),
        name: "pos.lines",
        method: CheckMethod::Rows(
            Same(
                "SELECT e.id, COALESCE(l.n, 0) AS w, CAST(COALESCE(l.last, 0) + 1 AS BIGINT) AS x FROM pos_events e \
                LEFT JOIN (SELECT event_id, COUNT(*) AS n, MAX(position) AS last FROM pos_event_lines GROUP BY event_id) l \
                    ON l.event_id = e.id WHERE COALESCE(l.n, 0) <> COALESCE(l.last, 0) + 1",
            ),
            |row| format!("{} has {} of its {} lines or more.", row.event(), whole(row.w), whole(row.x)),
        ),
    },
    Check {
        invariant: Some(7),
        name: "pos.not_applied",
        method: CheckMethod::Rows(
            Same(
                "SELECT e.id, e.status AS text, COUNT(m.id) AS w FROM pos_events e \
                JOIN movements m ON m.source_id = e.id AND m.source_type = 'pos_event' WHERE e.status <> 'applied' \
                GROUP BY e.id, e.status",
            ),
            |row| format!("{} is {} but has {} movements.", row.event(), row.text(), whole(row.w)),
        ),
    },
    Check {
        invariant: Some(7),
        name: "pos.changes",
        method: CheckMethod::Rows(
            Same(
                "SELECT id, at, w, CAST(SUM(x) AS BIGINT) AS x, CAST(SUM(y) AS BIGINT) AS y FROM (\
                    SELECT l.event_id AS id, COALESCE(l.occurred_at, e.received_at) AS at, l.change AS w, 1 AS x, 0 AS y \
                        FROM pos_event_lines l JOIN pos_events e ON e.id = l.event_id \
                        WHERE e.status = 'applied' AND l.change IS NOT NULL \
                    UNION ALL SELECT m.source_id, m.occurred_at, m.on_hand_change, 0, 1 \
                        FROM movements m JOIN pos_events e ON e.id = m.source_id \
                        WHERE e.status = 'applied' AND m.source_type = 'pos_event' AND m.kind = 'pos') c \
                GROUP BY id, at, w HAVING SUM(x) <> SUM(y)",
            ),
            |row| {
                format!(
                    "{} reports {} changes by {} at {}, {} were booked: it was not applied exactly once.",
                    row.event(),
                    whole(row.x),
                    amount(row.w),
                    when(row.at),
                    whole(row.y)
                )
            },
        ),
    },
    Check {
        invariant: Some(7),
        name: "pos.products",
        method: CheckMethod::Rows(Each { pg: changes_of_products!(pg), lite: changes_of_products!(lite) }, |row| {
            format!(
                "{} reports {} changes of product {} by {} at {}, {} were booked on it.",
                row.event(),
                whole(row.x),
                row.product(),
                amount(row.w),
                when(row.at),
                whole(row.y)
            )
        }),
    },
    Check {
        invariant: Some(7),
        name: "pos.counts",
        method: CheckMethod::Rows(
            Same(
                "SELECT id, at, CAST(SUM(x) AS BIGINT) AS x, CAST(SUM(y) AS BIGINT) AS y FROM (\
                    SELECT l.event_id AS id, COALESCE(l.counted_at, e.received_at) AS at, 1 AS x, 0 AS y \
                        FROM pos_event_lines l JOIN pos_events e ON e.id = l.event_id \
                        WHERE e.status = 'applied' AND l.counted IS NOT NULL \
                    UNION ALL SELECT m.source_id, m.occurred_at, 0, 1 FROM movements m JOIN pos_events e ON e.id = m.source_id \
                        WHERE e.status = 'applied' AND m.source_type = 'pos_event' AND m.kind = 'counted') c \
                GROUP BY id, at HAVING SUM(y) > SUM(x)",
            ),
            |row| {
                let (reported, booked) = (whole(row.x), whole(row.y));
                format!("{} reports {reported} counts at {}, {booked} were booked.", row.event(), when(row.at))
            },
        ),
    },
    Check {
        invariant: Some(7),
        name: "pos.count_products",
        method: CheckMethod::Rows(Each { pg: counts_of_products!(pg), lite: counts_of_products!(lite) }, |row| {
            format!(
                "{} booked {} counts of product {} at {}, it reports {} that may be of it.",
                row.event(),
                whole(row.w),
                row.product(),
                when(row.at),
                whole(row.x)
            )
        }),
    },
    Check {
        invariant: Some(7),
        name: "pos.counted",
        method: CheckMethod::Rows(Each { pg: counted_figures!(pg), lite: counted_figures!(lite) }, |row| {
            format!("{} left {} on hand, which is not what {} counted.", row.movement(), amount(row.w), row.event())
        }),
    },
    Check {
        invariant: Some(8),
        name: "pos.location",
        method: CheckMethod::Rows(
            Same(
                "SELECT source_id AS id, COUNT(DISTINCT location_id) AS w FROM movements WHERE source_type = 'pos_event' \
                GROUP BY source_id HAVING COUNT(DISTINCT location_id) > 1",
            ),
            |row| format!("{} has moved stock at {} locations.", row.event(), whole(row.w)),
        ),
    },
    Check {
        invariant: Some(8),
        name: "pos.promise",
        method: CheckMethod::Rows(Each { pg: refusing_connections!(pg), lite: refusing_connections!(lite) }, |row| {
            format!(
                "{} (of {}, whose connection refuses) took what others had reserved: {} on hand, {} reserved afterwards.",
                row.movement(),
                row.event(),
                amount(row.w),
                amount(row.x)
            )
        }),
    },
    Check {
        invariant: None,
        name: "pos.orphans",
        method: CheckMethod::Rows(
            Same(
                "SELECT what AS text, id FROM (\
                SELECT 'a movement names POS event' AS what, m.source_id AS id FROM movements m WHERE m.source_type = 'pos_event' \
                    AND NOT EXISTS (SELECT 1 FROM pos_events e WHERE e.id = m.source_id) \
                UNION SELECT 'a mapping of a till names product', x.product_id FROM pos_products x \
                    WHERE NOT EXISTS (SELECT 1 FROM products p WHERE p.id = x.product_id) \
                UNION SELECT 'a till names location', c.location_id FROM pos_connections c WHERE c.location_id IS NOT NULL \
                    AND NOT EXISTS (SELECT 1 FROM locations l WHERE l.id = c.location_id)) o",
            ),
            Row::orphan,
        ),
    },
];
