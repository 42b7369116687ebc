//! People who order, for the tests of orders, carts and promo codes.

use crate::{Kept, a_customer, a_user, eur, new_id, now};
use std::collections::HashMap;
use tradepost_domain::{
    identity::{Principal, Role},
    ids::{CustomerId, OrderId, ProductId, PromoId, UserId},
    ledger::{
        Command, Effects, Refusal, SellLine,
        orders::{self, NewOrder},
    },
    orders::Step,
    promos::{Promo, PromoPatch},
    repository::Repository,
};
use tradepost_store::{Answer, Store, Submission, SubmitError, orders::OrderWithParts};
use tradepost_tests::Engine;

/// Somebody with a login and a customer record.
#[derive(Debug, Clone)]
pub(crate) struct Shopper {
    pub(crate) user: UserId,
    pub(crate) customer: CustomerId,
    pub(crate) principal: Principal,
}

pub(crate) fn lines(wanted: &[(ProductId, &str)]) -> Vec<SellLine> {
    let line = |(product, quantity): &(ProductId, &str)| SellLine {
        line: None,
        product: Some(*product),
        quantity: quantity.parse().expect("a quantity"),
        unit_price: None,
    };
    wanted.iter().map(line).collect()
}

impl Shopper {
    pub(crate) fn order(&self, wanted: &[(ProductId, &str)], promo_code: Option<&str>) -> Command {
        let (customer, promo_code) = (Some(self.customer), promo_code.map(str::to_owned));
        let new = NewOrder { customer, lines: lines(wanted), promo_code, ..NewOrder::default() };
        Command::Orders(orders::Command::Place(Box::new(new)))
    }

    pub(crate) fn checkout(&self) -> Command {
        let (user, customer) = (self.user, Some(self.customer));
        Command::Orders(orders::Command::Checkout { user, customer, promo_code: None, notes: None })
    }
}

pub(crate) fn step(id: OrderId, step: Step) -> Command {
    Command::Orders(orders::Command::Step { id, step, reason: None })
}

/// A percentage off, for everybody, at any time, as often as they like; then changed by `change`.
pub(crate) fn a_promo(code: &str, percentage: &str, change: impl FnOnce(&mut PromoPatch)) -> Promo {
    let mut form = PromoPatch {
        code: Some(code.to_owned()),
        name: Some(format!("Name of {code}")),
        kind: Some("percentage".to_owned()),
        percentage: Some(Some(percentage.to_owned())),
        valid_from: Some(crate::at(0)),
        valid_until: Some(now().plus_seconds(86_400)),
        per_customer_limit: Some(None),
        ..PromoPatch::default()
    };
    change(&mut form);
    Promo::new(PromoId::from_uuid(new_id()), &form, eur(), now()).expect("a promo code")
}

/// The id of the order that a command was about, or why it was refused.
pub(crate) async fn ask(store: &Store, principal: Principal, command: Command) -> Result<OrderId, Refusal> {
    let answer = |effects: &Effects| {
        let order = effects.orders.orders.first().map(|written| written.order.value.id.to_string());
        Answer { status: 200, body: order.unwrap_or_default().into_bytes(), ..Answer::default() }
    };
    let answer = Box::new(answer);
    let submission = Submission { command, principal, key: None, expected_version: None, answer };
    match store.ledger().submit(submission).await {
        Ok(done) => Ok(String::from_utf8(done.answer.body).expect("a text").parse().expect("an order")),
        Err(SubmitError::Refused(refusal)) => Err(refusal),
        Err(SubmitError::Store(error)) => panic!("{error}"),
    }
}

impl Kept {
    pub(crate) async fn a_shopper(&self, name: &str) -> Shopper {
        self.shoppers(&[name.to_owned()]).await.remove(0)
    }

    pub(crate) async fn shoppers(&self, names: &[String]) -> Vec<Shopper> {
        let people: Vec<_> = names
            .iter()
            .map(|name| {
                let user = a_user(&format!("{name}@shop.test"), None, Role::Shopper);
                let mut customer = a_customer(name, None);
                customer.user = Some(user.id);
                (user, customer)
            })
            .collect();
        let shoppers = people.iter().map(|(user, customer)| {
            let principal = Principal::of_user(user, Some(customer.id));
            Shopper { user: user.id, customer: customer.id, principal }
        });
        let shoppers = shoppers.collect();
        let add = move |s: &mut tradepost_store::Session<'_>| {
            people.iter().try_for_each(|(user, customer)| s.add(user).and_then(|()| s.add(customer)))
        };
        self.write(add).await.expect("they are kept");
        shoppers
    }

    pub(crate) async fn a_promo(&self, code: &str, percentage: &str, change: impl FnOnce(&mut PromoPatch)) -> PromoId {
        let promo = a_promo(code, percentage, change);
        let id = promo.id;
        self.write(move |s| s.add(&promo)).await.expect("the code is kept");
        id
    }

    pub(crate) async fn place(&self, who: &Shopper, wanted: &[(ProductId, &str)], promo: Option<&str>) -> OrderId {
        ask(&self.store, who.principal.clone(), who.order(wanted, promo)).await.expect("the order is placed")
    }

    /// As the shop itself.
    pub(crate) async fn shop(&self, command: Command) -> Result<OrderId, Refusal> {
        ask(&self.store, Principal::system(), command).await
    }

    pub(crate) async fn steps(&self, order: OrderId, steps: &[Step]) {
        for to in steps {
            self.shop(step(order, *to)).await.expect("the step is taken");
        }
    }

    pub(crate) async fn read_order(&self, id: OrderId) -> OrderWithParts {
        let read = self.store.read(move |s| tradepost_store::orders::order(s, id)).await;
        read.expect("it can be read").expect("it is there")
    }

    /// On hand and reserved of each SKU, in whole units.
    pub(crate) async fn figures(&self) -> HashMap<String, (i64, i64)> {
        let all = tradepost_store::ListRequest {
            filter: tradepost_store::stock::InventoryFilter::default(),
            order: Vec::new(),
            limit: 200,
            after: None,
            count: false,
        };
        let page = self.store.read(move |s| tradepost_store::stock::inventory(s, &all)).await.expect("a page");
        let figures = |row: &tradepost_store::stock::InventoryRow| (row.on_hand / 100_000, row.reserved / 100_000);
        page.rows.iter().map(|row| (row.total.sku.clone(), figures(&row.total))).collect()
    }

    pub(crate) fn assert_all_agrees(&self) {
        let mut problems = Vec::new();
        self.store.verify(|problem| problems.push(problem.to_string())).expect("it can be read");
        assert!(problems.is_empty(), "{problems:#?}");
    }

    /// The store, and another one as if of a second process: on SQLite there can be only one.
    pub(crate) fn two_stores(&self) -> [Store; 2] {
        let second = match self.database.engine {
            Engine::Postgres => crate::open(&self.database, 2, 1024),
            Engine::Sqlite => self.store.clone(),
        };
        [self.store.clone(), second]
    }
}
