//! `/webhooks/pos`, `/pos-connections`, `/pos-events`: what tills report.

use serde_json::{Value, json};
use tradepost_tests::{
    Client, PosConnection, Shop, Signer, a_pos_connection, a_product, at_once, both_engines, unix_now,
};

const UNKNOWN: &str = "01890000-0000-7000-8000-000000000000";

async fn events(owner: &Client) -> Vec<Value> {
    owner.walk("/pos-events").await
}

async fn movements(owner: &Client, product: &tradepost_tests::Product) -> usize {
    owner.walk(&format!("/stock-movements?product_id={}&kind=pos", product.id)).await.len()
}

both_engines!(an_event_delivered_ten_times_at_once_and_again_later_applies_once, async |shop| {
    let owner = shop.owner();
    let tea = a_product().stock(10).create(&owner).await;
    let till = a_pos_connection(&owner, "refuse").await;
    let body = json!({ "product_id": tea.id, "quantity_change": -2, "reason": "Sold to customer" });
    let answers = at_once(10, |_| till.deliver(&shop.anonymous(), "evt-1", &body).into_future()).await;
    for answer in &answers {
        assert_eq!((answer.status(), &answer["status"]), (200, &json!("applied")), "{answer:?}");
        assert_eq!(answer["event_id"], answers[0]["event_id"]);
        assert_eq!(answer["movements"].as_array().map(Vec::len), Some(1), "{answer:?}");
    }
    let late = till.deliver(&shop.anonymous(), "evt-1", &body).await.is(200);
    assert_eq!(late["event_id"], answers[0]["event_id"]);
    assert_eq!((tea.on_hand(&owner).await, movements(&owner, &tea).await, events(&owner).await.len()), (8.0, 1, 1));
    shop.database.verify();
});

both_engines!(events_out_of_order_each_apply_once, async |shop| {
    let owner = shop.owner();
    let tea = a_product().stock(100).create(&owner).await;
    let till = a_pos_connection(&owner, "refuse").await;
    // Each event twice, in a shuffled order: 7 is coprime to 40.
    let answers = at_once(40, |number| {
        let event = (number * 7 % 40) / 2;
        let occurred_at = format!("2020-01-01T00:{:02}:00Z", 59 - event);
        let body =
            json!({ "sku": tea.sku, "quantity_change": -1, "reason": "Sold to customer", "occurred_at": occurred_at });
        till.deliver(&shop.anonymous(), &format!("evt-{event}"), &body).into_future()
    })
    .await;
    assert!(answers.iter().all(|answer| answer.status() == 200), "{answers:?}");
    assert_eq!((tea.on_hand(&owner).await, movements(&owner, &tea).await), (80.0, 20));
    shop.database.verify();
});

both_engines!(a_bad_signature_is_401_and_leaves_no_trace, async |shop| {
    let (owner, nobody) = (shop.owner(), shop.anonymous());
    let tea = a_product().stock(10).create(&owner).await;
    let till = a_pos_connection(&owner, "refuse").await;
    let other = a_pos_connection(&owner, "refuse").await;
    let text = json!({ "product_id": tea.id, "quantity_change": -2, "reason": "Sold to customer" }).to_string();
    let (body, now) = (text.as_bytes(), unix_now());
    let good = till.signer.sign("evt-1", now, body);
    let path = format!("/webhooks/pos/{}", till.id);

    let wrong_secret = other.signer.sign("evt-1", now, body);
    for signature in
        [wrong_secret.as_str(), "v1,AAAA", "v1,", "", "nonsense", &good.replace("v1,", "v2,"), &good[..good.len() - 2]]
    {
        till.deliver_raw(&nobody, "evt-1", now, body)
            .header("webhook-signature", signature)
            .await
            .is_problem(401, "bad_signature");
    }
    till.deliver_raw(&nobody, "evt-2", now, body)
        .header("webhook-signature", &good)
        .await
        .is_problem(401, "bad_signature");
    till.deliver_raw(&nobody, "evt-1", now + 1, body)
        .header("webhook-signature", &good)
        .await
        .is_problem(401, "bad_signature");
    let tampered = text.replace("-2", "-9");
    till.deliver_raw(&nobody, "evt-1", now, tampered.as_bytes())
        .header("webhook-signature", &good)
        .await
        .is_problem(401, "bad_signature");
    for old_or_early in [now - 301, now - 86_400, now + 400, 0, -1] {
        till.deliver_raw(&nobody, "evt-1", old_or_early, body).await.is_problem(401, "bad_signature");
    }
    nobody
        .request("POST".parse().expect("a method"), &path)
        .raw("application/json", body)
        .await
        .is_problem(401, "bad_signature");
    let full = till.deliver_raw(&nobody, "evt-1", now, body).header("webhook-signature", &good);
    full.clone().header("webhook-timestamp", "yesterday").await.is_problem(401, "bad_signature");
    let stranger = PosConnection { id: UNKNOWN.to_owned(), signer: till.signer.clone() };
    stranger.deliver(&nobody, "evt-1", &json!({})).await.is_problem(401, "bad_signature");

    assert_eq!((tea.on_hand(&owner).await, events(&owner).await.len()), (10.0, 0));
    assert_eq!(shop.database.number("select count(*) from pos_events"), 0);
    full.await.is(200);
});

