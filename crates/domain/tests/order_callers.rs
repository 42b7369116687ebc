//! Who may do what with an order.

mod common;

use common::*;
use tradepost_domain::{
    identity::{Permission, Permissions},
    ids::OrderId,
    ledger::{Refusal, orders::NewOrder},
    orders::Step,
    repository::Remove,
};
use uuid::Uuid;

#[test]
fn somebody_elses_order_does_not_exist() {
    let mut shop = Shop::new().with("TEA", "10");
    let order = shop.place(ANN, &[("TEA", "2")], None);
    shop.principal = shopper(BOB);
    for command in [
        edit_order(order.id, &[("TEA", "1")]),
        step(order.id, Step::Cancel),
        delete(order.id),
        give_back(order.id, &[("TEA", "1")], true),
    ] {
        assert_eq!(shop.refuse(command), Refusal::NotFound("order"));
    }
    shop.principal = shopper(ANN);
    assert_eq!(shop.refuse(step(order.id, Step::Accept)), Refusal::Forbidden(Permission::OrdersFulfil));
    shop.accept(step(order.id, Step::Cancel));
}

#[test]
fn ordering_for_another_customer_needs_the_permission() {
    let mut shop = Shop::new().with("TEA", "10");
    shop.principal = shopper(ANN);
    assert_eq!(shop.refuse(order(BOB, &[("TEA", "1")], None)), Refusal::Forbidden(Permission::OrdersPlaceForOthers));
    shop.accept(order(ANN, &[("TEA", "1")], None));
}

#[test]
fn saying_where_an_order_is_taken_from_needs_the_permission_and_a_shoppers_comes_from_the_default_location() {
    let mut shop = Shop::new().with("TEA", "10");
    let from = |location| {
        place(NewOrder { customer: Some(ANN), lines: lines(&[("TEA", "1")]), location, ..NewOrder::default() })
    };
    shop.principal = shopper(ANN);
    for location in [MAIN, STORE_ROOM] {
        assert_eq!(shop.refuse(from(Some(location))), Refusal::Forbidden(Permission::OrdersPlaceForOthers));
    }
    assert_eq!(shop.accept(from(None)).orders.orders[0].order.value.location, MAIN);
}

#[test]
fn ones_own_order_may_be_cancelled_only_while_it_is_pending() {
    let mut shop = Shop::new().with("TEA", "10");
    let order = shop.place(ANN, &[("TEA", "1")], None);
    shop.accept(step(order.id, Step::Accept));
    shop.principal = shopper(ANN);
    assert_eq!(shop.refuse(step(order.id, Step::Cancel)), Refusal::Forbidden(Permission::OrdersFulfil));
}

#[test]
fn an_order_is_for_somebody_who_is_there() {
    let mut shop = Shop::new().with("TEA", "10");
    let nobody = place(NewOrder { lines: lines(&[("TEA", "1")]), ..NewOrder::default() });
    assert_eq!(fault(shop.refuse(nobody)), ("/customer_id".into(), "required"));
    shop.remove(BOB, NOON).unwrap();
    assert_eq!(fault(shop.refuse(order(BOB, &[("TEA", "1")], None))), ("/customer_id".into(), "unknown_customer"));
    let long = NewOrder {
        notes: Some("x".repeat(501)),
        customer: Some(ANN),
        lines: lines(&[("TEA", "1")]),
        ..NewOrder::default()
    };
    assert_eq!(fault(shop.refuse(place(long))), ("/notes".into(), "invalid"));
    let none = shop.refuse(step(OrderId::from_uuid(Uuid::from_u128(42)), Step::Accept));
    assert_eq!(none, Refusal::NotFound("order"));
}

#[test]
fn who_works_here_changes_orders_of_others_only_with_the_permission_to() {
    let mut shop = Shop::new().with("TEA", "10");
    let id = shop.place(ANN, &[("TEA", "2")], None).id;
    shop.principal.permissions = [Permission::OrdersReadAll].into_iter().collect::<Permissions>();
    for command in [edit_order(id, &[("TEA", "1")]), delete(id)] {
        assert_eq!(shop.refuse(command), Refusal::Forbidden(Permission::OrdersPlaceForOthers));
    }
    shop.principal.permissions = [Permission::OrdersFulfil].into_iter().collect::<Permissions>();
    shop.accept(edit_order(id, &[("TEA", "1")]));
    shop.principal = shopper(ANN);
    shop.accept(edit_order(id, &[("TEA", "3")]));
    assert_eq!(shop.figures("TEA"), ("10".into(), "3".into()));
}

#[test]
fn a_hidden_order_is_there_for_staff_alone() {
    let mut shop = Shop::new().with("TEA", "10");
    let id = shop.place(ANN, &[("TEA", "2")], None).id;
    shop.accept(delete(id));
    shop.accept(delete(id));
    shop.principal = shopper(ANN);
    assert_eq!(shop.refuse(step(id, Step::Cancel)), Refusal::NotFound("order"));
}
