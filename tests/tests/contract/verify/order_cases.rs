//! Orders and promo codes.

use super::{Case, append, sale_cases::halved};
use tradepost_tests::Engine;

pub(super) fn orders() -> Vec<Case> {
    let mut cases = money();
    cases.extend(stock());
    cases.extend(histories());
    cases.extend(orphans());
    let next = "the next order would be number 10, but the highest number is 10 already.";
    cases.extend([
        Case::new("orders.numbers", "UPDATE counters SET next = 10 WHERE name = 'order'", next).only_on(Engine::Sqlite),
        Case::new("orders.numbers", "SELECT setval('order_numbers', 9)", next).only_on(Engine::Postgres),
    ]);
    cases
}

fn money() -> Vec<Case> {
    let mut cases = vec![
        Case::new(
            "orders.subtotal",
            "UPDATE orders SET subtotal = subtotal + 1, total = total + 1 WHERE id = {o2}",
            "order 2 (o2) says a subtotal of 301 minor units, its lines add up to 300.",
        ),
        Case::new(
            "orders.line_total",
            "UPDATE orders SET subtotal = subtotal + 1, total = total + 1 WHERE id = {o2}; \
            UPDATE order_lines SET line_total = line_total + 1 WHERE order_id = {o2}",
            "order 2 (o2): a line of 301 minor units should be 300.",
        ),
        Case::new(
            "orders.discount",
            "UPDATE orders SET discount = discount - 1, total = total + 1 WHERE id = {o1}",
            "order 1 (o1) takes 39 minor units off, its promo code gives 40.",
        ),
        Case::new(
            "orders.terms",
            "UPDATE orders SET promo_minimum_subtotal = 100000 WHERE id = {o1}",
            "order 1 (o1) holds a promo code whose terms do not go with its subtotal.",
        ),
    ];
    let total = "order 2 (o2) takes 0 off 300 minor units and says a total of 301.";
    let statement = "UPDATE orders SET total = total + 1 WHERE id = {o2}";
    cases.extend(Case::new("orders.total", statement, total).breaking("orders"));
    let nothing = "UPDATE order_lines SET unit_price = 0, line_total = 0 WHERE order_id = {o2}; \
        UPDATE orders SET subtotal = 0, total = 0 WHERE id = {o2}";
    let figures = "order 2 (o2): a line has a price or quantity that is none.";
    cases.extend(Case::new("orders.figures", nothing, figures).breaking("order_lines"));
    cases
}

fn stock() -> Vec<Case> {
    vec![
        Case::new(
            "orders.reserved",
            append(("CAKE", "main"), "reserved", (0, 100_000), "'order', {o2}"),
            "the level of product CAKE at location main has 13 reserved, but open orders hold 12.",
        )
        .and(
            "orders.movements",
            "order 2 (o2) should have 3 of product CAKE reserved and not released, its movements say 4.",
        ),
        Case::new(
            "orders.movements",
            "UPDATE order_lines SET restocked_quantity = 0 WHERE order_id = {o6}",
            "order 6 (o6) should have 0 of product CAKE returned, its movements say 2.",
        ),
        Case::new(
            "orders.movements",
            "UPDATE order_lines SET quantity = quantity + 100000, line_total = line_total + 100 WHERE order_id = {o6}; \
            UPDATE orders SET subtotal = subtotal + 100, total = total + 100 WHERE id = {o6}",
            "order 6 (o6) should have -7 of product CAKE shipped, its movements say -6.",
        )
        .and(
            "orders.movements",
            "order 6 (o6) should have 7 of product CAKE reserved and not released, its movements say 6.",
        ),
        Case::new(
            "orders.location",
            "UPDATE orders SET location_id = {back} WHERE id = {o6}",
            "order 6 (o6) has moved product CAKE at another location than its own.",
        ),
        Case::new(
            "orders.given_back",
            "UPDATE order_lines SET returned_quantity = 100000 WHERE order_id = {o2}",
            "order 2 (o2) took back more of product CAKE than it delivered: ordered 3, returned 1, restocked 0.",
        ),
        Case::new(
            "orders.unit",
            halved("order", "o2"),
            "order 2 (o2) has 2.5 of product CAKE, 0 returned and 0 restocked, which does not fit its unit (each).",
        )
        .and(
            "orders.unit",
            "order 2 (o2) has 0.5 of product CAKE, 0 returned and 0 restocked, which does not fit its unit (each).",
        ),
    ]
}

fn histories() -> Vec<Case> {
    let without = |order: &str, position: u8| {
        format!(
            "DELETE FROM order_history WHERE order_id = {{{order}}} AND position = {position}; \
            UPDATE order_history SET position = position - 1 WHERE order_id = {{{order}}} AND position > {position}"
        )
    };
    vec![
        Case::new(
            "orders.history",
            "DELETE FROM order_history WHERE order_id = {o3} AND position = 1",
            "the history of order 3 (o3) has 1 steps and ends with pending, which is not how it came to be rejected.",
        ),
        Case::new(
            "orders.history",
            "DELETE FROM order_history WHERE order_id = {o3}",
            "the history of order 3 (o3) has 0 steps and ends with nothing, which is not how it came to be rejected.",
        ),
        Case::new(
            "orders.history",
            "DELETE FROM order_history WHERE order_id = {o6} AND position = 4",
            "the history of order 6 (o6) has 5 steps and ends with delivered, which is not how it came to be delivered.",
        ),
        Case::new(
            "orders.first_step",
            without("o2", 0),
            "the history of order 2 (o2) starts with accepted, not with pending.",
        ),
        Case::new(
            "orders.steps",
            without("o6", 1),
            "the history of order 6 (o6) goes from pending to shipped, which is no step.",
        ),
        Case::new(
            "orders.steps",
            "UPDATE order_history SET status = 'rejected' WHERE order_id = {o5} AND position = 1",
            "the history of order 5 (o5) goes from rejected to shipped, which is no step.",
        ),
    ]
}

