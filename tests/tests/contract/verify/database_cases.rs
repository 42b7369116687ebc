//! The database itself, locations, products and stored answers.

use super::Case;
use tradepost_tests::Engine;

fn made(noun: &str) -> Case {
    let answer = format!(
        "INSERT INTO idempotency_keys (principal, key, fingerprint, status, body, location) \
        SELECT principal, 'lost', fingerprint, 201, body, '/api/v1/{noun}/' || {{text nobody}} FROM idempotency_keys WHERE key = 'sale'"
    );
    let sentence = format!("idempotency key lost made /api/v1/{noun}/nobody, which does not exist.");
    Case::new("idempotency.made", answer, &sentence)
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = vec![
        Case::new(
            "database.file",
            "UPDATE customers SET version = 0 WHERE id = {ann}",
            "the database file is damaged: CHECK constraint failed in customers.",
        )
        .only_on(Engine::Sqlite),
        Case::new(
            "database.foreign_keys",
            "UPDATE customers SET user_id = {nobody} WHERE id = {ann}",
            "1 rows of customers name users that do not exist.",
        ),
        Case::new(
            "database.foreign_keys",
            "UPDATE pos_event_lines SET event_id = {nobody} WHERE event_id = {e2}",
            "1 rows of pos_event_lines name pos_events that do not exist.",
        )
        .and("pos.lines", "POS event e2 has 0 of its 1 lines or more."),
        Case::new(
            "database.settings",
            "DELETE FROM settings",
            "the shop's currency is gone: the money of 16 documents cannot be checked.",
        ),
        Case::new(
            "locations.default",
            "UPDATE locations SET is_default = FALSE",
            "there are 0 default locations, there must be one.",
        ),
        Case::new(
            "locations.default",
            "UPDATE locations SET is_default = TRUE WHERE code = 'back'",
            "there are 2 default locations, there must be one.",
        ),
        Case::new(
            "locations.removed_holds",
            "UPDATE locations SET removed_at = updated_at WHERE code = 'back'",
            "location back (back) was removed, but 10 of product MILK are on hand there and 0 are reserved.",
        ),
        Case::new(
            "catalogue.removed_reserved",
            "UPDATE products SET removed_at = updated_at WHERE sku = 'PIE'",
            "product PIE (PIE) was removed, but 5 of it are reserved at location main.",
        ),
    ];
    cases.extend(
        Case::new(
            "locations.default_removed",
            "UPDATE locations SET is_default = FALSE; UPDATE locations SET is_default = TRUE WHERE code = 'gone'",
            "location gone (gone) is the default one, but was removed.",
        )
        .breaking("locations"),
    );
    let nouns = [
        "sales",
        "orders",
        "products",
        "customers",
        "users",
        "locations",
        "promo-codes",
        "pos-connections",
        "stock-movements",
    ];
    cases.extend(nouns.map(made));
    cases
}
