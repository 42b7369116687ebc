//! Adds everything up again: does what is stored agree with itself?
//!
//! Read in one snapshot, so it may run beside a server. Most checks are one statement each; money is multiplied and rounded by the
//! domain, document by document, because that is whose rule it is.

mod order_money;
mod orders;
mod sale_money;

use crate::{
    StoreError,
    connection::{Conn, Mode, begin, rollback},
    dialect::Sql,
    settings,
    types::{Id, UuidSql},
};
use diesel::{
    QueryableByName,
    sql_types::{BigInt, Nullable, Text},
};
use std::fmt;
use tradepost_domain::quantity::Delta;
use uuid::Uuid;

/// Something that does not agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem(String);

impl fmt::Display for Problem {
    /// A sentence that names the thing.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Checked {
    /// Levels.
    pub levels: i64,
    /// Movements.
    pub movements: i64,
    /// Sales.
    pub sales: i64,
    /// Orders.
    pub orders: i64,
    /// Deliveries from tills.
    pub events: i64,
}

/// One thing that a statement found: up to two ids, four figures and a text, which its check puts into words.
#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = UuidSql)]
    a: Id,
    #[diesel(sql_type = Nullable<UuidSql>)]
    b: Option<Id>,
    #[diesel(sql_type = Nullable<BigInt>)]
    w: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    x: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    y: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    z: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    t: Option<String>,
}

struct Check {
    sql: &'static str,
    say: fn(&Row) -> String,
}

impl Row {
    fn level(&self) -> String {
        format!("the level of product {} at location {}", self.a, self.b.unwrap_or(Id(Uuid::nil())))
    }
}

fn amount(stored: Option<i64>) -> Delta {
    Delta::from_hundred_thousandths(stored.unwrap_or(0))
}

