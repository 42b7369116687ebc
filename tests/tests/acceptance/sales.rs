//! `/sales`: recording, correcting, refunding, voiding.

use serde_json::{Value, json};
use tradepost_tests::{Answer, Client, a_product, both_engines};

async fn sell(client: &Client, lines: Value) -> Answer {
    client.post("/sales", json!({ "lines": lines })).await
}

fn in_an_hour() -> &'static str {
    "2999-01-01T00:00:00Z"
}

both_engines!(a_sale_takes_stock_at_once_at_the_servers_price, async |shop| {
    let owner = shop.owner();
    let tea = a_product().price("2.50").stock(10).create(&owner).await;
    let sale = sell(&owner, json!([tea.line(3)])).await.is(201);
    assert_eq!(sale["status"], "completed");
    assert_eq!(sale["total"], "7.50");
    assert_eq!(sale["refunded_total"], "0.00");
    let line = &sale["lines"][0];
    assert_eq!(
        (&line["quantity"], &line["unit_price"], &line["line_total"]),
        (&json!(3), &json!("2.50"), &json!("7.50"))
    );
    assert_eq!((&line["sku"], &line["refunded_quantity"]), (&json!(tea.sku), &json!(0)));
    assert_eq!(tea.on_hand(&owner).await, 7.0);
    let location = sale.header("location").expect("where the sale is").to_owned();
    let read = owner.get(location.trim_start_matches("/api/v1")).await.is(200);
    assert_eq!(read.json, sale.json, "the answer to the POST is the sale");
    shop.database.verify();
});

both_engines!(two_lines_of_one_product_are_judged_together, async |shop| {
    let owner = shop.owner();
    let tea = a_product().stock(10).create(&owner).await;
    let refused = sell(&owner, json!([tea.line(6), tea.line(6)])).await.is_problem(409, "insufficient_stock");
    let shortages = refused["shortages"].as_array().expect("shortages");
    assert_eq!(shortages.len(), 1, "one per product: {refused:?}");
    assert_eq!((&shortages[0]["requested"], &shortages[0]["available"]), (&json!(12), &json!(10)));
    assert_eq!(shortages[0]["sku"], tea.sku.as_str());
    assert_eq!(tea.on_hand(&owner).await, 10.0, "a refusal changes nothing");
    let sale = sell(&owner, json!([tea.line(4), tea.line(5)])).await.is(201);
    assert_eq!(sale["lines"].as_array().expect("lines").len(), 1, "lines of one product become one line");
    assert_eq!(sale["lines"][0]["quantity"], 9);
});

both_engines!(a_shortage_names_every_product_that_is_short, async |shop| {
    let owner = shop.owner();
    let (tea, milk, salt) = (
        a_product().stock(1).create(&owner).await,
        a_product().create(&owner).await,
        a_product().stock(9).create(&owner).await,
    );
    let refused =
        sell(&owner, json!([tea.line(2), milk.line(1), salt.line(9)])).await.is_problem(409, "insufficient_stock");
    let short: Vec<&str> =
        refused["shortages"].as_array().expect("shortages").iter().filter_map(|one| one["sku"].as_str()).collect();
    assert_eq!(short.len(), 2, "{refused:?}");
    assert!(short.contains(&tea.sku.as_str()) && short.contains(&milk.sku.as_str()), "{refused:?}");
    assert_eq!(salt.on_hand(&owner).await, 9.0);
    shop.database.verify();
});

