//! Several commands decided by one book: each sees what those before it have done.

mod common;

use common::*;
use std::sync::Arc;
use tradepost_domain::{
    catalogue::ProductPatch,
    ledger::{
        Command, Effects, Refusal, Shortage, Unavailable,
        pos::{self, DuplicateDelivery},
    },
    memory::Submission,
    orders::Step,
    pos::{OnShortage, PosEventStatus, Reference},
};

type Answer = Result<Effects, Refusal>;

/// One batch: only what it settles.
fn once(shop: &mut Shop, commands: &[Command]) -> Vec<Answer> {
    let principal = shop.principal.clone();
    let submission = |command: &Command| Submission {
        command: command.clone(),
        principal: principal.clone(),
        expected_version: None,
    };
    let batch: Vec<_> = commands.iter().map(submission).collect();
    let now = shop.now;
    shop.submit_batch(&batch, now)
}

fn refusals(answers: &[Answer]) -> Vec<Option<Refusal>> {
    answers.iter().map(|answer| answer.as_ref().err().cloned()).collect()
}

#[test]
fn a_delivery_after_the_mapping_of_its_product_is_applied_in_the_next_batch() {
    let mut shop = Shop::new().with("TEA", "10").with_till(OnShortage::Hold);
    let commands = [map("4711", "TEA"), delivery("e1", vec![reported(external("4711"), "-2")])];
    assert_eq!(once(&mut shop, &commands).len(), 1, "nobody has looked at the level of the tea yet");
    assert_eq!(refusals(&once(&mut shop, &commands[1..])), [None]);
    assert_eq!((shop.status("e1"), shop.on_hand("TEA")), (PosEventStatus::Applied, "8".into()));
}

#[test]
fn a_mapping_after_the_delivery_that_waits_for_it_applies_it() {
    let mut shop = Shop::new().with("TEA", "10").with_till(OnShortage::Hold);
    let event = |id: &str| delivery(id, vec![reported(external("4711"), "-2")]);
    shop.accept(event("e1"));
    let answers = shop.batch(&[event("e2"), map("4711", "TEA"), event("e3"), unmap("4711"), event("e4")]);
    assert_eq!(refusals(&answers), [const { None }; 5]);
    let statuses = ["e1", "e2", "e3", "e4"].map(|id| shop.status(id));
    use PosEventStatus::{Applied, Held};
    assert_eq!((statuses, shop.on_hand("TEA")), ([Applied, Applied, Applied, Held], "4".into()));
}

#[test]
fn a_mapping_and_back_in_one_batch_leaves_what_waits_as_it_was() {
    let mut shop = Shop::new().with("TEA", "10").with("MILK", "10").with_till(OnShortage::Hold);
    shop.accept(map("4711", "TEA"));
    let event = |id: &str| delivery(id, vec![reported(external("4711"), "-2")]);
    shop.batch(&[event("e1"), map("4711", "MILK"), event("e2")]);
    assert_eq!((shop.on_hand("TEA"), shop.on_hand("MILK")), ("8".into(), "8".into()));
}

#[test]
fn a_count_without_a_time_sets_what_is_there_whatever_was_booked_before_it_in_the_batch() {
    let mut shop = Shop::new().with("TEA", "10").with_till(OnShortage::Refuse);
    let commands = [
        sell(&[("TEA", "4")]),
        adjust("TEA", "3"),
        delivery("e1", vec![reported(sku("TEA"), "-1")]),
        count("TEA", "7", None),
        sell(&[("TEA", "2")]),
        delivery("e2", vec![counted(sku("TEA"), "3", None)]),
    ];
    let answers = once(&mut shop, &commands);
    assert_eq!(refusals(&answers), [const { None }; 6]);
    let after: Vec<_> = shop.movements().iter().map(|movement| movement.on_hand_after.to_string()).collect();
    assert_eq!(after, ["10", "6", "9", "8", "7", "5", "3"]);
}

#[test]
fn a_count_with_a_time_leaves_what_was_sold_after_it_in_the_same_batch() {
    let mut shop = Shop::new().with("TEA", "10");
    shop.now = NOON.plus_seconds(100);
    let commands = [sell(&[("TEA", "4")]), count("TEA", "9", Some(NOON.plus_seconds(50))), adjust("TEA", "1")];
    assert_eq!(refusals(&once(&mut shop, &commands)), [None, None, None]);
    assert_eq!(shop.on_hand("TEA"), "6", "one was missing when nine were counted");
}

#[test]
fn what_was_sold_in_the_very_moment_of_a_count_was_sold_before_it() {
    let mut shop = Shop::new().with("TEA", "10");
    shop.now = NOON.plus_seconds(100);
    let now = shop.now;
    assert_eq!(refusals(&once(&mut shop, &[sell(&[("TEA", "4")]), count("TEA", "9", Some(now))])), [None, None]);
    assert_eq!(shop.on_hand("TEA"), "9");
    shop.sell(&[("TEA", "4")]);
    shop.now = NOON.plus_seconds(200);
    shop.sell(&[("TEA", "1")]);
    let later = NOON.plus_seconds(150);
    shop.accept(count("TEA", "6", Some(later)));
    assert_eq!(shop.on_hand("TEA"), "5", "six were there before the last one was sold");
}

