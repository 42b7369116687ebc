//! What a till's deliveries come to.

mod common;

use common::*;
use tradepost_domain::{
    ids::{PosConnectionId, PosEventId},
    ledger::{Command, Effects, Refusal, Unavailable, pos, pos::DuplicateDelivery},
    pos::{OnShortage, PosConnection, PosConnectionPatch, PosEventLine, PosEventStatus, PosReason, Reference},
    repository::{Remove, Repository},
    stock::{Change, Movement, MovementKind, Source},
};
use uuid::Uuid;

const HELD: [PosEventStatus; 3] = [PosEventStatus::Held; 3];

fn reason(shop: &Shop, webhook_id: &str) -> (String, String) {
    let PosReason { code, detail } = shop.event(webhook_id).reason.clone().expect("it says why");
    (code, detail)
}

/// Reason, time and change of each movement.
fn booked(effects: &Effects) -> Vec<(Option<&str>, i64, String)> {
    let row = |m: &Movement| (m.occurred_at.seconds_since(NOON), m.change.on_hand.to_string());
    effects.movements().iter().map(|m| (m.reason.as_deref(), row(m).0, row(m).1)).collect()
}

#[test]
fn a_delivery_is_applied_once_however_often_it_comes() {
    let mut shop = Shop::new().with("TEA", "10").with_till(OnShortage::Refuse);
    let event = || delivery("e1", vec![reported(sku("tea"), "-2")]);
    let first = shop.accept(event());
    assert_eq!(first.movements()[0].kind, MovementKind::Pos);
    for _ in 0..3 {
        let again = shop.accept(event());
        let seen = DuplicateDelivery { event: shop.event("e1").clone(), movements: first.movements().to_vec() };
        assert_eq!((again.is_empty(), again.pos.duplicate, again.names), (true, Some(seen), first.names.clone()));
    }
    assert_eq!(shop.on_hand("TEA"), "8");
    assert_eq!(shop.refuse(delivery("e1", vec![reported(sku("tea"), "-3")])), Refusal::KeyReused);
}

#[test]
fn a_delivery_is_applied_as_a_whole_or_not_at_all() {
    let mut shop = Shop::new().with("TEA", "10").with("MILK", "1").with_till(OnShortage::Refuse);
    let effects = shop.accept(delivery("e1", vec![reported(sku("tea"), "-2"), reported(sku("milk"), "-2")]));
    assert_eq!(effects.movements(), []);
    assert_eq!(effects.pos.refused, Some(Refusal::InsufficientStock(vec![shop.short("MILK", "2", "1")])));
    let detail = "there is not enough stock: 2 requested of MILK, 1 available";
    assert_eq!(reason(&shop, "e1"), ("insufficient_stock".into(), detail.into()));
    assert_eq!((shop.on_hand("TEA"), shop.status("e1")), ("10".into(), PosEventStatus::Refused));
}

#[test]
fn what_was_refused_is_judged_again_when_it_comes_again() {
    let mut shop = Shop::new().with("TEA", "1").with_till(OnShortage::Refuse);
    let event = || delivery("e1", vec![reported(sku("TEA"), "-2")]);
    let short = Refusal::InsufficientStock(vec![shop.short("TEA", "2", "1")]);
    assert_eq!(shop.accept(event()).pos.refused, Some(short.clone()));
    assert_eq!(shop.accept(event()).pos.refused, Some(short));
    shop.accept(adjust("TEA", "5"));
    let effects = shop.accept(event());
    assert_eq!((effects.pos.refused, effects.pos.delivery), (None, None), "the body is kept already");
    assert_eq!((shop.on_hand("TEA"), shop.status("e1")), ("4".into(), PosEventStatus::Applied));
}

#[test]
fn two_lines_of_one_product_are_judged_together() {
    let mut shop = Shop::new().with("TEA", "10").with_till(OnShortage::Refuse);
    let effects = shop.accept(delivery("e1", vec![reported(sku("TEA"), "-6"), reported(sku("TEA"), "-6")]));
    assert_eq!(effects.pos.refused, Some(Refusal::InsufficientStock(vec![shop.short("TEA", "12", "10")])));
}

