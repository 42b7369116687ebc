//! `/promo-codes`: exact discounts, honest refusals, and codes as secrets.

use serde_json::{Value, json};
use tradepost_tests::{Answer, Client, Product, a_product, a_promo, both_engines};

/// Minor units of a decimal string with two decimals.
fn cents(amount: &Value) -> i64 {
    let text = amount.as_str().unwrap_or_else(|| panic!("no amount: {amount}"));
    let (whole, rest) = text.split_once('.').unwrap_or_else(|| panic!("no decimals: {text}"));
    assert_eq!(rest.len(), 2, "{text}");
    format!("{whole}{rest}").parse().expect("digits")
}

#[track_caller]
fn adds_up(order: &Answer) {
    let [subtotal, discount, total] = ["subtotal", "discount", "total"].map(|sum| cents(&order[sum]));
    assert!(discount + total == subtotal && (0..=subtotal).contains(&discount), "{order:?}");
}

async fn place(by: &Client, line: Value, code: &str) -> Answer {
    by.post("/orders", json!({ "lines": [line], "promo_code": code })).await
}

both_engines!(discounts_are_exact, async |shop| {
    let (owner, sam) = (shop.owner(), shop.a_shopper());
    let fixed = |amount: &str| a_promo().with("amount", amount);
    let percent = |percentage: &str| a_promo().percentage(percentage);
    // Price, quantity, code, discount.
    let table = [
        ("12.34", 1, percent("10"), "1.23"),
        ("100.00", 2, percent("12.5"), "25.00"),
        ("0.15", 1, percent("10"), "0.02"),
        ("0.05", 1, percent("10"), "0.01"),
        ("0.04", 1, percent("10"), "0.00"),
        ("0.01", 1, percent("0.01"), "0.00"),
        ("100.00", 1, percent("0.01"), "0.01"),
        ("33.33", 3, percent("33.33"), "33.33"),
        ("9.99", 7, percent("100"), "69.93"),
        ("80.00", 1, percent("50").with("max_discount", "10.00"), "10.00"),
        ("20.00", 1, percent("50").with("max_discount", "10.00"), "10.00"),
        ("19.98", 1, percent("50").with("max_discount", "10.00"), "9.99"),
        ("5.00", 1, fixed("1.50"), "1.50"),
        ("5.00", 1, fixed("5.00"), "5.00"),
        ("5.00", 1, fixed("7.00"), "5.00"),
        ("5.00", 2, fixed("7.00").with("minimum_subtotal", "10.00"), "7.00"),
        ("1000000000.00", 1, percent("99.99"), "999900000.00"),
    ];
    for (price, quantity, promo, discount) in table {
        let tea = a_product().price(price).stock(10).create(&owner).await;
        let promo = promo.create(&owner).await;
        let lines = json!([tea.line(quantity)]);
        let quote = sam.post("/promo-codes/check", json!({ "code": promo.code, "lines": lines })).await.is(200);
        let order = place(&sam, tea.line(quantity), &promo.code.to_lowercase()).await.is(201);
        assert_eq!(order["discount"], discount, "{price} x {quantity}");
        assert_eq!((&order["promo_code"], promo.times_used(&owner).await), (&json!(promo.code), 1));
        adds_up(&order);
        let sums = |of: &Answer| json!([of["subtotal"], of["discount"], of["total"]]);
        assert_eq!(sums(&quote), sums(&order), "what is promised is what is given");
        assert_eq!(quote.json.as_object().map(serde_json::Map::len), Some(3), "{quote:?}");
    }
    shop.database.verify();
});

both_engines!(every_subtotal_and_percentage_adds_up, async |shop| {
    let (owner, sam) = (shop.owner(), shop.a_shopper());
    let tea = a_product().price("0.07").with("unit", "kg").with("unit_decimals", 3).stock(100_000).create(&owner).await;
    for number in 1..=30_u32 {
        let percentage = format!("{}.{:02}", number * 3 % 100, number * 37 % 100);
        let promo = a_promo().percentage(&percentage).create(&owner).await;
        let quantity = f64::from(number * number * 7) / 8.0;
        let order = place(&sam, tea.line(quantity), &promo.code).await.is(201);
        adds_up(&order);
    }
    shop.database.verify();
});

