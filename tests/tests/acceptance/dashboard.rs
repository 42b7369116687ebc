//! `/dashboard`.

use serde_json::json;
use tradepost_tests::{a_product, both_engines};

both_engines!(the_dashboard_says_how_many_orders_wait_and_which_longest, async |shop| {
    let (owner, sam) = (shop.owner(), shop.a_shopper());
    let nothing = json!({ "count": 0, "oldest": null });
    let empty = owner.get("/dashboard/orders").await.is(200);
    assert_eq!(empty.json, json!({ "pending": nothing, "accepted": nothing, "shipped": nothing }));
    let tea = a_product().stock(10).create(&owner).await;
    let mut orders = Vec::new();
    for _ in 0..5 {
        orders.push(sam.post("/orders", json!({ "lines": [tea.line(1)] })).await.is(201));
    }
    for (number, steps) in [(0, &["accept", "ship"][..]), (1, &["accept"]), (2, &["reject"])] {
        for step in steps {
            owner.post(&format!("/orders/{}/{step}", orders[number].id()), json!({})).await.is(200);
        }
    }
    let oldest = |number: usize| {
        let order = &orders[number];
        json!({ "id": order["id"], "number": order["number"], "created_at": order["created_at"] })
    };
    let waiting = shop.employee(&["reports.read"]).await.get("/dashboard/orders").await.is(200);
    assert_eq!(waiting["pending"], json!({ "count": 2, "oldest": oldest(3) }));
    assert_eq!(waiting["accepted"], json!({ "count": 1, "oldest": oldest(1) }));
    assert_eq!(waiting["shipped"], json!({ "count": 1, "oldest": oldest(0) }));
});
