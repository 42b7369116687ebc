//! Lists: the same number of statements whatever their length, cursors that hold while data changes, filters, ordering.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use tradepost_tests::{Client, PosConnection, Product, a_pos_connection, a_product, at_once, both_engines};

async fn some_products(owner: &Client, count: usize) -> Vec<Product> {
    let owner = owner.clone();
    at_once(count, move |number| {
        let owner = owner.clone();
        async move {
            let product =
                a_product().with("name", format!("Product {number:04}")).price(&format!("{}.00", 1 + number % 50));
            product.stock(1 + number).create(&owner).await
        }
    })
    .await
}

/// One more item in each list.
async fn one_of_each(owner: &Client, till: &PosConnection, product: &Product, number: usize) {
    let unknown = json!({ "sku": "NOBODY-KNOWS", "quantity_change": 1, "reason": "x" });
    till.deliver(owner, &format!("evt-{number}"), &unknown).await.is(202);
    for (path, body) in [
        ("/sales", json!({ "lines": [product.line(1)], "customer_name": "Ada" })),
        ("/customers", json!({ "name": format!("Customer {number}") })),
        ("/categories", json!({ "name": format!("Category {number}") })),
        ("/locations", json!({ "name": format!("Location {number}"), "code": format!("l{number}") })),
        ("/pos-connections", json!({ "name": format!("Till {number}"), "dialect": "standard", "on_shortage": "hold" })),
    ] {
        owner.post(path, body).await.is(201);
    }
}

both_engines!(lists_of_1_25_and_200_items_cost_the_same_number_of_statements, async |shop| {
    let owner = shop.owner();
    let products = some_products(&owner, 210).await;
    let till = a_pos_connection(&owner, "hold").await;
    at_once(5, |worker| {
        let (owner, till, products) = (owner.clone(), till.clone(), products.clone());
        async move {
            for number in (worker..205).step_by(5) {
                one_of_each(&owner, &till, &products[number], number).await;
            }
        }
    })
    .await;
    let mut wrong = Vec::new();
    for place in [
        "products",
        "inventory",
        "stock-movements",
        "sales",
        "customers",
        "categories",
        "locations",
        "pos-connections",
        "pos-events",
    ] {
        let mut costs = BTreeMap::new();
        for limit in [1, 25, 200] {
            let path = format!("/{place}?limit={limit}");
            assert_eq!(owner.get(&path).await.is(200).items().len(), limit, "{path}");
            costs.insert(limit, shop.statements_of(async || drop(owner.get(&path).await.is(200))).await);
        }
        if costs.values().any(|cost| *cost != costs[&1] || *cost == 0 || *cost > 10) {
            wrong.push(format!("{place}: {costs:?}"));
        }
    }
    assert!(wrong.is_empty(), "statements by length: {wrong:?}");
});

both_engines!(a_walk_over_changing_data_sees_what_stayed_exactly_once, async |shop| {
    let owner = shop.owner();
    let products = some_products(&owner, 60).await;
    for ordering in ["", "&ordering=name", "&ordering=-price,name", "&ordering=created_at", "&ordering=-sku"] {
        let path = format!("/products?limit=7{ordering}");
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        let mut page = owner.get(&path).await.is(200);
        for round in 0.. {
            assert!(round < 100, "{path} has no end");
            for item in page.items() {
                *seen.entry(item["id"].as_str().expect("an id").to_owned()).or_default() += 1;
            }
            let Some(next) = page["next"].as_str().map(str::to_owned) else {
                break;
            };
            // Something comes, something goes, something is sold, between any two pages.
            let extra =
                a_product().with("name", format!("Product {:04}x{round}", round * 9)).stock(1).create(&owner).await;
            owner.post("/sales", json!({ "lines": [extra.line(1)] })).await.is(201);
            owner.delete(&format!("/products/{}", extra.id)).await.is(204);
            page = owner.get(&format!("{path}&cursor={next}")).await.is(200);
        }
        for product in &products {
            assert_eq!(seen.get(&product.id), Some(&1), "{} on {path}", product.sku);
        }
        assert!(seen.values().all(|times| *times == 1), "{path}");
    }
});

both_engines!(a_cursor_is_refused_when_altered_or_used_elsewhere, async |shop| {
    let owner = shop.owner();
    some_products(&owner, 5).await;
    let page = owner.get("/products?limit=2&ordering=name").await.is(200);
    let next = page["next"].as_str().expect("a second page").to_owned();
    owner.get(&format!("/products?limit=2&ordering=name&cursor={next}")).await.is(200);
    owner.get(&format!("/products?limit=3&ordering=name&cursor={next}")).await.is(200);
    for other in [
        "ordering=-name",
        "ordering=price",
        "ordering=name&in_stock=true",
        "ordering=name&search=product",
        "ordering=name&price_min=1.00",
    ] {
        owner.get(&format!("/products?limit=2&{other}&cursor={next}")).await.is(400);
    }
    owner.get(&format!("/categories?limit=2&cursor={next}")).await.is(400);
    let mut bytes = next.clone().into_bytes();
    for at in 0..bytes.len() {
        let before = bytes[at];
        bytes[at] = if before == b'A' { b'B' } else { b'A' };
        let altered = String::from_utf8(bytes.clone()).expect("text");
        owner.get(&format!("/products?limit=2&ordering=name&cursor={altered}")).await.is(400);
        bytes[at] = before;
    }
    for odd in ["", "x", "%00", "AAAA", &next[1..], &format!("{next}A")] {
        owner.get(&format!("/products?limit=2&ordering=name&cursor={odd}")).await.is(400);
    }
});

