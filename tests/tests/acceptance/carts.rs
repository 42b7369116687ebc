//! `/cart`: what somebody wishes to buy, at the prices of this moment; it reserves nothing.

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tradepost_tests::{Answer, Client, OWNER_PASSWORD, Product, Request, a_product, a_promo, at_once, both_engines};

fn put(by: &Client, product: &Product, quantity: impl Into<Value>) -> Request {
    by.put(&format!("/cart/items/{}", product.id), json!({ "quantity": quantity.into() }))
}

fn checkout(by: &Client) -> Request {
    by.request("POST".parse().expect("a method"), "/cart/checkout")
}

fn skus(cart: &Answer) -> Vec<&str> {
    cart["lines"].as_array().expect("lines").iter().filter_map(|line| line["sku"].as_str()).collect()
}

both_engines!(a_cart_shows_what_is_true_now_and_reserves_nothing, async |shop| {
    let (owner, sam) = (shop.owner(), shop.a_shopper());
    let empty = sam.get("/cart").await.is(200);
    let nothing = json!({ "lines": [], "subtotal": "0.00", "discount": "0.00", "promo_code": null, "promo_refused": null,
        "total": "0.00", "currency": "USD" });
    assert_eq!(empty.json, nothing);
    let tea = a_product().price("2.50").stock(10).create(&owner).await;
    let milk = a_product().price("1.10").create(&owner).await;
    put(&sam, &tea, 3).await.is(200);
    let cart = put(&sam, &milk, 2).await.is(200);
    assert_eq!(skus(&cart), [tea.sku.as_str(), &milk.sku]);
    let first = &cart["lines"][0];
    let expected = json!({ "product_id": tea.id, "sku": tea.sku, "name": tea.json["name"], "quantity": 3, "unit_price": "2.50",
        "line_total": "7.50", "available": 10, "unavailable": false, "price_changed": false });
    assert_eq!(*first, expected);
    assert_eq!((&cart["lines"][1]["available"], &cart["total"]), (&json!(0), &json!("9.70")));
    assert_eq!(tea.stock(&owner).await, [10.0, 0.0, 10.0]);

    owner.patch(&format!("/products/{}", tea.id), json!({ "price": "3.00" })).await.is(200);
    owner.post("/sales", json!({ "lines": [tea.line(9)] })).await.is(201);
    let cart = sam.get("/cart").await.is(200);
    let line = &cart["lines"][0];
    let now = ["unit_price", "line_total", "available", "price_changed"].map(|field| line[field].clone());
    assert_eq!(json!(now), json!(["3.00", "9.00", 1, true]));
    assert_eq!(put(&sam, &tea, 1).await.is(200)["lines"][0]["price_changed"], false, "put in again, seen again");

    owner.patch(&format!("/products/{}", milk.id), json!({ "enabled": false })).await.is(200);
    owner.delete(&format!("/products/{}", tea.id)).await.is(204);
    let cart = sam.get("/cart").await.is(200);
    for line in cart["lines"].as_array().expect("lines") {
        assert_eq!((&line["available"], &line["unavailable"]), (&json!(0), &json!(true)), "{cart:?}");
    }
    checkout(&sam).await.is_problem(409, "product_unavailable");
    put(&sam, &milk, 1).await.is_problem(409, "product_unavailable");
    let path = format!("/cart/items/{}", tea.id);
    assert_eq!(skus(&sam.delete(&path).await.is(200)), [milk.sku.as_str()]);
    sam.delete(&path).await.is_problem(404, "not_found");
    assert_eq!(sam.delete("/cart").await.is(200).json, nothing);
});