both_engines!(a_code_that_cannot_be_used_says_why, async |shop| {
    let (owner, sam) = (shop.owner(), shop.a_shopper());
    let tea = a_product().price("5.00").stock(100).create(&owner).await;
    let used = a_promo().with("per_customer_limit", 1).create(&owner).await;
    place(&sam, tea.line(1), &used.code).await.is(201);
    let used_up = a_promo().with("usage_limit", 1).create(&owner).await;
    place(&shop.a_shopper(), tea.line(1), &used_up.code).await.is(201);
    let removed = a_promo().create(&owner).await;
    owner.delete(&format!("/promo-codes/{}", removed.id)).await.is(204);
    let past = a_promo().with("valid_until", "2020-01-01T00:00:00.000001Z").create(&owner).await;
    let table = [
        ("NO-SUCH-CODE", "unknown"),
        (&removed.code, "unknown"),
        (&a_promo().with("active", false).create(&owner).await.code, "inactive"),
        (&a_promo().with("valid_from", "2998-01-01T00:00:00Z").create(&owner).await.code, "not_started"),
        (&past.code, "expired"),
        (&used_up.code, "used_up"),
        (&used.code, "already_used"),
        (&a_promo().with("minimum_subtotal", "5.01").create(&owner).await.code, "minimum_not_reached"),
    ];
    let reserved = tea.stock(&owner).await;
    for (code, reason) in table {
        let refused = place(&sam, tea.line(1), code).await.is_problem(409, "promo_refused");
        assert_eq!(refused["reason"], reason, "{code}");
        let asked = json!({ "code": code, "lines": [tea.line(1)] });
        let refused = sam.post("/promo-codes/check", asked).await.is_problem(409, "promo_refused");
        assert_eq!(refused["reason"], reason, "{code}");
    }
    assert_eq!(tea.stock(&owner).await, reserved, "nothing was reserved");
});

both_engines!(rejecting_and_cancelling_give_a_code_back_once, async |shop| {
    let (owner, sam) = (shop.owner(), shop.a_shopper());
    let tea = a_product().stock(100).create(&owner).await;
    let promo = a_promo().with("usage_limit", 1).with("per_customer_limit", 1).create(&owner).await;
    for step in ["reject", "cancel"] {
        let order = place(&sam, tea.line(1), &promo.code).await.is(201);
        place(&sam, tea.line(1), &promo.code).await.is_problem(409, "promo_refused");
        let path = format!("/orders/{}/{step}", order.id());
        owner.post(&path, json!({})).await.is(200);
        owner.post(&path, json!({})).await.is_problem(409, "illegal_transition");
        assert_eq!(promo.times_used(&owner).await, 0, "{step}");
    }
    let kept = place(&sam, tea.line(1), &promo.code).await.is(201);
    for step in ["accept", "ship", "deliver"] {
        owner.post(&format!("/orders/{}/{step}", kept.id()), json!({})).await.is(200);
        assert_eq!(promo.times_used(&owner).await, 1, "{step}");
    }
    let back = json!({ "lines": [tea.line(1)] });
    owner.post(&format!("/orders/{}/returns", kept.id()), back).await.is(201);
    assert_eq!(promo.times_used(&owner).await, 1, "goods that come back do not give the code back");
    shop.database.verify();
});