both_engines!(a_page_tells_how_to_get_the_next_one, async |shop| {
    let owner = shop.owner();
    some_products(&owner, 3).await;
    let page = owner.get("/products?limit=2&count=true").await.is(200);
    assert_eq!((page.items().len(), &page["count"]), (2, &json!(3)));
    let link = page.header("link").expect("a Link to the next page").to_owned();
    assert!(link.contains("rel=\"next\""), "{link}");
    let target = link.split(['<', '>']).nth(1).expect("a target in angle brackets");
    let path = target.split_once("/api/v1").expect("a path of ours").1;
    let last = owner.get(path).await.is(200);
    assert_eq!((last.items().len(), &last["next"], last.header("link")), (1, &Value::Null, None));
    assert!(owner.get("/products").await.is(200)["count"].is_null(), "nobody pays for a count that was not asked for");
});

async fn names(client: &Client, query: &str) -> Vec<String> {
    let items = client.walk(&format!("/products?{query}")).await;
    items.iter().filter_map(|item| item["name"].as_str().map(str::to_owned)).collect()
}

both_engines!(products_are_filtered_and_ordered_as_asked, async |shop| {
    let owner = shop.owner();
    let drinks = owner.post("/categories", json!({ "name": "Drinks" })).await.is(201).id();
    let made =
        [("Apple juice", "3.00", 0), ("banana", "0.30", 5), ("Cherry cola", "2.00", 1), ("\u{c4}pfel 100%", "1.00", 9)];
    for (name, price, stock) in made {
        let product = a_product().with("name", name).price(price).stock(stock).with("barcode", format!("40{stock}"));
        let product = if name.contains(['j', 'C']) { product.with("category_id", drinks.as_str()) } else { product };
        product.with("low_stock_threshold", 1).with("description", format!("about {name}")).create(&owner).await;
    }
    let expected: [(&str, &[&str]); 14] = [
        ("ordering=price", &["banana", "\u{c4}pfel 100%", "Cherry cola", "Apple juice"]),
        ("ordering=-price", &["Apple juice", "Cherry cola", "\u{c4}pfel 100%", "banana"]),
        ("ordering=name", &["Apple juice", "banana", "Cherry cola", "\u{c4}pfel 100%"]),
        ("ordering=available,name", &["Apple juice", "Cherry cola", "banana", "\u{c4}pfel 100%"]),
        ("price_min=1.00&price_max=2.00&ordering=price", &["\u{c4}pfel 100%", "Cherry cola"]),
        ("available_min=5&ordering=name", &["banana", "\u{c4}pfel 100%"]),
        ("available_max=0", &["Apple juice"]),
        ("in_stock=true&ordering=price", &["banana", "\u{c4}pfel 100%", "Cherry cola"]),
        ("low_stock=true&ordering=name", &["Apple juice", "Cherry cola"]),
        ("search=CHERRY", &["Cherry cola"]),
        ("search=%C3%A4pfel", &["\u{c4}pfel 100%"]),
        ("search=100%25", &["\u{c4}pfel 100%"]),
        ("search=_", &[]),
        ("search=about%20juice", &["Apple juice"]),
    ];
    for (query, wanted) in expected {
        assert_eq!(names(&owner, query).await, wanted, "{query}");
    }
    let in_drinks = names(&owner, &format!("category_id={drinks}&ordering=name")).await;
    assert_eq!(in_drinks, ["Apple juice", "Cherry cola"]);
    assert_eq!(names(&owner, "search=405").await, ["banana"], "a barcode is searched too");
    assert_eq!(names(&owner, "name=BANANA").await, ["banana"], "exact, but without case");
});

both_engines!(sales_and_movements_are_listed_newest_first_and_filtered, async |shop| {
    let owner = shop.owner();
    let (tea, milk) = (a_product().stock(10).create(&owner).await, a_product().stock(10).create(&owner).await);
    let first = owner.post("/sales", json!({ "lines": [tea.line(1)] })).await.is(201);
    let second = owner.post("/sales", json!({ "lines": [milk.line(1)] })).await.is(201);
    let listed = owner.walk("/sales").await;
    assert_eq!(listed.iter().map(|sale| &sale["id"]).collect::<Vec<_>>(), [&second["id"], &first["id"]]);
    let moved = owner.walk(&format!("/stock-movements?product_id={}", tea.id)).await;
    assert_eq!(
        moved.iter().map(|movement| movement["kind"].as_str().unwrap_or_default()).collect::<Vec<_>>(),
        ["sold", "received"]
    );
    let of_the_sale = owner.walk(&format!("/stock-movements?source_type=sale&source_id={}", first.id())).await;
    assert_eq!(of_the_sale.len(), 1);
    let movement = &of_the_sale[0];
    assert_eq!(
        (&movement["on_hand_change"], &movement["on_hand_after"], &movement["seq"]),
        (&json!(-1), &json!(9), &json!(2))
    );
    let one = owner.get(&format!("/stock-movements/{}", movement["id"].as_str().expect("an id"))).await.is(200);
    assert_eq!(&one.json, movement);
    assert_eq!(owner.walk("/stock-movements?kind=sold").await.len(), 2);
    assert_eq!(owner.walk("/stock-movements?occurred_after=2999-01-01T00:00:00Z").await.len(), 0);
});
