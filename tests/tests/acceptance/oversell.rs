//! More buyers than goods: exactly what stock allows is sold, and the books say so.

use serde_json::json;
use tradepost_tests::{Answer, Client, Engine, Product, Shop, a_pos_connection, a_product, at_once, both_engines, run};

const BUYERS: usize = 300;
const UNITS: usize = 100;

async fn buy_one(client: Client, product: Product) -> Answer {
    client.post("/sales", json!({ "lines": [product.line(1)] })).patiently().await
}

/// A refusal must be true: one was wanted, none was there.
fn is_a_true_refusal(answer: &Answer, product: &Product) -> bool {
    let shortage = &answer["shortages"][0];
    let figures = (shortage["requested"].as_f64(), shortage["available"].as_f64());
    answer.status() == 409
        && answer.code() == "insufficient_stock"
        && answer["shortages"].as_array().is_some_and(|all| all.len() == 1)
        && shortage["product_id"] == product.id.as_str()
        && shortage["sku"] == product.sku.as_str()
        && figures == (Some(1.0), Some(0.0))
}

fn count(answers: &[Answer], status: u16) -> usize {
    answers.iter().filter(|answer| answer.status() == status).count()
}

async fn three_hundred_buy_one_of_a_hundred(shop: &Shop, sellers: Vec<Client>) {
    let owner = shop.owner();
    let tea = a_product().stock(UNITS).create(&owner).await;
    let answers = at_once(BUYERS, |number| buy_one(sellers[number % sellers.len()].clone(), tea.clone())).await;
    assert_eq!(count(&answers, 201), UNITS, "{:?}", answers.iter().map(Answer::status).collect::<Vec<_>>());
    let refused: Vec<&Answer> = answers.iter().filter(|answer| answer.status() != 201).collect();
    assert!(refused.iter().all(|answer| is_a_true_refusal(answer, &tea)), "{refused:?}");
    assert_eq!(tea.on_hand(&owner).await, 0.0);
    assert_eq!(shop.database.number("select count(*) from sales"), UNITS as i64);
    shop.database.verify();
}

both_engines!(three_hundred_clients_buy_exactly_the_hundred_units_there_are, async |shop| {
    let sellers =
        vec![shop.owner(), shop.employee(&["sales.write", "stock.read"]).await, shop.employee(&["sales.write"]).await];
    three_hundred_buy_one_of_a_hundred(&shop, sellers).await;
});

#[test]
fn two_servers_on_one_postgres_sell_exactly_the_hundred_units_there_are() {
    run(Engine::Postgres, async |shop| {
        let (_server, there) = shop.second_server();
        three_hundred_buy_one_of_a_hundred(&shop, vec![shop.owner(), there]).await;
    });
}

/// What one of the crowd does, by number: every seventh gives goods back, others sell through the till or over the counter.
async fn join_the_crowd(
    number: usize,
    owner: Client,
    tea: Product,
    till: tradepost_tests::PosConnection,
    sold: Vec<String>,
) -> (char, Answer) {
    match number % 7 {
        0 => {
            let body = json!({ "lines": [{ "product_id": tea.id, "quantity": 1 }] });
            ('r', owner.post(&format!("/sales/{}/refunds", sold[number / 7]), body).patiently().await)
        }
        1 | 2 => {
            let body = json!({ "product_id": tea.id, "quantity_change": -1, "reason": "Sold to customer" });
            ('p', till.deliver(&owner, &format!("evt-{number}"), &body).patiently().await)
        }
        _ => ('s', buy_one(owner, tea).await),
    }
}

async fn sales_tills_and_refunds_at_once(shop: &Shop, servers: Vec<Client>) {
    let owner = shop.owner();
    let (crowd, given_back) = (294, 42);
    let tea = a_product().stock(UNITS + given_back).create(&owner).await;
    let till = a_pos_connection(&owner, "refuse").await;
    let earlier = at_once(given_back, |_| buy_one(owner.clone(), tea.clone())).await;
    let sold: Vec<String> = earlier.into_iter().map(|sale| sale.is(201).id()).collect();

    let answers = at_once(crowd, |number| {
        join_the_crowd(number, servers[number % servers.len()].clone(), tea.clone(), till.clone(), sold.clone())
    })
    .await;

    let (mut taken, mut refused) = (0, 0);
    for (who, answer) in &answers {
        match (who, answer.status()) {
            ('r' | 's', 201) | ('p', 200) => taken += usize::from(*who != 'r'),
            ('s' | 'p', 409) => {
                assert!(is_a_true_refusal(answer, &tea), "{answer:?}");
                refused += 1;
            }
            _ => panic!("{who}: {answer:?}"),
        }
    }
    assert_eq!(taken + refused + given_back, crowd);
    assert!((UNITS..=UNITS + given_back).contains(&taken), "{taken} units were taken");
    assert_eq!(tea.on_hand(&owner).await, (UNITS + given_back - taken) as f64);
    shop.database.verify();
}

both_engines!(sales_tills_and_refunds_at_once_take_exactly_what_there_is, async |shop| {
    sales_tills_and_refunds_at_once(&shop, vec![shop.owner()]).await;
});

#[test]
fn two_servers_on_one_postgres_mix_sales_tills_and_refunds_exactly() {
    run(Engine::Postgres, async |shop| {
        let (_server, there) = shop.second_server();
        sales_tills_and_refunds_at_once(&shop, vec![shop.owner(), there]).await;
    });
}

both_engines!(many_products_in_opposite_orders_neither_deadlock_nor_oversell, async |shop| {
    let owner = shop.owner();
    let mut products = Vec::new();
    for _ in 0..6 {
        products.push(a_product().stock(20).create(&owner).await);
    }
    let answers = at_once(120, |number| {
        let (owner, mut products) = (owner.clone(), products.clone());
        products.rotate_left(number % 6);
        if number % 2 == 0 {
            products.reverse();
        }
        let lines: Vec<_> = products[..3].iter().map(|product| product.line(1)).collect();
        async move { owner.post("/sales", json!({ "lines": lines })).patiently().await }
    })
    .await;
    assert!(answers.iter().all(|answer| [201, 409].contains(&answer.status())), "{answers:?}");
    let sold = count(&answers, 201);
    let mut left = 0.0;
    for product in &products {
        left += product.on_hand(&owner).await;
    }
    assert_eq!(left, 120.0 - 3.0 * sold as f64);
    shop.database.verify();
});
