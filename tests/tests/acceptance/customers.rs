//! `/customers`.

use serde_json::json;
use tradepost_tests::{Shop, both_engines, run};

both_engines!(a_customer_gets_a_unique_code_unless_one_is_named, async |shop| {
    let owner = shop.owner();
    let (ada, bob) = (
        owner.post("/customers", json!({ "name": "Ada" })).await.is(201),
        owner.post("/customers", json!({ "name": "Ada" })).await.is(201),
    );
    assert!(ada["code"].as_str().is_some_and(|code| !code.is_empty()));
    assert_ne!(ada["code"], bob["code"]);
    let named = owner
        .post(
            "/customers",
            json!({ "name": "Cem", "code": "VIP-1", "phone": "+254 712 345 678", "email": "cem@mail.test" }),
        )
        .await
        .is(201);
    assert_eq!((&named["code"], &named["phone"]), (&json!("VIP-1"), &json!("+254712345678")));
    owner.post("/customers", json!({ "name": "Dan", "code": "vip-1" })).await.is_problem(409, "duplicate");
    owner.patch(&format!("/customers/{}", ada.id()), json!({ "code": "VIP-1" })).await.is_problem(409, "duplicate");
    for (field, value) in [
        ("name", json!("")),
        ("phone", json!("0712345678")),
        ("phone", json!("12")),
        ("email", json!("cem")),
        ("code", json!("x".repeat(65))),
    ] {
        let mut body = json!({ "name": "Eve" });
        body[field] = value;
        owner.post("/customers", body).await.points_at(&format!("/{field}"));
    }
});

both_engines!(customers_are_edited_found_and_removed_with_their_sales_kept, async |shop| {
    let owner = shop.owner();
    let ada = owner.post("/customers", json!({ "name": "Ada Lovelace", "email": "ada@mail.test" })).await.is(201);
    let path = format!("/customers/{}", ada.id());
    assert_eq!(owner.walk("/customers?search=LOVE").await.len(), 1);
    let edited = owner.patch(&path, json!({ "email": null, "name": "Ada King" })).if_match(&ada.etag()).await.is(200);
    assert_eq!((&edited["email"], &edited["name"], &edited["code"]), (&json!(null), &json!("Ada King"), &ada["code"]));
    let tea = tradepost_tests::a_product().stock(5).create(&owner).await;
    let sale = owner.post("/sales", json!({ "lines": [tea.line(1)], "customer_id": ada.id() })).await.is(201);
    owner.delete(&path).await.is(204);
    owner.get(&path).await.is_problem(404, "not_found");
    assert_eq!(owner.get(&format!("/sales/{}", sale.id())).await.is(200)["status"], "completed");
    let gone = owner.post("/sales", json!({ "lines": [tea.line(1)], "customer_id": ada.id() })).await;
    assert_eq!(gone.status(), 400, "{gone:?}");
});

both_engines!(an_erased_customer_leaves_their_orders_and_nothing_personal, async |shop| {
    let (owner, clerk) = (shop.owner(), shop.employee(&["orders.place_for_others", "orders.read_all"]).await);
    let tea = tradepost_tests::a_product().stock(10).create(&owner).await;
    let ada = json!({ "name": "Ada Lovelace", "email": "ada@mail.test", "phone": "+254712345678" });
    let ada = owner.post("/customers", ada).await.is(201);
    let body = json!({ "lines": [tea.line(1)], "customer_id": ada.id() });
    let order = clerk.post("/orders", body.clone()).await.is(201);
    owner.post("/sales", body.clone()).await.is(201);
    let theirs = format!("customer_id={}", ada.id());
    for noun in ["orders", "sales"] {
        assert_eq!(owner.walk(&format!("/{noun}?{theirs}")).await.len(), 1, "{noun}");
    }
    owner.delete(&format!("/customers/{}", ada.id())).await.is(204);
    let read = clerk.get(&format!("/orders/{}", order.id())).await.is(200);
    assert!(!read.text().contains("Lovelace") && read["customer"]["id"] == json!(ada.id()), "{read:?}");
    assert_eq!((&read["lines"], owner.walk(&format!("/orders?{theirs}")).await.len()), (&order["lines"], 1));
    assert_eq!(owner.walk("/orders?search=lovelace").await.len(), 0);
    clerk.post("/orders", body).await.points_at("/customer_id");
    owner.post(&format!("/orders/{}/accept", order.id()), json!({})).await.is(200);
    owner.post(&format!("/orders/{}/ship", order.id()), json!({})).await.is(200);
    shop.database.verify();
});

both_engines!(a_removed_user_loses_their_cart_and_keeps_their_orders, async |shop| {
    let (owner, sam) = (shop.owner(), shop.a_shopper());
    let tea = tradepost_tests::a_product().stock(10).create(&owner).await;
    let order = sam.post("/orders", json!({ "lines": [tea.line(2)] })).await.is(201);
    sam.put(&format!("/cart/items/{}", tea.id), json!({ "quantity": 3 })).await.is(200);
    owner.delete(&format!("/users/{}", sam.user_id())).await.is(204);
    sam.get("/cart").await.is_problem(401, "unauthenticated");
    assert_eq!(shop.database.number("select count(*) from cart_items"), 0);
    let read = owner.get(&format!("/orders/{}", order.id())).await.is(200);
    assert!(read["status"] == "pending" && !read.text().contains("Sam"), "{read:?}");
    owner.post(&format!("/orders/{}/cancel", order.id()), json!({})).await.is(200);
    assert_eq!(tea.stock(&owner).await, [10.0, 0.0, 10.0]);
    shop.database.verify();
});

#[test]
fn national_numbers_are_completed_with_the_shops_country() {
    run(tradepost_tests::Engine::Sqlite, async |shop| {
        let engine = shop.engine;
        drop(shop);
        let kenyan = Shop::open_with(engine, &[("TRADEPOST_PHONE_COUNTRY", "KE")]).await;
        let ada = kenyan.owner().post("/customers", json!({ "name": "Ada", "phone": "0712 345678" })).await.is(201);
        assert_eq!(ada["phone"], "+254712345678");
    });
}