#[test]
fn a_second_count_of_the_same_moment_is_superseded_by_the_first_in_the_batch() {
    let mut shop = Shop::new().with("TEA", "10").with("RICE", "0");
    shop.now = NOON.plus_seconds(100);
    let at = |sku: &str, seconds| count(sku, "9", Some(NOON.plus_seconds(seconds)));
    let answers = once(&mut shop, &[at("TEA", 50), at("TEA", 50), at("RICE", 90), at("RICE", 80), at("RICE", 95)]);
    let reasons: Vec<_> = answers.into_iter().map(|answer| answer.err().map(conflict)).collect();
    assert_eq!(reasons, [None, Some("count_superseded"), None, Some("count_superseded"), None]);
}

#[test]
fn a_delivery_by_a_new_sku_and_one_by_the_old_after_it_was_changed_in_the_batch() {
    let mut shop = Shop::new().with("TEA", "10").with_till(OnShortage::Hold);
    let by = |id: &str, name: &str| delivery(id, vec![reported(sku(name), "-1")]);
    let answers = shop.batch(&[by("e1", "TEA"), rename_sku("TEA", "LEAF"), by("e2", "leaf"), by("e3", "TEA")]);
    assert_eq!(refusals(&answers), [const { None }; 4]);
    let statuses = ["e1", "e2", "e3"].map(|id| shop.status(id));
    assert_eq!(statuses, [PosEventStatus::Applied, PosEventStatus::Applied, PosEventStatus::Held]);
    assert_eq!(shop.on_hand("TEA"), "8");
}

#[test]
fn a_sku_that_was_freed_in_the_batch_is_free_and_a_delivery_by_it_means_its_new_product() {
    let mut shop = Shop::new().with("TEA", "10").with_till(OnShortage::Hold);
    let new = a_product(id_of("X"), "TEA", "Other", ProductPatch::default());
    let event = delivery("e1", vec![reported(sku("TEA"), "-1")]);
    let answers = shop.batch(&[rename_sku("TEA", "LEAF"), add(new, Some(quantity("5"))), event]);
    assert_eq!(refusals(&answers), [None, None, None]);
    assert_eq!((shop.on_hand("TEA"), shop.on_hand("X")), ("10".into(), "4".into()));
}

#[test]
fn a_product_that_was_removed_in_the_batch_cannot_be_ordered_and_one_that_is_held_cannot_be_removed() {
    let mut shop = Shop::new().with("TEA", "10").with("MILK", "10");
    let wants = |name: &str| order(ANN, &[(name, "1")], None);
    let answers = once(&mut shop, &[remove("TEA"), wants("TEA"), wants("MILK"), remove("MILK"), adjust("TEA", "1")]);
    let (product, why) = (id_of("TEA"), Unavailable::Removed);
    let gone = Refusal::ProductUnavailable { product, sku: shop.product("TEA").sku.clone(), why };
    let held = Refusal::InUse("open orders hold some of this product".into());
    assert_eq!(refusals(&answers), [None, Some(gone), None, Some(held), Some(Refusal::NotFound("product"))]);
}

#[test]
fn a_price_that_was_changed_in_the_batch_is_paid_from_then_on() {
    let mut shop = Shop::new().with("TEA", "10");
    let answers = once(&mut shop, &[sell(&[("TEA", "1")]), reprice("TEA", "4.00"), sell(&[("TEA", "1")])]);
    let total = |answer: &Answer| answer.as_ref().unwrap().sales.sales[0].value.total.to_string();
    assert_eq!((total(&answers[0]), total(&answers[2])), ("2.50".into(), "4.00".into()));
}

#[test]
fn a_unit_is_fixed_by_the_first_stock_in_the_batch() {
    let mut shop = Shop::new().with("RICE", "0");
    let by_weight = |decimals| edit("RICE", ProductPatch { unit_decimals: Some(decimals), ..ProductPatch::default() });
    let answers = shop.batch(&[by_weight(1), adjust("RICE", "0.5"), by_weight(2)]);
    assert_eq!(answers[2].clone().map_err(conflict), Err("unit_fixed"));
    assert_eq!(shop.on_hand("RICE"), "0.5");
}

#[test]
fn a_location_with_stock_of_the_same_batch_stays_and_nothing_is_booked_at_one_that_went() {
    let mut shop = Shop::new().with("TEA", "10");
    let there = |by: &str| adjust_at("TEA", STORE_ROOM, by);
    let answers =
        shop.batch(&[there("1"), remove_location(STORE_ROOM), there("-1"), remove_location(STORE_ROOM), there("1")]);
    let holds = Refusal::InUse("there is stock of 1 products at this location: transfer or adjust it first".into());
    assert_eq!(refusals(&answers[..4]), [None, Some(holds), None, None]);
    assert_eq!(answers[4].clone().map_err(fault), Err(("/location_id".into(), "unknown_location")));
}

