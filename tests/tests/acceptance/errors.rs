//! Errors that a person can act on: every fault at once, with its place, what is taken, and what was most likely meant.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use tradepost_tests::{Answer, a_product, both_engines};

const UNKNOWN: &str = "01890000-0000-7000-8000-000000000000";

/// The faults of a refusal by their places: what each says.
#[track_caller]
fn faults(answer: Answer) -> BTreeMap<String, String> {
    let answer = answer.is_problem(400, "validation");
    let errors = answer["errors"].as_array().cloned().unwrap_or_default();
    let place = |error: &Value| error["pointer"].as_str().or(error["parameter"].as_str()).unwrap_or("?").to_owned();
    let found: BTreeMap<_, _> =
        errors.iter().map(|error| (place(error), error["detail"].as_str().unwrap_or_default().to_owned())).collect();
    assert_eq!(found.len(), errors.len(), "one fault for each place: {answer:?}");
    found
}

#[track_caller]
fn places(answer: Answer) -> Vec<String> {
    faults(answer).into_keys().collect()
}

both_engines!(every_fault_of_a_body_is_named_at_once, async |shop| {
    let owner = shop.owner();
    let found =
        faults(owner.post("/products", json!({ "sku": 7, "nmae": "Tea", "price": 4.5, "unit_decimals": "x" })).await);
    let expected = ["/name", "/nmae", "/price", "/sku", "/unit_decimals"];
    assert_eq!(found.keys().map(String::as_str).collect::<Vec<_>>(), expected, "{found:?}");
    assert_eq!(found["/nmae"], "there is no such field here; did you mean name?");
    assert!(found["/sku"].starts_with("this is a number; this must be text"), "{found:?}");
    assert!(found["/unit_decimals"].starts_with("this is text; this must be a whole number"), "{found:?}");
    let sale =
        json!({ "lines": [{ "productId": UNKNOWN, "quantity": "3" }, { "product_id": 7, "quantity": 1 }], "x": 1 });
    let found = faults(owner.post("/sales", sale).await);
    let expected = ["/lines/0/productId", "/lines/0/quantity", "/lines/1/product_id", "/x"];
    assert!(expected.iter().all(|place| found.contains_key(*place)), "{found:?}");
    assert!(found["/lines/0/productId"].ends_with("did you mean product_id?"), "{found:?}");
});

both_engines!(what_a_rule_refuses_stands_beside_what_the_shape_refuses, async |shop| {
    let nobody = shop.anonymous();
    let found = places(
        nobody
            .post("/auth/register", json!({ "email": "nowhere", "password": "quiet river stone", "frist_name": "M" }))
            .await,
    );
    assert!(found.contains(&"/frist_name".to_owned()), "{found:?}");
});

both_engines!(every_fault_of_a_query_is_named_at_once, async |shop| {
    let owner = shop.owner();
    let query = "limit=201&colour=green&enabled=perhaps&category_id=tea&serach=x&count=maybe";
    let found = faults(owner.get(&format!("/products?{query}")).await);
    let expected = ["category_id", "colour", "count", "enabled", "limit", "serach"];
    assert_eq!(found.keys().map(String::as_str).collect::<Vec<_>>(), expected, "{found:?}");
    assert_eq!(found["serach"], "there is no such parameter here; did you mean search?");
    assert_eq!(found["enabled"], "this must be true or false");
    let twice = faults(owner.get("/products?limit=5&limit=6&colour=green&colour=red").await);
    assert_eq!(twice.keys().map(String::as_str).collect::<Vec<_>>(), ["colour", "limit"], "{twice:?}");
    let ordering = faults(owner.get("/products?ordering=-nmae").await);
    assert!(ordering["ordering"].ends_with("did you mean name?"), "{ordering:?}");
    let both = places(owner.post("/categories?colour=green&x=1", json!({ "name": 5 })).await);
    assert_eq!(both, ["colour", "x"], "{both:?}");
});

