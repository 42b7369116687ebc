//! `/inventory` and `/stock-movements`: adjusting, counting, and what nobody may rewrite.

use serde_json::{Value, json};
use tradepost_tests::{Engine, Product, a_product, at_once, both_engines, sql};

const UNKNOWN: &str = "01890000-0000-7000-8000-000000000000";

both_engines!(an_adjustment_moves_stock_and_never_below_what_is_available, async |shop| {
    let owner = shop.owner();
    let tea = a_product().stock(5).create(&owner).await;
    let path = format!("/inventory/{}/adjustments", tea.id);
    let moved = owner.post(&path, json!({ "quantity_change": -2, "reason": "spilled" })).await.is(201);
    assert_eq!(
        (&moved["kind"], &moved["on_hand_after"], &moved["reason"]),
        (&json!("adjusted"), &json!(3), &json!("spilled"))
    );
    assert!(!moved["actor"].is_null(), "{moved:?}");
    let refused = owner
        .post(&path, json!({ "quantity_change": -4, "reason": "spilled" }))
        .await
        .is_problem(409, "insufficient_stock");
    assert_eq!((&refused["shortages"][0]["requested"], &refused["shortages"][0]["available"]), (&json!(4), &json!(3)));
    assert_eq!(tea.on_hand(&owner).await, 3.0);
    for (field, body) in [
        ("quantity_change", json!({ "quantity_change": 0, "reason": "x" })),
        ("quantity_change", json!({ "quantity_change": 0.5, "reason": "x" })),
        ("quantity_change", json!({ "quantity_change": "5", "reason": "x" })),
        ("quantity_change", json!({ "quantity_change": 1e18, "reason": "x" })),
        ("quantity_change", json!({ "reason": "x" })),
        ("reason", json!({ "quantity_change": 1 })),
        ("reason", json!({ "quantity_change": 1, "reason": " " })),
        ("reason", json!({ "quantity_change": 1, "reason": "x".repeat(501) })),
        ("location_id", json!({ "quantity_change": 1, "reason": "x", "location_id": UNKNOWN })),
    ] {
        owner.post(&path, body).await.points_at(&format!("/{field}"));
    }
    let most = owner.post(&path, json!({ "quantity_change": 1_000_000_000, "reason": "x" })).await;
    assert!([201, 400, 409].contains(&most.status()), "{most:?}");
    owner
        .post(&format!("/inventory/{UNKNOWN}/adjustments"), json!({ "quantity_change": 1, "reason": "x" }))
        .await
        .is_problem(404, "not_found");
    shop.database.verify();
});

both_engines!(a_count_books_the_difference_to_what_was_there_when_it_was_taken, async |shop| {
    let owner = shop.owner();
    let (milk, tea) = (a_product().stock(1).create(&owner).await, a_product().stock(10).create(&owner).await);
    let path = format!("/inventory/{}/counts", tea.id);
    let first = async |product: &Product| {
        owner.walk(&format!("/stock-movements?product_id={}", product.id)).await[0]["recorded_at"].clone()
    };
    let (before, then) = (first(&milk).await, first(&tea).await);
    let superseded = async |at: &Value| {
        let refused = owner.post(&path, json!({ "counted": 500, "counted_at": at })).await;
        assert_eq!(refused.is_problem(409, "conflict")["reason"], "count_superseded");
    };
    owner.post("/sales", json!({ "lines": [tea.line(4)] })).await.is(201);
    superseded(&before).await;
    assert_eq!(tea.on_hand(&owner).await, 6.0, "a count from before there was any changes nothing");
    let late = owner.post(&path, json!({ "counted": 9, "counted_at": then })).await.is(201);
    assert_eq!(
        (&late["kind"], &late["on_hand_change"], &late["on_hand_after"]),
        (&json!("counted"), &json!(-1), &json!(5))
    );
    let agreeing = owner.post(&path, json!({ "counted": 5 })).await.is(201);
    assert_eq!(
        (&agreeing["on_hand_change"], &agreeing["on_hand_after"]),
        (&json!(0), &json!(5)),
        "a count that agrees is a movement of zero"
    );
    superseded(&then).await;
    assert_eq!(tea.on_hand(&owner).await, 5.0, "a count older than the last changes nothing");
    owner.post(&path, json!({ "counted": 0 })).await.is(201);
    assert_eq!(tea.on_hand(&owner).await, 0.0);
    for (field, body) in [
        ("counted", json!({ "counted": -1 })),
        ("counted", json!({ "counted": 1.5 })),
        ("counted", json!({ "counted": "5" })),
        ("counted_at", json!({ "counted": 1, "counted_at": "2999-01-01T00:00:00Z" })),
        ("counted_at", json!({ "counted": 1, "counted_at": "2020-01-01T00:00:00Z" })),
        ("counted_at", json!({ "counted": 1, "counted_at": "yesterday" })),
    ] {
        owner.post(&path, body).await.points_at(&format!("/{field}"));
    }
    shop.database.verify();
});

