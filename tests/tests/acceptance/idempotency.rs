//! `Idempotency-Key`: one key, one effect, one answer.

use serde_json::json;
use tradepost_tests::{Engine, a_product, at_once, both_engines, run};

both_engines!(the_same_request_with_the_same_key_is_answered_from_memory, async |shop| {
    let owner = shop.owner();
    let tea = a_product().stock(10).create(&owner).await;
    let request = || owner.post("/sales", json!({ "lines": [tea.line(2)] })).key("k1");
    let first = request().await.is(201);
    assert!(!first.was_replayed());
    let again = request().await.is(201);
    assert!(again.was_replayed(), "{again:?}");
    assert_eq!(
        (again.bytes(), again.header("location"), again.etag()),
        (first.bytes(), first.header("location"), first.etag())
    );
    let sale = format!("/sales/{}", first.id());
    for _ in 0..2 {
        owner.patch(&sale, json!({ "lines": [tea.line(5)] })).key("k2").await.is(200);
        owner.post(&format!("{sale}/refunds"), json!({ "lines": [tea.line(1)] })).key("k3").await.is(201);
    }
    assert_eq!(tea.on_hand(&owner).await, 6.0, "5 sold, 1 returned, each once");
    for _ in 0..2 {
        owner.delete(&sale).key("k4").await.is(204);
    }
    assert_eq!(tea.on_hand(&owner).await, 10.0);
    shop.database.verify();
});

both_engines!(a_key_is_for_one_request_only, async |shop| {
    let owner = shop.owner();
    let tea = a_product().stock(10).create(&owner).await;
    owner.post("/sales", json!({ "lines": [tea.line(2)] })).key("k1").await.is(201);
    owner.post("/sales", json!({ "lines": [tea.line(3)] })).key("k1").await.is_problem(422, "idempotency_key_reused");
    owner.post("/categories", json!({ "name": "Tea" })).key("k1").await.is_problem(422, "idempotency_key_reused");
    let body = format!("{{ \"lines\": [{}] }}", tea.line(2));
    owner
        .post("/sales", json!(null))
        .raw("application/json", body)
        .key("k1")
        .await
        .is_problem(422, "idempotency_key_reused");
    assert_eq!(tea.on_hand(&owner).await, 8.0);
});

both_engines!(twenty_at_once_with_one_key_have_one_effect_and_one_answer, async |shop| {
    let owner = shop.owner();
    let tea = a_product().stock(10).create(&owner).await;
    let request = owner.post("/sales", json!({ "lines": [tea.line(2)] })).key("one");
    let answers = at_once(20, |_| request.clone().into_future()).await;
    assert!(answers.iter().all(|answer| answer.status() == 201 && answer.bytes() == answers[0].bytes()), "{answers:?}");
    assert_eq!(answers.iter().filter(|answer| !answer.was_replayed()).count(), 1);
    assert_eq!(tea.on_hand(&owner).await, 8.0);
    let category = owner.post("/categories", json!({ "name": "Tea" })).key("two");
    let answers = at_once(20, |_| category.clone().into_future()).await;
    assert!(answers.iter().all(|answer| answer.status() == 201 && answer.bytes() == answers[0].bytes()), "{answers:?}");
});

#[test]
fn one_key_at_two_servers_has_one_effect() {
    run(Engine::Postgres, async |shop| {
        let (_server, there) = shop.second_server();
        let here = shop.owner();
        let tea = a_product().stock(10).create(&here).await;
        for round in 0..10 {
            let sale = json!({ "lines": [tea.line(1)] });
            let key = format!("round-{round}");
            let answers = at_once(8, |number| {
                let client = if number % 2 == 0 { &here } else { &there };
                client.post("/sales", sale.clone()).key(&key).into_future()
            })
            .await;
            assert!(
                answers.iter().all(|answer| answer.status() == 201 && answer.bytes() == answers[0].bytes()),
                "{answers:?}"
            );
        }
        assert_eq!(tea.on_hand(&here).await, 0.0);
        shop.database.verify();
    });
}

both_engines!(keys_of_different_people_never_meet, async |shop| {
    let owner = shop.owner();
    let tea = a_product().stock(10).create(&owner).await;
    let seller = shop.employee(&["sales.write"]).await;
    let sale = json!({ "lines": [tea.line(1)] });
    let first = owner.post("/sales", sale.clone()).key("k1").await.is(201);
    let second = seller.post("/sales", sale).key("k1").await.is(201);
    assert_ne!(first.id(), second.id());
    assert!(!second.was_replayed());
});