#[test]
fn a_shortage_on_a_connection_that_holds_waits_until_somebody_restocks() {
    let mut shop = Shop::new().with("TEA", "1").with_till(OnShortage::Hold);
    shop.accept(delivery("e1", vec![reported(sku("TEA"), "-2")]));
    assert_eq!(shop.status("e1"), PosEventStatus::Held);
    let again = shop.accept(delivery("e1", vec![reported(sku("TEA"), "-2")]));
    assert_eq!(again.pos.duplicate, Some(DuplicateDelivery { event: shop.event("e1").clone(), movements: Vec::new() }));
    shop.accept(adjust("TEA", "5"));
    let id = shop.event_id("e1").unwrap();
    shop.accept(retry(id));
    assert_eq!((shop.on_hand("TEA"), shop.status("e1")), ("4".into(), PosEventStatus::Applied));
    let again = shop.refuse(retry(id));
    assert_eq!(again, Refusal::IllegalTransition { from: "applied", allowed: &[] });
}

#[test]
fn waiting_deliveries_apply_in_order_and_once_when_their_product_is_mapped() {
    let mut shop = Shop::new().with("TEA", "3").with_till(OnShortage::Hold);
    for (id, by) in [("e1", "-2"), ("e2", "-2"), ("e3", "-1")] {
        shop.accept(delivery(id, vec![reported(external("4711"), by)]));
    }
    let ids = ["e1", "e2", "e3"].map(|id| shop.event_id(id).unwrap());
    assert_eq!(ids.map(|id| shop.book().pos.events.get(&id).unwrap().status), HELD);
    assert_eq!(reason(&shop, "e1"), ("unknown_product".into(), "no product is known by the external_id 4711".into()));
    let audited = shop.audit().len();
    let effects = shop.accept(map(" 4711 ", "TEA"));
    assert_eq!(effects.pos.events.iter().map(|written| written.value.id).collect::<Vec<_>>(), ids);
    assert_eq!(shop.audit()[audited..].iter().map(|entry| entry.action).collect::<Vec<_>>(), ["pos_product.mapped"]);
    let statuses = ["e1", "e2", "e3"].map(|id| shop.status(id));
    assert_eq!(statuses, [PosEventStatus::Applied, PosEventStatus::Held, PosEventStatus::Applied]);
    assert_eq!(shop.on_hand("TEA"), "0");
    assert_eq!(shop.accept(map("4711", "TEA")).movements(), []);
    let effects = shop.accept(unmap("4711"));
    assert_eq!(effects.audit[0].action, "pos_product.unmapped");
    assert_eq!(shop.refuse(unmap("4711")), Refusal::NotFound("mapping"));
    shop.accept(delivery("e4", vec![reported(external("4711"), "1")]));
    assert_eq!(shop.status("e4"), PosEventStatus::Held);
}

#[test]
fn what_is_wrong_with_a_delivery_is_invalid_and_not_kept() {
    let mut shop = Shop::new().with("TEA", "10").with_till(OnShortage::Hold);
    let ahead = Some(NOON.plus_seconds(301));
    let long = "x".repeat(501);
    let wrong: [(Vec<PosEventLine>, &str, &str); 13] = [
        (vec![], "/changes", "length"),
        (vec![reported(sku("TEA"), "1"); 201], "/changes", "length"),
        (vec![reported(sku("TEA"), "0")], "/changes/0/quantity_change", "zero"),
        (vec![reported(sku("TEA"), "-1.5")], "/changes/0/quantity_change", "too_precise"),
        (vec![reported(sku(""), "-1")], "/changes/0/sku", "invalid"),
        (vec![reported(sku("a\0b"), "-1")], "/changes/0/sku", "invalid"),
        (vec![reported(external(&"x".repeat(65)), "-1")], "/changes/0/external_id", "invalid"),
        (vec![reported(Reference::Product(id_of("NOPE")), "-1")], "/changes/0/product_id", "unknown_product"),
        (vec![reported_with(sku("TEA"), "1", None, ahead)], "/changes/0/occurred_at", "in_the_future"),
        (vec![reported_with(sku("TEA"), "1", Some(&long), None)], "/changes/0/reason", "invalid"),
        (vec![counted(sku("TEA"), "1.5", None)], "/counts/0/counted", "too_precise"),
        (vec![counted(sku("TEA"), "1", ahead)], "/counts/0/counted_at", "in_the_future"),
        (vec![counted(sku(" "), "1", None)], "/counts/0/sku", "invalid"),
    ];
    for (lines, pointer, code) in wrong {
        assert_eq!(fault(shop.refuse(delivery("e1", lines))), (pointer.to_owned(), code));
    }
    assert_eq!(shop.event_id("e1"), None);
}

