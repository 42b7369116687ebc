//! Many shoppers at once: exactly what stock and promo codes allow, on one server and on two.

use serde_json::json;
use tradepost_tests::{
    Answer, Client, Engine, PosConnection, Product, Shop, a_pos_connection, a_product, a_promo, at_once, both_engines,
    run,
};

const SHOPPERS: usize = 300;
const UNITS: usize = 100;

async fn order(by: Client, product: Product, promo_code: Option<String>) -> Answer {
    by.post("/orders", json!({ "lines": [product.line(1)], "promo_code": promo_code })).await
}

fn placed(answers: &[Answer]) -> Vec<&Answer> {
    answers.iter().filter(|answer| answer.status() == 201).collect()
}

/// A refusal must be true: one was wanted, none could be had.
#[track_caller]
fn is_a_true_refusal(answer: &Answer) {
    let shortage = &answer["shortages"][0];
    let figures = (answer.code(), shortage["requested"].as_f64(), shortage["available"].as_f64());
    assert_eq!(figures, ("insufficient_stock", Some(1.0), Some(0.0)), "{answer:?}");
}

/// Shoppers who take turns at these servers.
fn at(shop: &Shop, servers: &[Client], count: usize) -> Vec<Client> {
    let shoppers = shop.shoppers(count).into_iter().enumerate();
    shoppers.map(|(number, shopper)| servers[number % servers.len()].with_token(&shopper.token())).collect()
}

async fn three_hundred_order_one_of_a_hundred(shop: &Shop, servers: &[Client]) {
    let owner = shop.owner();
    let tea = a_product().stock(UNITS).create(&owner).await;
    let shoppers = at(shop, servers, SHOPPERS);
    let answers = at_once(SHOPPERS, |number| order(shoppers[number].clone(), tea.clone(), None)).await;
    let orders = placed(&answers);
    assert_eq!(orders.len(), UNITS);
    assert!(orders.iter().all(|order| order["status"] == "pending"));
    answers.iter().filter(|answer| answer.status() != 201).for_each(is_a_true_refusal);
    assert_eq!(tea.stock(&owner).await, [UNITS as f64, UNITS as f64, 0.0]);

    for order in &orders[..10] {
        owner.post(&format!("/orders/{}/cancel", order.id()), json!({})).await.is(200);
    }
    let left_out: Vec<Client> = (0..SHOPPERS)
        .filter(|number| answers[*number].status() != 201)
        .map(|number| shoppers[number].clone())
        .collect();
    let again = at_once(left_out.len(), |number| order(left_out[number].clone(), tea.clone(), None)).await;
    assert_eq!(placed(&again).len(), 10, "as many as were cancelled");
    assert_eq!(tea.stock(&owner).await, [UNITS as f64, UNITS as f64, 0.0]);
    assert_eq!(owner.get("/orders?status=pending&count=true").await.is(200)["count"], UNITS);
    shop.database.verify();
}

both_engines!(three_hundred_shoppers_order_exactly_the_hundred_units_there_are, async |shop| {
    three_hundred_order_one_of_a_hundred(&shop, &[shop.owner()]).await;
});

#[test]
fn two_servers_on_one_postgres_promise_exactly_the_hundred_units_there_are() {
    run(Engine::Postgres, async |shop| {
        let (_server, there) = shop.second_server();
        three_hundred_order_one_of_a_hundred(&shop, &[shop.owner(), there]).await;
    });
}

/// What one of the crowd does, by number, at its server.
async fn join_the_crowd(
    number: usize,
    (owner, shopper): (Client, Client),
    tea: Product,
    till: PosConnection,
    earlier: String,
) -> (char, Answer) {
    let path = format!("/orders/{earlier}");
    match number % 6 {
        0 => ('c', owner.post(&format!("{path}/cancel"), json!({})).await),
        1 => ('e', owner.patch(&path, json!({ "lines": [tea.line(2)] })).await),
        2 => {
            let body = json!({ "product_id": tea.id, "quantity_change": -1, "reason": "Sold to customer" });
            ('p', till.deliver(&owner, &format!("evt-{number}"), &body).await)
        }
        3 => ('s', owner.post("/sales", json!({ "lines": [tea.line(1)] })).await),
        _ => ('o', order(shopper, tea, None).await),
    }
}

