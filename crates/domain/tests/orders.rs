//! Orders from placing to delivery, and the promo codes on them.

mod common;

use common::*;
use tradepost_domain::{
    carts::{Cart, CartItem},
    catalogue::ProductPatch,
    identity::{Permission, Permissions},
    ids::UserId,
    ledger::{Command, OrderPatch, Refusal},
    orders::{OrderStatus, Step},
    promos::{PromoPatch, Reason},
    stock::Kind,
};
use uuid::Uuid;

const STEPS: [Step; 5] = [Step::Accept, Step::Reject, Step::Cancel, Step::Ship, Step::Deliver];

fn pair(on_hand: &str, reserved: &str) -> (String, String) {
    (on_hand.to_owned(), reserved.to_owned())
}

#[test]
fn placing_reserves_shipping_takes_it_out_and_delivery_moves_nothing() {
    let mut shop = Shop::new().with("TEA", "10");
    let order = shop.place(ANN, &[("TEA", "4")], None);
    assert_eq!(shop.figures("TEA"), pair("10", "4"));
    for (to, figures) in
        [(Step::Accept, pair("10", "4")), (Step::Ship, pair("6", "0")), (Step::Deliver, pair("6", "0"))]
    {
        shop.accept(step(order.id, to));
        assert_eq!(shop.figures("TEA"), figures, "{to:?}");
    }
    assert_eq!(shop.movements.last().unwrap().kind, Kind::Shipped);
    let statuses: Vec<_> = shop.order(order.id).history.iter().map(|entry| entry.status).collect();
    use OrderStatus::{Accepted, Delivered, Pending, Shipped};
    assert_eq!(statuses, [Pending, Accepted, Shipped, Delivered]);
}

#[test]
fn every_move_that_is_not_listed_is_refused_and_names_those_that_are() {
    let ways: [(&[Step], &[&str]); 6] = [
        (&[], &["accept", "reject", "cancel"]),
        (&[Step::Accept], &["ship", "cancel"]),
        (&[Step::Reject], &[]),
        (&[Step::Cancel], &[]),
        (&[Step::Accept, Step::Ship], &["deliver"]),
        (&[Step::Accept, Step::Ship, Step::Deliver], &["returns"]),
    ];
    for (way, allowed) in ways {
        let mut shop = Shop::new().with("TEA", "10");
        let order = shop.place(ANN, &[("TEA", "4")], None);
        way.iter().for_each(|to| drop(shop.accept(step(order.id, *to))));
        let before = (shop.figures("TEA"), shop.order(order.id).clone());
        for to in STEPS {
            match shop.decide(&step(order.id, to), None) {
                Ok(_) => assert!(allowed.contains(&format!("{to:?}").to_lowercase().as_str()), "{way:?} {to:?}"),
                Err(refusal) => {
                    let from = before.1.status.as_str();
                    assert_eq!(refusal, Refusal::IllegalTransition { from, allowed }, "{way:?} {to:?}");
                }
            }
        }
        assert_eq!((shop.figures("TEA"), shop.order(order.id).clone()), before);
    }
}

#[test]
fn rejecting_and_cancelling_release_once() {
    for way in [Step::Reject, Step::Cancel] {
        let mut shop = Shop::new().with("TEA", "10");
        let order = shop.place(ANN, &[("TEA", "4")], None);
        shop.accept(step(order.id, way));
        assert_eq!(shop.figures("TEA"), pair("10", "0"));
        shop.refuse(step(order.id, way));
        assert_eq!(shop.figures("TEA"), pair("10", "0"));
    }
}

#[test]
fn what_is_reserved_is_not_sold_to_anybody_else() {
    let mut shop = Shop::new().with("TEA", "10");
    shop.place(ANN, &[("TEA", "8")], None);
    assert!(matches!(shop.refuse(sell(&[("TEA", "3")])), Refusal::InsufficientStock(_)));
    let Refusal::InsufficientStock(short) = shop.refuse(order(BOB, &[("TEA", "3")], None)) else { panic!() };
    assert_eq!((short[0].available, short[0].reserved), (quantity("2"), quantity("8")));
    shop.place(BOB, &[("TEA", "2")], None);
}