#[test]
fn counts_out_of_order_leave_the_latest() {
    let mut shop = Shop::new().with("TEA", "10").with_till(OnShortage::Refuse);
    let at = |amount: &str, seconds| vec![counted(sku("TEA"), amount, Some(NOON.plus_seconds(seconds)))];
    shop.now = NOON.plus_seconds(100);
    shop.accept(delivery("late", at("7", 50)));
    assert_eq!(shop.accept(delivery("early", at("9", 20))).movements(), []);
    assert_eq!((shop.on_hand("TEA"), shop.status("early")), ("7".into(), PosEventStatus::Applied));
}

#[test]
fn a_positive_change_for_a_product_without_a_level_makes_one() {
    let mut shop = Shop::new().with("TEA", "0").with_till(OnShortage::Refuse);
    shop.accept(delivery("e1", vec![reported(Reference::Product(id_of("TEA")), "5")]));
    assert_eq!(shop.on_hand("TEA"), "5");
}

#[test]
fn a_dismissed_delivery_is_never_applied() {
    let mut shop = Shop::new().with("TEA", "1").with_till(OnShortage::Refuse);
    shop.accept(delivery("e1", vec![reported(sku("TEA"), "-2")]));
    let id = shop.event_id("e1").unwrap();
    let effects = shop.accept(dismiss(id, Some(" a test ")));
    assert_eq!((effects.audit[0].action, effects.audit[0].subject_id), ("pos_event.dismissed", id.uuid()));
    assert_eq!(reason(&shop, "e1"), ("dismissed".into(), "a test".into()));
    assert_eq!((shop.event("e1").version, shop.event("e1").updated_at), (2, NOON));
    shop.accept(adjust("TEA", "5"));
    let again = shop.accept(delivery("e1", vec![reported(sku("TEA"), "-2")]));
    assert_eq!(again.pos.duplicate, Some(DuplicateDelivery { event: shop.event("e1").clone(), movements: Vec::new() }));
    let dismissed = Refusal::IllegalTransition { from: "dismissed", allowed: &[] };
    assert_eq!((shop.refuse(retry(id)), shop.refuse(dismiss(id, None))), (dismissed.clone(), dismissed));
    assert_eq!(shop.on_hand("TEA"), "6");
}

#[test]
fn the_reason_of_a_long_shortage_is_cut_to_what_can_be_stored() {
    let mut shop = Shop::new().with_till(OnShortage::Hold);
    let names: Vec<String> = (0..200).map(|n| format!("A-RATHER-LONG-STOCK-KEEPING-UNIT-{n}")).collect();
    for name in &names {
        shop = shop.with(name, "0");
    }
    shop.accept(delivery("e1", names.iter().map(|name| reported(sku(name), "-1")).collect()));
    let (code, detail) = reason(&shop, "e1");
    assert_eq!((code.as_str(), detail.chars().count(), detail.ends_with('…')), ("insufficient_stock", 500, true));
}

/// What each movement changed on hand, and what there was after it.
fn figures(effects: &Effects) -> Vec<(String, String)> {
    effects.movements().iter().map(|m| (m.change.on_hand.to_string(), m.on_hand_after.to_string())).collect()
}