const CHECKS: &[Check] = &[
    Check {
        sql: "SELECT l.product_id AS a, l.location_id AS b, l.on_hand AS w, m.on_hand AS x, l.reserved AS y, m.reserved AS z, NULL AS t \
            FROM levels l LEFT JOIN (SELECT product_id, location_id, CAST(SUM(on_hand_change) AS BIGINT) AS on_hand, \
                CAST(SUM(reserved_change) AS BIGINT) AS reserved FROM movements GROUP BY product_id, location_id) m \
                ON m.product_id = l.product_id AND m.location_id = l.location_id \
            WHERE l.on_hand <> COALESCE(m.on_hand, 0) OR l.reserved <> COALESCE(m.reserved, 0)",
        say: |row| {
            format!(
                "{} says {} on hand and {} reserved, its movements add up to {} and {}.",
                row.level(),
                amount(row.w),
                amount(row.y),
                amount(row.x),
                amount(row.z)
            )
        },
    },
    Check {
        sql: "SELECT l.product_id AS a, l.location_id AS b, l.seq AS w, COALESCE(m.n, 0) AS x, NULL AS y, NULL AS z, NULL AS t \
            FROM levels l LEFT JOIN (SELECT product_id, location_id, COUNT(*) AS n FROM movements GROUP BY product_id, location_id) m \
                ON m.product_id = l.product_id AND m.location_id = l.location_id WHERE l.seq <> COALESCE(m.n, 0)",
        say: |row| {
            format!("{} counts {} movements, there are {}.", row.level(), row.w.unwrap_or(0), row.x.unwrap_or(0))
        },
    },
    Check {
        sql: "SELECT m.product_id AS a, m.location_id AS b, COUNT(*) AS w, NULL AS x, NULL AS y, NULL AS z, NULL AS t FROM movements m \
            LEFT JOIN levels l ON l.product_id = m.product_id AND l.location_id = m.location_id WHERE l.product_id IS NULL \
            GROUP BY m.product_id, m.location_id",
        say: |row| format!("{} does not exist, but has {} movements.", row.level(), row.w.unwrap_or(0)),
    },
    Check {
        sql: "SELECT * FROM (SELECT product_id AS a, location_id AS b, seq AS w, \
                LAG(seq, 1) OVER (PARTITION BY product_id, location_id ORDER BY seq) AS x, NULL AS y, NULL AS z, NULL AS t \
                FROM movements) c WHERE w <> COALESCE(x, 0) + 1",
        say: |row| {
            format!(
                "{} has a gap: movement {} follows movement {}.",
                row.level(),
                row.w.unwrap_or(0),
                row.x.unwrap_or(0)
            )
        },
    },
    Check {
        sql: "SELECT a, b, w, x, y, z, t FROM (SELECT product_id AS a, location_id AS b, seq AS w, on_hand_after AS x, \
                COALESCE(LAG(on_hand_after, 1) OVER (PARTITION BY product_id, location_id ORDER BY seq), 0) + on_hand_change AS y, \
                NULL AS z, NULL AS t, reserved_after AS r, \
                COALESCE(LAG(reserved_after, 1) OVER (PARTITION BY product_id, location_id ORDER BY seq), 0) + reserved_change AS s \
                FROM movements) c WHERE x <> y OR r <> s",
        say: |row| {
            format!(
                "{}: movement {} says {} on hand afterwards, the one before and its change give {} (or what is reserved differs).",
                row.level(),
                row.w.unwrap_or(0),
                amount(row.x),
                amount(row.y)
            )
        },
    },
    Check {
        sql: "SELECT a, b, w, x, y, z, t FROM (SELECT product_id AS a, location_id AS b, seq AS w, NULL AS x, NULL AS y, NULL AS z, \
                NULL AS t, recorded_at AS r, LAG(recorded_at, 1) OVER (PARTITION BY product_id, location_id ORDER BY seq) AS p \
                FROM movements) c WHERE r < p",
        say: |row| format!("{}: movement {} was booked before the one it follows.", row.level(), row.w.unwrap_or(0)),
    },
    Check {
        sql: "SELECT product_id AS a, location_id AS b, on_hand AS w, reserved AS x, NULL AS y, NULL AS z, NULL AS t FROM levels \
            WHERE on_hand < 0 OR reserved < 0",
        say: |row| format!("{} is negative: {} on hand, {} reserved.", row.level(), amount(row.w), amount(row.x)),
    },
    Check {
        sql: "SELECT s.id AS a, NULL AS b, s.number AS w, s.total AS x, COALESCE(l.total, 0) AS y, NULL AS z, NULL AS t FROM sales s \
            LEFT JOIN (SELECT sale_id, CAST(SUM(line_total) AS BIGINT) AS total FROM sale_lines GROUP BY sale_id) l ON l.sale_id = s.id \
            WHERE l.sale_id IS NULL OR s.total <> l.total",
        say: |row| {
            format!(
                "sale {} ({}) says a total of {} minor units, its lines add up to {}.",
                row.w.unwrap_or(0),
                row.a,
                row.x.unwrap_or(0),
                row.y.unwrap_or(0)
            )
        },
    },
    Check {
        sql: "SELECT s.id AS a, l.product_id AS b, s.number AS w, l.quantity AS x, l.refunded_quantity AS y, l.restocked_quantity AS z, \
            NULL AS t FROM sale_lines l JOIN sales s ON s.id = l.sale_id \
            WHERE l.refunded_quantity > l.quantity OR l.restocked_quantity > l.refunded_quantity OR l.refunded_quantity < 0 \
                OR l.restocked_quantity < 0 OR s.refunded_total > s.total",
        say: |row| {
            format!(
                "sale {} ({}) gave back more of product {} than it sold: sold {}, refunded {}, restocked {}.",
                row.w.unwrap_or(0),
                row.a,
                row.b.unwrap_or(Id(Uuid::nil())),
                amount(row.x),
                amount(row.y),
                amount(row.z)
            )
        },
    },
    Check {
        // What a sale has taken out of stock is what it sold less what went back; a void brings back all that was not refunded.
        sql: "SELECT a, b, CAST(SUM(w) AS BIGINT) AS w, CAST(SUM(x) AS BIGINT) AS x, NULL AS y, NULL AS z, NULL AS t FROM (\
                SELECT s.id AS a, l.product_id AS b, CASE WHEN s.status = 'voided' \
                    THEN l.restocked_quantity - l.refunded_quantity ELSE l.restocked_quantity - l.quantity END AS w, 0 AS x \
                FROM sales s JOIN sale_lines l ON l.sale_id = s.id \
                UNION ALL SELECT source_id, product_id, 0, on_hand_change FROM movements WHERE source_type = 'sale') c \
            GROUP BY a, b HAVING SUM(w) <> SUM(x)",
        say: |row| {
            format!(
                "sale {} should have changed the stock of product {} by {}, its movements changed it by {}.",
                row.a,
                row.b.unwrap_or(Id(Uuid::nil())),
                amount(row.w),
                amount(row.x)
            )
        },
    },
    Check {
        sql: "SELECT e.id AS a, e.connection_id AS b, COUNT(m.id) AS w, NULL AS x, NULL AS y, NULL AS z, e.status AS t FROM pos_events e \
            JOIN movements m ON m.source_id = e.id AND m.source_type = 'pos_event' WHERE e.status <> 'applied' \
            GROUP BY e.id, e.connection_id, e.status",
        say: |row| {
            format!(
                "POS event {} is {} but has {} movements.",
                row.a,
                row.t.as_deref().unwrap_or("?"),
                row.w.unwrap_or(0)
            )
        },
    },
    Check {
        sql: "SELECT a, NULL AS b, CAST(SUM(w) AS BIGINT) AS w, CAST(SUM(x) AS BIGINT) AS x, NULL AS y, NULL AS z, NULL AS t FROM (\
                SELECT l.event_id AS a, COALESCE(l.change, 0) AS w, 0 AS x FROM pos_event_lines l \
                    JOIN pos_events e ON e.id = l.event_id WHERE e.status = 'applied' \
                UNION ALL SELECT source_id, 0, on_hand_change FROM movements WHERE source_type = 'pos_event' AND kind = 'pos') c \
            GROUP BY a HAVING SUM(w) <> SUM(x)",
        say: |row| {
            format!(
                "POS event {} reports changes of {} in all, its movements book {}: it was not applied exactly once.",
                row.a,
                amount(row.w),
                amount(row.x)
            )
        },
    },
    Check {
        sql: "SELECT a, NULL AS b, CAST(SUM(w) AS BIGINT) AS w, CAST(SUM(x) AS BIGINT) AS x, NULL AS y, NULL AS z, NULL AS t FROM (\
                SELECT l.event_id AS a, 1 AS w, 0 AS x FROM pos_event_lines l JOIN pos_events e ON e.id = l.event_id \
                    WHERE e.status = 'applied' AND l.counted IS NOT NULL \
                UNION ALL SELECT source_id, 0, 1 FROM movements WHERE source_type = 'pos_event' AND kind = 'counted') c \
            GROUP BY a HAVING SUM(x) > SUM(w)",
        say: |row| {
            format!("POS event {} reports {} counts, {} were booked.", row.a, row.w.unwrap_or(0), row.x.unwrap_or(0))
        },
    },
    Check {
        sql: "SELECT id AS a, NULL AS b, NULL AS w, NULL AS x, NULL AS y, NULL AS z, what AS t FROM (\
            SELECT m.product_id AS id, 'a movement or level names product' AS what FROM movements m \
                WHERE NOT EXISTS (SELECT 1 FROM products p WHERE p.id = m.product_id) \
            UNION SELECT l.product_id, 'a movement or level names product' FROM levels l \
                WHERE NOT EXISTS (SELECT 1 FROM products p WHERE p.id = l.product_id) \
            UNION SELECT l.location_id, 'a level names location' FROM levels l \
                WHERE NOT EXISTS (SELECT 1 FROM locations p WHERE p.id = l.location_id) \
            UNION SELECT l.product_id, 'a line of a sale names product' FROM sale_lines l \
                WHERE NOT EXISTS (SELECT 1 FROM products p WHERE p.id = l.product_id) \
            UNION SELECT l.sale_id, 'a line names sale' FROM sale_lines l \
                WHERE NOT EXISTS (SELECT 1 FROM sales s WHERE s.id = l.sale_id) \
            UNION SELECT s.location_id, 'a sale names location' FROM sales s \
                WHERE NOT EXISTS (SELECT 1 FROM locations p WHERE p.id = s.location_id) \
            UNION SELECT s.sold_by, 'a sale names user' FROM sales s WHERE s.sold_by IS NOT NULL \
                AND NOT EXISTS (SELECT 1 FROM users u WHERE u.id = s.sold_by) \
            UNION SELECT m.source_id, 'a movement names sale' FROM movements m WHERE m.source_type = 'sale' \
                AND NOT EXISTS (SELECT 1 FROM sales s WHERE s.id = m.source_id) \
            UNION SELECT m.source_id, 'a movement names POS event' FROM movements m WHERE m.source_type = 'pos_event' \
                AND NOT EXISTS (SELECT 1 FROM pos_events e WHERE e.id = m.source_id) \
            UNION SELECT x.product_id, 'a mapping of a till names product' FROM pos_products x \
                WHERE NOT EXISTS (SELECT 1 FROM products p WHERE p.id = x.product_id)) o",
        say: |row| format!("{} {}, which does not exist.", row.t.as_deref().unwrap_or("something names"), row.a),
    },
];