async fn orders_sales_tills_edits_and_cancels_at_once(shop: &Shop, servers: &[Client]) {
    let owner = shop.owner();
    let (crowd, earlier) = (240, 80);
    let tea = a_product().stock(UNITS + earlier).create(&owner).await;
    let till = a_pos_connection(&owner, "refuse").await;
    let shoppers = at(shop, servers, crowd);
    let before = at_once(earlier, |number| order(shoppers[number].clone(), tea.clone(), None)).await;
    let before: Vec<String> = before.into_iter().map(|order| order.is(201).id()).collect();

    let answers = at_once(crowd, |number| {
        // Of six one cancels and the next one edits: never the same order.
        let order = before[number / 6 * 2 + number % 6 % 2].clone();
        let people = (servers[number % servers.len()].clone(), shoppers[number].clone());
        join_the_crowd(number, people, tea.clone(), till.clone(), order)
    })
    .await;

    let (mut on_hand, mut reserved) = (UNITS + earlier, earlier);
    for (who, answer) in &answers {
        match (who, answer.status()) {
            ('c', 200) => reserved -= 1,
            ('e', 200) | ('o', 201) => reserved += 1,
            ('p', 200) | ('s', 201) => on_hand -= 1,
            // An edit asks for one more than it holds.
            ('e' | 'p' | 's' | 'o', 409) => {
                assert_eq!((answer.code(), &answer["shortages"][0]["available"]), ("insufficient_stock", &json!(0)));
            }
            _ => panic!("{who}: {answer:?}"),
        }
    }
    let figures = [on_hand, reserved, on_hand - reserved].map(|figure| figure as f64);
    assert_eq!(tea.stock(&owner).await, figures);
    shop.database.verify();
}

both_engines!(orders_sales_tills_edits_and_cancels_mix_exactly, async |shop| {
    orders_sales_tills_edits_and_cancels_at_once(&shop, &[shop.owner()]).await;
});

#[test]
fn two_servers_on_one_postgres_mix_orders_sales_tills_edits_and_cancels_exactly() {
    run(Engine::Postgres, async |shop| {
        let (_server, there) = shop.second_server();
        orders_sales_tills_edits_and_cancels_at_once(&shop, &[shop.owner(), there]).await;
    });
}

#[track_caller]
fn one_got_it(answers: &[Answer], reason: &str) -> String {
    let orders = placed(answers);
    assert_eq!(orders.len(), 1, "{answers:?}");
    assert_eq!(orders[0]["discount"], "1.00");
    for refused in answers.iter().filter(|answer| answer.status() != 201) {
        assert_eq!((refused.code(), refused["reason"].as_str()), ("promo_refused", Some(reason)), "{refused:?}");
    }
    orders[0].id()
}

async fn a_hundred_want_the_one_discount(shop: &Shop, servers: &[Client]) {
    let owner = shop.owner();
    let tea = a_product().stock(1_000).create(&owner).await;
    let promo = a_promo().with("usage_limit", 1).create(&owner).await;
    let shoppers = at(shop, servers, 100);
    // Given back it can be had again: by one.
    for _ in 0..2 {
        let answers =
            at_once(100, |number| order(shoppers[number].clone(), tea.clone(), Some(promo.code.clone()))).await;
        let lucky = one_got_it(&answers, "used_up");
        assert_eq!(promo.times_used(&owner).await, 1);
        let cancels = at_once(5, |number| {
            let at = &servers[number % servers.len()];
            at.post(&format!("/orders/{lucky}/cancel"), json!({})).into_future()
        })
        .await;
        assert_eq!(cancels.iter().filter(|answer| answer.status() == 200).count(), 1, "cancelled once");
        assert_eq!(promo.times_used(&owner).await, 0);
    }
    assert_eq!(tea.stock(&owner).await, [1_000.0, 0.0, 1_000.0]);
    shop.database.verify();
}

both_engines!(a_code_for_one_order_is_one_discount_for_a_hundred_shoppers, async |shop| {
    a_hundred_want_the_one_discount(&shop, &[shop.owner()]).await;
});

#[test]
fn two_servers_on_one_postgres_give_the_one_discount_once() {
    run(Engine::Postgres, async |shop| {
        let (_server, there) = shop.second_server();
        a_hundred_want_the_one_discount(&shop, &[shop.owner(), there]).await;
    });
}

async fn one_shopper_wants_it_twenty_times(shop: &Shop, servers: &[Client]) {
    let (owner, sam) = (shop.owner(), shop.a_shopper());
    let tea = a_product().stock(1_000).create(&owner).await;
    let promo = a_promo().with("per_customer_limit", 1).create(&owner).await;
    let answers = at_once(20, |number| {
        let sam = servers[number % servers.len()].with_token(&sam.token());
        order(sam, tea.clone(), Some(promo.code.clone()))
    })
    .await;
    one_got_it(&answers, "already_used");
    assert_eq!(placed(&[order(shop.a_shopper(), tea, Some(promo.code.clone())).await]).len(), 1, "others still may");
    assert_eq!(promo.times_used(&owner).await, 2);
    shop.database.verify();
}

