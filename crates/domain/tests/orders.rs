//! Orders from placing to delivery, and the promo codes on them.

mod common;

use common::*;
use tradepost_domain::{
    carts::{Cart, CartItem},
    identity::Permission,
    ids::UserId,
    ledger::{
        Command, Effects, Message, Refusal,
        orders::{self, EmptiedCart, NewOrder, OrderPatch, Redemption},
    },
    orders::{AppliedPromo, HistoryEntry, Order, OrderStatus, Step},
    promos::PromoPatch,
    repository::Carts,
    repository::Repository as _,
    stock::{Change, MovementKind},
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
    let moved: Vec<_> = shop.movements().iter().map(|movement| (movement.kind, movement.change)).collect();
    let both = Change { on_hand: change("-4"), reserved: change("-4") };
    let placed = (MovementKind::Reserved, Change::reserved(change("4")));
    assert_eq!(moved, [(MovementKind::Received, Change::on_hand(change("10"))), placed, (MovementKind::Shipped, both)]);
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
            match shop.ask(&step(order.id, to), None) {
                Ok(_) => assert!(allowed.contains(&format!("{to:?}").to_lowercase().as_str()), "{way:?} {to:?}"),
                Err(refusal) => {
                    assert!(!allowed.contains(&format!("{to:?}").to_lowercase().as_str()), "{way:?} {to:?}");
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
        let from = shop.order(order.id).status.as_str();
        assert_eq!(shop.refuse(step(order.id, way)), Refusal::IllegalTransition { from, allowed: &[] });
        assert_eq!(shop.figures("TEA"), pair("10", "0"));
        assert_eq!(shop.movements().last().unwrap().kind, MovementKind::Released);
    }
}

#[test]
fn what_is_reserved_is_not_sold_to_anybody_else() {
    let mut shop = Shop::new().with("TEA", "10");
    shop.place(ANN, &[("TEA", "8")], None);
    let short = shop.short("TEA", "3", "2");
    assert_eq!(short.reserved, quantity("8"));
    for wanted in [sell(&[("TEA", "3")]), order(BOB, &[("TEA", "3")], None), adjust("TEA", "-3")] {
        assert_eq!(shortages(shop.refuse(wanted)), std::slice::from_ref(&short));
    }
    shop.place(BOB, &[("TEA", "2")], None);
}

#[test]
fn shipping_needs_the_goods_to_be_there() {
    let mut shop = Shop::new().with("TEA", "10");
    let order = shop.place(ANN, &[("TEA", "8")], None);
    shop.accept(step(order.id, Step::Accept));
    shop.accept(count("TEA", "5", None));
    assert_eq!(shop.level("TEA").shortfall(), quantity("3"));
    assert_eq!(shortages(shop.refuse(step(order.id, Step::Ship))), [shop.short("TEA", "8", "5")]);
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
    let short = shortages(shop.refuse(edit_order(order.id, &[("TEA", "2"), ("RICE", "2")])));
    assert_eq!(short, [shop.short("RICE", "1", "0")]);
    assert_eq!((shop.figures("TEA"), shop.order(order.id)), (pair("10", "9"), &before));
    shop.accept(step(order.id, Step::Accept));
    let accepted = Refusal::IllegalTransition { from: "accepted", allowed: &["ship", "cancel"] };
    assert_eq!(shop.refuse(edit_order(order.id, &[("TEA", "1")])), accepted);
}

#[test]
fn an_edited_order_keeps_its_prices() {
    let mut shop = Shop::new().with("TEA", "10");
    let order = shop.place(ANN, &[("TEA", "2")], None);
    shop.accept(reprice("TEA", "9.99"));
    shop.accept(edit_order(order.id, &[("TEA", "4")]));
    assert_eq!(shop.order(order.id).total.to_string(), "10.00");
}

#[test]
fn deleting_cancels_what_is_pending_hides_what_is_over_and_refuses_the_rest() {
    let mut shop = Shop::new().with("TEA", "10");
    let order = shop.place(ANN, &[("TEA", "4")], None);
    shop.accept(delete(order.id));
    assert_eq!((shop.order(order.id).status, shop.figures("TEA")), (OrderStatus::Cancelled, pair("10", "0")));
    shop.accept(delete(order.id));
    assert!(shop.order(order.id).hidden_at.is_some());
    assert_eq!(shop.accept(delete(order.id)), Effects::default());
    let other = shop.place(ANN, &[("TEA", "4")], None);
    shop.accept(step(other.id, Step::Accept));
    let accepted = Refusal::IllegalTransition { from: "accepted", allowed: &["ship", "cancel"] };
    assert_eq!(shop.refuse(delete(other.id)), accepted);
}

#[test]
fn only_what_was_delivered_can_be_returned_and_never_more_than_was_bought() {
    let mut shop = Shop::new().with("TEA", "10");
    let order = shop.place(ANN, &[("TEA", "4")], None);
    let pending = Refusal::IllegalTransition { from: "pending", allowed: &["accept", "reject", "cancel"] };
    assert_eq!(shop.refuse(give_back(order.id, &[("TEA", "1")], true)), pending);
    [Step::Accept, Step::Ship, Step::Deliver].iter().for_each(|to| drop(shop.accept(step(order.id, *to))));
    shop.accept(give_back(order.id, &[("TEA", "1")], true));
    shop.accept(give_back(order.id, &[("TEA", "2")], false));
    assert_eq!((shop.on_hand("TEA"), shop.order(order.id).lines[0].returned), ("7".into(), quantity("3")));
    assert_eq!(conflict(shop.refuse(give_back(order.id, &[("TEA", "2")], true))), "more_than_sold");
}

#[test]
fn checkout_orders_what_is_in_the_cart_and_empties_it() {
    let mut shop = Shop::new().with("TEA", "10").with_promo("TEN", "10", PromoPatch::default());
    let user = UserId::from_uuid(Uuid::from_u128(77));
    assert_eq!(shop.refuse(checkout(user, Some(ANN))), Refusal::CartEmpty);
    let price_seen = shop.product("TEA").price;
    let item = CartItem { product: id_of("TEA"), quantity: quantity("3"), price_seen, added_at: NOON };
    shop.put_cart_item(user, &item, NOON).unwrap();
    shop.set_cart_promo(user, Some("TEN"), NOON).unwrap();
    assert_eq!(shop.ask(&checkout(user, Some(ANN)), Some(1)), Err(Refusal::PreconditionFailed));
    let effects = shop.accept(checkout(user, Some(ANN)));
    assert_eq!(effects.orders.emptied_cart, Some(EmptiedCart { user, version: 2, at: NOON }));
    assert_eq!(effects.orders.orders[0].order.value.total.to_string(), "6.75");
    assert_eq!(shop.figures("TEA"), pair("10", "3"));
    let empty = Cart { user, items: Vec::new(), promo_code: None, version: 3 };
    assert_eq!(shop.cart(user).unwrap(), empty);
    assert_eq!(shop.refuse(checkout(user, Some(ANN))), Refusal::CartEmpty);
}

#[test]
fn fifty_lines_of_one_product_are_one_line() {
    let mut shop = Shop::new().with("TEA", "100");
    let order = shop.place(ANN, &[("TEA", "1"); 50], None);
    assert_eq!((order.lines.len(), order.lines[0].quantity), (1, quantity("50")));
}

#[test]
fn an_order_writes_down_all_there_is_to_know_of_it() {
    let mut shop = Shop::new().with("TEA", "10").with_promo("TEN", "10", PromoPatch::default());
    let new = NewOrder {
        customer: Some(ANN),
        lines: lines(&[("TEA", "4")]),
        promo_code: Some(" ten ".into()),
        notes: Some("  ring twice ".into()),
        location: Some(MAIN),
    };
    let effects = shop.accept(place(new));
    let written = &effects.orders.orders[0];
    let order = &written.order.value;
    let price = shop.product("TEA").price;
    let promo: tradepost_domain::promos::Promo = shop.find(promo_id("TEN")).unwrap().unwrap();
    let expected = Order {
        id: order.id,
        number: 1,
        status: OrderStatus::Pending,
        customer: ANN,
        placed_by: Some(CLERK),
        lines: order.lines.clone(),
        subtotal: price.times(quantity("4")).unwrap(),
        discount: price.times(quantity("0.4")).unwrap(),
        total: price.times(quantity("3.6")).unwrap(),
        promo: Some(AppliedPromo { promo: promo.id, code: "TEN".into(), terms: promo.terms }),
        notes: Some("ring twice".into()),
        location: MAIN,
        history: vec![HistoryEntry { status: OrderStatus::Pending, at: NOON, by: shop.principal.actor, reason: None }],
        hidden_at: None,
        version: 1,
        created_at: NOON,
        updated_at: NOON,
    };
    assert_eq!((&**order, written.order.is_new, written.new_steps), (&expected, true, 1));
    let taken = Redemption { promo: promo.id, customer: ANN, order: order.id, taken: true, at: NOON };
    assert_eq!((effects.orders.redemptions, promo.times_used), (vec![taken], 1));
}

#[test]
fn whoever_an_order_is_for_is_told_of_every_change_once_and_of_no_refusal() {
    let mut shop = Shop::new().with("TEA", "10");
    let id = shop.place(ANN, &[("TEA", "2")], None).id;
    shortages(shop.refuse(order(ANN, &[("TEA", "99")], None)));
    shop.now = NOON.plus_seconds(5);
    shop.accept(edit_order(id, &[("TEA", "3")]));
    [Step::Accept, Step::Ship, Step::Deliver].iter().for_each(|to| drop(shop.accept(step(id, *to))));
    shop.accept(give_back(id, &[("TEA", "1")], true));
    let told: Vec<_> = shop.messages().iter().map(|message| message.name).collect();
    let names =
        ["order.placed", "order.edited", "order.accepted", "order.shipped", "order.delivered", "order.returned"];
    assert_eq!(told, names);
    assert_eq!((shop.order(id).version, shop.order(id).updated_at), (6, shop.now));
    let last = shop.messages().last().unwrap().clone();
    assert_eq!(last, Message { id: last.id, name: "order.returned", order: id, customer: ANN, occurred_at: shop.now });
    for (way, name) in [(Step::Cancel, "order.cancelled"), (Step::Reject, "order.rejected")] {
        let other = shop.place(BOB, &[("TEA", "1")], None);
        let effects = shop.accept(step(other.id, way));
        assert_eq!(effects.messages.iter().map(|m| (m.name, m.customer)).collect::<Vec<_>>(), [(name, BOB)]);
        let hidden = shop.accept(delete(other.id));
        assert_eq!(hidden.messages, [], "hiding is nobody else's business");
    }
}

#[test]
fn a_delivered_order_says_that_it_can_be_returned() {
    let mut shop = Shop::new().with("TEA", "10");
    let id = shop.place(ANN, &[("TEA", "2")], None).id;
    [Step::Accept, Step::Ship, Step::Deliver].iter().for_each(|to| drop(shop.accept(step(id, *to))));
    let refusal = shop.refuse(step(id, Step::Cancel));
    assert_eq!(refusal.to_string(), "it is delivered: you can: return");
    let other = shop.place(ANN, &[("TEA", "2")], None).id;
    shop.accept(step(other, Step::Reject));
    let refusal = shop.refuse(step(other, Step::Accept));
    assert_eq!(refusal.to_string(), "it is rejected: nothing can be done to it any more");
}

#[test]
fn returned_goods_go_back_to_stock_or_not_and_the_history_says_why() {
    let mut shop = Shop::new().with("TEA", "10");
    let id = shop.place(ANN, &[("TEA", "4")], None).id;
    [Step::Accept, Step::Ship, Step::Deliver].iter().for_each(|to| drop(shop.accept(step(id, *to))));
    let returned = |amount: &str, restock, reason: &str| {
        let (lines, reason) = (back(&[("TEA", amount)]), Some(reason.to_owned()));
        Command::Orders(orders::Command::Return { id, lines, restock, reason })
    };
    shop.principal = shopper(ANN);
    assert_eq!(shop.refuse(returned("1", true, "")), Refusal::Forbidden(Permission::OrdersFulfil));
    shop.principal = clerk();
    assert_eq!(shop.accept(returned("1", false, "broken")).movements(), []);
    let effects = shop.accept(returned("2", true, " too many "));
    let movement = &effects.movements()[0];
    assert_eq!((movement.kind, movement.change), (MovementKind::Returned, Change::on_hand(change("2"))));
    assert_eq!(movement.reason.as_deref(), Some("too many"));
    let history = shop.order(id).history.last().unwrap();
    assert_eq!((history.status, history.reason.as_deref()), (OrderStatus::Delivered, Some("too many")));
    let line = &shop.order(id).lines[0];
    assert_eq!((line.returned, line.restocked), (quantity("3"), quantity("2")));
}

#[test]
fn goods_cannot_go_back_to_a_location_that_is_gone() {
    let mut shop = Shop::new().with("TEA", "10");
    shop.accept(adjust_at("TEA", STORE_ROOM, "2"));
    let new = NewOrder {
        lines: lines(&[("TEA", "2")]),
        customer: Some(ANN),
        location: Some(STORE_ROOM),
        ..NewOrder::default()
    };
    let id = shop.accept(place(new.clone())).orders.orders[0].order.value.id;
    [Step::Accept, Step::Ship, Step::Deliver].iter().for_each(|to| drop(shop.accept(step(id, *to))));
    shop.accept(remove_location(STORE_ROOM));
    assert_eq!(conflict(shop.refuse(give_back(id, &[("TEA", "1")], true))), "location_removed");
    shop.accept(give_back(id, &[("TEA", "1")], false));
    assert_eq!(fault(shop.refuse(place(new))), ("/location_id".into(), "unknown_location"));
}

#[test]
fn notes_can_be_changed_and_emptied_without_touching_the_lines() {
    let mut shop = Shop::new().with("TEA", "10");
    let id = shop.place(ANN, &[("TEA", "2")], None).id;
    for (said, kept) in
        [(Some(" ring "), Some("ring")), (Some(" "), None), (Some("knock"), Some("knock")), (None, None)]
    {
        let notes = Some(said.map(str::to_owned));
        let effects = shop.accept(patch_order(id, OrderPatch { notes, ..OrderPatch::default() }));
        let written = &effects.orders.orders[0];
        assert_eq!((effects.movements(), written.order.has_new_lines, written.new_steps), (&[][..], false, 0));
        assert_eq!(shop.order(id).notes.as_deref(), kept);
    }
    let stale = shop.ask(&edit_order(id, &[("TEA", "1")]), Some(1));
    assert_eq!(stale, Err(Refusal::PreconditionFailed));
}
