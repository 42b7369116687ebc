//! `/categories`, `/products`, `/locations`.

use serde_json::{Value, json};
use tradepost_tests::{a_product, both_engines};

const UNKNOWN: &str = "01890000-0000-7000-8000-000000000000";

both_engines!(a_category_in_use_stays, async |shop| {
    let owner = shop.owner();
    let drinks = owner.post("/categories", json!({ "name": "Drinks", "description": "wet" })).await.is(201);
    let path = format!("/categories/{}", drinks.id());
    let tea = a_product().with("category_id", drinks.id()).create(&owner).await;
    assert_eq!(tea.json["category"], json!({ "id": drinks.id(), "name": "Drinks" }));
    owner.delete(&path).await.is_problem(409, "in_use");
    owner.patch(&format!("/products/{}", tea.id), json!({ "category_id": null })).await.is(200);
    owner.delete(&path).await.is(204);
    owner.get(&path).await.is_problem(404, "not_found");
    owner.delete(&path).await.is_problem(404, "not_found");
    a_product_body_is_refused_at(&owner, "category_id", json!(UNKNOWN)).await;
});

async fn a_product_body_is_refused_at(owner: &tradepost_tests::Client, field: &str, value: Value) {
    owner.post("/products", a_product().with(field, value).body()).await.points_at(&format!("/{field}"));
}

both_engines!(a_sold_product_is_removed_with_its_history_kept, async |shop| {
    let owner = shop.owner();
    let tea = a_product().stock(10).create(&owner).await;
    owner.post("/sales", json!({ "lines": [tea.line(1)] })).await.is(201);
    let path = format!("/products/{}", tea.id);
    owner.delete(&path).await.is(204);
    assert!(owner.walk("/products").await.is_empty(), "it is in no list");
    assert!(shop.anonymous().walk("/products").await.is_empty());
    shop.anonymous().get(&path).await.is_problem(404, "not_found");
    owner.get(&path).await.is(200);
    assert!(owner.walk(&format!("/stock-movements?product_id={}", tea.id)).await.len() >= 2);
    owner.delete(&format!("/products/{UNKNOWN}")).await.is_problem(404, "not_found");
    let again = owner.post("/products", a_product().sku(&tea.sku).body()).await.is_problem(409, "duplicate");
    assert!(again.text().contains("sku"), "a SKU is unique for ever: {again:?}");
    shop.database.verify();
});

both_engines!(skus_are_unique_and_names_within_their_category_without_regard_to_case, async |shop| {
    let owner = shop.owner();
    let drinks = owner.post("/categories", json!({ "name": "Drinks" })).await.is(201).id();
    a_product().sku("Tea-1").with("name", "Tea").create(&owner).await;
    owner.post("/products", a_product().sku("TEA-1").body()).await.is_problem(409, "duplicate");
    owner.post("/products", a_product().with("name", "TEA").body()).await.is_problem(409, "duplicate");
    let other = a_product().with("name", "tea").with("category_id", drinks.as_str()).create(&owner).await;
    owner.patch(&format!("/products/{}", other.id), json!({ "category_id": null })).await.is_problem(409, "duplicate");
    owner.patch(&format!("/products/{}", other.id), json!({ "sku": "tea-1" })).await.is_problem(409, "duplicate");
    owner.post("/categories", json!({ "name": "DRINKS" })).await.is_problem(409, "duplicate");
    let answers =
        tradepost_tests::at_once(10, |_| owner.post("/products", a_product().sku("RACE").body()).into_future()).await;
    assert_eq!(answers.iter().filter(|answer| answer.status() == 201).count(), 1, "{answers:?}");
    assert_eq!(answers.iter().filter(|answer| answer.status() == 409).count(), 9, "{answers:?}");
});

