//! Things that are removed, renamed or taken while others use them: somebody wins, nobody gets a 500, the books add up.

use serde_json::{Value, json};
use tradepost_tests::{Answer, Client, Engine, Request, Shop, a_pos_connection, a_product, at_once, both_engines, run};

const ROUNDS: usize = 8;

/// Sends all of these at once.
async fn all_at_once(requests: Vec<Request>) -> Vec<Answer> {
    at_once(requests.len(), |number| requests[number].clone().into_future()).await
}

#[track_caller]
fn are_among(answers: &[Answer], statuses: &[u16]) {
    let odd: Vec<_> = answers.iter().filter(|answer| !statuses.contains(&answer.status())).collect();
    assert!(odd.is_empty(), "{odd:?}");
}

async fn a_category_goes_while_products_come(shop: &Shop, clients: [Client; 2]) {
    for round in 0..ROUNDS {
        let category =
            clients[0].post("/categories", json!({ "name": format!("Category {round}") })).await.is(201).id();
        let mut requests: Vec<Request> = (0..6)
            .map(|number| {
                clients[number % 2].post("/products", a_product().with("category_id", category.as_str()).body())
            })
            .collect();
        requests.insert(round % 6, clients[1].delete(&format!("/categories/{category}")));
        let answers = all_at_once(requests).await;
        are_among(&answers, &[201, 204, 400, 409]);
        let went = answers.iter().any(|answer| answer.status() == 204);
        let came = answers.iter().any(|answer| answer.status() == 201);
        assert!(went != came, "a category with products stays, one that went has none: {answers:?}");
    }
    shop.database.verify();
}

both_engines!(a_category_goes_or_gets_products_but_not_both, async |shop| {
    a_category_goes_while_products_come(&shop, [shop.owner(), shop.owner()]).await;
});

#[test]
fn two_servers_agree_whether_a_category_goes() {
    run(Engine::Postgres, async |shop| {
        let (_server, there) = shop.second_server();
        a_category_goes_while_products_come(&shop, [shop.owner(), there]).await;
    });
}

async fn a_product_goes_while_it_is_sold(shop: &Shop, clients: [Client; 2]) {
    for round in 0..ROUNDS {
        let tea = a_product().stock(3).create(&clients[0]).await;
        let sale = |number: usize| clients[number % 2].post("/sales", json!({ "lines": [tea.line(1)] }));
        let mut requests: Vec<Request> = (0..6).map(sale).collect();
        requests.insert(round % 6, clients[1].delete(&format!("/products/{}", tea.id)));
        requests.push(clients[0].patch(&format!("/products/{}", tea.id), json!({ "price": "9.99" })));
        let answers = all_at_once(requests).await;
        are_among(&answers, &[200, 201, 204, 400, 404, 409]);
        assert!(answers.iter().any(|answer| answer.status() == 204), "{answers:?}");
        let sold = answers.iter().filter(|answer| answer.status() == 201).count();
        assert_eq!(tea.on_hand(&clients[0]).await, 3.0 - sold as f64);
    }
    shop.database.verify();
}

both_engines!(a_product_goes_while_it_is_sold_and_every_sale_counts, async |shop| {
    a_product_goes_while_it_is_sold(&shop, [shop.owner(), shop.owner()]).await;
});

#[test]
fn two_servers_agree_when_a_product_goes() {
    run(Engine::Postgres, async |shop| {
        let (_server, there) = shop.second_server();
        a_product_goes_while_it_is_sold(&shop, [shop.owner(), there]).await;
    });
}

async fn a_location_goes_while_stock_comes(shop: &Shop, clients: [Client; 2]) {
    let tea = a_product().create(&clients[0]).await;
    for round in 0..ROUNDS {
        let code = format!("stall-{round}");
        let stall = clients[0].post("/locations", json!({ "name": code, "code": code })).await.is(201).id();
        let here = json!({ "quantity_change": 1, "reason": "opening", "location_id": stall });
        let path = format!("/inventory/{}/adjustments", tea.id);
        let mut requests: Vec<Request> = (0..5).map(|number| clients[number % 2].post(&path, here.clone())).collect();
        requests.insert(round % 5, clients[1].delete(&format!("/locations/{stall}")));
        let answers = all_at_once(requests).await;
        are_among(&answers, &[201, 204, 400, 409]);
        let went = answers.iter().any(|answer| answer.status() == 204);
        let came = answers.iter().any(|answer| answer.status() == 201);
        assert!(went != came, "a location with stock stays, one that went has none: {answers:?}");
    }
    shop.database.verify();
}

both_engines!(a_location_goes_or_gets_stock_but_not_both, async |shop| {
    a_location_goes_while_stock_comes(&shop, [shop.owner(), shop.owner()]).await;
});

#[test]
fn two_servers_agree_whether_a_location_goes() {
    run(Engine::Postgres, async |shop| {
        let (_server, there) = shop.second_server();
        a_location_goes_while_stock_comes(&shop, [shop.owner(), there]).await;
    });
}