both_engines!(one_good_signature_among_several_is_enough, async |shop| {
    let owner = shop.owner();
    let tea = a_product().stock(10).create(&owner).await;
    let till = a_pos_connection(&owner, "refuse").await;
    let text = json!({ "product_id": tea.id, "quantity_change": -2, "reason": "Sold" }).to_string();
    let now = unix_now();
    let wrong = Signer::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").sign("evt-1", now, text.as_bytes());
    let signatures = format!("v1a,AAAA {wrong} {}", till.signer.sign("evt-1", now, text.as_bytes()));
    till.deliver_raw(&shop.anonymous(), "evt-1", now, text.as_bytes())
        .header("webhook-signature", &signatures)
        .await
        .is(200);
});

both_engines!(a_body_that_makes_no_sense_gets_its_own_clear_answer, async |shop| {
    let (owner, nobody) = (shop.owner(), shop.anonymous());
    let tea = a_product().stock(10).create(&owner).await;
    let till = a_pos_connection(&owner, "refuse").await;
    let change = |quantity: Value| json!({ "product_id": tea.id, "quantity_change": quantity, "reason": "Sold" });
    let refused = [
        (change(json!(-0.5)), "/quantity_change"),
        (change(json!("-2")), "/quantity_change"),
        (change(json!(0)), "/quantity_change"),
        (change(json!(1e300)), "/quantity_change"),
        (json!({ "product_id": UNKNOWN, "quantity_change": -1, "reason": "Sold" }), "/product_id"),
        (json!({ "changes": [change(json!(-1)), change(json!(0))] }), "/changes/1/quantity_change"),
        (
            json!({ "counts": [{ "sku": tea.sku, "counted": -1, "counted_at": "2020-01-01T00:00:00Z" }] }),
            "/counts/0/counted",
        ),
        (
            json!({ "counts": [{ "sku": tea.sku, "counted": 1, "counted_at": "2999-01-01T00:00:00Z" }] }),
            "/counts/0/counted_at",
        ),
        (
            json!({ "counts": [{ "sku": tea.sku, "counted": 1, "counted_at": "2020-01-01T00:00:00Z" }] }),
            "/counts/0/counted_at",
        ),
    ];
    for (number, (body, pointer)) in refused.iter().enumerate() {
        till.deliver(&nobody, &format!("evt-{number}"), body).await.points_at(pointer);
    }
    let nonsense = [
        "",
        "{",
        "nonsense",
        "[]",
        "null",
        "42",
        "{}",
        "\u{0}",
        r#"{"changes": []}"#,
        r#"{"counts": []}"#,
        r#"{"quantity_change": -1}"#,
        r#"{"product_id": 5, "quantity_change": -1, "reason": "Sold"}"#,
        r#"{"sku": "TEA", "external_id": "9", "quantity_change": -1, "reason": "x"}"#,
        r#"{"changes": [], "counts": []}"#,
        r#"{"sku": "TEA", "quantity_change": -1, "reason": "x", "who": "me"}"#,
    ];
    for (number, body) in nonsense.iter().enumerate() {
        let answer =
            till.deliver_raw(&nobody, &format!("nonsense-{number}"), unix_now(), body.as_bytes()).await.is(400);
        assert!(["malformed", "validation"].contains(&answer.code()), "{answer:?}");
    }
    let invalid_utf8 = till.deliver_raw(
        &nobody,
        "latin-1",
        unix_now(),
        b"{\"sku\": \"caf\xe9\", \"quantity_change\": 1, \"reason\": \"x\"}",
    );
    invalid_utf8.await.is_problem(400, "malformed");
    let huge = vec![b' '; 2 * 1024 * 1024];
    till.deliver_raw(&nobody, "huge", unix_now(), &huge).await.is_problem(413, "payload_too_large");
    assert_eq!(tea.on_hand(&owner).await, 10.0);
    shop.database.verify();
});

