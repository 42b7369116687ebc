//! What holds for every endpoint: problems, strictness, versions, request ids, limits, the order of checks.

use serde_json::{Value, json};
use tradepost_tests::{Client, Request, a_product, both_engines};

const UNKNOWN: &str = "01890000-0000-7000-8000-000000000000";

fn verb(client: &Client, method: &str, path: &str) -> Request {
    client.request(method.parse().expect("a method"), path)
}

both_engines!(unknown_paths_and_methods_are_problems_too, async |shop| {
    let owner = shop.owner();
    for path in ["/nothing", "/products/x/y/z", "/api/nothing", "/api/v2/products"] {
        for client in [&owner, &shop.anonymous()] {
            client.get(path).await.is_problem(404, "not_found");
        }
    }
    for (method, path) in [("PUT", "/products"), ("DELETE", "/sales"), ("PATCH", "/healthz"), ("POST", "/me")] {
        let refused = verb(&owner, method, path).await.is_problem(405, "method_not_allowed");
        assert!(refused.header("allow").is_some_and(|methods| methods.contains("GET")), "{refused:?}");
    }
});

both_engines!(an_unknown_id_is_404_whatever_it_looks_like, async |shop| {
    let owner = shop.owner();
    for place in [
        "products",
        "categories",
        "locations",
        "users",
        "customers",
        "sales",
        "inventory",
        "stock-movements",
        "pos-connections",
        "pos-events",
    ] {
        for id in [UNKNOWN, "not-an-id", "0", "%00", "..%2f", "\u{1f375}", &"9".repeat(500)] {
            owner.get(&format!("/{place}/{id}")).await.is_problem(404, "not_found");
        }
    }
});

both_engines!(a_body_that_cannot_be_read_says_why, async |shop| {
    let owner = shop.owner();
    let post =
        |content_type: &str, body: &[u8]| owner.post("/categories", json!(null)).raw(content_type, body.to_vec());
    for body in ["", "{", "{\"name\": \"Tea\",}", "nonsense", "{\"name\": \"Tea\"} x", "\u{feff}{}"] {
        post("application/json", body.as_bytes()).await.is_problem(400, "malformed");
    }
    post("application/json", b"{\"name\": \"caf\xe9\"}").await.is_problem(400, "malformed");
    post("application/json", "[".repeat(100_000).as_bytes()).await.is(400);
    post("application/json", format!("{{\"name\": {}1{}}}", "[".repeat(5_000), "]".repeat(5_000)).as_bytes())
        .await
        .is(400);
    for content_type in ["text/plain", "application/xml", "multipart/form-data; boundary=x"] {
        post(content_type, b"{\"name\": \"Tea\"}").await.is_problem(415, "unsupported_media_type");
    }
    let huge = format!("{{\"name\": \"{}\"}}", "x".repeat(1024 * 1024 + 1));
    post("application/json", huge.as_bytes()).await.is_problem(413, "payload_too_large");
    post("application/json; charset=utf-8", b"{\"name\": \"Tea\"}").await.is(201);
});

both_engines!(unknown_fields_and_wrong_types_are_refused_at_the_field, async |shop| {
    let owner = shop.owner();
    owner.post("/categories", json!({ "name": "Tea", "colour": "green" })).await.points_at("/colour");
    owner.post("/categories", json!({ "name": 5 })).await.points_at("/name");
    owner.post("/categories", json!({})).await.points_at("/name");
    owner.post("/categories", json!({ "name": null })).await.points_at("/name");
    owner
        .post("/sales", json!({ "lines": [{ "product_id": UNKNOWN, "quantity": true }] }))
        .await
        .points_at("/lines/0/quantity");
    owner.post("/sales", json!({ "lines": "all" })).await.points_at("/lines");
    for body in [json!([]), json!("Tea"), json!(null), json!(7)] {
        owner.post("/categories", body).await.is(400);
    }
    let twice = owner.post("/categories", json!(null)).raw("application/json", "{\"name\": \"a\", \"name\": \"b\"}");
    twice.await.is(400);
});