#[test]
fn shipping_needs_the_goods_to_be_there() {
    let mut shop = Shop::new().with("TEA", "10");
    let order = shop.place(ANN, &[("TEA", "8")], None);
    shop.accept(step(order.id, Step::Accept));
    shop.accept(count("TEA", "5", None));
    assert!(matches!(shop.refuse(step(order.id, Step::Ship)), Refusal::InsufficientStock(_)));
    shop.accept(adjust("TEA", "3"));
    shop.accept(step(order.id, Step::Ship));
    assert_eq!(shop.figures("TEA"), pair("0", "0"));
}

#[test]
fn editing_5_to_3_to_9_and_other_lines_moves_the_net_difference() {
    let mut shop = Shop::new().with("TEA", "10").with("MILK", "10").with("RICE", "1");
    let order = shop.place(ANN, &[("TEA", "5"), ("MILK", "2")], None);
    shop.accept(edit_order(order.id, &[("TEA", "3"), ("MILK", "2")]));
    assert_eq!(shop.figures("TEA"), pair("10", "3"));
    shop.accept(edit_order(order.id, &[("TEA", "9"), ("RICE", "1")]));
    assert_eq!((shop.figures("TEA"), shop.figures("MILK")), (pair("10", "9"), pair("10", "0")));
    let before = shop.order(order.id).clone();
    shop.refuse(edit_order(order.id, &[("TEA", "2"), ("RICE", "2")]));
    assert_eq!((shop.figures("TEA"), shop.order(order.id)), (pair("10", "9"), &before));
    shop.accept(step(order.id, Step::Accept));
    assert!(matches!(shop.refuse(edit_order(order.id, &[("TEA", "1")])), Refusal::IllegalTransition { .. }));
}

#[test]
fn an_edited_order_keeps_its_prices() {
    let mut shop = Shop::new().with("TEA", "10");
    let order = shop.place(ANN, &[("TEA", "2")], None);
    let dearer = ProductPatch { price: Some("9.99".into()), ..ProductPatch::default() };
    shop.accept(Command::EditProduct { id: id_of("TEA"), patch: Box::new(dearer) });
    shop.accept(edit_order(order.id, &[("TEA", "4")]));
    assert_eq!(shop.order(order.id).total.to_string(), "10.00");
}