both_engines!(a_code_is_made_read_edited_and_removed, async |shop| {
    let owner = shop.owner();
    let body = a_promo().percentage("12.50").with("code", " Spring-24 ").with("usage_limit", 7).body();
    let made = owner.post("/promo-codes", body.clone()).await.is(201);
    let fields = ["code", "kind", "percentage", "amount", "active", "usage_limit", "per_customer_limit", "times_used"];
    let shown = json!(fields.map(|field| made[field].clone()));
    assert_eq!(shown, json!(["Spring-24", "percentage", "12.5", null, true, 7, null, 0]));
    let path = made.header("location").expect("where it is").trim_start_matches("/api/v1").to_owned();
    assert_eq!(owner.get(&path).await.is(200).json, made.json);
    let mut again = body.clone();
    again["code"] = json!("SPRING-24");
    owner.post("/promo-codes", again.clone()).await.is_problem(409, "duplicate");
    let edited = owner.patch(&path, json!({ "kind": "fixed", "amount": "3.00", "percentage": null })).await.is(200);
    assert_eq!((&edited["amount"], &edited["percentage"]), (&json!("3.00"), &json!(null)));
    owner.patch(&path, json!({ "active": false })).if_match(&made.etag()).await.is_problem(412, "precondition_failed");
    owner.patch(&path, json!({ "active": false })).if_match(&edited.etag()).await.is(200);
    let default = {
        let mut one = a_promo().body();
        one.as_object_mut().map(|o| o.remove("per_customer_limit"));
        one
    };
    assert_eq!(owner.post("/promo-codes", default).await.is(201)["per_customer_limit"], 1);
    owner.delete(&path).await.is(204);
    owner.get(&path).await.is_problem(404, "not_found");
    owner.patch(&path, json!({ "no": 1 })).await.is_problem(404, "not_found");
    owner.delete(&path).await.is_problem(404, "not_found");
    owner.post("/promo-codes", again).await.is(201);
});

both_engines!(a_code_that_makes_no_sense_is_refused, async |shop| {
    let owner = shop.owner();
    let table = [
        ("code", json!(""), "/code"),
        ("code", json!("two words"), "/code"),
        ("code", json!("x".repeat(65)), "/code"),
        ("name", json!(" "), "/name"),
        ("kind", json!("gift"), "/kind"),
        ("amount", json!("0"), "/amount"),
        ("amount", json!("-1.00"), "/amount"),
        ("amount", json!("0.001"), "/amount"),
        ("amount", json!(1), "/amount"),
        ("amount", Value::Null, "/amount"),
        ("percentage", json!("10"), "/percentage"),
        ("max_discount", json!("x"), "/max_discount"),
        ("minimum_subtotal", json!("-1"), "/minimum_subtotal"),
        ("valid_from", json!("yesterday"), "/valid_from"),
        ("valid_until", json!("2019-12-31T23:59:59Z"), "/valid_until"),
        ("usage_limit", json!(0), "/usage_limit"),
        ("usage_limit", json!(-1), "/usage_limit"),
        ("usage_limit", json!(1.5), "/usage_limit"),
        ("usage_limit", json!(5_000_000_000_u64), "/usage_limit"),
        ("per_customer_limit", json!(0), "/per_customer_limit"),
        ("times_used", json!(5), "/times_used"),
    ];
    for (field, value, pointer) in table {
        owner.post("/promo-codes", a_promo().with(field, value).body()).await.points_at(pointer);
    }
    for percentage in ["0", "100.01", "-5", "12.345", "1e1", "ten", ""] {
        owner.post("/promo-codes", a_promo().percentage(percentage).body()).await.points_at("/percentage");
    }
});