both_engines!(unknown_and_senseless_query_parameters_are_400, async |shop| {
    let owner = shop.owner();
    for query in [
        "colour=green",
        "limit=0",
        "limit=201",
        "limit=ten",
        "limit=-1",
        "count=maybe",
        "cursor=nonsense",
        "ordering=colour",
        "price_min=x",
        "enabled=perhaps",
        "category_id=tea",
        "ordering=name,name",
        "limit=5&limit=6",
    ] {
        owner.get(&format!("/products?{query}")).await.is(400);
    }
    for place in [
        "users",
        "categories",
        "locations",
        "inventory",
        "stock-movements",
        "sales",
        "customers",
        "pos-connections",
        "pos-events",
    ] {
        owner.get(&format!("/{place}?colour=green")).await.is(400);
        owner.get(&format!("/{place}?limit=1000")).await.is(400);
    }
    let tea = a_product().create(&owner).await;
    owner.get(&format!("/products/{}?colour=green", tea.id)).await.is(400);
    owner.patch(&format!("/products/{}?colour=green", tea.id), json!({ "price": "1.00" })).await.is(400);
    owner.post("/categories?colour=green", json!({ "name": "Tea" })).await.is(400);
    shop.anonymous().post("/auth/login?colour=green", json!({ "login": "x", "password": "y" })).await.is(400);
});

both_engines!(a_problem_carries_the_requests_id, async |shop| {
    let mine = shop.anonymous().get("/me").header("x-request-id", "till-7.request_42").await.is(401);
    assert_eq!(mine.header("x-request-id"), Some("till-7.request_42"));
    assert!(mine["instance"].as_str().is_some_and(|instance| instance.contains("till-7.request_42")), "{mine:?}");
    let made = shop.anonymous().get("/healthz").await.is(200);
    let other = shop.anonymous().get("/healthz").await.is(200);
    assert_ne!(made.header("x-request-id"), other.header("x-request-id"));
    for odd in ["x".repeat(5_000), "a\tb".to_owned(), "caf\u{e9}".to_owned()] {
        let answer = shop.anonymous().get("/healthz").header("x-request-id", &odd).await.is(200);
        assert!(answer.header("x-request-id").is_some_and(|id| id.len() <= 255), "{answer:?}");
    }
});

both_engines!(a_version_is_checked_inside_and_a_known_body_is_not_sent_again, async |shop| {
    let owner = shop.owner();
    let made = owner.post("/categories", json!({ "name": "Tea" })).await.is(201);
    let path = format!("/categories/{}", made.id());
    let read = owner.get(&path).await.is(200);
    assert_eq!(read.etag(), made.etag());
    assert!(read.header("vary").is_some_and(|vary| vary.to_lowercase().contains("authorization")), "{read:?}");
    let unchanged = owner.get(&path).header("if-none-match", &read.etag()).await.is(304);
    assert!(unchanged.bytes().is_empty() && unchanged.etag() == read.etag());
    owner.get(&path).header("if-none-match", "*").await.is(304);
    owner.get(&path).header("if-none-match", &format!("\"x\", W/{}", read.etag())).await.is(304);
    let edited = owner.patch(&path, json!({ "description": "leaves" })).if_match(&read.etag()).await.is(200);
    assert_ne!(edited.etag(), read.etag());
    owner.get(&path).header("if-none-match", &read.etag()).await.is(200);
    owner
        .patch(&path, json!({ "description": "bags" }))
        .if_match(&read.etag())
        .await
        .is_problem(412, "precondition_failed");
    owner.delete(&path).if_match(&read.etag()).await.is_problem(412, "precondition_failed");
    owner.patch(&path, json!({ "description": "bags" })).if_match("*").await.is(200);
    for odd in ["", "nonsense", "\"\"", "W/\"1-x\""] {
        owner.patch(&path, json!({ "description": "x" })).if_match(odd).await.is_problem(400, "validation");
    }
    let nobodys = "\"999999999999999999999999-x\"";
    owner.patch(&path, json!({ "description": "x" })).if_match(nobodys).await.is_problem(412, "precondition_failed");
    assert_eq!(owner.get(&path).await.is(200)["description"], "bags");
});

both_engines!(of_two_edits_of_one_version_one_wins, async |shop| {
    let owner = shop.owner();
    let made = owner.post("/categories", json!({ "name": "Tea" })).await.is(201);
    let answers = tradepost_tests::at_once(10, |number| {
        let body = json!({ "description": format!("edit {number}") });
        owner.patch(&format!("/categories/{}", made.id()), body).if_match(&made.etag()).into_future()
    })
    .await;
    assert_eq!(answers.iter().filter(|answer| answer.status() == 200).count(), 1, "{answers:?}");
    assert_eq!(answers.iter().filter(|answer| answer.status() == 412).count(), 9, "{answers:?}");
});

both_engines!(selling_a_product_does_not_raise_its_version, async |shop| {
    let owner = shop.owner();
    let tea = a_product().stock(10).create(&owner).await;
    let path = format!("/products/{}", tea.id);
    let before = owner.get(&path).await.is(200);
    owner.post("/sales", json!({ "lines": [tea.line(1)] })).await.is(201);
    let after = owner.get(&path).header("if-none-match", &before.etag()).await.is(200);
    assert_ne!(after.etag(), before.etag(), "its body has another figure");
    owner.patch(&path, json!({ "description": "green" })).if_match(&before.etag()).await.is(200);
});

