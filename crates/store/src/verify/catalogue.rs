//! Products: is nothing promised of one that was removed?

use super::{Check, CheckMethod, Statement::Same, row::amount};

pub(super) const CHECKS: &[Check] = &[Check {
    invariant: Some(9),
    name: "catalogue.removed_reserved",
    method: CheckMethod::Rows(
        Same(
            "SELECT p.id AS product, p.sku AS text, l.location_id AS location, l.reserved AS w \
            FROM products p JOIN levels l ON l.product_id = p.id WHERE p.removed_at IS NOT NULL AND l.reserved <> 0",
        ),
        |row| {
            format!(
                "product {} ({}) was removed, but {} of it are reserved at location {}.",
                row.text(),
                row.product(),
                amount(row.w),
                row.location()
            )
        },
    ),
}];