both_engines!(several_changes_apply_all_or_not_at_all, async |shop| {
    let owner = shop.owner();
    let (tea, milk) = (a_product().stock(10).create(&owner).await, a_product().stock(1).create(&owner).await);
    let till = a_pos_connection(&owner, "refuse").await;
    let change = |product: &tradepost_tests::Product, by: i64| json!({ "sku": product.sku, "quantity_change": by, "reason": "Sold" });
    let short = json!({ "changes": [change(&tea, -1), change(&milk, -2)] });
    let refused = till.deliver(&owner, "evt-1", &short).await.is_problem(409, "insufficient_stock");
    assert_eq!(refused["shortages"][0]["sku"], milk.sku.as_str());
    assert_eq!((tea.on_hand(&owner).await, milk.on_hand(&owner).await), (10.0, 1.0));
    let twice = json!({ "changes": [change(&tea, -6), change(&tea, -5)] });
    till.deliver(&owner, "evt-2", &twice).await.is_problem(409, "insufficient_stock");
    let good = json!({ "changes": [change(&tea, -4), change(&milk, -1)] });
    assert_eq!(till.deliver(&owner, "evt-3", &good).await.is(200)["movements"].as_array().map(Vec::len), Some(2));
    assert_eq!((tea.on_hand(&owner).await, milk.on_hand(&owner).await), (6.0, 0.0));
    shop.database.verify();
});

both_engines!(each_change_of_a_delivery_is_a_movement_with_its_own_reason_and_time, async |shop| {
    let owner = shop.owner();
    let tea = a_product().stock(10).create(&owner).await;
    let till = a_pos_connection(&owner, "refuse").await;
    let change = |by: i64, reason: &str, at: &str| json!({ "sku": tea.sku, "quantity_change": by, "reason": reason, "occurred_at": at });
    let (noon, one) = ("2020-01-01T12:00:00Z", "2020-01-01T13:00:00Z");
    let body = json!({ "changes": [change(-2, "Sold", noon), change(-1, "Spilled", one)] });
    let applied = till.deliver(&owner, "evt-1", &body).await.is(200);
    let told =
        |moved: &Value| json!([moved["on_hand_change"], moved["on_hand_after"], moved["reason"], moved["occurred_at"]]);
    let told: Vec<Value> = applied["movements"].as_array().expect("movements").iter().map(told).collect();
    assert_eq!(json!(told), json!([[-2, 8, "Sold", noon], [-1, 7, "Spilled", one]]));
    assert_eq!(till.deliver(&owner, "evt-1", &body).await.is(200)["movements"], applied["movements"]);
    shop.database.verify();
});

both_engines!(
    what_a_delivery_takes_and_brings_of_one_product_is_never_folded_and_the_inbox_shows_each_line,
    async |shop| {
        let owner = shop.owner();
        let tea = a_product().stock(1).create(&owner).await;
        let till = a_pos_connection(&owner, "refuse").await;
        let noon = "2020-01-01T12:00:00Z";
        let body = json!({ "changes": [
        { "sku": tea.sku, "quantity_change": -2, "reason": "Sold", "occurred_at": noon },
        { "sku": tea.sku, "quantity_change": 2 },
        { "sku": tea.sku, "quantity_change": -1 },
    ] });
        let applied = till.deliver(&owner, "evt-1", &body).await.is(200);
        let told = |moved: &Value| json!([moved["on_hand_change"], moved["on_hand_after"], moved["reason"]]);
        let told: Vec<Value> = applied["movements"].as_array().expect("movements").iter().map(told).collect();
        // Two were not there when the first line came: it is booked when they came in, so no movement leaves less than nothing.
        assert_eq!(json!(told), json!([[2, 3, null], [-2, 1, "Sold"], [-1, 0, null]]));
        let event = &events(&owner).await[0];
        let line = |line: &Value| json!([line["quantity_change"], line["reason"], line["occurred_at"]]);
        let lines: Vec<Value> = event["lines"].as_array().expect("lines").iter().map(line).collect();
        let received = &event["received_at"];
        assert_eq!(json!(lines), json!([[-2, "Sold", noon], [2, null, received], [-1, null, received]]));
        let too_much = json!({ "changes": [
        { "sku": tea.sku, "quantity_change": 2 },
        { "sku": tea.sku, "quantity_change": -3 },
    ] });
        till.deliver(&owner, "evt-2", &too_much).await.is_problem(409, "insufficient_stock");
        assert_eq!((tea.on_hand(&owner).await, movements(&owner, &tea).await), (0.0, 3));
        shop.database.verify();
    }
);