fn orphans() -> Vec<Case> {
    vec![
        Case::new(
            "orders.orphans",
            "UPDATE orders SET placed_by = {nobody} WHERE id = {o2}",
            "an order names user nobody, which does not exist.",
        ),
        Case::new(
            "orders.orphans",
            "UPDATE orders SET customer_id = {nobody} WHERE id = {o2}",
            "an order names customer nobody, which does not exist.",
        )
        .and("database.foreign_keys", "1 rows of orders name customers that do not exist."),
        Case::new(
            "orders.orphans",
            "UPDATE orders SET location_id = {nobody} WHERE id = {o6}",
            "an order names location nobody, which does not exist.",
        )
        .and("orders.location", "order 6 (o6) has moved product CAKE at another location than its own."),
        Case::new(
            "orders.orphans",
            "DELETE FROM orders WHERE id = {o4}",
            "a line names order o4, which does not exist.",
        )
        .and("orders.orphans", "a movement names order o4, which does not exist.")
        .and("orders.orphans", "a step of a history names order o4, which does not exist."),
    ]
}

pub(super) fn promos() -> Vec<Case> {
    vec![
        Case::new(
            "promos.usage_limit",
            "UPDATE promo_codes SET usage_limit = 1 WHERE id = {TEN}",
            "promo code TEN (TEN) was redeemed 2 times, its limit is 1.",
        ),
        Case::new(
            "promos.usage_limit",
            "UPDATE promo_codes SET per_customer_limit = NULL WHERE id = {LOW}; \
            UPDATE redemptions SET redeemed_at = redeemed_at + {hour} + {hour} WHERE order_id = {o9}",
            "promo code LOW (LOW) was redeemed 2 times, its limit is 1.",
        ),
        Case::new(
            "promos.customer_limit",
            "UPDATE promo_codes SET usage_limit = NULL WHERE id = {LOW}; \
            UPDATE redemptions SET redeemed_at = redeemed_at + {hour} + {hour} WHERE order_id = {o9}",
            "promo code LOW (LOW) was redeemed 2 times by ann, its limit for one customer is 1.",
        ),
        Case::new(
            "promos.customer_limit",
            "UPDATE promo_codes SET per_customer_limit = 1 WHERE id = {TEN}; \
            UPDATE orders SET customer_id = {ann} WHERE id = {o7}; UPDATE redemptions SET customer_id = {ann} WHERE order_id = {o7}",
            "promo code TEN (TEN) was redeemed 2 times by ann, its limit for one customer is 1.",
        ),
        Case::new(
            "promos.times_used",
            "UPDATE promo_codes SET times_used = times_used + 1 WHERE id = {TEN}",
            "promo code TEN (TEN) counts 3 uses, there are 2 redemptions and 2 orders that hold it.",
        ),
        Case::new(
            "promos.redemption",
            "UPDATE redemptions SET customer_id = {bob} WHERE order_id = {o1}",
            "order 1 (o1) is pending, and the redemption of promo code TEN for it is not its own.",
        ),
        Case::new(
            "promos.redemption",
            "INSERT INTO redemptions SELECT {o3}, promo_id, customer_id, redeemed_at FROM redemptions WHERE order_id = {o1}; \
            UPDATE promo_codes SET times_used = times_used + 1 WHERE id = {TEN}",
            "order 3 (o3) is rejected, and the redemption of promo code TEN for it is not its own.",
        )
        .and("promos.times_used", "promo code TEN (TEN) counts 3 uses, there are 3 redemptions and 2 orders that hold it."),
        Case::new(
            "promos.redemption_missing",
            "DELETE FROM redemptions WHERE order_id = {o1}; UPDATE promo_codes SET times_used = times_used - 1 WHERE id = {TEN}",
            "order 1 (o1) holds promo code TEN, but its redemption is missing.",
        )
        .and("promos.times_used", "promo code TEN (TEN) counts 1 uses, there are 1 redemptions and 2 orders that hold it."),
        Case::new(
            "promos.orphans",
            "INSERT INTO redemptions SELECT {nobody}, promo_id, customer_id, redeemed_at FROM redemptions WHERE order_id = {o1}; \
            UPDATE promo_codes SET times_used = times_used + 1 WHERE id = {TEN}",
            "a redemption names order nobody, which does not exist.",
        )
        .and("promos.times_used", "promo code TEN (TEN) counts 3 uses, there are 3 redemptions and 2 orders that hold it."),
    ]
}
