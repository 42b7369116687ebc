//! `PATCH /orders/{id}`: the net difference is judged, all of it or nothing.

use serde_json::{Value, json};
use tradepost_tests::{a_product, a_promo, both_engines};

fn quantities(order: &tradepost_tests::Answer) -> Vec<(String, f64)> {
    let lines = order["lines"].as_array().expect("lines");
    let pair = |line: &Value| Some((line["sku"].as_str()?.to_owned(), line["quantity"].as_f64()?));
    lines.iter().filter_map(pair).collect()
}

both_engines!(five_to_three_to_nine_with_other_lines_moves_the_net_difference, async |shop| {
    let (owner, sam) = (shop.owner(), shop.a_shopper());
    let tea = a_product().price("2.00").stock(10).create(&owner).await;
    let (milk, salt) = (a_product().stock(3).create(&owner).await, a_product().stock(4).create(&owner).await);
    let order = sam.post("/orders", json!({ "lines": [tea.line(5), milk.line(3)] })).await.is(201);
    let path = format!("/orders/{}", order.id());
    owner.patch(&format!("/products/{}", tea.id), json!({ "price": "3.00" })).await.is(200);

    let three = sam.patch(&path, json!({ "lines": [tea.line(3), salt.line(4)] })).await.is(200);
    assert_eq!(quantities(&three), [(tea.sku.clone(), 3.0), (salt.sku.clone(), 4.0)]);
    assert_eq!(three["lines"][0]["unit_price"], "2.00", "what is on it already keeps its price");
    assert_eq!(three["lines"][0]["id"], order["lines"][0]["id"]);
    let reserved = async || [tea.stock(&owner).await[1], milk.stock(&owner).await[1], salt.stock(&owner).await[1]];
    assert_eq!(reserved().await, [3.0, 0.0, 4.0]);

    let nine = sam.patch(&path, json!({ "lines": [tea.line(4), milk.line(1), tea.line(5)] })).await.is(200);
    assert_eq!(quantities(&nine), [(tea.sku.clone(), 9.0), (milk.sku.clone(), 1.0)]);
    assert_eq!((&nine["total"], &nine["status"]), (&json!("20.50"), &json!("pending")));
    assert_eq!(reserved().await, [9.0, 1.0, 0.0]);

    // One too many of one thing: all of it is refused, the order is as it was.
    let refused = sam.patch(&path, json!({ "lines": [tea.line(11), salt.line(1)], "notes": "no" })).await;
    let refused = refused.is_problem(409, "insufficient_stock");
    assert_eq!(refused["shortages"].as_array().map(Vec::len), Some(1), "{refused:?}");
    sam.patch(&path, json!({ "lines": [tea.line(1), salt.line(5)], "promo_code": "NO" })).await.is(409);
    for (body, pointer) in [
        (json!({ "lines": [tea.line(1), salt.line(0)] }), "/lines/1/quantity"),
        (json!({ "lines": [] }), "/lines"),
        (json!({ "lines": null }), "/lines"),
        (json!({ "lines": [{ "line_id": tea.id, "quantity": 1 }] }), "/lines/0/line_id"),
        (json!({ "status": "delivered" }), "/status"),
        (json!({ "customer_id": order["customer"]["id"] }), "/customer_id"),
        (json!({ "total": "0.01" }), "/total"),
    ] {
        sam.patch(&path, body).await.points_at(pointer);
    }
    let after = sam.get(&path).await.is(200);
    assert_eq!((after.json.clone(), after.etag()), (nine.json.clone(), nine.etag()));
    assert_eq!(reserved().await, [9.0, 1.0, 0.0]);
    shop.database.verify();
});