both_engines!(a_refusal_that_changed_nothing_is_not_remembered, async |shop| {
    let owner = shop.owner();
    let tea = a_product().create(&owner).await;
    let request = || owner.post("/sales", json!({ "lines": [tea.line(2)] })).key("k1");
    request().await.is_problem(409, "insufficient_stock");
    owner
        .post(&format!("/inventory/{}/adjustments", tea.id), json!({ "quantity_change": 5, "reason": "found" }))
        .await
        .is(201);
    assert!(!request().await.is(201).was_replayed());
    assert!(request().await.is(201).was_replayed());
    assert_eq!(tea.on_hand(&owner).await, 3.0);
});

both_engines!(replaying_comes_after_authentication_and_permission, async |shop| {
    let owner = shop.owner();
    let tea = a_product().stock(10).create(&owner).await;
    let seller = shop.employee(&["sales.write"]).await;
    let request = || seller.post("/sales", json!({ "lines": [tea.line(1)] })).key("k1");
    request().await.is(201);
    let user = format!("/users/{}", seller.user_id());
    owner.patch(&user, json!({ "permissions": ["stock.read"] })).await.is(200);
    request().await.is_problem(403, "forbidden");
    seller.post("/auth/logout", json!({})).await.is(204);
    request().await.is_problem(401, "unauthenticated");
});

both_engines!(a_secret_is_not_replayed, async |shop| {
    let owner = shop.owner();
    let request = || {
        owner
            .post("/pos-connections", json!({ "name": "till", "dialect": "standard", "on_shortage": "hold" }))
            .key("k1")
    };
    let first = request().await.is(201);
    assert!(first["secret"].as_str().is_some_and(|secret| secret.starts_with("whsec_")));
    let again = request().await.is(201);
    assert!(again.was_replayed() && again["secret"].is_null() && again.id() == first.id(), "{again:?}");
    assert_eq!(shop.database.number("select count(*) from pos_connections"), 1);
});

both_engines!(a_key_that_is_none_is_400, async |shop| {
    let owner = shop.owner();
    let tea = a_product().stock(10).create(&owner).await;
    for key in ["", "a b", "caf\u{e9}", "\t", &"x".repeat(256)] {
        let answer = owner.post("/sales", json!({ "lines": [tea.line(1)] })).key(key).await.is(400);
        assert!(["malformed", "validation"].contains(&answer.code()), "{answer:?}");
    }
    owner.post("/sales", json!({ "lines": [tea.line(1)] })).key(&"x".repeat(255)).await.is(201);
    assert_eq!(tea.on_hand(&owner).await, 9.0);
});

both_engines!(an_answer_is_remembered_across_a_restart, async |mut shop| {
    let owner = shop.owner();
    let tea = a_product().stock(10).create(&owner).await;
    let request = || owner.post("/sales", json!({ "lines": [tea.line(2)] })).key("k1");
    let first = request().await.is(201);
    shop.server.restart();
    let again = request().await.is(201);
    assert!(again.was_replayed() && again.bytes() == first.bytes(), "{again:?}");
    assert_eq!(tea.on_hand(&owner).await, 8.0);
});

both_engines!(keys_work_on_every_kind_of_thing, async |shop| {
    let owner = shop.owner();
    let tea = a_product().body();
    let user = json!({ "email": "em@shop.test", "username": "emma", "password": "plum-kettle-orbit-94", "role": "employee", "permissions": [] });
    let made = [
        ("/categories", json!({ "name": "Tea" })),
        ("/products", tea),
        ("/locations", json!({ "name": "Kiosk", "code": "kiosk" })),
        ("/customers", json!({ "name": "Ada" })),
        ("/users", user),
    ];
    for (number, (path, body)) in made.into_iter().enumerate() {
        let key = format!("make-{number}");
        let first = owner.post(path, body.clone()).key(&key).await.is(201);
        let again = owner.post(path, body).key(&key).await.is(201);
        assert!(again.was_replayed() && again.id() == first.id(), "{again:?}");
        let one = format!("{path}/{}", first.id());
        for _ in 0..2 {
            owner.delete(&one).key(&format!("unmake-{number}")).await.is(204);
        }
    }
});