both_engines!(correcting_five_to_three_and_then_to_nine_moves_the_net_difference_at_the_old_price, async |shop| {
    let owner = shop.owner();
    let tea = a_product().price("2.00").stock(10).create(&owner).await;
    let sale = sell(&owner, json!([tea.line(5)])).await.is(201);
    let path = format!("/sales/{}", sale.id());
    owner.patch(&format!("/products/{}", tea.id), json!({ "price": "3.00" })).await.is(200);

    let three = owner.patch(&path, json!({ "lines": [tea.line(3)], "reason": "miscounted" })).await.is(200);
    assert_eq!((&three["total"], &three["lines"][0]["unit_price"]), (&json!("6.00"), &json!("2.00")));
    assert_eq!(tea.on_hand(&owner).await, 7.0);

    let nine = owner.patch(&path, json!({ "lines": [tea.line(9)] })).await.is(200);
    assert_eq!((&nine["total"], &nine["lines"][0]["unit_price"]), (&json!("18.00"), &json!("2.00")));
    assert_eq!(tea.on_hand(&owner).await, 1.0);

    let refused = owner.patch(&path, json!({ "lines": [tea.line(11)] })).await.is_problem(409, "insufficient_stock");
    let shortage = &refused["shortages"][0];
    assert_eq!(
        (&shortage["requested"], &shortage["available"]),
        (&json!(2), &json!(1)),
        "what is missing is the difference: {refused:?}"
    );
    assert_eq!(tea.on_hand(&owner).await, 1.0);
    let moved = owner.walk(&format!("/stock-movements?product_id={}&kind=corrected", tea.id)).await;
    assert_eq!(
        moved.iter().map(|movement| movement["on_hand_change"].clone()).collect::<Vec<_>>(),
        [json!(-6), json!(2)],
        "newest first"
    );
    shop.database.verify();
});

both_engines!(a_correction_may_exchange_products_and_prices_the_new_one_now, async |shop| {
    let owner = shop.owner();
    let tea = a_product().price("2.00").stock(10).create(&owner).await;
    let milk = a_product().price("1.50").stock(10).create(&owner).await;
    let sale = sell(&owner, json!([tea.line(5)])).await.is(201);
    owner.patch(&format!("/products/{}", milk.id), json!({ "price": "1.75" })).await.is(200);
    let edited = owner.patch(&format!("/sales/{}", sale.id()), json!({ "lines": [milk.line(2)] })).await.is(200);
    assert_eq!(edited["total"], "3.50");
    assert_eq!((tea.on_hand(&owner).await, milk.on_hand(&owner).await), (10.0, 8.0));
    shop.database.verify();
});

both_engines!(refunding_returns_goods_and_money_but_never_more_than_was_sold, async |shop| {
    let owner = shop.owner();
    let tea = a_product().price("2.00").stock(10).create(&owner).await;
    let sale = sell(&owner, json!([tea.line(5)])).await.is(201);
    let refunds = format!("/sales/{}/refunds", sale.id());
    let line_id = sale["lines"][0]["id"].clone();

    let partly = owner.post(&refunds, json!({ "lines": [{ "line_id": line_id, "quantity": 2 }] })).await.is(201);
    assert_eq!(
        (&partly["status"], &partly["total"], &partly["refunded_total"]),
        (&json!("partly_refunded"), &json!("10.00"), &json!("4.00"))
    );
    assert_eq!(partly["lines"][0]["refunded_quantity"], 2);
    assert_eq!(tea.on_hand(&owner).await, 7.0);

    owner.post(&refunds, json!({ "lines": [tea.line(4)] })).await.is_problem(409, "conflict");
    owner.post(&refunds, json!({ "lines": [tea.line(2), tea.line(2)] })).await.is_problem(409, "conflict");
    assert_eq!(tea.on_hand(&owner).await, 7.0);

    let broken =
        owner.post(&refunds, json!({ "lines": [tea.line(1)], "restock": false, "reason": "spilled" })).await.is(201);
    assert_eq!(broken["refunded_total"], "6.00");
    assert_eq!(tea.on_hand(&owner).await, 7.0, "what is not restocked does not return");

    let all = owner.post(&refunds, json!({ "lines": [tea.line(2)] })).await.is(201);
    assert_eq!((&all["status"], &all["refunded_total"]), (&json!("refunded"), &json!("10.00")));
    assert_eq!(tea.on_hand(&owner).await, 9.0);
    owner.post(&refunds, json!({ "lines": [tea.line(1)] })).await.is_problem(409, "conflict");
    shop.database.verify();
});