both_engines!(a_cart_survives_logins_and_is_nobody_elses, async |shop| {
    let (owner, eve) = (shop.owner(), shop.a_shopper());
    let tea = a_product().stock(10).create(&owner).await;
    let account = json!({ "email": "sam@mail.test", "username": "sam", "password": OWNER_PASSWORD });
    shop.anonymous().post("/auth/register", account).await.is(201);
    let sam = shop.anonymous().log_in("sam", OWNER_PASSWORD).await;
    put(&sam, &tea, 2).await.is(200);
    sam.post("/auth/logout", json!({})).await.is(204);
    sam.get("/cart").await.is_problem(401, "unauthenticated");
    let sam = shop.anonymous().log_in("sam", OWNER_PASSWORD).await;
    assert_eq!(sam.get("/cart").await.is(200)["lines"][0]["quantity"], 2);
    assert_eq!(skus(&eve.get("/cart").await.is(200)).len(), 0);
    eve.delete(&format!("/cart/items/{}", tea.id)).await.is_problem(404, "not_found");
    eve.delete("/cart").await.is(200);
    checkout(&eve).await.is_problem(409, "cart_empty");
    assert_eq!(checkout(&sam).await.is(201)["placed_by"], sam.user_id());
});

both_engines!(checking_out_places_and_empties_or_does_neither, async |shop| {
    let (owner, sam) = (shop.owner(), shop.a_shopper());
    let (tea, milk) = (
        a_product().price("10.00").stock(5).create(&owner).await,
        a_product().price("1.00").stock(5).create(&owner).await,
    );
    let (tenth, two) =
        (a_promo().percentage("10").create(&owner).await, a_promo().with("amount", "2.00").create(&owner).await);
    put(&sam, &tea, 6).await.is(200);
    put(&sam, &milk, 2).await.is(200);
    let full = sam.patch("/cart", json!({ "promo_code": tenth.code })).await.is(200);
    assert_eq!((&full["discount"], &full["total"]), (&json!("6.20"), &json!("55.80")));
    checkout(&sam).await.is_problem(409, "insufficient_stock");
    checkout(&sam).json(&json!({ "promo_code": "NO" })).await.is_problem(409, "promo_refused");
    checkout(&sam).json(&json!({ "notes": "x".repeat(501) })).await.points_at("/notes");
    checkout(&sam).json(&json!({ "lines": [] })).await.points_at("/lines");
    assert_eq!(sam.get("/cart").await.is(200).json, full.json, "a refusal changes nothing");
    put(&sam, &tea, 5).await.is(200);
    let order = checkout(&sam).json(&json!({ "notes": "quickly" })).await.is(201);
    let fields = ["status", "subtotal", "discount", "total", "promo_code", "notes"].map(|field| order[field].clone());
    assert_eq!(json!(fields), json!(["pending", "52.00", "5.20", "46.80", tenth.code, "quickly"]));
    assert_eq!(order.header("location"), Some(format!("/api/v1/orders/{}", order.id()).as_str()));
    let after = sam.get("/cart").await.is(200);
    assert_eq!((skus(&after).len(), &after["promo_code"]), (0, &json!(null)));
    checkout(&sam).await.is_problem(409, "cart_empty");
    assert_eq!(tea.stock(&owner).await, [5.0, 5.0, 0.0]);

    put(&sam, &milk, 3).await.is(200);
    sam.patch("/cart", json!({ "promo_code": tenth.code })).await.is(200);
    let order = checkout(&sam).json(&json!({ "promo_code": two.code })).await.is(201);
    assert_eq!(
        (&order["discount"], &order["promo_code"]),
        (&json!("2.00"), &json!(two.code)),
        "what is said comes first"
    );
    // Who has no customer record has nobody to order for.
    let clerk = shop.employee(&["orders.place_for_others"]).await;
    put(&clerk, &milk, 1).await.is(200);
    assert_eq!(checkout(&clerk).await.is_problem(409, "conflict")["reason"], "no_customer");
});