both_engines!(codes_are_found_by_what_is_known_of_them_and_only_by_staff, async |shop| {
    let (owner, sam) = (shop.owner(), shop.a_shopper());
    a_promo().with("code", "FIVE").with("name", "Five off").with("amount", "5.00").create(&owner).await;
    a_promo().with("code", "TEN").percentage("10").with("valid_from", "2022-01-01T00:00:00Z").create(&owner).await;
    let half = a_promo().with("code", "HALF").percentage("50").with("active", false);
    half.with("valid_until", "2030-01-01T00:00:00Z").create(&owner).await;
    for (query, expected) in [
        ("ordering=code", vec!["FIVE", "HALF", "TEN"]),
        ("code=ten", vec!["TEN"]),
        ("name=FIVE%20OFF", vec!["FIVE"]),
        ("kind=fixed", vec!["FIVE"]),
        ("kind=percentage&ordering=code", vec!["HALF", "TEN"]),
        ("active=false", vec!["HALF"]),
        ("amount_min=5.00", vec!["FIVE"]),
        ("amount_max=4.99", vec![]),
        ("percentage_min=10.01", vec!["HALF"]),
        ("percentage_max=10", vec!["TEN"]),
        ("valid_from_after=2022-01-01T00:00:00Z", vec!["TEN"]),
        ("valid_from_before=2022-01-01T00:00:00Z&ordering=code", vec!["FIVE", "HALF"]),
        ("valid_until_before=2031-01-01T00:00:00Z", vec!["HALF"]),
        ("valid_until_after=2031-01-01T00:00:00Z&ordering=code", vec!["FIVE", "TEN"]),
        ("search=off", vec!["FIVE"]),
    ] {
        let found = owner.walk(&format!("/promo-codes?limit=1&{query}")).await;
        let codes: Vec<&str> = found.iter().filter_map(|promo| promo["code"].as_str()).collect();
        assert_eq!(codes, expected, "{query}");
    }
    for query in ["kind=gift", "percentage_min=x", "amount_min=x", "active=yes", "ordering=amount", "colour=red"] {
        owner.get(&format!("/promo-codes?{query}")).await.is_problem(400, "validation");
    }
    sam.get("/promo-codes").await.is_problem(403, "forbidden");
});

fn ask(by: &Client, body: Value) -> tradepost_tests::Request {
    by.post("/promo-codes/check", body)
}

both_engines!(checking_a_code_redeems_nothing, async |shop| {
    let (owner, sam) = (shop.owner(), shop.a_shopper());
    let promo = a_promo().with("usage_limit", 1).with("amount", "4.00").create(&owner).await;
    let tea: Product = a_product().price("3.00").create(&owner).await;
    let hidden = a_product().with("enabled", false).create(&owner).await;
    let code = promo.code.as_str();
    for _ in 0..3 {
        let quote = ask(&sam, json!({ "code": code, "lines": [tea.line(1), tea.line(1)] })).await.is(200);
        assert_eq!(quote.json, json!({ "subtotal": "6.00", "discount": "4.00", "total": "2.00" }));
    }
    assert_eq!(promo.times_used(&owner).await, 0);
    ask(&sam, json!({ "code": code, "cart": true })).await.is_problem(409, "cart_empty");
    sam.put(&format!("/cart/items/{}", tea.id), json!({ "quantity": 1 })).await.is(200);
    let quote = ask(&sam, json!({ "code": code, "cart": true })).key("c-1").await.is(200);
    assert_eq!(quote.json, json!({ "subtotal": "3.00", "discount": "3.00", "total": "0.00" }));
    ask(&sam, json!({ "code": code, "lines": [hidden.line(1)] })).await.is_problem(409, "product_unavailable");
    let unknown = json!({ "product_id": promo.id, "quantity": 1 });
    for (body, pointer) in [
        (json!({ "code": code }), "/lines"),
        (json!({ "code": code, "lines": [tea.line(1)], "cart": true }), "/cart"),
        (json!({ "code": code, "lines": [] }), "/lines"),
        (json!({ "code": code, "lines": [tea.line(0)] }), "/lines/0/quantity"),
        (json!({ "code": code, "lines": [tea.line(1), unknown] }), "/lines/1/product_id"),
        (json!({ "code": "a\u{0}b", "cart": true }), "/code"),
        (json!({ "cart": true }), "/code"),
    ] {
        ask(&sam, body).await.points_at(pointer);
    }
});

both_engines!(a_code_is_checked_for_a_basket_of_several_products, async |shop| {
    let (owner, sam) = (shop.owner(), shop.a_shopper());
    let tea = a_product().price("2.50").stock(10).create(&owner).await;
    let cake = a_product().price("3.00").stock(10).create(&owner).await;
    let promo = a_promo().percentage("10").create(&owner).await;
    let lines = json!([tea.line(2), cake.line(1), tea.line(1)]);
    let quote = sam.post("/promo-codes/check", json!({ "code": promo.code, "lines": lines })).await.is(200);
    assert_eq!([&quote["subtotal"], &quote["discount"], &quote["total"]], ["10.50", "1.05", "9.45"]);
});