both_engines!(a_correction_never_goes_below_what_was_refunded, async |shop| {
    let owner = shop.owner();
    let tea = a_product().stock(10).create(&owner).await;
    let sale = sell(&owner, json!([tea.line(5)])).await.is(201);
    let path = format!("/sales/{}", sale.id());
    owner.post(&format!("{path}/refunds"), json!({ "lines": [tea.line(3)] })).await.is(201);
    owner.patch(&path, json!({ "lines": [tea.line(2)] })).await.is_problem(409, "conflict");
    owner.patch(&path, json!({ "lines": [tea.line(3)] })).await.is(200);
    assert_eq!(tea.on_hand(&owner).await, 10.0);
    shop.database.verify();
});

both_engines!(voiding_twice_returns_stock_once_and_keeps_the_sale, async |shop| {
    let owner = shop.owner();
    let tea = a_product().stock(10).create(&owner).await;
    let sale = sell(&owner, json!([tea.line(5)])).await.is(201);
    let path = format!("/sales/{}", sale.id());
    owner.post(&format!("{path}/refunds"), json!({ "lines": [tea.line(2)] })).await.is(201);
    assert_eq!(tea.on_hand(&owner).await, 7.0);
    owner.delete(&path).await.is(204);
    assert_eq!(tea.on_hand(&owner).await, 10.0, "what was refunded before does not return again");
    owner.delete(&path).await.is(204);
    assert_eq!(tea.on_hand(&owner).await, 10.0);
    assert_eq!(owner.get(&path).await.is(200)["status"], "voided");
    assert!(owner.walk("/sales").await.iter().any(|listed| listed["id"] == sale["id"]), "a voided sale stays readable");
    let refused = owner.patch(&path, json!({ "lines": [tea.line(1)] })).await;
    assert_eq!(refused.status(), 409, "{refused:?}");
    let refused = owner.post(&format!("{path}/refunds"), json!({ "lines": [tea.line(1)] })).await;
    assert_eq!(refused.status(), 409, "{refused:?}");
    shop.database.verify();
});

both_engines!(refunds_at_once_never_return_more_than_was_sold, async |shop| {
    let owner = shop.owner();
    let tea = a_product().stock(10).create(&owner).await;
    let sale = sell(&owner, json!([tea.line(5)])).await.is(201);
    let answers = tradepost_tests::at_once(20, |_| {
        let request = owner.post(&format!("/sales/{}/refunds", sale.id()), json!({ "lines": [tea.line(1)] }));
        request.into_future()
    })
    .await;
    assert_eq!(answers.iter().filter(|answer| answer.status() == 201).count(), 5);
    assert_eq!(tea.on_hand(&owner).await, 10.0);
    shop.database.verify();
});

both_engines!(another_price_needs_the_permission_for_it, async |shop| {
    let owner = shop.owner();
    let tea = a_product().price("2.00").stock(10).create(&owner).await;
    let line = json!([{ "product_id": tea.id, "quantity": 1, "unit_price": "1.25" }]);
    let seller = shop.employee(&["sales.write", "sales.read"]).await;
    sell(&seller, line.clone()).await.is_problem(403, "forbidden");
    let senior = shop.employee(&["sales.write", "sales.override_price"]).await;
    assert_eq!(sell(&senior, line).await.is(201)["total"], "1.25");
    for price in ["0.00", "-1.00", "1.234", "abc", "99999999999.00"] {
        let line = json!([{ "product_id": tea.id, "quantity": 1, "unit_price": price }]);
        sell(&owner, line).await.points_at("/lines/0/unit_price");
    }
});