#[test]
fn a_delivery_that_comes_twice_in_a_batch_is_applied_once_and_seen_with_what_it_moved() {
    let mut shop = Shop::new().with("TEA", "10").with_till(OnShortage::Refuse);
    let event = || delivery("e1", vec![reported(sku("TEA"), "-2")]);
    let other = delivery("e1", vec![reported(sku("TEA"), "-3")]);
    let answers = once(&mut shop, &[event(), event(), other]);
    let first = answers[0].as_ref().unwrap();
    let again = answers[1].as_ref().unwrap();
    let seen = DuplicateDelivery { event: Arc::clone(shop.event("e1")), movements: first.movements().to_vec() };
    assert_eq!((again.pos.duplicate.as_ref(), again.is_empty(), &again.names), (Some(&seen), true, &first.names));
    assert_eq!((&answers[2], shop.on_hand("TEA")), (&Err(Refusal::KeyReused), "8".into()));
}

#[test]
fn a_delivery_that_was_refused_in_the_batch_can_be_retried_or_dismissed_in_it_and_is_over_then() {
    let mut shop = Shop::new().with("TEA", "1").with_till(OnShortage::Refuse);
    shop.accept(delivery("e1", vec![reported(sku("TEA"), "-2")]));
    shop.accept(delivery("e2", vec![reported(sku("TEA"), "-2")]));
    let [first, second] = ["e1", "e2"].map(|id| shop.event_id(id).unwrap());
    let again = delivery("e2", vec![reported(sku("TEA"), "-2")]);
    let answers =
        once(&mut shop, &[retry(first), adjust("TEA", "3"), retry(first), dismiss(second, None), retry(second), again]);
    let dismissed = Refusal::IllegalTransition { from: "dismissed", allowed: &[] };
    assert_eq!(refusals(&answers), [None, None, None, None, Some(dismissed), None]);
    let short = answers[0].as_ref().unwrap().pos.refused.as_ref().map(ToString::to_string);
    assert_eq!(short.as_deref(), Some("there is not enough stock: 2 requested of TEA, 1 available"));
    let seen = DuplicateDelivery { event: Arc::clone(shop.event("e2")), movements: Vec::new() };
    assert_eq!(answers[5].as_ref().unwrap().pos.duplicate, Some(seen));
    assert_eq!((shop.status("e1"), shop.on_hand("TEA")), (PosEventStatus::Applied, "2".into()));
}

#[test]
fn a_document_of_the_batch_can_be_changed_in_it() {
    let mut shop = Shop::new().with("TEA", "10");
    let mut ahead = shop.clone();
    let (sale, order) = (ahead.sell(&[("TEA", "2")]).id, ahead.place(ANN, &[("TEA", "3")], None).id);
    let wanted = common::order(ANN, &[("TEA", "3")], None);
    let commands = [
        sell(&[("TEA", "2")]),
        wanted,
        refund(sale, &[("TEA", "1")], true),
        step(order, Step::Accept),
        step(order, Step::Ship),
        void(sale),
    ];
    assert_eq!(refusals(&once(&mut shop, &commands)), [const { None }; 6]);
    assert_eq!(shop.figures("TEA"), ("7".into(), "0".into()));
}

#[test]
fn what_is_refused_in_a_batch_leaves_no_trace_and_takes_nothing_from_who_comes_after() {
    let mut shop = Shop::new().with("TEA", "10");
    let answers = once(&mut shop, &[order(ANN, &[("TEA", "11")], None), order(BOB, &[("TEA", "10")], None)]);
    assert_eq!(
        refusals(&answers),
        [
            Some(Refusal::InsufficientStock(vec![Shortage {
                reserved: quantity("0"),
                ..shop.short("TEA", "11", "10")
            }])),
            None
        ]
    );
    let placed = &answers[1].as_ref().unwrap().orders.orders[0].order.value;
    assert_eq!((placed.number, shop.messages().len(), shop.movements().len()), (1, 1, 2));
}

#[test]
fn who_reports_by_product_id_needs_no_mapping_and_no_sku() {
    let mut shop = Shop::new().with("TEA", "10").with_till(OnShortage::Hold);
    let by_id = |id: &str| delivery(id, vec![reported(Reference::Product(id_of("TEA")), "-1")]);
    let nobody = Command::Pos(pos::Command::Unmap { connection: TILL, external_id: "4711".into() });
    let answers = once(&mut shop, &[by_id("e1"), rename_sku("TEA", "LEAF"), by_id("e2"), nobody]);
    assert_eq!(refusals(&answers), [None, None, None, Some(Refusal::NotFound("mapping"))]);
    assert_eq!(shop.on_hand("TEA"), "8");
}
