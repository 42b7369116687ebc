//! Locations: is one the default, and is nothing left at those that were removed?

use super::{
    Check, CheckMethod,
    Statement::Same,
    row::{amount, whole},
};

pub(super) const CHECKS: &[Check] = &[
    Check {
        invariant: None,
        name: "locations.default",
        // A database that was never started has none yet.
        method: CheckMethod::Rows(
            Same(
                "SELECT COUNT(*) AS w FROM locations WHERE is_default \
                HAVING COUNT(*) <> 1 AND EXISTS (SELECT 1 FROM settings)",
            ),
            |row| format!("there are {} default locations, there must be one.", whole(row.w)),
        ),
    },
    Check {
        invariant: None,
        name: "locations.default_removed",
        method: CheckMethod::Rows(
            Same("SELECT id AS location, code AS text FROM locations WHERE is_default AND removed_at IS NOT NULL"),
            |row| format!("location {} ({}) is the default one, but was removed.", row.text(), row.location()),
        ),
    },
    Check {
        invariant: Some(9),
        name: "locations.removed_holds",
        method: CheckMethod::Rows(
            Same(
                "SELECT o.id AS location, o.code AS text, l.product_id AS product, l.on_hand AS w, l.reserved AS x \
                FROM locations o JOIN levels l ON l.location_id = o.id \
                WHERE o.removed_at IS NOT NULL AND (l.on_hand <> 0 OR l.reserved <> 0)",
            ),
            |row| {
                format!(
                    "location {} ({}) was removed, but {} of product {} are on hand there and {} are reserved.",
                    row.text(),
                    row.location(),
                    amount(row.w),
                    row.product(),
                    amount(row.x)
                )
            },
        ),
    },
];