both_engines!(numbers_beyond_all_bounds_and_names_that_stand_twice_are_named, async |shop| {
    let owner = shop.owner();
    let post = |path: &str, body: &str| owner.post(path, json!(null)).raw("application/json", body.as_bytes().to_vec());
    let found =
        faults(post("/products", r#"{"sku": "TEA", "name": "Tea", "price": "1.00", "unit_decimals": 1e400}"#).await);
    assert_eq!(found["/unit_decimals"], "this number is too large");
    let found = faults(post("/categories", r#"{"name": "a", "name": "b", "colour": 1}"#).await);
    assert_eq!(found["/name"], "this stands here twice");
    assert!(found.contains_key("/colour"), "{found:?}");
    let many = (0..5_000).map(|number| format!("\"a{number}\": {number}")).collect::<Vec<_>>().join(",");
    let answer = post("/categories", &format!("{{{many}}}")).await.is_problem(400, "validation");
    assert!(answer["errors"].as_array().is_some_and(|errors| (1..=50).contains(&errors.len())), "too many");
});

both_engines!(a_bad_body_is_answered_in_little_whatever_it_is_made_of, async |shop| {
    let nobody = shop.anonymous();
    let name = "k".repeat(60_000);
    for inside in [
        format!("{{{}}}", vec!["\"a\": 1"; 7_000].join(",")),
        format!("[{}]", vec!["1e400"; 9_000].join(",")),
        format!("{{\"\": [{}]}}", vec!["0"; 30_000].join(",")),
    ] {
        let body = format!("{{\"{name}\": {inside}}}").into_bytes();
        let answer = nobody.post("/auth/register", json!(null)).raw("application/json", body).await;
        let answer = answer.is_problem(400, "validation");
        let errors = answer["errors"].as_array().cloned().unwrap_or_default();
        assert!((3..=50).contains(&errors.len()), "{} faults", errors.len());
        assert!(answer.json.to_string().len() < 150_000, "too much");
        let pointers = errors.iter().filter_map(|error| error["pointer"].as_str());
        assert!(pointers.map(str::len).all(|length| length <= 1_000), "a place as long as what was sent");
    }
    let many = (0..3_000).map(|number| format!("a{number}&a{number}")).collect::<Vec<_>>().join("&");
    let answer = nobody.get(&format!("/products?{many}")).await.is_problem(400, "validation");
    assert!(answer["errors"].as_array().is_some_and(|errors| errors.len() == 50), "too many");
});

both_engines!(only_the_form_that_was_meant_is_spoken_of, async |shop| {
    let owner = shop.owner();
    let promo = json!({ "code": "TEA", "name": "Tea", "kind": "percentage", "amount": "5", "colour": 1 });
    let found = faults(owner.post("/promo-codes", promo).await);
    assert!(!found.contains_key("/kind"), "{found:?}");
    assert_eq!(found.get("/percentage").map(String::as_str), Some("this is required"), "{found:?}");
    let found = places(owner.post("/promo-codes/check", json!({ "promo_code": "NOPE" })).await);
    assert_eq!(found, ["/code", "/promo_code"]);
    let tea = a_product().stock(10).create(&owner).await;
    let buyer = owner.post("/customers", json!({ "name": "Nia" })).await.is(201).id();
    let sale = json!({ "lines": [tea.line(1)], "customer_id": buyer, "customer_name": "Nia" });
    let found = faults(owner.post("/sales", sale).await);
    assert!(found.values().all(|detail| !detail.contains("must be null")), "{found:?}");
});

both_engines!(limit_cursor_and_order_are_named_together_and_in_words, async |shop| {
    let owner = shop.owner();
    let found = faults(owner.get("/orders?limit=0&cursor=abc&ordering=totl&count=x").await);
    assert_eq!(found.keys().map(String::as_str).collect::<Vec<_>>(), ["count", "cursor", "limit", "ordering"]);
    assert!(found["ordering"].ends_with("did you mean total?"), "{found:?}");
    let found = faults(owner.get("/products?ordering=name,-name").await);
    assert!(found["ordering"].starts_with("name is named twice"), "{found:?}");
    let found = faults(owner.post("/products", json!({ "sku": "T", "name": "Tea", "price": "0", "x": 1 })).await);
    assert!(found["/price"].contains("more than zero") || found["/price"].contains("more than 0"), "{found:?}");
});

both_engines!(a_body_that_cannot_be_read_says_why, async |shop| {
    let nobody = shop.anonymous();
    let send = |kind: &str, body: &[u8]| nobody.post("/auth/login", json!(null)).raw(kind, body.to_vec());
    for (body, says) in [
        (&b""[..], "is empty"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
        (b"{\"login\": \"\xff\"}", "not UTF-8"),
        (b"{login: 1}", "in double quotes, at line 1, column 2"),
    ] {
        let answer = send("application/json", body).await.is_problem(400, "malformed");
        assert!(answer["detail"].as_str().is_some_and(|detail| detail.contains(says)), "{answer:?}");
    }
    send("application/json; charset=latin1", b"{}").await.is_problem(415, "unsupported_media_type");
    send("application/json; charset=UTF-8", b"{}").await.is_problem(400, "validation");
});

both_engines!(a_404_says_whether_the_path_or_the_thing_does_not_exist, async |shop| {
    let owner = shop.owner();
    for (path, near) in [
        ("/product", "/api/v1/products"),
        ("/orders/7/acept", "/api/v1/orders/{id}/accept"),
        ("/sales/", "/api/v1/sales"),
        ("/v1/products", "/api/v1/products"),
        ("/v1/prodcts", "/api/v1/products"),
    ] {
        let answer = owner.get(path).await.is_problem(404, "not_found");
        assert_eq!(answer["what"], "path");
        assert!(
            answer["detail"].as_str().is_some_and(|detail| detail.contains(&format!("did you mean {near}?"))),
            "{answer:?}"
        );
    }
    assert_eq!(
        owner.get("/api/nothing/like/it").await.is_problem(404, "not_found")["detail"],
        "There is no such path."
    );
    for (place, noun) in [
        ("products", "product"),
        ("categories", "category"),
        ("locations", "location"),
        ("users", "user"),
        ("customers", "customer"),
        ("sales", "sale"),
        ("orders", "order"),
        ("inventory", "product"),
        ("stock-movements", "movement"),
        ("promo-codes", "promo code"),
        ("pos-connections", "connection"),
        ("pos-events", "event"),
    ] {
        let what = noun.replace(' ', "_");
        for id in [UNKNOWN, "not-an-id"] {
            let answer = owner.get(&format!("/{place}/{id}")).await.is_problem(404, "not_found");
            assert_eq!(answer["what"], what, "{answer:?}");
            let detail = answer["detail"].as_str().unwrap_or_default();
            assert!(detail.starts_with(&format!("There is no {noun} with this id")), "{detail}");
            assert_eq!(detail.contains("UUID"), id != UNKNOWN, "{detail}");
        }
    }
    for (path, noun) in
        [("orders", "order"), ("sales", "sale"), ("categories", "category"), ("users", "user"), ("products", "product")]
    {
        for request in
            [owner.patch(&format!("/{path}/{UNKNOWN}"), json!({})), owner.delete(&format!("/{path}/{UNKNOWN}"))]
        {
            let answer = request.await.is_problem(404, "not_found");
            assert_eq!(answer["detail"], format!("There is no {noun} with this id."));
        }
    }
    assert_eq!(owner.post(&format!("/orders/{UNKNOWN}/accept"), json!({})).await.is(404)["what"], "order");
    shop.anonymous().get("/api/docs/nothing.js").await.is_problem(404, "not_found");
});

both_engines!(granting_names_the_permission_that_the_caller_lacks, async |shop| {
    let owner = shop.owner();
    let manager = shop.employee(&["users.manage", "sales.read"]).await;
    let clerk = shop.employee(&["sales.read"]).await;
    let path = format!("/users/{}", clerk.user_id());
    let refused = manager
        .patch(&path, json!({ "permissions": ["sales.read", "stock.write"] }))
        .await
        .is_problem(403, "forbidden");
    assert_eq!(refused["permissions"], json!(["stock.write"]));
    assert!(refused["detail"].as_str().is_some_and(|detail| detail.ends_with("stock.write.")), "{refused:?}");
    owner.patch(&path, json!({ "permissions": ["orders.fulfil"] })).await.is(200);
    let refused = manager.patch(&path, json!({ "permissions": ["sales.read"] })).await.is_problem(403, "forbidden");
    assert_eq!(refused["permissions"], json!(["orders.fulfil"]));
    assert!(
        refused["detail"].as_str().is_some_and(|detail| detail.starts_with("This user may do what you may not")),
        "{refused:?}"
    );
    let refused = clerk.get("/users").await.is_problem(403, "forbidden");
    assert_eq!(refused["permission"], "users.manage");
    let odd =
        json!({ "email": "a@shop.test", "password": "quiet river stone", "permissions": ["sales.write", "salesread"] });
    let found = faults(owner.post("/users", odd).await);
    assert!(found["/permissions/1"].contains("did you mean sales.read?"), "{found:?}");
    let odd = json!({ "email": "a@shop.test", "password": "quiet river stone", "role": "emploee" });
    assert!(faults(owner.post("/users", odd).await)["/role"].contains("did you mean employee?"));
});

both_engines!(names_that_are_too_long_together_are_both_named, async |shop| {
    let register = |first: usize, last: usize| {
        let names = ("a".repeat(first), "b".repeat(last));
        let email = format!("m{first}.{last}@example.org");
        let form =
            json!({ "email": email, "password": "quiet river stone", "first_name": names.0, "last_name": names.1 });
        shop.anonymous().post("/auth/register", form)
    };
    assert_eq!(places(register(100, 100).await), ["/first_name", "/last_name"]);
    register(100, 99).await.is(201);
    register(200, 0).await.is(201);
});

both_engines!(an_edit_that_says_nothing_changes_nothing, async |shop| {
    let owner = shop.owner();
    let tea = a_product().stock(10).create(&owner).await;
    let buyer = owner.post("/customers", json!({ "name": "Nia" })).await.is(201).id();
    let made = [
        ("/categories", json!({ "name": "Tea" })),
        ("/locations", json!({ "code": "BACK", "name": "Back room" })),
        ("/customers", json!({ "name": "Amina" })),
        ("/users", json!({ "email": "m@shop.test", "password": "quiet river stone", "role": "employee" })),
        ("/pos-connections", json!({ "name": "Till", "dialect": "standard", "on_shortage": "hold" })),
        ("/orders", json!({ "lines": [tea.line(1)], "customer_id": buyer })),
        ("/sales", json!({ "lines": [tea.line(1)] })),
    ];
    let mut addresses = vec![format!("/products/{}", tea.id)];
    for (path, body) in made {
        addresses.push(format!("{path}/{}", owner.post(path, body).await.is(201).id()));
    }
    for address in addresses {
        let before = owner.get(&address).await.is(200);
        let same = owner.patch(&address, json!({})).if_match(&before.etag()).await.is(200);
        let version = |answer: &Answer| answer.etag().split('-').next().map(str::to_owned);
        assert_eq!(version(&same), version(&before), "{address}");
        // A connection that is read shows more than one that was changed.
        let shown = before.json.as_object().expect("a thing").iter().filter(|(name, _)| *name != "refused_deliveries");
        shown.for_each(|(name, value)| assert_eq!(&same[name.as_str()], value, "{address}: {name}"));
        assert_eq!(owner.get(&address).await.is(200).json, before.json, "{address}");
        owner.patch(&address, json!({})).key(&address).await.is(200);
        assert!(owner.patch(&address, json!({})).key(&address).await.is(200).was_replayed(), "{address}");
        let other = owner.patch(&address, json!({})).key(&address).raw("application/json", b"{ }");
        other.await.is_problem(422, "idempotency_key_reused");
        owner.patch(&address, json!({})).if_match("\"999-0\"").await.is_problem(412, "precondition_failed");
    }
    shop.database.verify();
});