both_engines!(a_sale_that_makes_no_sense_is_refused_at_the_field, async |shop| {
    let owner = shop.owner();
    let tea = a_product().stock(10).create(&owner).await;
    let unknown = "01890000-0000-7000-8000-000000000000";
    sell(&owner, json!([])).await.points_at("/lines");
    sell(&owner, json!([tea.line(0)])).await.points_at("/lines/0/quantity");
    sell(&owner, json!([tea.line(1), tea.line(-2)])).await.points_at("/lines/1/quantity");
    sell(&owner, json!([tea.line(1.5)])).await.points_at("/lines/0/quantity");
    sell(&owner, json!([tea.line(1e10)])).await.points_at("/lines/0/quantity");
    sell(&owner, json!([tea.line("2")])).await.points_at("/lines/0/quantity");
    sell(&owner, json!([{ "product_id": unknown, "quantity": 1 }])).await.points_at("/lines/0/product_id");
    sell(&owner, json!([{ "product_id": "tea", "quantity": 1 }])).await.points_at("/lines/0/product_id");
    let many: Vec<Value> = (0..201).map(|_| tea.line(1)).collect();
    sell(&owner, json!(many)).await.points_at("/lines");
    let with = |field: &str, value: Value| {
        let mut body = json!({ "lines": [tea.line(1)] });
        body[field] = value;
        owner.post("/sales", body)
    };
    with("occurred_at", json!(in_an_hour())).await.points_at("/occurred_at");
    with("location_id", json!(unknown)).await.points_at("/location_id");
    with("customer_id", json!(unknown)).await.points_at("/customer_id");
    with("sold_by", json!(unknown)).await.points_at("/sold_by");
    assert_eq!(tea.on_hand(&owner).await, 10.0);
    assert_eq!(shop.database.number("select count(*) from sales"), 0);
});

both_engines!(quantities_and_totals_are_exact_to_five_decimals, async |shop| {
    let owner = shop.owner();
    let rice =
        a_product().price("3.33").with("unit", "kg").with("unit_decimals", 5).stock(10.00001).create(&owner).await;
    let sale = sell(&owner, json!([rice.line(0.33333)])).await.is(201);
    assert_eq!(sale["total"], "1.11", "1.1099889 rounds half away from zero to the minor unit");
    assert_eq!(rice.on_hand(&owner).await, 9.66668);
    sell(&owner, json!([rice.line(0.000001)])).await.points_at("/lines/0/quantity");
    sell(&owner, json!([rice.line(9.66668)])).await.is(201);
    assert_eq!(rice.on_hand(&owner).await, 0.0);
    shop.database.verify();
});

both_engines!(a_sale_may_name_its_customer_one_way_or_the_other, async |shop| {
    let owner = shop.owner();
    let tea = a_product().stock(10).create(&owner).await;
    let ada = owner.post("/customers", json!({ "name": "Ada" })).await.is(201);
    let known = owner.post("/sales", json!({ "lines": [tea.line(1)], "customer_id": ada.id() })).await.is(201);
    assert_eq!((&known["customer"]["id"], &known["customer"]["name"]), (&ada["id"], &json!("Ada")));
    let passing =
        owner.post("/sales", json!({ "lines": [tea.line(1)], "customer_name": "A man with a hat" })).await.is(201);
    assert_eq!(passing["customer"]["name"], "A man with a hat");
    let both = json!({ "lines": [tea.line(1)], "customer_id": ada.id(), "customer_name": "Ada" });
    assert_eq!(owner.post("/sales", both).await.is_problem(400, "validation").status(), 400);
    let listed = owner.walk(&format!("/sales?customer_id={}", ada.id())).await;
    assert_eq!(listed.len(), 1);
});

both_engines!(a_sale_takes_from_the_location_it_names, async |shop| {
    let owner = shop.owner();
    let tea = a_product().stock(10).create(&owner).await;
    let kiosk = owner.post("/locations", json!({ "name": "Kiosk", "code": "kiosk" })).await.is(201).id();
    let at_the_kiosk = json!({ "lines": [tea.line(2)], "location_id": kiosk });
    let refused = owner.post("/sales", at_the_kiosk.clone()).await.is_problem(409, "insufficient_stock");
    assert_eq!(refused["shortages"][0]["location_id"], kiosk.as_str());
    let stock = json!({ "quantity_change": 3, "reason": "opening", "location_id": kiosk });
    owner.post(&format!("/inventory/{}/adjustments", tea.id), stock).await.is(201);
    owner.post("/sales", at_the_kiosk).await.is(201);
    let levels = owner.get(&format!("/inventory/{}", tea.id)).await.is(200).text();
    assert!(levels.contains(&kiosk), "{levels}");
    assert_eq!(tea.on_hand(&owner).await, 11.0);
    shop.database.verify();
});

