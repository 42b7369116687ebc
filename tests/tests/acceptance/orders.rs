//! `/orders`: placing, reading, finding, and who may know of what.

use serde_json::{Value, json};
use tradepost_tests::{a_product, a_promo, both_engines};

both_engines!(an_order_reserves_at_the_servers_price_and_takes_nothing_yet, async |shop| {
    let (owner, sam) = (shop.owner(), shop.a_shopper());
    let tea = a_product().price("2.50").stock(10).create(&owner).await;
    let order = sam.post("/orders", json!({ "lines": [tea.line(3)], "notes": "  Ring twice " })).await.is(201);
    let sums = ["status", "subtotal", "discount", "total", "promo_code", "notes"].map(|field| order[field].clone());
    assert_eq!(json!(sums), json!(["pending", "7.50", "0.00", "7.50", null, "Ring twice"]));
    assert_eq!((&order["placed_by"], &order["customer"]["name"]), (&json!(sam.user_id()), &json!("Sam Shopper")));
    let line = &order["lines"][0];
    assert_eq!(
        (&line["quantity"], &line["unit_price"], &line["line_total"], &line["returned_quantity"]),
        (&json!(3), &json!("2.50"), &json!("7.50"), &json!(0))
    );
    let step = &order["history"][0];
    assert_eq!(
        (&step["status"], &step["by"], &step["reason"]),
        (&json!("pending"), &json!(sam.user_id()), &json!(null))
    );
    assert_eq!(tea.stock(&owner).await, [10.0, 3.0, 7.0]);
    let location = order.header("location").expect("where the order is").to_owned();
    let read = sam.get(location.trim_start_matches("/api/v1")).await.is(200);
    assert_eq!(
        (read.json.clone(), read.etag()),
        (order.json.clone(), order.etag()),
        "the answer to the POST is the order"
    );
    let moved = owner.walk(&format!("/stock-movements?source_type=order&source_id={}", order.id())).await;
    assert_eq!(moved.len(), 1);
    assert_eq!((&moved[0]["kind"], &moved[0]["reserved_change"]), (&json!("reserved"), &json!(3)));
    shop.database.verify();
});

both_engines!(the_same_product_fifty_times_is_one_line_and_judged_as_one, async |shop| {
    let (owner, sam) = (shop.owner(), shop.a_shopper());
    let tea = a_product().stock(100).create(&owner).await;
    let lines: Vec<Value> = (0..50).map(|_| tea.line(2)).collect();
    let order = sam.post("/orders", json!({ "lines": lines })).await.is(201);
    assert_eq!(order["lines"].as_array().map(Vec::len), Some(1));
    assert_eq!(order["lines"][0]["quantity"], 100);
    let short = sam.post("/orders", json!({ "lines": lines })).await.is_problem(409, "insufficient_stock");
    assert_eq!(short["shortages"].as_array().map(Vec::len), Some(1), "{short:?}");
    assert_eq!((&short["shortages"][0]["requested"], &short["shortages"][0]["available"]), (&json!(100), &json!(0)));
});

both_engines!(a_shortage_names_what_holds_the_rest_to_those_who_may_see_stock, async |shop| {
    let (owner, sam) = (shop.owner(), shop.a_shopper());
    let (tea, milk) = (a_product().stock(10).create(&owner).await, a_product().stock(1).create(&owner).await);
    let first = sam.post("/orders", json!({ "lines": [tea.line(4), milk.line(1)] })).await.is(201);
    let second = sam.post("/orders", json!({ "lines": [tea.line(5)] })).await.is(201);
    owner.post(&format!("/orders/{}/accept", second.id()), json!({})).await.is(200);

    let wanted = json!({ "lines": [tea.line(2)] });
    let refused = owner.post("/sales", wanted.clone()).await.is_problem(409, "insufficient_stock");
    let short = &refused["shortages"][0];
    assert_eq!((&short["available"], &short["reserved"]), (&json!(1), &json!(9)));
    let holder = |order: &tradepost_tests::Answer, quantity: u32| json!({ "order_id": order.id(), "number": order["number"], "quantity": quantity });
    assert_eq!(short["held_by"], json!([holder(&first, 4), holder(&second, 5)]), "{refused:?}");
    let refused = sam.post("/orders", wanted).await.is_problem(409, "insufficient_stock");
    let short = refused["shortages"][0].as_object().expect("a shortage");
    assert!(!short.contains_key("reserved") && !short.contains_key("held_by"), "{refused:?}");
});