both_engines!(a_refused_event_is_kept_and_judged_again_when_it_comes_again, async |shop| {
    let owner = shop.owner();
    let tea = a_product().create(&owner).await;
    let till = a_pos_connection(&owner, "refuse").await;
    let sold = json!({ "product_id": tea.id, "quantity_change": -2, "reason": "Sold" });
    till.deliver(&owner, "evt-1", &sold).await.is_problem(409, "insufficient_stock");
    let kept = events(&owner).await;
    assert_eq!((kept.len(), &kept[0]["status"]), (1, &json!("refused")), "{kept:?}");
    let other = json!({ "product_id": tea.id, "quantity_change": -1, "reason": "Sold" });
    till.deliver(&owner, "evt-1", &other).await.is(422);
    owner
        .post(&format!("/inventory/{}/adjustments", tea.id), json!({ "quantity_change": 5, "reason": "found" }))
        .await
        .is(201);
    assert_eq!(till.deliver(&owner, "evt-1", &sold).await.is(200)["status"], "applied");
    till.deliver(&owner, "evt-1", &sold).await.is(200);
    till.deliver(&owner, "evt-1", &other).await.is(422);
    assert_eq!((tea.on_hand(&owner).await, events(&owner).await.len()), (3.0, 1));
    shop.database.verify();
});

both_engines!(a_connection_that_holds_keeps_a_shortage_until_it_is_retried, async |shop| {
    let owner = shop.owner();
    let tea = a_product().stock(1).create(&owner).await;
    let till = a_pos_connection(&owner, "hold").await;
    let sold = json!({ "product_id": tea.id, "quantity_change": -2, "reason": "Sold" });
    let held = till.deliver(&owner, "evt-1", &sold).await.is(202);
    assert_eq!(held["status"], "held");
    assert!(held["reason"].is_string(), "{held:?}");
    assert_eq!(till.deliver(&owner, "evt-1", &sold).await.is(202)["event_id"], held["event_id"]);
    let path = format!("/pos-events/{}", held["event_id"].as_str().expect("an id"));
    owner.post(&format!("{path}/retry"), json!({})).await;
    assert_eq!((owner.get(&path).await.is(200)["status"].clone(), tea.on_hand(&owner).await), (json!("held"), 1.0));
    owner
        .post(&format!("/inventory/{}/adjustments", tea.id), json!({ "quantity_change": 5, "reason": "found" }))
        .await
        .is(201);
    owner.request("POST".parse().expect("a method"), &format!("{path}/retry")).await.is(200);
    assert_eq!((owner.get(&path).await.is(200)["status"].clone(), tea.on_hand(&owner).await), (json!("applied"), 4.0));
    let again = owner.post(&format!("{path}/retry"), json!({})).await;
    assert!([200, 409].contains(&again.status()), "{again:?}");
    assert_eq!(tea.on_hand(&owner).await, 4.0, "an applied event is not applied again");
    shop.database.verify();
});

both_engines!(an_unknown_article_waits_until_it_is_mapped_and_then_applies_in_order_once, async |shop| {
    let owner = shop.owner();
    let till = a_pos_connection(&owner, "refuse").await;
    for (number, change) in [(1, 5), (2, -4), (3, -1)] {
        let body = json!({ "external_id": "till/41", "quantity_change": change, "reason": "Moved" });
        let held = till.deliver(&owner, &format!("evt-{number}"), &body).await.is(202);
        assert_eq!(held["status"], "held", "{held:?}");
    }
    let tea = a_product().create(&owner).await;
    let path = format!("/pos-connections/{}/products/till%2F41", till.id);
    owner.put(&path, json!({ "product_id": tea.id })).await.is(200);
    let applied = async || events(&owner).await.iter().filter(|event| event["status"] == "applied").count() == 3;
    tradepost_tests::eventually("the waiting events apply", 20, applied).await;
    assert_eq!((tea.on_hand(&owner).await, movements(&owner, &tea).await), (0.0, 3), "5 came before 4 and 1 went");
    owner.put(&path, json!({ "product_id": tea.id })).await.is(200);
    assert_eq!(movements(&owner, &tea).await, 3);
    let next = json!({ "external_id": "till/41", "quantity_change": 2, "reason": "Moved" });
    till.deliver(&owner, "evt-4", &next).await.is(200);
    assert_eq!(tea.on_hand(&owner).await, 2.0);
    owner.delete(&path).await.is(204);
    till.deliver(&owner, "evt-5", &next).await.is(202);
    shop.database.verify();
});