both_engines!(numbers_are_unique_and_rise, async |shop| {
    let owner = shop.owner();
    let tea = a_product().stock(10).create(&owner).await;
    let mut last = 0;
    for _ in 0..3 {
        let number = sell(&owner, json!([tea.line(1)])).await.is(201)["number"].as_i64().expect("a number");
        assert!(number > last);
        last = number;
    }
});

both_engines!(an_edit_needs_the_version_it_names, async |shop| {
    let owner = shop.owner();
    let tea = a_product().stock(10).create(&owner).await;
    let sale = sell(&owner, json!([tea.line(5)])).await.is(201);
    let (path, first) = (format!("/sales/{}", sale.id()), sale.etag());
    owner.patch(&path, json!({ "lines": [tea.line(4)] })).if_match(&first).await.is(200);
    owner.patch(&path, json!({ "lines": [tea.line(3)] })).if_match(&first).await.is_problem(412, "precondition_failed");
    owner.delete(&path).if_match(&first).await.is_problem(412, "precondition_failed");
    assert_eq!(tea.on_hand(&owner).await, 6.0);
});

both_engines!(a_removed_product_is_not_sold_any_more, async |shop| {
    let owner = shop.owner();
    let tea = a_product().stock(10).create(&owner).await;
    let sale = sell(&owner, json!([tea.line(1)])).await.is(201);
    owner.delete(&format!("/products/{}", tea.id)).await.is(204);
    let refused = sell(&owner, json!([tea.line(1)])).await;
    assert!(["product_unavailable", "validation"].contains(&refused.code()), "{refused:?}");
    let kept = owner.get(&format!("/sales/{}", sale.id())).await.is(200);
    assert_eq!(kept["lines"][0]["sku"], tea.sku.as_str(), "history is kept");
    shop.database.verify();
});

both_engines!(only_those_who_see_stock_learn_what_is_reserved, async |shop| {
    let tea = a_product().stock(1).create(&shop.owner()).await;
    let seller = shop.employee(&["sales.write"]).await;
    for (who, sees) in [(&shop.owner(), true), (&seller, false)] {
        let refused = sell(who, json!([tea.line(2)])).await.is_problem(409, "insufficient_stock");
        assert_eq!(refused["shortages"][0]["reserved"].is_number(), sees, "{refused:?}");
    }
});

both_engines!(one_line_of_a_sale_cannot_become_two_prices, async |shop| {
    let owner = shop.owner();
    let tea = a_product().stock(10).create(&owner).await;
    let sale = sell(&owner, json!([tea.line(5)])).await.is(201);
    let line = |price: &str| json!({ "line_id": sale["lines"][0]["id"], "quantity": 1, "unit_price": price });
    let answer = owner.patch(&format!("/sales/{}", sale.id()), json!({ "lines": [line("1.00"), line("2.00")] })).await;
    assert!([200, 400].contains(&answer.status()), "{answer:?}");
    shop.database.verify();
});

both_engines!(a_sale_of_a_hundred_lines_costs_as_many_statements_as_one_of_one, async |shop| {
    let owner = shop.owner();
    let mut products = Vec::new();
    for _ in 0..100 {
        products.push(a_product().stock(10).create(&owner).await);
    }
    let mut costs = Vec::new();
    for lines in [1, 100] {
        let lines: Vec<Value> = products[..lines].iter().map(|product| product.line(1)).collect();
        let record = async || drop(sell(&owner, json!(lines)).await.is(201));
        costs.push(shop.statements_of(record).await);
    }
    assert_eq!(costs[0], costs[1]);
});