#[test]
fn somebody_elses_order_does_not_exist() {
    let mut shop = Shop::new().with("TEA", "10");
    let order = shop.place(ANN, &[("TEA", "2")], None);
    shop.principal = shopper(BOB);
    for command in [
        edit_order(order.id, &[("TEA", "1")]),
        step(order.id, Step::Cancel),
        Command::DeleteOrder { id: order.id },
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
fn ones_own_order_may_be_cancelled_only_while_it_is_pending() {
    let mut shop = Shop::new().with("TEA", "10");
    let order = shop.place(ANN, &[("TEA", "1")], None);
    shop.accept(step(order.id, Step::Accept));
    shop.principal = shopper(ANN);
    assert_eq!(shop.refuse(step(order.id, Step::Cancel)), Refusal::Forbidden(Permission::OrdersFulfil));
}

#[test]
fn deleting_cancels_what_is_pending_hides_what_is_over_and_refuses_the_rest() {
    let mut shop = Shop::new().with("TEA", "10");
    let order = shop.place(ANN, &[("TEA", "4")], None);
    let delete = || Command::DeleteOrder { id: order.id };
    shop.accept(delete());
    assert_eq!((shop.order(order.id).status, shop.figures("TEA")), (OrderStatus::Cancelled, pair("10", "0")));
    shop.accept(delete());
    assert!(shop.order(order.id).hidden_at.is_some());
    assert!(shop.accept(delete()).is_empty());
    let other = shop.place(ANN, &[("TEA", "4")], None);
    shop.accept(step(other.id, Step::Accept));
    assert!(matches!(shop.refuse(Command::DeleteOrder { id: other.id }), Refusal::IllegalTransition { .. }));
}

#[test]
fn only_what_was_delivered_can_be_returned_and_never_more_than_was_bought() {
    let mut shop = Shop::new().with("TEA", "10");
    let order = shop.place(ANN, &[("TEA", "4")], None);
    assert!(matches!(shop.refuse(give_back(order.id, &[("TEA", "1")], true)), Refusal::IllegalTransition { .. }));
    [Step::Accept, Step::Ship, Step::Deliver].iter().for_each(|to| drop(shop.accept(step(order.id, *to))));
    shop.accept(give_back(order.id, &[("TEA", "1")], true));
    shop.accept(give_back(order.id, &[("TEA", "2")], false));
    assert_eq!((shop.on_hand("TEA"), shop.order(order.id).lines[0].returned), ("7".into(), quantity("3")));
    assert!(matches!(shop.refuse(give_back(order.id, &[("TEA", "2")], true)), Refusal::Conflict { .. }));
}

#[test]
fn a_code_is_used_as_often_as_it_may_be_and_given_back_once() {
    let once = PromoPatch { usage_limit: Some(Some(1)), per_customer_limit: Some(None), ..PromoPatch::default() };
    let mut shop = Shop::new().with("TEA", "10").with_promo("TEN", "10", once);
    let first = shop.place(ANN, &[("TEA", "2")], Some("ten"));
    assert_eq!((first.discount.to_string(), first.total.to_string()), ("0.50".into(), "4.50".into()));
    assert_eq!(shop.refuse(order(BOB, &[("TEA", "1")], Some("TEN"))), Refusal::PromoRefused(Reason::UsedUp));
    shop.accept(step(first.id, Step::Reject));
    assert_eq!(shop.times_used("TEN"), 0);
    shop.place(BOB, &[("TEA", "1")], Some("TEN"));
    assert_eq!(shop.refuse(order(ANN, &[("TEA", "1")], Some("NOPE"))), Refusal::PromoRefused(Reason::Unknown));
}

#[test]
fn a_customer_uses_a_code_once_unless_it_says_otherwise() {
    let mut shop = Shop::new().with("TEA", "10").with_promo("TEN", "10", PromoPatch::default());
    shop.place(ANN, &[("TEA", "1")], Some("TEN"));
    assert_eq!(shop.refuse(order(ANN, &[("TEA", "1")], Some("TEN"))), Refusal::PromoRefused(Reason::AlreadyUsed));
    shop.place(BOB, &[("TEA", "1")], Some("TEN"));
}

#[test]
fn an_edited_order_keeps_its_terms_whatever_became_of_the_code() {
    let minimum = PromoPatch { minimum_subtotal: Some(Some("5".into())), ..PromoPatch::default() };
    let mut shop = Shop::new().with("TEA", "10").with_promo("TEN", "10", minimum);
    let order = shop.place(ANN, &[("TEA", "4")], Some("TEN"));
    shop = shop.with_promo("TEN", "50", PromoPatch { active: Some(false), ..PromoPatch::default() });
    shop.accept(edit_order(order.id, &[("TEA", "2")]));
    assert_eq!(shop.order(order.id).discount.to_string(), "0.50");
    let below = shop.refuse(edit_order(order.id, &[("TEA", "1")]));
    assert_eq!(below, Refusal::PromoRefused(Reason::MinimumNotReached));
}

#[test]
fn changing_the_code_takes_the_new_one_and_gives_the_old_one_back() {
    let rest = PromoPatch::default;
    let mut shop = Shop::new().with("TEA", "10").with_promo("TEN", "10", rest()).with_promo("HALF", "50", rest());
    let order = shop.place(ANN, &[("TEA", "2")], Some("TEN"));
    let code = |code: Option<&str>| Command::EditOrder {
        id: order.id,
        patch: Box::new(OrderPatch { promo_code: Some(code.map(str::to_owned)), ..OrderPatch::default() }),
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
fn checkout_orders_what_is_in_the_cart_and_empties_it() {
    let mut shop = Shop::new().with("TEA", "10");
    let user = UserId::from_uuid(Uuid::from_u128(77));
    let checkout = || Command::Checkout { user, customer: Some(ANN), promo_code: None, notes: None };
    assert_eq!(shop.refuse(checkout()), Refusal::CartEmpty);
    let price_seen = shop.product("TEA").price;
    let item = CartItem { product: id_of("TEA"), quantity: quantity("3"), price_seen, added_at: NOON };
    shop.book.enter_cart(Cart { user, items: vec![item], promo_code: None, version: 1 });
    let effects = shop.accept(checkout());
    assert_eq!((effects.emptied_cart, shop.figures("TEA")), (Some(user), pair("10", "3")));
    assert_eq!(shop.refuse(checkout()), Refusal::CartEmpty);
}

#[test]
fn fifty_lines_of_one_product_are_one_line() {
    let mut shop = Shop::new().with("TEA", "100");
    let order = shop.place(ANN, &[("TEA", "1"); 50], None);
    assert_eq!((order.lines.len(), order.lines[0].quantity), (1, quantity("50")));
    shop.principal.permissions = Permissions::NONE;
}
