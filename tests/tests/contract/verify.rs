//! `verify` finds what was tampered with, and says what it is.

use crate::{Kept, on_each_engine, open};
use tradepost_tests::Database;

/// Where triggers keep a row from being changed, whoever owns the database can still take the trigger away.
fn without_triggers(kept: &Kept, statement: &str) {
    match kept.database.engine {
        tradepost_tests::Engine::Postgres => kept.tamper(&format!("SET session_replication_role = replica; {statement}")),
        tradepost_tests::Engine::Sqlite => kept.tamper(&format!(
            "DROP TRIGGER IF EXISTS movements_never_change_update; DROP TRIGGER IF EXISTS movements_never_change_delete; \
             DROP TRIGGER IF EXISTS sales_are_kept; DROP TRIGGER IF EXISTS products_are_kept; PRAGMA ignore_check_constraints = ON; {statement}"
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
        ("UPDATE levels SET reserved = 100000 WHERE seq = 3", "but no open document holds any"),
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