both_engines!(an_unknown_sku_is_held_and_can_be_retried_or_dismissed, async |shop| {
    let owner = shop.owner();
    let till = a_pos_connection(&owner, "refuse").await;
    let body = json!({ "sku": "NOT-YET", "quantity_change": 3, "reason": "Delivered" });
    let first = till.deliver(&owner, "evt-1", &body).await.is(202);
    let second = till.deliver(&owner, "evt-2", &body).await.is(202);
    let path = |answer: &tradepost_tests::Answer, verb: &str| {
        format!("/pos-events/{}{verb}", answer["event_id"].as_str().expect("an id"))
    };
    let tea = a_product().sku("NOT-YET").create(&owner).await;
    owner.post(&path(&first, "/retry"), json!({})).await.is(200);
    owner.post(&path(&second, "/dismiss"), json!({})).await.is(200);
    assert_eq!(owner.get(&path(&second, "")).await.is(200)["status"], "dismissed");
    assert_eq!(tea.on_hand(&owner).await, 3.0, "a product without a level gets one, a dismissed event does nothing");
    let dismissed = owner.post(&path(&first, "/dismiss"), json!({})).await;
    assert_eq!(dismissed.status(), 409, "an applied event cannot be dismissed: {dismissed:?}");
    owner.get(&format!("/pos-events/{UNKNOWN}")).await.is_problem(404, "not_found");
    shop.database.verify();
});

both_engines!(a_count_books_the_difference_at_its_time, async |shop| {
    let owner = shop.owner();
    let tea = a_product().stock(10).create(&owner).await;
    let till = a_pos_connection(&owner, "refuse").await;
    let recorded = owner.walk(&format!("/stock-movements?product_id={}", tea.id)).await[0]["recorded_at"].clone();
    owner.post("/sales", json!({ "lines": [tea.line(3)] })).await.is(201);
    let count =
        |counted: i64, at: &Value| json!({ "counts": [{ "sku": tea.sku, "counted": counted, "counted_at": at }] });
    till.deliver(&owner, "count-1", &count(8, &recorded)).await.is(200);
    assert_eq!(tea.on_hand(&owner).await, 5.0, "8 were there before 3 were sold");
    let late = till.deliver(&owner, "count-2", &count(500, &recorded)).await.is(200);
    assert_eq!((&late["status"], &late["movements"]), (&json!("applied"), &json!([])), "{late:?}");
    assert_eq!(tea.on_hand(&owner).await, 5.0, "a count that is not newer than the last changes nothing");
    shop.database.verify();
});

both_engines!(a_removed_or_idle_connection_takes_nothing, async |shop| {
    let owner = shop.owner();
    let tea = a_product().stock(10).create(&owner).await;
    let till = a_pos_connection(&owner, "refuse").await;
    let shown = owner.get(&format!("/pos-connections/{}", till.id)).await.is(200);
    assert!(shown["secret"].is_null() && !shown.text().contains("whsec_"), "the secret is shown once: {shown:?}");
    owner.delete(&format!("/pos-connections/{}", till.id)).await.is(204);
    let sold = json!({ "product_id": tea.id, "quantity_change": -2, "reason": "Sold" });
    till.deliver(&owner, "evt-1", &sold).await.is_problem(401, "bad_signature");
    assert_eq!(tea.on_hand(&owner).await, 10.0);
});

async fn racing_tills(shop: &Shop) {
    let owner = shop.owner();
    let tea = a_product().stock(30).create(&owner).await;
    let tills = [a_pos_connection(&owner, "refuse").await, a_pos_connection(&owner, "refuse").await];
    let body = json!({ "sku": tea.sku, "quantity_change": -1, "reason": "Sold" });
    let answers =
        at_once(100, |number| tills[number % 2].deliver(&owner, &format!("evt-{}", number / 2), &body).patiently())
            .await;
    assert_eq!(answers.iter().filter(|answer| answer.status() == 200).count(), 30, "ids of two connections never meet");
    assert_eq!(answers.iter().filter(|answer| answer.status() == 409).count(), 70);
    assert_eq!(tea.on_hand(&owner).await, 0.0);
    shop.database.verify();
}

both_engines!(two_tills_take_exactly_what_there_is, async |shop| racing_tills(&shop).await);