#[test]
fn each_change_of_a_delivery_is_a_movement_with_its_own_words_and_time_in_the_order_of_the_lines() {
    let mut shop = Shop::new().with("TEA", "10").with("MILK", "1").with_till(OnShortage::Refuse);
    let at = |seconds| Some(NOON.plus_seconds(seconds));
    let lines = vec![
        reported_with(sku("TEA"), "-2", Some("lunch"), at(-50)),
        reported_with(sku("MILK"), "-1", None, None),
        reported_with(sku("TEA"), "2", Some("found"), at(-70)),
        reported_with(sku("TEA"), "-2", None, None),
    ];
    let effects = shop.accept(delivery("e1", lines));
    let of = |name: &str| -> Vec<&Movement> {
        effects.movements().iter().filter(|movement| movement.product == id_of(name)).collect()
    };
    assert_eq!(of("MILK").len(), 1);
    let tea: Vec<_> =
        of("TEA").iter().map(|m| (m.seq, m.reason.as_deref(), m.occurred_at.seconds_since(NOON))).collect();
    assert_eq!(tea, [(2, Some("lunch"), -50), (3, Some("found"), -70), (4, None, 0)]);
    let changes: Vec<_> = of("TEA").iter().map(|m| m.change.on_hand.to_string()).collect();
    assert_eq!(changes, ["-2", "2", "-2"], "what takes and what brings is never folded into one");
    let source = Some(Source::PosEvent(shop.event_id("e1").unwrap()));
    assert!(effects.movements().iter().all(|m| m.kind == MovementKind::Pos && m.source == source));
    assert_eq!((shop.on_hand("TEA"), shop.on_hand("MILK")), ("8".into(), "0".into()));
}

#[test]
fn a_change_for_which_there_is_too_little_yet_is_booked_when_enough_of_the_delivery_came_in() {
    let mut shop = Shop::new().with("TEA", "1").with_till(OnShortage::Refuse);
    let effects = shop.accept(delivery("e1", ["-3", "-1", "1", "5", "-2"].map(|by| reported(sku("TEA"), by)).into()));
    let expected = [("-1", "0"), ("1", "1"), ("5", "6"), ("-3", "3"), ("-2", "1")];
    assert_eq!(figures(&effects), expected.map(|(change, after)| (change.to_owned(), after.to_owned())));
    assert_eq!(
        shop.accept(delivery("e1", ["-3", "-1", "1", "5", "-2"].map(|by| reported(sku("TEA"), by)).into()))
            .pos
            .duplicate
            .unwrap()
            .movements,
        effects.movements()
    );
}

#[test]
fn texts_of_a_delivery_are_kept_trimmed_and_so_they_are_looked_up() {
    let mut shop = Shop::new().with("TEA", "5").with_till(OnShortage::Hold);
    shop.accept(map(" 4711 ", "TEA"));
    let lines = vec![
        reported_with(external(" 4711\t"), "-1", Some("  lunch "), None),
        reported_with(sku(" tea "), "-1", Some("   "), None),
    ];
    let effects = shop.accept(delivery("e1", lines));
    assert_eq!(booked(&effects), [(Some("lunch"), 0, "-1".to_owned()), (None, 0, "-1".into())]);
    let kept = vec![reported_with(external("4711"), "-1", Some("lunch"), None), reported(sku("tea"), "-1")];
    assert_eq!(shop.event("e1").lines, kept);
}

#[test]
fn a_delivery_has_changes_or_counts_and_never_both() {
    let mut shop = Shop::new().with("TEA", "10").with_till(OnShortage::Hold);
    let both = vec![reported(sku("TEA"), "-2"), counted(sku("TEA"), "7", None)];
    assert_eq!(fault(shop.refuse(delivery("e1", both))), ("/counts".into(), "mixed"));
}

#[test]
fn of_several_counts_of_one_product_the_latest_counts_and_one_without_a_time_is_later_than_all() {
    let at = |seconds| Some(NOON.plus_seconds(seconds));
    let cases: [(Vec<PosEventLine>, &str, i64); 4] = [
        (vec![counted(sku("TEA"), "7", at(20)), counted(sku("TEA"), "9", at(10))], "7", 20),
        (vec![counted(sku("TEA"), "9", at(10)), counted(sku("TEA"), "7", at(20))], "7", 20),
        (vec![counted(sku("TEA"), "8", at(20)), counted(sku("TEA"), "7", at(20))], "7", 20),
        (vec![counted(sku("TEA"), "7", None), counted(sku("TEA"), "9", at(160))], "7", 100),
    ];
    for (lines, on_hand, occurred_at) in cases {
        let mut shop = Shop::new().with("TEA", "10").with_till(OnShortage::Refuse);
        shop.now = NOON.plus_seconds(100);
        let effects = shop.accept(delivery("e1", lines));
        let movement = &effects.movements()[0];
        assert_eq!((effects.movements().len(), movement.kind), (1, MovementKind::Counted));
        assert_eq!((shop.on_hand("TEA").as_str(), movement.occurred_at.seconds_since(NOON)), (on_hand, occurred_at));
    }
}