both_engines!(twenty_orders_of_one_shopper_use_a_code_for_each_customer_once, async |shop| {
    one_shopper_wants_it_twenty_times(&shop, &[shop.owner()]).await;
});

#[test]
fn two_servers_on_one_postgres_let_one_shopper_use_a_code_once() {
    run(Engine::Postgres, async |shop| {
        let (_server, there) = shop.second_server();
        one_shopper_wants_it_twenty_times(&shop, &[shop.owner(), there]).await;
    });
}

/// Three of these products for each number, starting at another one and in both directions.
fn three_of(products: &[Product], number: usize) -> Vec<serde_json::Value> {
    let mut products = products.to_vec();
    let first = number % products.len();
    products.rotate_left(first);
    if number.is_multiple_of(2) {
        products.reverse();
    }
    products[..3].iter().map(|product| product.line(1)).collect()
}

/// Orders for many products are placed, edited to others, shipped and cancelled at once.
async fn everything_in_opposite_orders(shop: &Shop, servers: &[Client]) {
    let owner = shop.owner();
    let mut products = Vec::new();
    for _ in 0..6 {
        products.push(a_product().stock(60).create(&owner).await);
    }
    let promo = a_promo().with("usage_limit", 40).create(&owner).await;
    let shoppers = at(shop, servers, 120);
    let first = at_once(60, |number| {
        let body = json!({ "lines": three_of(&products, number), "promo_code": promo.code });
        shoppers[number].post("/orders", body).into_future()
    })
    .await;
    assert_eq!(placed(&first).len(), 40, "as often as the code may be used");
    let first: Vec<String> = placed(&first).iter().map(|order| order.id()).collect();
    let answers = at_once(120, |number| {
        let path = format!("/orders/{}", first[number % first.len()]);
        let server = &servers[number % servers.len()];
        match number / 40 {
            0 => server.patch(&path, json!({ "lines": three_of(&products, number + 1) })).into_future(),
            1 if number.is_multiple_of(2) => server.post(&format!("{path}/accept"), json!({})).into_future(),
            1 => server.post(&format!("{path}/cancel"), json!({})).into_future(),
            _ => shoppers[number].post("/orders", json!({ "lines": three_of(&products, number) })).into_future(),
        }
    })
    .await;
    assert!(answers.iter().all(|answer| [200, 201, 409].contains(&answer.status())), "{answers:?}");
    assert_eq!(promo.times_used(&owner).await, 20, "half of them were cancelled");
    let mut reserved = 0.0;
    for product in &products {
        reserved += product.stock(&owner).await[1];
    }
    assert_eq!(reserved, 3.0 * (20 + placed(&answers).len()) as f64);
    shop.database.verify();
}

both_engines!(orders_for_many_products_in_opposite_orders_neither_deadlock_nor_oversell, async |shop| {
    everything_in_opposite_orders(&shop, &[shop.owner()]).await;
});

#[test]
fn two_servers_on_one_postgres_take_orders_in_opposite_orders() {
    run(Engine::Postgres, async |shop| {
        let (_server, there) = shop.second_server();
        everything_in_opposite_orders(&shop, &[shop.owner(), there]).await;
    });
}

async fn everybody_decides_about_one_order(shop: &Shop, servers: &[Client]) {
    let owner = shop.owner();
    for _ in 0..5 {
        let tea = a_product().stock(10).create(&owner).await;
        let order = order(shop.a_shopper(), tea.clone(), None).await.is(201);
        let answers = at_once(20, |number| {
            let step = ["accept", "reject"][number / 2 % 2];
            servers[number % servers.len()].post(&format!("/orders/{}/{step}", order.id()), json!({})).into_future()
        })
        .await;
        let done: Vec<&Answer> = answers.iter().filter(|answer| answer.status() == 200).collect();
        assert_eq!(done.len(), 1, "{answers:?}");
        let decided = done[0]["status"].clone();
        for refused in answers.iter().filter(|answer| answer.status() != 200) {
            assert_eq!((refused.code(), &refused["from"]), ("illegal_transition", &decided));
        }
        let reserved = if decided == "accepted" { 1.0 } else { 0.0 };
        assert_eq!(tea.stock(&owner).await, [10.0, reserved, 10.0 - reserved]);
    }
    shop.database.verify();
}

both_engines!(of_many_who_decide_about_one_order_one_does, async |shop| {
    everybody_decides_about_one_order(&shop, &[shop.owner()]).await;
});

#[test]
fn two_servers_on_one_postgres_decide_about_one_order_once() {
    run(Engine::Postgres, async |shop| {
        let (_server, there) = shop.second_server();
        everybody_decides_about_one_order(&shop, &[shop.owner(), there]).await;
    });
}