/// How many problems of one kind are told; where there are more, the rest are of the same kind.
const MOST: i64 = 100;

/// Adds everything up in one snapshot. Each problem is told as soon as it is found.
pub(crate) fn verify(conn: &mut Conn, tell: &mut dyn FnMut(Problem)) -> Result<Checked, StoreError> {
    begin(conn, Mode::Snapshot)?;
    let checked = check_all(conn, tell);
    rollback(conn);
    checked
}

fn check_all(conn: &mut Conn, tell: &mut dyn FnMut(Problem)) -> Result<Checked, StoreError> {
    for check in CHECKS.iter().chain(orders::CHECKS) {
        // What a check leaves NULL has no type of its own on PostgreSQL.
        let sql = Sql::new("SELECT a, ")
            .either("CAST(b AS uuid) AS b, CAST(t AS text) AS t", "b, t")
            .text(", CAST(w AS BIGINT) AS w, CAST(x AS BIGINT) AS x, CAST(y AS BIGINT) AS y, CAST(z AS BIGINT) AS z FROM (")
            .text(check.sql)
            .text(") found LIMIT ")
            .with(MOST);
        for row in sql.load::<Row>(conn)? {
            tell(Problem((check.say)(&row)));
        }
    }
    let currency = settings::load(conn)?.map(|settings| settings.currency);
    if let Some(currency) = currency {
        sale_money::check(conn, currency, tell)?;
        order_money::check(conn, currency, tell)?;
    }
    count(conn)
}

#[derive(QueryableByName)]
struct Counts {
    #[diesel(sql_type = BigInt)]
    levels: i64,
    #[diesel(sql_type = BigInt)]
    movements: i64,
    #[diesel(sql_type = BigInt)]
    sales: i64,
    #[diesel(sql_type = BigInt)]
    orders: i64,
    #[diesel(sql_type = BigInt)]
    events: i64,
}

fn count(conn: &mut Conn) -> Result<Checked, StoreError> {
    let sql = Sql::new(
        "SELECT (SELECT COUNT(*) FROM levels) AS levels, (SELECT COUNT(*) FROM movements) AS movements, \
         (SELECT COUNT(*) FROM sales) AS sales, (SELECT COUNT(*) FROM orders) AS orders, (SELECT COUNT(*) FROM pos_events) AS events",
    );
    let counts: Option<Counts> = sql.first(conn)?;
    Ok(counts.map_or_else(Checked::default, |c| Checked {
        levels: c.levels,
        movements: c.movements,
        sales: c.sales,
        orders: c.orders,
        events: c.events,
    }))
}
