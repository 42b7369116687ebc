//! An order's way from pending to delivered: every move there is, from every state, and what it means for stock.

use serde_json::{Value, json};
use tradepost_tests::{Answer, Client, Product, Shop, a_product, both_engines};

/// Where an order of two out of ten can stand: the steps that lead there, what is on hand and reserved then, and what can be done next.
type State = (&'static str, &'static [&'static str], [f64; 2], &'static [&'static str]);

const STATES: &[State] = &[
    ("pending", &[], [10.0, 2.0], &["accept", "reject", "cancel"]),
    ("accepted", &["accept"], [10.0, 2.0], &["ship", "cancel"]),
    ("rejected", &["reject"], [10.0, 0.0], &[]),
    ("cancelled", &["cancel"], [10.0, 0.0], &[]),
    ("shipped", &["accept", "ship"], [8.0, 0.0], &["deliver"]),
    ("delivered", &["accept", "ship", "deliver"], [8.0, 0.0], &["returns"]),
];

/// From, move, where it leads, and what is on hand and reserved afterwards. What is not in here is refused.
const MOVES: &[(&str, &str, &str, [f64; 2])] = &[
    ("pending", "accept", "accepted", [10.0, 2.0]),
    ("pending", "reject", "rejected", [10.0, 0.0]),
    ("pending", "cancel", "cancelled", [10.0, 0.0]),
    ("pending", "DELETE", "cancelled", [10.0, 0.0]),
    ("pending", "PATCH", "pending", [10.0, 1.0]),
    ("accepted", "ship", "shipped", [8.0, 0.0]),
    ("accepted", "cancel", "cancelled", [10.0, 0.0]),
    ("rejected", "DELETE", "rejected", [10.0, 0.0]),
    ("cancelled", "DELETE", "cancelled", [10.0, 0.0]),
    ("shipped", "deliver", "delivered", [8.0, 0.0]),
    ("delivered", "returns", "delivered", [9.0, 0.0]),
];

const VERBS: &[&str] = &["accept", "reject", "ship", "deliver", "cancel", "returns", "DELETE", "PATCH"];

async fn ordered(shop: &Shop, steps: &[&str]) -> (Product, Answer) {
    let owner = shop.owner();
    let tea = a_product().stock(10).create(&owner).await;
    let mut order = shop.a_shopper().post("/orders", json!({ "lines": [tea.line(2)] })).await.is(201);
    for step in steps {
        order = owner.post(&format!("/orders/{}/{step}", order.id()), json!({ "reason": step })).await.is(200);
    }
    (tea, order)
}

async fn try_move(client: &Client, order: &Answer, tea: &Product, verb: &str) -> Answer {
    let path = format!("/orders/{}", order.id());
    match verb {
        "DELETE" => client.delete(&path).await,
        "PATCH" => client.patch(&path, json!({ "lines": [tea.line(1)] })).await,
        "returns" => client.post(&format!("{path}/returns"), json!({ "lines": [tea.line(1)] })).await,
        _ => client.post(&format!("{path}/{verb}"), json!({})).await,
    }
}

both_engines!(every_move_from_every_state_is_as_the_table_says, async |shop| {
    let owner = shop.owner();
    for (from, steps, [on_hand, reserved], allowed) in STATES {
        for verb in VERBS {
            let (tea, order) = ordered(&shop, steps).await;
            assert_eq!(order["status"], *from);
            assert_eq!(tea.stock(&owner).await[..2], [*on_hand, *reserved], "{from}");
            let answer = try_move(&owner, &order, &tea, verb).await;
            let after = owner.get(&format!("/orders/{}", order.id())).await.is(200);
            let stock = tea.stock(&owner).await;
            let (expected, figures) = match MOVES.iter().find(|(state, known, ..)| (state, known) == (from, verb)) {
                Some((_, _, to, figures)) => {
                    assert!([200, 201, 204].contains(&answer.status()), "{from} {verb}: {answer:?}");
                    (*to, *figures)
                }
                None => {
                    let refused = answer.is_problem(409, "illegal_transition");
                    assert_eq!((&refused["from"], &refused["allowed"]), (&json!(from), &json!(allowed)), "{verb}");
                    assert_eq!((after.json.clone(), after.etag()), (order.json.clone(), order.etag()), "{from} {verb}");
                    (*from, [*on_hand, *reserved])
                }
            };
            assert_eq!((after["status"].as_str(), &stock[..2]), (Some(expected), &figures[..]), "{from} {verb}");
        }
    }
    shop.database.verify();
});

both_engines!(history_tells_every_step_with_who_when_and_why, async |shop| {
    let (owner, sam) = (shop.owner(), shop.a_shopper());
    let clerk = shop.employee(&["orders.fulfil"]).await;
    let tea = a_product().stock(10).create(&owner).await;
    let order = sam.post("/orders", json!({ "lines": [tea.line(1)] })).await.is(201);
    let path = format!("/orders/{}", order.id());
    clerk.request("POST".parse().expect("a method"), &format!("{path}/accept")).await.is(200);
    clerk.post(&format!("{path}/ship"), json!({ "reason": " by bicycle " })).await.is(200);
    clerk.post(&format!("{path}/deliver"), json!({ "reason": "x".repeat(501) })).await.points_at("/reason");
    let delivered = clerk.post(&format!("{path}/deliver"), json!({})).await.is(200);
    let steps: Vec<Value> = delivered["history"]
        .as_array()
        .expect("history")
        .iter()
        .map(|step| json!([step["status"], step["by"], step["reason"]]))
        .collect();
    let expected = json!([
        ["pending", sam.user_id(), null],
        ["accepted", clerk.user_id(), null],
        ["shipped", clerk.user_id(), "by bicycle"],
        ["delivered", clerk.user_id(), null]
    ]);
    assert_eq!(json!(steps), expected);
    let times: Vec<&str> =
        delivered["history"].as_array().expect("history").iter().filter_map(|step| step["at"].as_str()).collect();
    assert!(times.is_sorted() && times.len() == 4, "{times:?}");
    assert_eq!(sam.get(&path).await.is(200).json, delivered.json);
});

both_engines!(ones_own_order_one_cancels_only_while_it_is_pending, async |shop| {
    let (owner, sam) = (shop.owner(), shop.a_shopper());
    let tea = a_product().stock(10).create(&owner).await;
    let order = sam.post("/orders", json!({ "lines": [tea.line(1)] })).await.is(201);
    let path = format!("/orders/{}", order.id());
    sam.post(&format!("{path}/accept"), json!({})).await.is_problem(403, "forbidden");
    owner.post(&format!("{path}/accept"), json!({})).await.is(200);
    sam.post(&format!("{path}/cancel"), json!({})).await.is_problem(403, "forbidden");
    sam.delete(&path).await.is_problem(409, "illegal_transition");
    owner.post(&format!("{path}/cancel"), json!({ "reason": "asked by phone" })).await.is(200);
    for _ in 0..2 {
        owner.post(&format!("{path}/cancel"), json!({})).await.is_problem(409, "illegal_transition");
        assert_eq!(tea.stock(&owner).await, [10.0, 0.0, 10.0], "released once");
    }
});

both_engines!(deleting_hides_what_is_over_and_erases_nothing, async |shop| {
    let (owner, sam) = (shop.owner(), shop.a_shopper());
    let tea = a_product().stock(10).create(&owner).await;
    let order = sam.post("/orders", json!({ "lines": [tea.line(1)] })).await.is(201);
    let path = format!("/orders/{}", order.id());
    sam.delete(&path).await.is(204);
    assert_eq!(sam.get(&path).await.is(200)["status"], "cancelled");
    assert_eq!(sam.walk("/orders").await.len(), 1);
    sam.delete(&path).await.is(204);
    sam.get(&path).await.is_problem(404, "not_found");
    sam.delete(&path).await.is_problem(404, "not_found");
    assert_eq!((sam.walk("/orders").await.len(), owner.walk("/orders").await.len()), (0, 0));
    assert_eq!(owner.get(&path).await.is(200)["status"], "cancelled");
    owner.delete(&path).await.is(204);
    assert_eq!(shop.database.number("select count(*) from orders"), 1);
    shop.database.verify();
});

both_engines!(what_is_not_on_hand_cannot_be_shipped, async |shop| {
    let owner = shop.owner();
    let (tea, order) = ordered(&shop, &["accept"]).await;
    let counts = format!("/inventory/{}/counts", tea.id);
    owner.post(&counts, json!({ "counted": 1 })).await.is(201);
    let path = format!("/orders/{}", order.id());
    let refused = owner.post(&format!("{path}/ship"), json!({})).await.is_problem(409, "insufficient_stock");
    let short = &refused["shortages"][0];
    assert_eq!((&short["product_id"], &short["requested"]), (&json!(tea.id), &json!(2)), "{refused:?}");
    assert_eq!(owner.get(&path).await.is(200).json, order.json);
    assert_eq!(tea.stock(&owner).await, [1.0, 2.0, 0.0]);
    owner.post(&counts, json!({ "counted": 2 })).await.is(201);
    owner.post(&format!("{path}/ship"), json!({})).await.is(200);
    assert_eq!(tea.stock(&owner).await, [0.0, 0.0, 0.0]);
    shop.database.verify();
});

both_engines!(after_delivery_goods_come_back_and_never_more_than_were_bought, async |shop| {
    let owner = shop.owner();
    let (tea, order) = ordered(&shop, &["accept", "ship", "deliver"]).await;
    let path = format!("/orders/{}/returns", order.id());
    let line = order["lines"][0]["id"].clone();
    let returned = owner.post(&path, json!({ "lines": [tea.line(1)], "restock": false, "reason": "melted" })).await;
    let returned = returned.is(201);
    assert_eq!((&returned["lines"][0]["returned_quantity"], &returned["status"]), (&json!(1), &json!("delivered")));
    assert_eq!(returned["history"][4]["reason"], "melted");
    assert_eq!(returned["total"], order["total"], "the total stays");
    assert_eq!(tea.stock(&owner).await, [8.0, 0.0, 8.0], "not to stock");
    let by_line = |quantity: u32| json!({ "lines": [{ "line_id": line, "quantity": quantity }] });
    owner.post(&path, by_line(2)).await.is_problem(409, "conflict");
    let twice = json!({ "lines": [tea.line(1), { "line_id": line, "quantity": 1 }] });
    assert_eq!(owner.post(&path, twice).await.status(), 409, "added up before it is judged");
    let back = owner.post(&path, by_line(1)).key("r-1").await.is(201);
    assert_eq!(back["lines"][0]["returned_quantity"], 2);
    assert!(owner.post(&path, by_line(1)).key("r-1").await.is(201).was_replayed());
    assert_eq!(tea.stock(&owner).await, [9.0, 0.0, 9.0]);
    for (body, pointer) in [
        (json!({ "lines": [] }), "/lines"),
        (json!({ "lines": [tea.line(0)] }), "/lines/0/quantity"),
        (json!({ "lines": [tea.line(0.5)] }), "/lines/0/quantity"),
        (json!({ "lines": [{ "line_id": tea.id, "quantity": 1 }] }), "/lines/0/line_id"),
    ] {
        owner.post(&path, body).await.points_at(pointer);
    }
    shop.database.verify();
});