both_engines!(somebody_elses_order_does_not_exist, async |shop| {
    let (owner, sam, eve) = (shop.owner(), shop.a_shopper(), shop.a_shopper());
    let tea = a_product().stock(10).create(&owner).await;
    let order = sam.post("/orders", json!({ "lines": [tea.line(1)] })).await.is(201);
    let path = format!("/orders/{}", order.id());
    let without = shop.employee(&["sales.write"]).await;
    for stranger in [&eve, &without] {
        stranger.get(&path).await.is_problem(404, "not_found");
        for body in
            [json!({ "notes": "mine now" }), json!({ "lines": [] }), json!({ "no": 1 }), json!({ "promo_code": "" })]
        {
            stranger.patch(&path, body).await.is_problem(404, "not_found");
        }
        stranger.delete(&path).await.is_problem(404, "not_found");
        stranger.post(&format!("{path}/cancel"), json!({})).await.is_problem(404, "not_found");
        stranger.post(&format!("{path}/cancel"), json!({ "no": 1 })).await.is_problem(404, "not_found");
        stranger.post(&format!("{path}/accept"), json!({})).await.is_problem(403, "forbidden");
        assert_eq!(stranger.walk("/orders").await.len(), 0);
        let customer = order["customer"]["id"].as_str().expect("a customer");
        assert_eq!(stranger.walk(&format!("/orders?customer_id={customer}")).await.len(), 0);
    }
    assert_eq!(sam.get(&path).await.is(200).json, order.json, "nothing has changed");
    for permission in ["orders.read_all", "orders.fulfil"] {
        let staff = shop.employee(&[permission]).await;
        staff.get(&path).await.is(200);
        assert_eq!(staff.walk("/orders").await.len(), 1);
    }
    let reader = shop.employee(&["orders.read_all"]).await;
    reader.patch(&path, json!({ "notes": "x" })).await.is_problem(403, "forbidden");
    reader.post(&format!("{path}/cancel"), json!({})).await.is_problem(403, "forbidden");
    reader.delete(&path).await.is_problem(403, "forbidden");
});

both_engines!(nobody_orders_for_another_without_the_permission, async |shop| {
    let (owner, sam, eve) = (shop.owner(), shop.a_shopper(), shop.a_shopper());
    let tea = a_product().stock(10).create(&owner).await;
    let order = sam.post("/orders", json!({ "lines": [tea.line(1)] })).await.is(201);
    let sams = order["customer"]["id"].clone();
    let for_sam = json!({ "lines": [tea.line(1)], "customer_id": sams });
    eve.post("/orders", for_sam.clone()).await.is_problem(403, "forbidden");
    sam.post("/orders", for_sam.clone()).await.is(201);
    shop.employee(&["sales.write"]).await.post("/orders", for_sam.clone()).await.is_problem(403, "forbidden");
    let clerk = shop.employee(&["orders.place_for_others"]).await;
    // Nor says where it is taken from.
    let from_main = json!({ "lines": [tea.line(1)], "location_id": order["location_id"] });
    let refused = sam.post("/orders", from_main).await.is_problem(403, "forbidden");
    assert_eq!(refused["permission"], "orders.place_for_others");
    let placed = clerk.post("/orders", for_sam).await.is(201);
    assert_eq!((&placed["customer"]["id"], &placed["placed_by"]), (&sams, &json!(clerk.user_id())));
    sam.get(&format!("/orders/{}", placed.id())).await.is(200);
    // Who has no customer record must say for whom.
    clerk.post("/orders", json!({ "lines": [tea.line(1)] })).await.points_at("/customer_id");
    let nobody = json!({ "lines": [tea.line(1)], "customer_id": "01890000-0000-7000-8000-000000000000" });
    clerk.post("/orders", nobody).await.points_at("/customer_id");
    for field in ["placed_by", "user_id", "by", "actor", "principal", "status", "unit_price", "total", "discount"] {
        let mut body = json!({ "lines": [tea.line(1)] });
        body[field] = json!(owner.token());
        eve.post("/orders", body).await.points_at(&format!("/{field}"));
    }
    assert_eq!(tea.stock(&owner).await, [10.0, 3.0, 7.0]);
});

both_engines!(what_is_not_on_sale_cannot_be_ordered_and_stays_readable_in_old_orders, async |shop| {
    let (owner, sam) = (shop.owner(), shop.a_shopper());
    let tea = a_product().with("name", "Old tea").stock(10).create(&owner).await;
    let path = format!("/products/{}", tea.id);
    let body = json!({ "lines": [tea.line(1)] });
    let order = sam.post("/orders", body.clone()).await.is(201);
    owner.patch(&path, json!({ "enabled": false, "name": "New tea" })).await.is(200);
    let refused = sam.post("/orders", body.clone()).await.is_problem(409, "product_unavailable");
    let text = refused.json.to_string();
    assert!(refused["product_id"] == tea.id && !text.contains(&tea.sku) && !text.contains("New tea"), "{text}");
    let for_sam = json!({ "lines": [tea.line(1)], "customer_id": order["customer"]["id"] });
    assert_eq!(owner.post("/orders", for_sam).await.is_problem(409, "product_unavailable")["sku"], tea.sku);
    owner.delete(&path).await.is_problem(409, "in_use");
    sam.post(&format!("/orders/{}/cancel", order.id()), json!({})).await.is(200);
    owner.delete(&path).await.is(204);
    sam.post("/orders", body).await.is_problem(409, "product_unavailable");
    let read = sam.get(&format!("/orders/{}", order.id())).await.is(200);
    assert_eq!((&read["lines"][0]["name"], &read["lines"][0]["sku"]), (&json!("Old tea"), &json!(tea.sku)));
});