both_engines!(a_customer_goes_while_they_buy_and_every_sale_counts, async |shop| {
    let owner = shop.owner();
    let tea = a_product().stock(1_000).create(&owner).await;
    let mut sold = 0;
    for round in 0..ROUNDS {
        let customer = owner.post("/customers", json!({ "name": "Ada" })).await.is(201).id();
        let sale = json!({ "lines": [tea.line(1)], "customer_id": customer });
        let mut requests: Vec<Request> = (0..5).map(|_| owner.post("/sales", sale.clone())).collect();
        requests.insert(round % 5, owner.delete(&format!("/customers/{customer}")));
        let answers = all_at_once(requests).await;
        are_among(&answers, &[201, 204, 400, 409]);
        sold += answers.iter().filter(|answer| answer.status() == 201).count();
    }
    assert_eq!(tea.on_hand(&owner).await, 1_000.0 - sold as f64);
    shop.database.verify();
});

both_engines!(a_till_is_disconnected_while_it_reports_and_every_report_counts, async |shop| {
    let owner = shop.owner();
    let tea = a_product().stock(1_000).create(&owner).await;
    let mut sold = 0;
    for round in 0..ROUNDS {
        let till = a_pos_connection(&owner, "hold").await;
        let body = json!({ "sku": tea.sku, "quantity_change": -1, "reason": "Sold" });
        let mut requests: Vec<Request> =
            (0..6).map(|number| till.deliver(&owner, &format!("evt-{}", number / 2), &body)).collect();
        requests.insert(round % 6, owner.delete(&format!("/pos-connections/{}", till.id)));
        let answers = all_at_once(requests).await;
        are_among(&answers, &[200, 204, 401]);
        let mut applied: Vec<&Value> =
            answers.iter().filter(|answer| answer.status() == 200).map(|answer| &answer["event_id"]).collect();
        applied.sort_by_key(|id| id.to_string());
        applied.dedup();
        sold += applied.len();
    }
    assert_eq!(tea.on_hand(&owner).await, 1_000.0 - sold as f64);
    shop.database.verify();
});

async fn one_sale_is_changed_by_all(shop: &Shop, clients: [Client; 2]) {
    for _ in 0..ROUNDS {
        let tea = a_product().stock(20).create(&clients[0]).await;
        let sale = clients[0].post("/sales", json!({ "lines": [tea.line(6)] })).await.is(201).id();
        let path = format!("/sales/{sale}");
        let mut requests = Vec::new();
        for number in 0..8 {
            let client = &clients[number % 2];
            requests.push(match number {
                0..=2 => client.post(&format!("{path}/refunds"), json!({ "lines": [tea.line(2)] })),
                3 | 4 => client.patch(&path, json!({ "lines": [tea.line(4 + number)] })),
                5 => client.post("/sales", json!({ "lines": [tea.line(3)] })),
                _ => client.delete(&path),
            });
        }
        let answers = all_at_once(requests).await;
        are_among(&answers, &[200, 201, 204, 409]);
        clients[0].delete(&path).await.is(204);
        // The sale is void now, whatever came before it: only the other sale keeps its goods.
        assert_eq!(tea.on_hand(&clients[1]).await, 17.0, "{answers:?}");
    }
    shop.database.verify();
}

both_engines!(one_sale_corrected_refunded_and_voided_by_all_at_once_adds_up, async |shop| {
    one_sale_is_changed_by_all(&shop, [shop.owner(), shop.owner()]).await;
});

#[test]
fn two_servers_change_one_sale_and_it_adds_up() {
    run(Engine::Postgres, async |shop| {
        let (_server, there) = shop.second_server();
        one_sale_is_changed_by_all(&shop, [shop.owner(), there]).await;
    });
}

both_engines!(one_name_is_given_once_however_many_ask_for_it, async |shop| {
    let owner = shop.owner();
    for (path, body) in [
        ("/categories", json!({ "name": "Tea" })),
        ("/locations", json!({ "name": "Kiosk", "code": "kiosk" })),
        ("/customers", json!({ "name": "Ada", "code": "VIP" })),
        ("/pos-connections", json!({ "name": "Till", "dialect": "standard", "on_shortage": "hold" })),
        ("/auth/register", json!({ "email": "sam@mail.test", "username": "sam", "password": "plum-kettle-orbit-94" })),
    ] {
        let answers = all_at_once((0..6).map(|_| owner.post(path, body.clone())).collect()).await;
        are_among(&answers, &[201, 409]);
        assert_eq!(answers.iter().filter(|answer| answer.status() == 201).count(), 1, "{answers:?}");
    }
});

/// Replicas that start together on a database without tables: one migrates, the others wait for it.
#[test]
fn servers_that_start_together_on_an_empty_database_all_serve() {
    tradepost_tests::block_on(async {
        let database = tradepost_tests::Database::empty(Engine::Postgres);
        let (folder, url) = (database.folder().to_owned(), database.url.clone());
        let starting: Vec<_> = (0..3)
            .map(|_| {
                let (folder, url) = (folder.clone(), url.clone());
                std::thread::spawn(move || tradepost_tests::Server::start(&folder, &url, &[]))
            })
            .collect();
        let servers: Vec<_> = starting.into_iter().map(|server| server.join().expect("it starts")).collect();
        for server in &servers {
            Client::of(server).get("/readyz").await.is(200);
        }
        assert_eq!(database.number("select count(*) from locations"), 1, "there is one default location");
        database.verify();
    });
}