both_engines!(a_cart_says_why_its_code_cannot_be_used_now, async |shop| {
    let (owner, sam) = (shop.owner(), shop.a_shopper());
    let tea = a_product().price("5.00").stock(10).create(&owner).await;
    let promo = a_promo().with("minimum_subtotal", "10.00").with("per_customer_limit", 1).create(&owner).await;
    put(&sam, &tea, 1).await.is(200);
    let cart = sam.patch("/cart", json!({ "promo_code": promo.code.to_lowercase() })).await.is(200);
    let shown = |cart: &Answer| json!([cart["promo_code"], cart["promo_refused"], cart["discount"], cart["total"]]);
    assert_eq!(shown(&cart), json!([promo.code.to_lowercase(), "minimum_not_reached", "0.00", "5.00"]));
    assert_eq!(shown(&put(&sam, &tea, 2).await), json!([promo.code.to_lowercase(), null, "1.00", "9.00"]));
    checkout(&sam).await.is(201);
    put(&sam, &tea, 2).await.is(200);
    let cart = sam.patch("/cart", json!({ "promo_code": promo.code })).await.is(200);
    assert_eq!(shown(&cart), json!([promo.code, "already_used", "0.00", "10.00"]));
    let cart = sam.patch("/cart", json!({ "promo_code": "NO-SUCH" })).await.is(200);
    assert_eq!(shown(&cart), json!(["NO-SUCH", "unknown", "0.00", "10.00"]));
    assert_eq!(shown(&sam.patch("/cart", json!({})).await.is(200)), shown(&cart), "nothing said, nothing changed");
    let cart = sam.patch("/cart", json!({ "promo_code": null })).await.is(200);
    assert_eq!(shown(&cart), json!([null, null, "0.00", "10.00"]));
});

both_engines!(what_does_not_fit_into_a_cart_is_refused, async |shop| {
    let (owner, sam) = (shop.owner(), shop.a_shopper());
    let tea = a_product().price("1000000000").stock(10).create(&owner).await;
    for quantity in [json!(0), json!(-1), json!(0.5), json!(1e12), json!("1"), json!(null), json!(1_000_000_000)] {
        put(&sam, &tea, quantity).await.points_at("/quantity");
    }
    let path = format!("/cart/items/{}", tea.id);
    sam.put(&path, json!({})).await.points_at("/quantity");
    sam.put(&path, json!({ "quantity": 1, "unit_price": "0.01" })).await.points_at("/unit_price");
    for unknown in ["01890000-0000-7000-8000-000000000000", "tea"] {
        let path = format!("/cart/items/{unknown}");
        sam.put(&path, json!({ "quantity": 1 })).await.is_problem(404, "not_found");
        sam.put(&path, json!({ "no": 1 })).await.is_problem(404, "not_found");
    }
    for code in [json!(""), json!("a\u{0}b"), json!("x".repeat(65)), json!(7)] {
        sam.patch("/cart", json!({ "promo_code": code })).await.points_at("/promo_code");
    }
    sam.patch("/cart", json!({ "user_id": owner.token() })).await.points_at("/user_id");
    sam.get("/cart?user_id=1").await.is_problem(400, "validation");
    assert_eq!(skus(&sam.get("/cart").await.is(200)).len(), 0);
});

both_engines!(a_cart_holds_as_many_products_as_an_order_has_lines, async |shop| {
    let (owner, sam) = (shop.owner(), shop.a_shopper());
    let mut products = Vec::new();
    for _ in 0..201 {
        products.push(a_product().stock(1).create(&owner).await);
    }
    for product in &products[..200] {
        put(&sam, product, 1).await.is(200);
    }
    assert_eq!(put(&sam, &products[200], 1).await.is_problem(409, "conflict")["reason"], "cart_full");
    put(&sam, &products[0], 1).await.is(200);
    assert_eq!(checkout(&sam).await.is(201)["lines"].as_array().map(Vec::len), Some(200));
});

