//! `verify` finds what was tampered with, and says what it is.

use crate::{Kept, on_each_engine, open};
use tradepost_domain::{
    ledger::{Command, RefundLine},
    orders::Step,
};
use tradepost_tests::Database;

/// Where triggers keep a row from being changed, whoever owns the database can still take the trigger away.
fn without_triggers(kept: &Kept, statement: &str) {
    match kept.database.engine {
        tradepost_tests::Engine::Postgres => kept.tamper(&format!("SET session_replication_role = replica; ALTER TABLE orders DROP CONSTRAINT orders_total; {statement}")),
        tradepost_tests::Engine::Sqlite => kept.tamper(&format!(
            "DROP TRIGGER IF EXISTS movements_never_change_update; DROP TRIGGER IF EXISTS movements_never_change_delete; \
             DROP TRIGGER IF EXISTS order_history_never_changes_update; DROP TRIGGER IF EXISTS order_history_never_changes_delete; \
             DROP TRIGGER IF EXISTS orders_are_kept; PRAGMA foreign_keys = OFF; DROP TRIGGER IF EXISTS sales_are_kept; DROP TRIGGER IF EXISTS products_are_kept; PRAGMA ignore_check_constraints = ON; {statement}"
        )),
    }
}

fn problems(kept: &Kept) -> Vec<String> {
    let mut problems = Vec::new();
    kept.store.verify(|problem| problems.push(problem.to_string())).expect("it can be read");
    problems
}

async fn a_shop_with_history(kept: &Kept) {
    let tea = kept.a_product("TEA", "2.50", "10").await;
    kept.a_product("CAKE", "3.00", "5").await;
    kept.sell(tea, "3").await;
    kept.sell(tea, "2").await;
}

on_each_engine!(a_shop_as_the_ledger_left_it_has_no_problems, async |kept| {
    a_shop_with_history(&kept).await;
    let mut told = 0;
    let checked = kept.store.verify(|_| told += 1).unwrap();
    assert_eq!((told, checked.levels, checked.movements, checked.sales), (0, 2, 4, 2));
});

on_each_engine!(each_kind_of_tampering_is_found, async |kept| {
    let twin = "INSERT INTO movements SELECT {id}, product_id, location_id, seq + 5, kind, on_hand_change, reserved_change, \
        on_hand_after, reserved_after, reason, source_type, source_id, actor_type, actor_id, occurred_at, recorded_at FROM movements \
        WHERE seq = 3";
    let id = match kept.database.engine {
        tradepost_tests::Engine::Postgres => "gen_random_uuid()",
        tradepost_tests::Engine::Sqlite => "randomblob(16)",
    };
    let cases = [
        ("UPDATE levels SET on_hand = on_hand + 100000 WHERE seq = 3", "its movements add up to"),
        ("UPDATE levels SET seq = seq + 1 WHERE seq = 3", "counts 4 movements, there are 3"),
        ("DELETE FROM levels WHERE seq = 1", "does not exist, but has 1 movements"),
        (
            "UPDATE movements SET on_hand_after = on_hand_after + 100000 WHERE seq = 2",
            "the one before and its change give",
        ),
        ("DELETE FROM movements WHERE seq = 2", "has a gap"),
        (twin, "has a gap"),
        ("UPDATE sales SET total = total + 1", "its lines add up to"),
        ("UPDATE sales SET refunded_total = 1", "were paid back"),
        ("UPDATE sales SET status = 'refunded'", "its lines say completed"),
        ("UPDATE sale_lines SET line_total = line_total + 1", "a line of"),
        ("UPDATE sale_lines SET quantity = quantity + 100000", "should have changed the stock"),
        ("UPDATE sales SET status = 'voided'", "should have changed the stock"),
        ("DELETE FROM sale_lines", "its lines add up to 0"),
        ("DELETE FROM sales", "a line names sale"),
        ("DELETE FROM products WHERE sku = 'CAKE'", "which does not exist"),
        ("UPDATE levels SET reserved = 100000 WHERE seq = 3", "but open orders hold 0"),
    ];
    for (statement, said) in cases {
        let database = Database::empty(kept.database.engine);
        let shop = Kept { store: open(&database, 1, 16), database };
        a_shop_with_history(&shop).await;
        without_triggers(&shop, &statement.replace("{id}", id));
        let found = problems(&shop);
        assert!(found.iter().any(|problem| problem.contains(said)), "{statement}: {found:#?}");
    }
});