both_engines!(checks_come_in_the_promised_order, async |shop| {
    let owner = shop.owner();
    let nobody = shop.anonymous();
    let clerk = shop.employee(&["stock.read"]).await;
    let bad = json!({ "no_such_field": 1 });
    let known = owner.post("/categories", json!({ "name": "Tea" })).await.is(201);
    let (here, nowhere) = (format!("/categories/{}", known.id()), format!("/categories/{UNKNOWN}"));
    nobody.patch(&nowhere, bad.clone()).await.is_problem(401, "unauthenticated");
    nobody.patch(&nowhere, json!(null)).raw("text/plain", "x").await.is_problem(401, "unauthenticated");
    clerk.patch(&nowhere, bad.clone()).await.is_problem(403, "forbidden");
    owner.patch(&nowhere, bad.clone()).if_match("\"9-x\"").await.is_problem(404, "not_found");
    owner.patch(&here, bad).if_match("\"9-x\"").await.is(400);
    owner.post("/categories", json!({ "name": "Milk" })).await.is(201);
    owner.patch(&here, json!({ "name": "Milk" })).if_match("\"9-x\"").await.is_problem(412, "precondition_failed");
    owner.patch(&here, json!({ "name": "Milk" })).await.is_problem(409, "duplicate");
    let sale = format!("/sales/{UNKNOWN}");
    owner.patch(&sale, json!({ "lines": 7 })).await.is_problem(404, "not_found");
    owner.post(&format!("{sale}/refunds"), json!({ "lines": 7 })).await.is_problem(404, "not_found");
    owner.post(&format!("/inventory/{UNKNOWN}/adjustments"), json!({})).await.is_problem(404, "not_found");
});

both_engines!(text_is_trimmed_bounded_and_free_of_nul, async |shop| {
    let owner = shop.owner();
    let made = owner.post("/categories", json!({ "name": "  Gr\u{fc}ner Tee \u{1f375} " })).await.is(201);
    assert_eq!(made["name"], "Gr\u{fc}ner Tee \u{1f375}");
    owner.post("/categories", json!({ "name": "GR\u{dc}NER TEE \u{1f375}" })).await.is_problem(409, "duplicate");
    for name in [json!(""), json!("   "), json!("a\u{0}b"), json!("x".repeat(201))] {
        owner.post("/categories", json!({ "name": name })).await.points_at("/name");
    }
    owner.post("/categories", json!({ "name": "\u{e9}".repeat(200) })).await.is(201);
    owner
        .post("/categories", json!({ "name": "Tea", "description": "x".repeat(10_001) }))
        .await
        .points_at("/description");
    let hostile = "'; drop table sales; -- %_\\ \"<script>";
    let made = owner.post("/categories", json!({ "name": hostile })).await.is(201);
    assert_eq!(owner.get(&format!("/categories/{}", made.id())).await.is(200)["name"], hostile);
});