both_engines!(an_edited_order_keeps_its_discount_judged_on_the_new_subtotal, async |shop| {
    let (owner, sam) = (shop.owner(), shop.a_shopper());
    let tea = a_product().price("10.00").stock(50).create(&owner).await;
    let tenth = a_promo().percentage("10").with("minimum_subtotal", "20.00").with("usage_limit", 1);
    let tenth = tenth.with("per_customer_limit", 1).create(&owner).await;
    let body = json!({ "lines": [tea.line(3)], "promo_code": tenth.code });
    let order = sam.post("/orders", body.clone()).await.is(201);
    assert_eq!((&order["discount"], &order["total"]), (&json!("3.00"), &json!("27.00")));
    let path = format!("/orders/{}", order.id());
    // Whatever becomes of the code since: the order keeps the terms it was promised.
    let code = format!("/promo-codes/{}", tenth.id);
    owner.patch(&code, json!({ "percentage": "50", "active": false })).await.is(200);
    let five =
        sam.patch(&path, json!({ "lines": [tea.line(5)], "promo_code": tenth.code.to_lowercase() })).await.is(200);
    assert_eq!((&five["discount"], &five["total"]), (&json!("5.00"), &json!("45.00")));
    let refused = sam.patch(&path, json!({ "lines": [tea.line(1)] })).await.is_problem(409, "promo_refused");
    assert_eq!(refused["reason"], "minimum_not_reached");
    assert_eq!(sam.get(&path).await.is(200).json, five.json);
    assert_eq!((tea.stock(&owner).await[1], tenth.times_used(&owner).await), (5.0, 1));

    let without = sam.patch(&path, json!({ "lines": [tea.line(1)], "promo_code": null })).await.is(200);
    assert_eq!((&without["discount"], &without["promo_code"]), (&json!("0.00"), &json!(null)));
    assert_eq!(tenth.times_used(&owner).await, 0, "given back");
    owner.patch(&code, json!({ "active": true })).await.is(200);
    let other = a_promo().with("amount", "4.00").create(&owner).await;
    let changed = sam.patch(&path, json!({ "lines": [tea.line(2)], "promo_code": other.code })).await.is(200);
    assert_eq!((&changed["discount"], &changed["promo_code"]), (&json!("4.00"), &json!(other.code)));
    let back = sam.patch(&path, json!({ "promo_code": tenth.code })).await.is(200);
    assert_eq!((&back["discount"], &back["total"]), (&json!("10.00"), &json!("10.00")), "the terms of today");
    assert_eq!((tenth.times_used(&owner).await, other.times_used(&owner).await), (1, 0));
    shop.database.verify();
});

both_engines!(notes_alone_change_nothing_else, async |shop| {
    let (owner, sam) = (shop.owner(), shop.a_shopper());
    let tea = a_product().stock(5).create(&owner).await;
    let order = sam.post("/orders", json!({ "lines": [tea.line(5)], "notes": "first" })).await.is(201);
    let path = format!("/orders/{}", order.id());
    // Not on sale any more: what is ordered stays ordered.
    owner.patch(&format!("/products/{}", tea.id), json!({ "enabled": false })).await.is(200);
    let second = sam.patch(&path, json!({ "notes": "second" })).await.is(200);
    assert_eq!((&second["notes"], &second["lines"]), (&json!("second"), &order["lines"]));
    assert_eq!(sam.patch(&path, json!({ "notes": null })).await.is(200)["notes"], json!(null));
    assert_eq!(tea.stock(&owner).await, [5.0, 5.0, 0.0]);
});

both_engines!(more_of_what_is_no_longer_on_sale_cannot_be_had_and_nothing_of_it_is_told, async |shop| {
    let (owner, sam) = (shop.owner(), shop.a_shopper());
    let tea = a_product().stock(10).create(&owner).await;
    let order = sam.post("/orders", json!({ "lines": [tea.line(2)] })).await.is(201);
    let path = format!("/orders/{}", order.id());
    owner.patch(&format!("/products/{}", tea.id), json!({ "enabled": false, "sku": "NEXT-GEN" })).await.is(200);
    let edit = |quantity: f64| {
        sam.patch(&path, json!({ "lines": [{ "line_id": order["lines"][0]["id"], "quantity": quantity }] }))
    };
    for more in [3.0, 500.0] {
        let refused = edit(more).await.is_problem(409, "product_unavailable");
        assert!(!refused.json.to_string().contains("NEXT-GEN"), "{refused:?}");
    }
    edit(1.0).await.is(200);
    // Also not in which unit it is sold.
    sam.post("/orders", json!({ "lines": [tea.line(1.5)] })).await.is_problem(409, "product_unavailable");
    assert_eq!(tea.stock(&owner).await, [10.0, 1.0, 9.0]);
});
