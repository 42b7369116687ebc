//! Promo codes, and the orders that redeem them.
//!
//! A limit may be lowered below what was used already. It can be relied on where the code was never edited, or where it was redeemed
//! after its last edit: whoever redeemed it last saw all other redemptions there are, and this limit.

use super::{
    Check, CheckMethod,
    Statement::{Each, Same},
    row::{an_hour_before, whole},
};

macro_rules! beyond_the_limit {
    ($engine:ident) => {
        concat!(
            "SELECT p.id, p.code AS text, r.n AS w, p.usage_limit AS x FROM promo_codes p \
            JOIN (SELECT promo_id, COUNT(*) AS n, MAX(redeemed_at) AS last FROM redemptions GROUP BY promo_id) r ON r.promo_id = p.id \
            WHERE r.n > p.usage_limit AND (p.version = 1 OR p.updated_at < ",
            an_hour_before!($engine, "r.last"),
            ")"
        )
    };
}

macro_rules! beyond_the_customers_limit {
    ($engine:ident) => {
        concat!(
            "SELECT p.id, p.code AS text, c.name AS other_text, r.n AS w, p.per_customer_limit AS x FROM promo_codes p \
            JOIN (SELECT promo_id, customer_id, COUNT(*) AS n, MAX(redeemed_at) AS last FROM redemptions \
                GROUP BY promo_id, customer_id) r ON r.promo_id = p.id LEFT JOIN customers c ON c.id = r.customer_id \
            WHERE r.n > p.per_customer_limit AND (p.version = 1 OR p.updated_at < ",
            an_hour_before!($engine, "r.last"),
            ")"
        )
    };
}

pub(super) const CHECKS: &[Check] = &[
    Check {
        invariant: Some(6),
        name: "promos.usage_limit",
        method: CheckMethod::Rows(Each { pg: beyond_the_limit!(pg), lite: beyond_the_limit!(lite) }, |row| {
            let (used, limit) = (whole(row.w), whole(row.x));
            format!("promo code {} ({}) was redeemed {used} times, its limit is {limit}.", row.text(), row.id())
        }),
    },
    Check {
        invariant: Some(6),
        name: "promos.customer_limit",
        method: CheckMethod::Rows(
            Each { pg: beyond_the_customers_limit!(pg), lite: beyond_the_customers_limit!(lite) },
            |row| {
                format!(
                    "promo code {} ({}) was redeemed {} times by {}, its limit for one customer is {}.",
                    row.text(),
                    row.id(),
                    whole(row.w),
                    row.other_text(),
                    whole(row.x)
                )
            },
        ),
    },
    Check {
        invariant: Some(6),
        name: "promos.times_used",
        method: CheckMethod::Rows(
            Same(
                "SELECT p.id, p.code AS text, p.times_used AS w, COALESCE(r.n, 0) AS x, COALESCE(o.n, 0) AS y FROM promo_codes p \
                LEFT JOIN (SELECT promo_id, COUNT(*) AS n FROM redemptions GROUP BY promo_id) r ON r.promo_id = p.id \
                LEFT JOIN (SELECT promo_id, COUNT(*) AS n FROM orders WHERE status NOT IN ('rejected', 'cancelled') \
                    GROUP BY promo_id) o ON o.promo_id = p.id \
                WHERE p.times_used <> COALESCE(r.n, 0) OR p.times_used <> COALESCE(o.n, 0)",
            ),
            |row| {
                format!(
                    "promo code {} ({}) counts {} uses, there are {} redemptions and {} orders that hold it.",
                    row.text(),
                    row.id(),
                    whole(row.w),
                    whole(row.x),
                    whole(row.y)
                )
            },
        ),
    },
    Check {
        invariant: Some(6),
        name: "promos.redemption",
        method: CheckMethod::Rows(
            Same(
                "SELECT o.id, o.number, p.code AS text, o.status AS other_text FROM redemptions r \
                JOIN orders o ON o.id = r.order_id LEFT JOIN promo_codes p ON p.id = r.promo_id \
                WHERE o.status IN ('rejected', 'cancelled') OR o.promo_id IS NULL OR o.promo_id <> r.promo_id \
                    OR o.customer_id <> r.customer_id",
            ),
            |row| {
                format!(
                    "{} is {}, and the redemption of promo code {} for it is not its own.",
                    row.document("order"),
                    row.other_text(),
                    row.text()
                )
            },
        ),
    },
    Check {
        invariant: Some(6),
        name: "promos.redemption_missing",
        method: CheckMethod::Rows(
            Same(
                "SELECT o.id, o.number, o.promo_code AS text FROM orders o \
                WHERE o.promo_id IS NOT NULL AND o.status NOT IN ('rejected', 'cancelled') \
                    AND NOT EXISTS (SELECT 1 FROM redemptions r WHERE r.order_id = o.id)",
            ),
            |row| format!("{} holds promo code {}, but its redemption is missing.", row.document("order"), row.text()),
        ),
    },
    Check {
        invariant: None,
        name: "promos.orphans",
        method: CheckMethod::Rows(
            Same(
                "SELECT DISTINCT r.order_id AS id FROM redemptions r \
                WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.id = r.order_id)",
            ),
            |row| format!("a redemption names order {}, which does not exist.", row.id()),
        ),
    },
];