both_engines!(bad_input_is_a_clear_refusal, async |shop| {
    let (owner, sam) = (shop.owner(), shop.a_shopper());
    let tea = a_product().stock(10).create(&owner).await;
    let unknown = json!({ "product_id": "01890000-0000-7000-8000-000000000000", "quantity": 1 });
    let many: Vec<Value> = (0..500).map(|_| tea.line(1)).collect();
    let table: Vec<(Value, &str)> = vec![
        (json!({ "lines": [] }), "/lines"),
        (json!({}), "/lines"),
        (json!({ "lines": null }), "/lines"),
        (json!({ "lines": many }), "/lines"),
        (json!({ "lines": [tea.line(0)] }), "/lines/0/quantity"),
        (json!({ "lines": [tea.line(-1)] }), "/lines/0/quantity"),
        (json!({ "lines": [tea.line(1.5)] }), "/lines/0/quantity"),
        (json!({ "lines": [tea.line(1_000_000_000_000_u64)] }), "/lines/0/quantity"),
        (json!({ "lines": [tea.line(1e300)] }), "/lines/0/quantity"),
        (json!({ "lines": [tea.line("1")] }), "/lines/0/quantity"),
        (json!({ "lines": [tea.line(1), unknown] }), "/lines/1/product_id"),
        (json!({ "lines": [{ "product_id": "tea", "quantity": 1 }] }), "/lines/0/product_id"),
        (json!({ "lines": [{ "quantity": 1 }] }), "/lines/0/product_id"),
        (json!({ "lines": [tea.line(1)], "promo_code": "" }), "/promo_code"),
        (json!({ "lines": [tea.line(1)], "promo_code": "a\u{0}b" }), "/promo_code"),
        (json!({ "lines": [tea.line(1)], "promo_code": "x".repeat(65) }), "/promo_code"),
        (json!({ "lines": [tea.line(1)], "notes": "x".repeat(501) }), "/notes"),
        (json!({ "lines": [tea.line(1)], "notes": "a\u{0}b" }), "/notes"),
    ];
    for (body, pointer) in table {
        sam.post("/orders", body).await.points_at(pointer);
    }
    let elsewhere = json!({ "lines": [tea.line(1)], "location_id": tea.id, "customer_id": tea.id });
    owner.post("/orders", elsewhere).await.points_at("/location_id");
    for body in ["", "{", "[]", "null", "\"x\""] {
        sam.post("/orders", json!({})).raw("application/json", body).await.is(400);
    }
    sam.post("/orders", json!({})).raw("text/plain", "{}").await.is_problem(415, "unsupported_media_type");
    assert_eq!(tea.stock(&owner).await, [10.0, 0.0, 10.0]);
    assert_eq!(shop.database.number("select count(*) from orders"), 0);
});