both_engines!(a_cart_keeps_the_conventions_of_etags_and_keys, async |shop| {
    let (owner, sam) = (shop.owner(), shop.a_shopper());
    let tea = a_product().stock(10).create(&owner).await;
    let untouched = sam.get("/cart").await.is(200).etag();
    let one = put(&sam, &tea, 1).if_match(&untouched).key("p-1").await.is(200);
    assert!(put(&sam, &tea, 1).if_match(&untouched).key("p-1").await.is(200).was_replayed());
    assert_eq!(sam.get("/cart").await.is(200).etag(), one.etag());
    sam.get("/cart").header("if-none-match", &one.etag()).await.is(304);
    let item = format!("/cart/items/{}", tea.id);
    for stale in [
        put(&sam, &tea, 2),
        sam.delete(&item),
        sam.delete("/cart"),
        sam.patch("/cart", json!({ "promo_code": "X" })),
        checkout(&sam),
    ] {
        stale.if_match(&untouched).await.is_problem(412, "precondition_failed");
    }
    checkout(&sam).if_match(&one.etag()).await.is(201);
    assert_ne!(sam.get("/cart").await.is(200).etag(), one.etag());
});

both_engines!(two_checkouts_at_once_are_one_order_and_one_empty_cart, async |shop| {
    let (owner, sam) = (shop.owner(), shop.a_shopper());
    let tea = a_product().stock(100).create(&owner).await;
    for round in 1..=10_u32 {
        put(&sam, &tea, 2).await.is(200);
        let mut answers = at_once(2, |_| checkout(&sam).into_future()).await;
        answers.sort_by_key(Answer::status);
        assert_eq!(answers[0].status(), 201, "{answers:?}");
        answers.remove(1).is_problem(409, "cart_empty");
        assert_eq!(tea.stock(&owner).await[1], f64::from(2 * round));
    }
    assert_eq!(sam.walk("/orders").await.len(), 10);
    shop.database.verify();
});

/// Sends the whole request and hangs up without waiting for the answer.
async fn checkout_cut_off(by: &Client, key: &str) {
    let address = by.address();
    let host = address.trim_start_matches("http://");
    let mut connection = TcpStream::connect(host).await.expect("a connection");
    let request = format!(
        "POST /api/v1/cart/checkout HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {}\r\nidempotency-key: {key}\r\n\
         content-length: 0\r\n\r\n",
        by.token()
    );
    connection.write_all(request.as_bytes()).await.expect("the request is sent");
    connection.shutdown().await.expect("the connection is cut");
}

both_engines!(a_checkout_retried_with_its_key_after_a_cut_connection_is_one_order, async |shop| {
    let (owner, sam) = (shop.owner(), shop.a_shopper());
    let tea = a_product().stock(100).create(&owner).await;
    for round in 1..=10_usize {
        put(&sam, &tea, 1).await.is(200);
        let key = format!("checkout-{round}");
        checkout_cut_off(&sam, &key).await;
        let retried = checkout(&sam).key(&key).await.is(201);
        let again = checkout(&sam).key(&key).await.is(201);
        assert!(again.was_replayed() && again.bytes() == retried.bytes());
        assert_eq!(sam.walk("/orders").await.len(), round);
    }
    assert_eq!(tea.stock(&owner).await, [100.0, 10.0, 90.0]);
    shop.database.verify();
});

both_engines!(what_is_put_in_while_checking_out_is_ordered_once_or_still_there, async |shop| {
    let (owner, sam) = (shop.owner(), shop.a_shopper());
    let mut products = Vec::new();
    for _ in 0..40 {
        products.push(a_product().stock(10).create(&owner).await);
    }
    let answers = at_once(60, |number| match number % 3 {
        0 => checkout(&sam).into_future(),
        _ => put(&sam, &products[number / 3 * 2 + number % 3 - 1], 1).into_future(),
    })
    .await;
    assert!(answers.iter().all(|answer| [200, 201, 409].contains(&answer.status())), "{answers:?}");
    let mut seen: Vec<String> = skus(&sam.get("/cart").await.is(200)).into_iter().map(str::to_owned).collect();
    for order in sam.walk("/orders").await {
        let lines = order["lines"].as_array().expect("lines");
        seen.extend(lines.iter().filter_map(|line| line["sku"].as_str().map(str::to_owned)));
    }
    let mut expected: Vec<String> = products.iter().map(|product| product.sku.clone()).collect();
    seen.sort();
    expected.sort();
    assert_eq!(seen, expected);
    shop.database.verify();
});