both_engines!(documentation_is_served_with_all_it_needs, async |shop| {
    let nobody = shop.anonymous();
    let document = nobody.get("/api/openapi.json").await.is(200);
    assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")), "{}", document["openapi"]);
    for page in ["/api/docs", "/api/docs/", "/api/redoc"] {
        let answer = nobody.get(page).await.is(200);
        assert!(answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html")), "{answer:?}");
        let text = answer.text();
        let parts = text.split(['"', '\'']).filter(|part| part.starts_with("http"));
        let from_elsewhere: Vec<&str> =
            parts.filter(|part| part.contains("cdn") || part.ends_with(".js") || part.ends_with(".css")).collect();
        assert!(from_elsewhere.is_empty(), "{page} needs {from_elsewhere:?}");
    }
});

both_engines!(health_says_that_the_process_and_its_database_are_well, async |shop| {
    let nobody = shop.anonymous();
    nobody.get("/healthz").await.is(200);
    nobody.get("/readyz").await.is(200);
    assert!(nobody.get("/metrics").await.is(200).text().contains("tradepost_sql_statements_total"));
    let head = verb(&nobody, "HEAD", "/api/v1/products").await;
    assert!(head.bytes().is_empty() && [200, 405].contains(&head.status()), "{head:?}");
});

both_engines!(times_are_utc_and_money_is_text, async |shop| {
    let owner = shop.owner();
    let tea = a_product().price("2.50").stock(1).create(&owner).await;
    let product: &Value = &tea.json;
    for field in ["created_at", "updated_at"] {
        assert!(product[field].as_str().is_some_and(|time| time.ends_with('Z') && time.contains('T')), "{product}");
    }
    assert_eq!((&product["price"], product["currency"].as_str().map(str::len)), (&json!("2.50"), Some(3)));
    for price in [
        json!(2.5),
        json!("2,50"),
        json!("0"),
        json!("-1.00"),
        json!("1e3"),
        json!("2.505"),
        json!("NaN"),
        json!("1000000000.01"),
    ] {
        owner.patch(&format!("/products/{}", tea.id), json!({ "price": price })).await.points_at("/price");
    }
});

#[test]
fn too_many_at_once_are_told_to_come_again_and_nothing_is_half_done() {
    for engine in [tradepost_tests::Engine::Sqlite, tradepost_tests::Engine::Postgres] {
        tradepost_tests::block_on(async {
            let narrow = [("TRADEPOST_QUEUE", "16"), ("TRADEPOST_DATABASE_CONNECTIONS", "1")];
            let shop = tradepost_tests::Shop::open_with(engine, &narrow).await;
            let owner = shop.owner();
            let tea = a_product().stock(10_000).create(&owner).await;
            let answers = tradepost_tests::at_once(400, |number| {
                let sale = json!({ "lines": [tea.line(1)] });
                let request =
                    if number % 2 == 0 { owner.post("/sales", sale) } else { owner.get("/products?count=true") };
                request.into_future()
            })
            .await;
            for answer in answers.iter().filter(|answer| ![200, 201].contains(&answer.status())) {
                assert_eq!((answer.status(), answer.code()), (503, "unavailable"), "{answer:?}");
                assert!(answer.header("retry-after").is_some(), "{answer:?}");
            }
            let sold = answers.iter().filter(|answer| answer.status() == 201).count();
            assert_eq!(tea.on_hand(&owner).await, (10_000 - sold) as f64);
            shop.database.verify();
        });
    }
}

both_engines!(numbers_and_times_at_their_limits_are_taken_or_refused_never_mistaken, async |shop| {
    let owner = shop.owner();
    let tea = a_product().stock(10).create(&owner).await;
    let dear = a_product().price("1000000000.00").with("unit_decimals", 5).stock(1_000_000_000).create(&owner).await;
    let path = "/sales";
    let sell = |quantity: &str| {
        let body = format!("{{\"lines\": [{{\"product_id\": \"{}\", \"quantity\": {quantity}}}]}}", tea.id);
        owner.post(path, json!(null)).raw("application/json", body)
    };
    for good in ["1", "1.0", "1e0", "10E-1", "1.00000"] {
        assert_eq!(sell(good).await.is(201)["lines"][0]["quantity"], 1, "{good}");
    }
    for bad in [
        "-0",
        "0.0",
        "1e-7",
        "1e400",
        "-1e400",
        "99999999999999999999999999",
        "01",
        "+1",
        ".5",
        "0x1",
        "NaN",
        "Infinity",
    ] {
        sell(bad).await.is(400);
    }
    assert_eq!(tea.on_hand(&owner).await, 5.0);
    owner.post(path, json!({ "lines": [dear.line(1_000_000_000)] })).await.is(400);
    owner.post(path, json!({ "lines": [dear.line(0.00001)] })).await.is(201);
    for (at, status) in [
        ("2020-02-29T23:59:59Z", 201),
        ("2020-01-01T03:00:00.123456Z", 201),
        ("1970-01-01T00:00:00Z", 201),
        ("2021-02-29T00:00:00Z", 400),
        ("2020-01-01", 400),
        ("2020-01-01T25:00:00Z", 400),
        ("yesterday", 400),
        ("", 400),
    ] {
        let sale = owner.post(path, json!({ "lines": [dear.line(1)], "occurred_at": at })).await.is(status);
        if status == 201 {
            assert!(
                sale["occurred_at"].as_str().is_some_and(|kept| kept.starts_with(&at[..19]) && kept.ends_with('Z')),
                "{sale:?}"
            );
        }
    }
    for at in [
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00Z",
        "-9999-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "2016-12-31T23:59:60Z",
        "+262000-01-01T00:00:00Z",
    ] {
        let sale = owner.post(path, json!({ "lines": [dear.line(1)], "occurred_at": at })).await;
        assert!([201, 400].contains(&sale.status()), "{sale:?}");
        for filter in ["created_after", "created_before"] {
            let listed = owner.get(&format!("/sales?{filter}={}", at.replace('+', "%2B"))).await;
            assert!([200, 400].contains(&listed.status()), "{listed:?}");
        }
    }
    owner.post("/categories", json!(null)).raw("application/json", r#"{"name": "\ud800"}"#).await.is(400);
    shop.database.verify();
});
