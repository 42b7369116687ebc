//! Promo codes on orders: how often, by whom, and what becomes of them.

mod common;

use common::*;
use tradepost_domain::{
    ledger::{Refusal, orders::OrderPatch},
    money::{Currency, Money},
    orders::Step,
    promos::{PromoPatch, PromoRefusal},
    repository::Repository,
};

#[test]
fn a_code_is_used_as_often_as_it_may_be_and_given_back_once() {
    let once = PromoPatch { usage_limit: Some(Some(1)), per_customer_limit: Some(None), ..PromoPatch::default() };
    let mut shop = Shop::new().with("TEA", "10").with_promo("TEN", "10", once);
    let first = shop.place(ANN, &[("TEA", "2")], Some("ten"));
    assert_eq!((first.discount.to_string(), first.total.to_string()), ("0.50".into(), "4.50".into()));
    assert_eq!(shop.refuse(order(BOB, &[("TEA", "1")], Some("TEN"))), Refusal::PromoRefused(PromoRefusal::UsedUp));
    shop.accept(step(first.id, Step::Reject));
    assert_eq!(shop.times_used("TEN"), 0);
    shop.place(BOB, &[("TEA", "1")], Some("TEN"));
    assert_eq!(shop.refuse(order(ANN, &[("TEA", "1")], Some("NOPE"))), Refusal::PromoRefused(PromoRefusal::Unknown));
}

#[test]
fn a_customer_uses_a_code_once_unless_it_says_otherwise() {
    let mut shop = Shop::new().with("TEA", "10").with_promo("TEN", "10", PromoPatch::default());
    shop.place(ANN, &[("TEA", "1")], Some("TEN"));
    assert_eq!(shop.refuse(order(ANN, &[("TEA", "1")], Some("TEN"))), Refusal::PromoRefused(PromoRefusal::AlreadyUsed));
    shop.place(BOB, &[("TEA", "1")], Some("TEN"));
}

#[test]
fn an_edited_order_keeps_its_terms_whatever_became_of_the_code() {
    let minimum = PromoPatch { minimum_subtotal: Some(Some("5".into())), ..PromoPatch::default() };
    let mut shop = Shop::new().with("TEA", "10").with_promo("TEN", "10", minimum);
    let order = shop.place(ANN, &[("TEA", "4")], Some("TEN"));
    let other = PromoPatch { percentage: Some(Some("50".into())), active: Some(false), ..PromoPatch::default() };
    shop.edit_promo("TEN", &other);
    shop.accept(edit_order(order.id, &[("TEA", "2")]));
    assert_eq!(shop.order(order.id).discount.to_string(), "0.50");
    let below = shop.refuse(edit_order(order.id, &[("TEA", "1")]));
    assert_eq!(below, Refusal::PromoRefused(PromoRefusal::MinimumNotReached));
}

#[test]
fn changing_the_code_takes_the_new_one_and_gives_the_old_one_back() {
    let rest = PromoPatch::default;
    let mut shop = Shop::new().with("TEA", "10").with_promo("TEN", "10", rest()).with_promo("HALF", "50", rest());
    let order = shop.place(ANN, &[("TEA", "2")], Some("TEN"));
    let code = |code: Option<&str>| {
        let promo_code = Some(code.map(str::to_owned));
        patch_order(order.id, OrderPatch { promo_code, ..OrderPatch::default() })
    };
    shop.accept(code(Some("HALF")));
    assert_eq!((shop.times_used("TEN"), shop.times_used("HALF")), (0, 1));
    assert_eq!(shop.order(order.id).total.to_string(), "2.50");
    shop.accept(code(Some("half")));
    assert_eq!(shop.times_used("HALF"), 1);
    shop.accept(code(None));
    assert_eq!((shop.times_used("HALF"), shop.order(order.id).total.to_string()), (0, "5.00".into()));
}

#[test]
fn a_code_in_another_currency_is_refused_with_a_sentence_that_says_so() {
    let mut shop = Shop::new().with("TEA", "10").with_promo("TEN", "10", PromoPatch::default());
    let mut foreign: tradepost_domain::promos::Promo = shop.find(promo_id("TEN")).unwrap().unwrap();
    let yen = Currency::parse("JPY").unwrap();
    foreign.terms.max_discount = Some(Money::from_minor(5, yen));
    foreign.version += 1;
    shop.update(&foreign).unwrap();
    let refusal = shop.refuse(order(ANN, &[("TEA", "1")], Some("TEN")));
    assert_eq!(refusal, Refusal::PromoRefused(PromoRefusal::OtherCurrency));
    assert_eq!(refusal.to_string(), "this promo code is in another currency");
}

#[test]
fn in_one_batch_a_code_is_taken_no_more_often_than_it_may_be_and_given_back_in_between() {
    let limits = PromoPatch { usage_limit: Some(Some(2)), per_customer_limit: Some(Some(1)), ..PromoPatch::default() };
    let mut shop = Shop::new().with("TEA", "10").with_promo("TEN", "10", limits);
    let by = |customer| order(customer, &[("TEA", "1")], Some("TEN"));
    let answers = shop.batch(&[by(ANN), by(ANN), by(BOB), by(BOB)]);
    let refused: Vec<_> = answers.iter().map(|answer| answer.clone().err()).collect();
    let why = |reason| Some(Refusal::PromoRefused(reason));
    assert_eq!(refused, [None, why(PromoRefusal::AlreadyUsed), None, why(PromoRefusal::UsedUp)]);
    let first = answers[0].as_ref().unwrap().orders.orders[0].order.value.id;
    let answers = shop.batch(&[step(first, Step::Cancel), by(BOB), by(ANN)]);
    let refused: Vec<_> = answers.iter().map(|answer| answer.clone().err()).collect();
    assert_eq!(refused, [None, why(PromoRefusal::AlreadyUsed), None]);
    assert_eq!(shop.times_used("TEN"), 2);
}