both_engines!(orders_are_found_by_what_is_known_of_them, async |shop| {
    let (owner, sam, ann) = (shop.owner(), shop.a_shopper(), shop.a_shopper());
    let tea = a_product().price("2.00").with("name", "Assam").stock(100).create(&owner).await;
    let salt = a_product().price("3.00").with("name", "Salt").stock(100).create(&owner).await;
    let promo = a_promo().with("code", "Spring").create(&owner).await;
    let small = sam.post("/orders", json!({ "lines": [tea.line(1)] })).await.is(201);
    let promoted = json!({ "lines": [salt.line(2)], "promo_code": promo.code.to_lowercase(), "notes": "by the river" });
    let promoted = sam.post("/orders", promoted).await.is(201);
    let large = ann.post("/orders", json!({ "lines": [tea.line(10), salt.line(1)] })).await.is(201);
    owner.post(&format!("/orders/{}/accept", large.id()), json!({})).await.is(200);
    let (customer, number) = (ann.walk("/orders").await[0]["customer"]["id"].clone(), small["number"].clone());
    let anns_mail = owner.get(&format!("/users/{}", ann.user_id())).await.is(200)["email"].clone();
    let (customer, mail) = (customer.as_str().expect("an id"), anns_mail.as_str().expect("an address").to_uppercase());
    let placed_at = promoted["created_at"].as_str().expect("a time").to_owned();

    let (s, p, l) = (small.id(), promoted.id(), large.id());
    let all = [l.as_str(), &p, &s];
    let table: Vec<(String, Vec<&str>)> = vec![
        (String::new(), all.to_vec()),
        ("status=pending".into(), vec![&p, &s]),
        ("status=accepted".into(), vec![&l]),
        (format!("customer_id={customer}"), vec![&l]),
        (format!("user_email={mail}"), vec![&l]),
        ("promo_code=SPRING".into(), vec![&p]),
        (format!("number={number}"), vec![&s]),
        ("total_min=5.00".into(), vec![&l, &p]),
        ("total_max=5.00".into(), vec![&p, &s]),
        ("total_min=2.01&total_max=22.99".into(), vec![&p]),
        ("discount_min=1.00".into(), vec![&p]),
        ("discount_max=0.99".into(), vec![&l, &s]),
        (format!("created_after={placed_at}"), vec![&l, &p]),
        (format!("created_before={placed_at}"), vec![&s]),
        ("search=RIVER".into(), vec![&p]),
        ("search=assam".into(), vec![&l, &s]),
        (format!("search={}", salt.sku), vec![&l, &p]),
        ("ordering=total".into(), vec![&s, &p, &l]),
        ("ordering=-discount,-total".into(), vec![&p, &l, &s]),
        ("ordering=created_at".into(), vec![&s, &p, &l]),
        ("status=shipped".into(), vec![]),
    ];
    for (query, expected) in table {
        for limit in [1, 200] {
            let found = owner.walk(&format!("/orders?limit={limit}&{query}")).await;
            let ids: Vec<&str> = found.iter().filter_map(|order| order["id"].as_str()).collect();
            assert_eq!(ids, expected, "{query} by {limit}");
        }
    }
    assert_eq!(sam.walk("/orders").await.len(), 2, "one's own");
    assert_eq!(sam.get("/orders?count=true").await.is(200)["count"], 2);
    for query in ["status=lost", "total_min=x", "number=x", "ordering=number", "colour=red", "customer_id=7"] {
        owner.get(&format!("/orders?{query}")).await.is_problem(400, "validation");
    }
});

both_engines!(an_order_of_a_hundred_lines_costs_as_many_statements_as_one_of_one, async |shop| {
    let (owner, sam) = (shop.owner(), shop.a_shopper());
    let mut lines = Vec::new();
    for _ in 0..100 {
        lines.push(a_product().stock(1_000).create(&owner).await.line(1));
    }
    let one =
        shop.statements_of(async || drop(sam.post("/orders", json!({ "lines": lines[..1] })).await.is(201))).await;
    let all = shop.statements_of(async || drop(sam.post("/orders", json!({ "lines": lines })).await.is(201))).await;
    assert_eq!(one, all, "statements for 1 line and for 100");
    let list = shop.statements_of(async || drop(sam.get("/orders?limit=1").await.is(200))).await;
    let more = shop.statements_of(async || drop(sam.get("/orders?limit=6").await.is(200))).await;
    assert_eq!(list, more, "statements for a list of 1 and of 6");
});

both_engines!(orders_keep_the_conventions_of_etags_and_keys, async |shop| {
    let (owner, sam) = (shop.owner(), shop.a_shopper());
    let tea = a_product().stock(10).create(&owner).await;
    let body = json!({ "lines": [tea.line(1)] });
    let order = sam.post("/orders", body.clone()).key("o-1").await.is(201);
    let again = sam.post("/orders", body.clone()).key("o-1").await.is(201);
    assert!(again.was_replayed() && again.bytes() == order.bytes() && again.etag() == order.etag());
    sam.post("/orders", json!({ "lines": [tea.line(2)] })).key("o-1").await.is_problem(422, "idempotency_key_reused");
    let path = format!("/orders/{}", order.id());
    sam.get(&path).header("if-none-match", &order.etag()).await.is(304);
    let edited = sam.patch(&path, json!({ "notes": "later" })).if_match(&order.etag()).await.is(200);
    let stale = || sam.patch(&path, json!({ "notes": "never" })).if_match(&order.etag());
    stale().await.is_problem(412, "precondition_failed");
    sam.post(&format!("{path}/cancel"), json!({})).if_match(&order.etag()).await.is_problem(412, "precondition_failed");
    sam.get(&format!("{path}?x=1")).await.is_problem(400, "validation");
    let cancelled = sam.post(&format!("{path}/cancel"), json!({})).if_match(&edited.etag()).key("c-1").await.is(200);
    assert_eq!(cancelled["status"], "cancelled");
    let again = sam.post(&format!("{path}/cancel"), json!({})).if_match(&edited.etag()).key("c-1").await.is(200);
    assert!(again.was_replayed());
    assert_eq!(tea.stock(&owner).await, [10.0, 0.0, 10.0]);
});