/// Order 1 is pending and holds TEN, 2 is delivered and partly returned, 3 was cancelled.
async fn a_shop_with_orders(kept: &Kept) {
    let tea = kept.a_product("TEA", "2.50", "20").await;
    kept.a_product("CAKE", "3.00", "5").await;
    kept.a_promo("TEN", "10", |_| ()).await;
    let ann = kept.a_shopper("ann").await;
    kept.place(&ann, &[(tea, "4")], Some("ten")).await;
    let id = kept.place(&ann, &[(tea, "3")], None).await;
    kept.steps(id, &[Step::Accept, Step::Ship, Step::Deliver]).await;
    let lines = vec![RefundLine { line: None, product: Some(tea), quantity: "1".parse().expect("a quantity") }];
    kept.shop(Command::ReturnOrder { id, lines, restock: true, reason: None }).await.expect("it is taken back");
    let cancelled = kept.place(&ann, &[(tea, "1")], Some("ten")).await;
    kept.steps(cancelled, &[Step::Cancel]).await;
}

on_each_engine!(each_kind_of_tampering_with_orders_is_found, async |kept| {
    let first = "order_id = (SELECT id FROM orders WHERE number = 1)";
    let third = "(SELECT id FROM orders WHERE number = 3)";
    let cases = [
        ("UPDATE levels SET reserved = reserved + 100000 WHERE reserved > 0".to_owned(), "but open orders hold 4"),
        ("UPDATE orders SET status = 'cancelled' WHERE number = 1".to_owned(), "but open orders hold 0"),
        (
            "UPDATE orders SET status = 'accepted' WHERE number = 2".to_owned(),
            "and hold 3, its movements changed it by",
        ),
        ("UPDATE orders SET status = 'accepted' WHERE number = 1".to_owned(), "ends with pending"),
        (format!("UPDATE order_lines SET quantity = quantity + 100000 WHERE {first}"), "and hold 5"),
        (format!("UPDATE order_lines SET line_total = line_total + 1 WHERE {first}"), "its lines add up to 1001"),
        ("UPDATE order_lines SET restocked_quantity = 0".to_owned(), "should have changed the stock"),
        (format!("UPDATE order_lines SET returned_quantity = 100000 WHERE {first}"), "took back more"),
        ("UPDATE orders SET total = total + 1 WHERE number = 2".to_owned(), "says a total of 751"),
        ("UPDATE orders SET discount = 99, total = 901 WHERE number = 1".to_owned(), "its promo code gives 100"),
        ("UPDATE orders SET location_id = id WHERE number = 1".to_owned(), "at another location than its own"),
        ("UPDATE orders SET location_id = id WHERE number = 1".to_owned(), "an order names location"),
        ("UPDATE promo_codes SET times_used = 2".to_owned(), "counts 2 uses, there are 1 redemptions and 1 orders"),
        ("DELETE FROM redemptions".to_owned(), "its redemption is missing"),
        (format!("UPDATE redemptions SET order_id = {third}"), "is cancelled, and a redemption"),
        (format!("DELETE FROM order_history WHERE order_id = {third} AND position = 1"), "ends with pending"),
        (
            format!("DELETE FROM order_history WHERE order_id = {third} AND position = 0"),
            "has 1 steps and ends with cancelled",
        ),
        (format!("DELETE FROM order_history WHERE {first}"), "has 0 steps"),
        ("DELETE FROM order_lines".to_owned(), "its lines add up to 0"),
        ("DELETE FROM orders".to_owned(), "a line names order"),
        ("DELETE FROM orders".to_owned(), "a movement names order"),
        ("DELETE FROM orders".to_owned(), "a step of a history names order"),
        ("DELETE FROM orders".to_owned(), "a redemption names order"),
    ];
    a_shop_with_orders(&kept).await;
    kept.assert_all_agrees();
    for (statement, said) in cases {
        let database = Database::empty(kept.database.engine);
        let shop = Kept { store: open(&database, 1, 16), database };
        a_shop_with_orders(&shop).await;
        without_triggers(&shop, &statement);
        let found = problems(&shop);
        assert!(found.iter().any(|problem| problem.contains(said)), "{statement}: {found:#?}");
    }
});