#[test]
fn a_count_that_had_to_wait_was_taken_when_it_came() {
    let mut shop = Shop::new().with("TEA", "10").with_till(OnShortage::Hold);
    shop.now = NOON.plus_seconds(10);
    shop.accept(delivery("e1", vec![counted(external("4711"), "7", None)]));
    shop.now = NOON.plus_seconds(20);
    shop.sell(&[("TEA", "2")]);
    let effects = shop.accept(map("4711", "TEA"));
    assert_eq!(booked(&effects), [(None, 10, "-3".to_owned())]);
    assert_eq!(shop.on_hand("TEA"), "5");
}

#[test]
fn a_count_that_waited_longer_than_a_month_is_left_to_somebody_and_reads_no_ledger() {
    let mut shop = Shop::new().with("TEA", "10").with_till(OnShortage::Hold);
    shop.accept(delivery("e1", vec![counted(external("4711"), "7", None)]));
    shop.now = NOON.plus_seconds(32 * 24 * 3_600);
    shop.accept(map("4711", "TEA"));
    assert_eq!((shop.status("e1"), reason(&shop, "e1").0.as_str()), (PosEventStatus::Held, "invalid"));
    let id = shop.event_id("e1").unwrap();
    shop.accept(retry(id));
    assert_eq!((shop.status("e1"), shop.on_hand("TEA")), (PosEventStatus::Held, "10".into()));
}

#[test]
fn a_till_that_holds_shortages_takes_what_is_promised_to_others_and_one_that_refuses_does_not() {
    for (policy, status, on_hand) in
        [(OnShortage::Hold, PosEventStatus::Applied, "4"), (OnShortage::Refuse, PosEventStatus::Refused, "10")]
    {
        let mut shop = Shop::new().with("TEA", "10").with_till(policy);
        shop.place(ANN, &[("TEA", "8")], None);
        shop.accept(delivery("e1", vec![reported(sku("TEA"), "-6")]));
        assert_eq!((shop.status("e1"), shop.on_hand("TEA").as_str()), (status, on_hand));
    }
}

#[test]
fn a_count_is_a_fact_even_on_a_till_that_refuses_shortages_and_whatever_is_promised() {
    let mut shop = Shop::new().with("TEA", "10").with_till(OnShortage::Refuse);
    shop.place(ANN, &[("TEA", "8")], None);
    shop.accept(delivery("e1", vec![counted(sku("TEA"), "5", None)]));
    assert_eq!((shop.status("e1"), shop.level("TEA").shortfall()), (PosEventStatus::Applied, quantity("3")));
}

#[test]
fn a_product_that_was_removed_is_not_booked_and_says_so() {
    let mut shop = Shop::new().with("TEA", "10").with_till(OnShortage::Refuse);
    shop.accept(remove("TEA"));
    let effects = shop.accept(delivery("e1", vec![reported(sku("TEA"), "-1")]));
    let removed = Refusal::ProductUnavailable {
        product: id_of("TEA"),
        sku: shop.product("TEA").sku.clone(),
        why: Unavailable::Removed,
    };
    assert_eq!((effects.pos.refused, reason(&shop, "e1").0.as_str()), (Some(removed), "product_unavailable"));
    assert_eq!(fault(shop.refuse(map("4711", "TEA"))), ("/product_id".into(), "unknown_product"));
    assert_eq!(fault(shop.refuse(map(" ", "TEA"))), ("/external_id".into(), "invalid"));
}