both_engines!(a_product_that_makes_no_sense_is_refused_at_the_field, async |shop| {
    let owner = shop.owner();
    for (field, value) in [
        ("sku", json!("")),
        ("sku", json!("x".repeat(65))),
        ("name", json!(" ")),
        ("price", json!("0.00")),
        ("price", json!("abc")),
        ("price", json!(2.5)),
        ("unit_decimals", json!(6)),
        ("unit_decimals", json!(-1)),
        ("initial_quantity", json!(-1)),
        ("initial_quantity", json!(0.5)),
        ("initial_quantity", json!(1e10)),
        ("low_stock_threshold", json!(-1)),
        ("image_url", json!("javascript:alert(1)")),
        ("enabled", json!("yes")),
        ("on_hand", json!(5)),
        ("stock", json!({ "on_hand": 5 })),
        ("id", json!(UNKNOWN)),
        ("version", json!(3)),
    ] {
        a_product_body_is_refused_at(&owner, field, value).await;
    }
    assert_eq!(shop.database.number("select count(*) from products"), 0);
});

both_engines!(a_unit_is_fixed_once_stock_has_moved, async |shop| {
    let owner = shop.owner();
    let rice = a_product().with("unit", "kg").with("unit_decimals", 2).create(&owner).await;
    let path = format!("/products/{}", rice.id);
    owner.patch(&path, json!({ "unit": "g", "unit_decimals": 0 })).await.is(200);
    owner
        .post(&format!("/inventory/{}/adjustments", rice.id), json!({ "quantity_change": 5, "reason": "found" }))
        .await
        .is(201);
    let refused = owner.patch(&path, json!({ "unit_decimals": 3 })).await;
    assert_eq!(refused.status(), 409, "{refused:?}");
    owner.patch(&path, json!({ "name": "Rice" })).await.is(200);
});

both_engines!(first_stock_is_a_movement, async |shop| {
    let owner = shop.owner();
    let tea = a_product().stock(12).create(&owner).await;
    assert_eq!(tea.json["stock"], json!({ "on_hand": 12, "reserved": 0, "available": 12 }));
    let moved = owner.walk(&format!("/stock-movements?product_id={}", tea.id)).await;
    assert_eq!(moved.len(), 1);
    assert_eq!(
        (&moved[0]["seq"], &moved[0]["on_hand_change"], &moved[0]["on_hand_after"]),
        (&json!(1), &json!(12), &json!(12))
    );
    assert_eq!(moved[0]["sku"], tea.sku.as_str());
    shop.database.verify();
});

both_engines!(a_patch_changes_what_it_names_and_null_empties, async |shop| {
    let owner = shop.owner();
    let tea = a_product().with("barcode", "4006381333931").with("description", "green").create(&owner).await;
    let path = format!("/products/{}", tea.id);
    let edited = owner.patch(&path, json!({ "barcode": null, "price": "3.00" })).await.is(200);
    assert_eq!(
        (&edited["barcode"], &edited["price"], &edited["description"]),
        (&Value::Null, &json!("3.00"), &json!("green"))
    );
    owner.patch(&path, json!({ "name": null })).await.points_at("/name");
    owner.patch(&path, json!({ "initial_quantity": 5 })).await.points_at("/initial_quantity");
    owner.patch(&path, json!({})).await.is(200);
});

both_engines!(a_location_with_stock_and_the_default_one_stay, async |shop| {
    let owner = shop.owner();
    let main = shop.main_location().await;
    let kiosk = owner.post("/locations", json!({ "name": "Kiosk", "code": "kiosk" })).await.is(201).id();
    let tea = a_product().create(&owner).await;
    let adjust = |change: i64| json!({ "quantity_change": change, "reason": "moved", "location_id": kiosk });
    owner.post(&format!("/inventory/{}/adjustments", tea.id), adjust(3)).await.is(201);
    owner.delete(&format!("/locations/{kiosk}")).await.is_problem(409, "in_use");
    owner.post(&format!("/inventory/{}/adjustments", tea.id), adjust(-3)).await.is(201);
    owner.delete(&format!("/locations/{kiosk}")).await.is(204);
    let refused = owner.delete(&format!("/locations/{main}")).await;
    assert_eq!(refused.status(), 409, "{refused:?}");
    owner.post("/locations", json!({ "name": "Other", "code": "MAIN" })).await.is_problem(409, "duplicate");
    assert!(owner.walk("/locations").await.iter().all(|location| location["id"] != kiosk.as_str()));
    shop.database.verify();
});
