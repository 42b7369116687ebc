//! What is written down as JSON is read back as it was, and nothing is read that could not have been made.

#![allow(clippy::unwrap_used, dead_code, unreachable_pub, reason = "it borrows the histories, and uses some of them")]

#[path = "histories/books.rs"]
mod books;
mod common;
#[path = "histories/start.rs"]
mod start;
#[path = "histories/steps.rs"]
mod steps;
#[path = "histories/world.rs"]
mod world;

use common::*;
use proptest::{collection::vec, prelude::*, test_runner::TestRunner};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::json;
use std::fmt::Debug;
use steps::Event;
use tradepost_domain::{
    catalogue::{ProductPatch, Unit},
    contact::{Country, Email, Phone},
    identity::{Permission, Permissions},
    ids::ProductId,
    instant::Instant,
    ledger::{Book, Command, Refusal, SellLine, orders, sales::NewSale},
    money::{Currency, Money, Price},
    promos::Percentage,
    quantity::{Delta, Quantity},
    sku::Sku,
};
use world::{Entry, World};

#[track_caller]
fn again<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) -> T {
    let json = serde_json::to_string(value).unwrap();
    let read: T = serde_json::from_str(&json).unwrap_or_else(|problem| panic!("{problem}: {json}"));
    assert_eq!(&read, value, "{json}");
    read
}

#[test]
fn histories_are_read_back_from_json_and_replayed_to_the_same_shop() {
    let config = ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() };
    let outcome = TestRunner::new(config).run(&vec(any::<u64>(), 1..60), |seeds| {
        let mut world = World::new();
        let mut copy = start::a_shop();
        let nobody_looked = || Book::new(eur(), MAIN);
        let (mut book, mut copied_book) = (nobody_looked(), nobody_looked());
        for event in seeds.into_iter().map(Event::from_seed) {
            match world.happen(&event) {
                Some(Entry::Asked { submission, answer, .. }) => {
                    again(&*submission);
                    match &*answer {
                        Ok(effects) => {
                            let read = again(effects);
                            copy.replay(&read);
                            book.apply(effects);
                            copied_book.apply(&read);
                        }
                        Err(refusal) => {
                            again(refusal);
                        }
                    }
                }
                Some(filled @ Entry::Filled { .. }) => world::fill(&mut copy, &filled),
                None => {}
            }
        }
        assert_eq!(copied_book, book);
        assert_eq!(copy.book(), world.shop.book());
        assert_eq!(copy.movements(), world.shop.movements());
        assert_eq!((copy.messages(), copy.audit()), (world.shop.messages(), world.shop.audit()));
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn a_replayed_shop_goes_on_with_the_ids_and_numbers_that_follow() {
    let (mut shop, mut copy) = (Shop::new(), Shop::new());
    let product = a_product(id_of("TEA"), "TEA", "tea", ProductPatch::default());
    let sell = |sold: &str| Command::from(NewSale::of([SellLine::of(id_of("TEA"), quantity(sold))]));
    for command in [add(product, Some(quantity("10"))), sell("1")] {
        copy.replay(&shop.accept(command));
    }
    let (in_one, in_the_other) = (shop.accept(sell("2")), copy.accept(sell("2")));
    assert_eq!(in_one, in_the_other);
    assert_eq!(in_one.sales.sales[0].value.number, 2);
}

#[test]
fn values_are_written_as_people_read_them() {
    let id = ProductId::from_uuid(tradepost_domain::uuid::Uuid::from_u128(7));
    for (written, expected) in [
        (json!(Money::parse("-4.5", eur()).unwrap()), json!({"amount": "-4.50", "currency": "EUR"})),
        (json!(Price::parse("4.50", eur()).unwrap()), json!({"amount": "4.50", "currency": "EUR"})),
        (json!([quantity("0.00001"), quantity("12")]), json!(["0.00001", "12"])),
        (json!(change("-3")), json!("-3")),
        (json!("12.5".parse::<Percentage>().unwrap()), json!("12.5")),
        (json!(NOON), json!("2027-01-15T08:00:00Z")),
        (json!(Unit::new("kg", 3).unwrap()), json!({"name": "kg", "decimals": 3})),
        (json!("KE".parse::<Country>().unwrap()), json!("KE")),
        (json!(id), json!("00000000-0000-0000-0000-000000000007")),
        (json!(Permissions::from([Permission::StockRead])), json!(["stock.read"])),
        (json!(Refusal::NotFound("promo code")), json!({"not_found": "promo code"})),
        (json!(orders::OrderPatch { notes: Some(None), ..Default::default() }), json!({"lines": null, "notes": null})),
    ] {
        assert_eq!(written, expected);
    }
    assert_eq!(again(&Quantity::from_hundred_thousandths(i64::MAX).unwrap()).to_string(), "92233720368547.75807");
    assert_eq!(again(&Money::from_minor(i64::MAX, eur())).to_string(), "92233720368547758.07");
    again(&orders::OrderPatch { notes: Some(None), ..Default::default() });
    again(&ProductPatch { barcode: Some(Some("4".into())), image_url: Some(None), ..ProductPatch::default() });
}

#[track_caller]
fn refused<T: DeserializeOwned + Debug>(json: serde_json::Value) {
    let read = serde_json::from_value::<T>(json.clone());
    assert!(read.is_err(), "{json}: {read:?}");
}

#[test]
fn what_the_parsers_refuse_cannot_be_read_either() {
    refused::<Money>(json!({"amount": "4.505", "currency": "EUR"}));
    refused::<Money>(json!({"amount": "4.50", "currency": "ABC"}));
    refused::<Price>(json!({"amount": "0", "currency": "EUR"}));
    refused::<Quantity>(json!("-1"));
    refused::<Delta>(json!("0.000001"));
    refused::<Quantity>(json!(1.5));
    refused::<Percentage>(json!("100.01"));
    refused::<Instant>(json!("yesterday"));
    refused::<Sku>(json!("two words"));
    refused::<Email>(json!("nobody"));
    refused::<Phone>(json!("0712345678"));
    refused::<Country>(json!("XX"));
    refused::<Currency>(json!("eur"));
    refused::<Unit>(json!({"name": "kg", "decimals": 6}));
    refused::<ProductId>(json!("7"));
    refused::<Permission>(json!("everything"));
    refused::<Refusal>(json!({"illegal_transition": {"from": "pending", "allowed": ["fly"]}}));
}
