//! Adjusting, counting, adding and removing.

mod common;

use common::*;
use std::sync::Arc;
use tradepost_domain::{
    catalogue::{ProductForm, ProductPatch},
    ids::LocationId,
    ledger::{Command, Refusal},
    stock::Kind,
};

#[test]
fn an_adjustment_says_why_and_never_takes_what_is_not_there() {
    let mut shop = Shop::new().with("TEA", "10");
    shop.accept(adjust("TEA", "-10"));
    assert!(matches!(shop.refuse(adjust("TEA", "-1")), Refusal::InsufficientStock(_)));
    assert!(matches!(shop.refuse(adjust("TEA", "0")), Refusal::Invalid(_)));
    assert!(matches!(shop.refuse(adjust("TEA", "0.5")), Refusal::Invalid(_)));
    let silent = Command::Adjust { product: id_of("TEA"), location: None, change: change("1"), reason: " ".into() };
    assert!(matches!(shop.refuse(silent), Refusal::Invalid(_)));
    assert_eq!(shop.on_hand("TEA"), "0");
}

#[test]
fn a_count_books_the_difference_and_one_that_agrees_a_movement_of_zero() {
    let mut shop = Shop::new().with("TEA", "10");
    assert_eq!(shop.accept(count("TEA", "7", None)).movements[0].change.on_hand, change("-3"));
    assert_eq!(shop.accept(count("TEA", "7", None)).movements[0].change.on_hand, change("0"));
    assert_eq!(shop.on_hand("TEA"), "7");
}

#[test]
fn what_was_sold_after_a_count_stays_sold() {
    let mut shop = Shop::new().with("TEA", "10");
    let counted_at = shop.now.plus_seconds(60);
    shop.now = shop.now.plus_seconds(120);
    shop.sell(&[("TEA", "4")]);
    shop.now = shop.now.plus_seconds(120);
    let effects = shop.accept(count("TEA", "9", Some(counted_at)));
    assert_eq!((effects.movements[0].kind, effects.movements[0].change.on_hand), (Kind::Counted, change("-1")));
    assert_eq!(shop.on_hand("TEA"), "5");
}

#[test]
fn a_count_older_than_the_last_one_changes_nothing_and_one_from_the_future_is_invalid() {
    let mut shop = Shop::new().with("TEA", "10");
    shop.accept(count("TEA", "9", Some(NOON)));
    let refusal = shop.refuse(count("TEA", "5", Some(NOON.plus_seconds(-1))));
    assert!(matches!(refusal, Refusal::Conflict { reason: "count_superseded", .. }), "{refusal:?}");
    assert!(matches!(shop.refuse(count("TEA", "5", Some(NOON.plus_seconds(301)))), Refusal::Invalid(_)));
    assert_eq!(shop.on_hand("TEA"), "9");
}

#[test]
fn a_count_that_later_sales_contradict_is_refused() {
    let mut shop = Shop::new().with("TEA", "10");
    shop.now = NOON.plus_seconds(60);
    shop.sell(&[("TEA", "8")]);
    let refusal = shop.refuse(count("TEA", "3", Some(NOON.plus_seconds(30))));
    assert!(matches!(refusal, Refusal::Conflict { reason: "count_contradicted", .. }), "{refusal:?}");
}

#[test]
fn the_unit_is_fixed_once_stock_has_moved() {
    let by_weight = || ProductPatch { unit: Some("kg".into()), unit_decimals: Some(3), ..ProductPatch::default() };
    let mut shop = Shop::new().with("TEA", "10").with("RICE", "0");
    let edit = |sku| Command::EditProduct { id: id_of(sku), patch: Box::new(by_weight()) };
    shop.accept(edit("RICE"));
    assert!(matches!(shop.refuse(edit("TEA")), Refusal::Conflict { reason: "unit_fixed", .. }));
}

#[test]
fn a_sku_is_unique_for_ever_and_a_name_among_what_is_there() {
    let mut shop = Shop::new().with("TEA", "10");
    let add = |sku: &str, name: &str, id: &str| {
        let rest = ProductPatch { price: Some("1".into()), ..ProductPatch::default() };
        let form = ProductForm { sku: sku.into(), name: name.into(), rest };
        Command::AddProduct { product: Arc::new(form.parse(id_of(id), eur(), NOON).unwrap()), initial_quantity: None }
    };
    assert_eq!(shop.refuse(add("tea", "other", "X")), Refusal::Duplicate { field: "sku" });
    assert_eq!(shop.refuse(add("TEA2", " Tea ", "X")), Refusal::Duplicate { field: "name" });
    shop.accept(Command::RemoveProduct { id: id_of("TEA") });
    assert_eq!(shop.refuse(add("tea", "other", "X")), Refusal::Duplicate { field: "sku" });
    shop.accept(add("TEA2", "tea", "X"));
    assert_eq!(shop.refuse(Command::RemoveProduct { id: id_of("TEA") }), Refusal::NotFound("product"));
}

#[test]
fn a_location_with_stock_and_the_default_one_stay() {
    let mut shop = Shop::new().with("TEA", "10");
    let there = |by: &str| Command::Adjust {
        product: id_of("TEA"),
        location: Some(STORE_ROOM),
        change: change(by),
        reason: "moved".into(),
    };
    let remove = |id: LocationId| Command::RemoveLocation { id };
    shop.accept(there("1"));
    assert!(matches!(shop.refuse(remove(STORE_ROOM)), Refusal::InUse(_)));
    assert!(matches!(shop.refuse(remove(MAIN)), Refusal::InUse(_)));
    shop.accept(there("-1"));
    shop.accept(remove(STORE_ROOM));
    assert!(matches!(shop.refuse(there("1")), Refusal::Invalid(_)), "nothing is booked at a removed location");
}