both_engines!(levels_are_shown_per_location_and_in_total, async |shop| {
    let owner = shop.owner();
    let tea = a_product().stock(5).with("low_stock_threshold", 9).create(&owner).await;
    a_product().stock(50).with("low_stock_threshold", 9).create(&owner).await;
    let kiosk = owner.post("/locations", json!({ "name": "Kiosk", "code": "kiosk" })).await.is(201).id();
    let there = json!({ "quantity_change": 3, "reason": "opening", "location_id": kiosk });
    owner.post(&format!("/inventory/{}/adjustments", tea.id), there).await.is(201);
    let one = owner.get(&format!("/inventory/{}", tea.id)).await.is(200).text();
    assert!(one.contains(&kiosk) && one.contains(&tea.sku), "{one}");
    let at_the_kiosk = owner.walk(&format!("/inventory?location_id={kiosk}")).await;
    let there: Vec<_> = at_the_kiosk.iter().filter(|product| product["on_hand"] != 0).collect();
    assert_eq!(there.len(), 1, "{at_the_kiosk:?}");
    assert_eq!((&there[0]["product_id"], &there[0]["on_hand"]), (&json!(tea.id), &json!(3)));
    let low = owner.walk("/inventory?low_stock=true").await;
    assert_eq!(low.len(), 1, "8 of 9 is low: {low:?}");
    assert_eq!(owner.walk(&format!("/inventory?search={}", tea.sku)).await.len(), 1);
    assert_eq!(tea.on_hand(&owner).await, 8.0);
    assert_eq!(
        shop.anonymous().get(&format!("/products/{}", tea.id)).await.is(200)["stock"]["available"],
        5,
        "the public sees the default location"
    );
});

both_engines!(movements_of_a_level_are_numbered_without_gaps_under_load, async |shop| {
    let owner = shop.owner();
    let tea = a_product().stock(100).create(&owner).await;
    at_once(60, |number| {
        let change = if number % 2 == 0 { -1 } else { 1 };
        owner
            .post(&format!("/inventory/{}/adjustments", tea.id), json!({ "quantity_change": change, "reason": "x" }))
            .into_future()
    })
    .await;
    let moved: Vec<Value> = owner.walk(&format!("/stock-movements?product_id={}&limit=200", tea.id)).await;
    let mut numbers: Vec<i64> = moved.iter().filter_map(|movement| movement["seq"].as_i64()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=61).collect::<Vec<_>>());
    assert_eq!(tea.on_hand(&owner).await, 100.0);
    shop.database.verify();
});

both_engines!(the_database_itself_refuses_to_rewrite_history, async |shop| {
    let owner = shop.owner();
    a_product().stock(5).create(&owner).await;
    for (statement, [on_sqlite, on_postgres]) in [
        ("update movements set on_hand_change = 9", ["UPDATE of movements refused"; 2]),
        ("delete from movements", ["DELETE of movements refused"; 2]),
        ("delete from products", ["DELETE of products refused"; 2]),
        ("update levels set on_hand = -1", ["on_hand >= 0", "levels_on_hand_check"]),
        ("update levels set reserved = -1", ["reserved >= 0", "levels_reserved_check"]),
    ] {
        let rule = if shop.database.engine == Engine::Sqlite { on_sqlite } else { on_postgres };
        let said = sql::try_execute(&shop.database.url, statement).expect_err(statement);
        assert!(said.contains(rule), "{statement}: {said}");
    }
    shop.database.verify();
});
