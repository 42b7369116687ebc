//! Stored answers: each says that something was made. Refunding a sale answers with the address of the sale, so several may name one.

use super::{Check, CheckMethod, Statement::Each, row::id_from_text};

/// The answers that name what is never deleted, and whether it is there. Other addresses are nobody's promise.
macro_rules! made {
    ($engine:ident; $($prefix:literal, $id:literal, $table:literal);+) => {
        concat!(
            "SELECT key AS text, location AS other_text FROM idempotency_keys WHERE status = 201 AND CASE ",
            $(
                "WHEN location LIKE '", $prefix, "____________________________________' THEN NOT EXISTS (SELECT 1 FROM ", $table,
                " d WHERE d.id = ", id_from_text!($engine, $id), ") ",
            )+
            "ELSE FALSE END"
        )
    };
    ($engine:ident) => {
        made!(
            $engine;
            "/api/v1/sales/", "substr(location, 15)", "sales";
            "/api/v1/orders/", "substr(location, 16)", "orders";
            "/api/v1/products/", "substr(location, 18)", "products";
            "/api/v1/customers/", "substr(location, 19)", "customers";
            "/api/v1/users/", "substr(location, 15)", "users";
            "/api/v1/locations/", "substr(location, 19)", "locations";
            "/api/v1/promo-codes/", "substr(location, 21)", "promo_codes";
            "/api/v1/pos-connections/", "substr(location, 25)", "pos_connections";
            "/api/v1/stock-movements/", "substr(location, 25)", "movements"
        )
    };
}

pub(super) const CHECKS: &[Check] = &[Check {
    invariant: Some(7),
    name: "idempotency.made",
    method: CheckMethod::Rows(Each { pg: made!(pg), lite: made!(lite) }, |row| {
        format!("idempotency key {} made {}, which does not exist.", row.text(), row.other_text())
    }),
}];