#[test]
fn a_till_reports_to_its_own_location_and_waits_while_that_is_gone() {
    let mut shop = Shop::new().with("TEA", "10").with_till(OnShortage::Refuse);
    let mut till: PosConnection = shop.find(TILL).unwrap().unwrap();
    let there = PosConnectionPatch { location: Some(Some(STORE_ROOM)), ..PosConnectionPatch::default() };
    till.edit(&there, NOON).unwrap();
    shop.update(&till).unwrap();
    let event = |id: &str, by: &str| delivery(id, vec![reported(sku("TEA"), by)]);
    let effects = shop.accept(event("e1", "2"));
    let figures = (effects.movements()[0].location, effects.movements()[0].change, shop.on_hand("TEA"));
    assert_eq!(figures, (STORE_ROOM, Change::on_hand(change("2")), "10".into()));
    shop.accept(event("e2", "-2"));
    shop.accept(remove_location(STORE_ROOM));
    shop.accept(event("e3", "1"));
    assert_eq!((shop.status("e3"), reason(&shop, "e3").0.as_str()), (PosEventStatus::Held, "unknown_location"));
}

#[test]
fn what_does_not_exist_cannot_be_retried_dismissed_mapped_or_reported_to() {
    let mut shop = Shop::new().with("TEA", "10");
    let nothing = PosEventId::from_uuid(Uuid::from_u128(42));
    assert_eq!(shop.refuse(retry(nothing)), Refusal::NotFound("event"));
    assert_eq!(shop.refuse(dismiss(nothing, None)), Refusal::NotFound("event"));
    assert_eq!(shop.refuse(map("4711", "TEA")), Refusal::NotFound("connection"));
    assert_eq!(shop.refuse(unmap("4711")), Refusal::NotFound("connection"));
    assert_eq!(shop.refuse(delivery("e1", vec![reported(sku("TEA"), "-1")])), Refusal::NotFound("connection"));
}

#[test]
fn a_delivery_whose_connection_is_gone_can_only_be_dismissed() {
    let mut shop = Shop::new().with("TEA", "1").with_till(OnShortage::Hold);
    shop.accept(delivery("e1", vec![reported(sku("TEA"), "-2")]));
    let id = shop.event_id("e1").unwrap();
    assert_eq!(shop.ask(&dismiss(id, None), Some(7)), Err(Refusal::PreconditionFailed));
    shop.remove(TILL, NOON).unwrap();
    assert_eq!(conflict(shop.refuse(retry(id))), "connection_removed");
    assert_eq!(fault(shop.refuse(dismiss(id, Some(&"x".repeat(501))))), ("/reason".into(), "invalid"));
    shop.accept(dismiss(id, None));
    assert_eq!(reason(&shop, "e1"), ("dismissed".into(), String::new()));
}

#[test]
fn a_mapping_is_of_one_till_alone() {
    let other = PosConnectionId::from_uuid(Uuid::from_u128(33));
    let mut shop = Shop::new().with("TEA", "10").with_till(OnShortage::Hold);
    let form = PosConnectionPatch { name: Some("other".into()), ..PosConnectionPatch::default() };
    shop.add(&PosConnection::new(other, &form, NOON).unwrap()).unwrap();
    shop.accept(Command::Pos(pos::Command::Map {
        connection: other,
        external_id: "4711".into(),
        product: id_of("TEA"),
    }));
    shop.accept(delivery("e1", vec![reported(external("4711"), "-1")]));
    assert_eq!((shop.status("e1"), shop.on_hand("TEA")), (PosEventStatus::Held, "10".into()));
}

#[test]
fn what_cannot_be_on_hand_is_held_and_says_why() {
    let mut shop = Shop::new().with("TEA", "10").with_till(OnShortage::Hold);
    let billions = |n| vec![reported(sku("TEA"), "1000000000"); n];
    shop.accept(delivery("e1", billions(10)));
    assert_eq!((shop.status("e1"), reason(&shop, "e1").0.as_str()), (PosEventStatus::Held, "too_much_stock"));
    shop.accept(delivery("e2", [billions(10), vec![reported(sku("TEA"), "-10")]].concat()));
    assert_eq!((shop.status("e2"), shop.on_hand("TEA").as_str()), (PosEventStatus::Applied, "10000000000"));
    let on_the_way = |by| vec![reported(sku("TEA"), "1"), reported(sku("TEA"), by)];
    shop.accept(delivery("e3", on_the_way("-1")));
    assert_eq!((shop.status("e3"), shop.on_hand("TEA").as_str()), (PosEventStatus::Applied, "10000000000"));
}
