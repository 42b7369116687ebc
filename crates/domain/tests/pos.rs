//! What a till's deliveries come to.

mod common;

use common::*;
use tradepost_domain::{
    ids::EventId,
    ledger::{Command, Refusal},
    pos::{EventLine, EventStatus, OnShortage, Reference, Report},
    stock::Kind,
};

fn status(shop: &Shop, webhook_id: &str) -> EventStatus {
    shop.book.event_by_webhook_id(TILL, webhook_id).expect("it is in the inbox").status
}

fn event_id(shop: &Shop, webhook_id: &str) -> EventId {
    shop.book.event_by_webhook_id(TILL, webhook_id).expect("it is in the inbox").id
}

fn counted(name: &str, amount: &str) -> EventLine {
    EventLine { product: sku(name), report: Report::Count { counted: quantity(amount), counted_at: None } }
}

#[test]
fn a_delivery_is_applied_once_however_often_it_comes() {
    let mut shop = Shop::new().with("TEA", "10").with_till(OnShortage::Refuse);
    let event = || delivery("e1", vec![reported(sku("tea"), "-2")]);
    assert_eq!(shop.accept(event()).movements[0].kind, Kind::Pos);
    for _ in 0..9 {
        assert!(shop.accept(event()).is_empty());
    }
    assert_eq!(shop.on_hand("TEA"), "8");
    assert_eq!(shop.refuse(delivery("e1", vec![reported(sku("tea"), "-3")])), Refusal::KeyReused);
}

#[test]
fn a_delivery_is_applied_as_a_whole_or_not_at_all() {
    let mut shop = Shop::new().with("TEA", "10").with("MILK", "1").with_till(OnShortage::Refuse);
    let effects = shop.accept(delivery("e1", vec![reported(sku("tea"), "-2"), reported(sku("milk"), "-2")]));
    assert!(effects.movements.is_empty());
    assert!(matches!(effects.refused, Some(Refusal::InsufficientStock(_))));
    assert_eq!((shop.on_hand("TEA"), status(&shop, "e1")), ("10".into(), EventStatus::Refused));
}

#[test]
fn what_was_refused_is_judged_again_when_it_comes_again() {
    let mut shop = Shop::new().with("TEA", "1").with_till(OnShortage::Refuse);
    let event = || delivery("e1", vec![reported(sku("TEA"), "-2")]);
    assert!(shop.accept(event()).refused.is_some());
    shop.accept(adjust("TEA", "5"));
    assert!(shop.accept(event()).refused.is_none());
    assert_eq!((shop.on_hand("TEA"), status(&shop, "e1")), ("4".into(), EventStatus::Applied));
}

#[test]
fn two_lines_of_one_product_are_judged_together() {
    let mut shop = Shop::new().with("TEA", "10").with_till(OnShortage::Refuse);
    let effects = shop.accept(delivery("e1", vec![reported(sku("TEA"), "-6"), reported(sku("TEA"), "-6")]));
    let Some(Refusal::InsufficientStock(short)) = effects.refused else { panic!() };
    assert_eq!((short[0].requested, short[0].available), (quantity("12"), quantity("10")));
}

#[test]
fn a_shortage_on_a_connection_that_holds_waits_until_somebody_restocks() {
    let mut shop = Shop::new().with("TEA", "1").with_till(OnShortage::Hold);
    shop.accept(delivery("e1", vec![reported(sku("TEA"), "-2")]));
    assert_eq!(status(&shop, "e1"), EventStatus::Held);
    assert!(shop.accept(delivery("e1", vec![reported(sku("TEA"), "-2")])).is_empty());
    shop.accept(adjust("TEA", "5"));
    let id = event_id(&shop, "e1");
    shop.accept(Command::RetryPosEvent { id });
    assert_eq!((shop.on_hand("TEA"), status(&shop, "e1")), ("4".into(), EventStatus::Applied));
    let again = shop.refuse(Command::RetryPosEvent { id });
    assert_eq!(again, Refusal::IllegalTransition { from: "applied", allowed: &[] });
}

#[test]
fn waiting_deliveries_apply_in_order_and_once_when_their_product_is_mapped() {
    let mut shop = Shop::new().with("TEA", "3").with_till(OnShortage::Hold);
    for (id, by) in [("e1", "-2"), ("e2", "-2"), ("e3", "-1")] {
        shop.accept(delivery(id, vec![reported(external("4711"), by)]));
    }
    let ids = ["e1", "e2", "e3"].map(|id| event_id(&shop, id));
    shop.book.enter_waiting(TILL, ids.to_vec());
    let map = || Command::MapProduct { connection: TILL, external_id: "4711".into(), product: id_of("TEA") };
    shop.accept(map());
    let statuses = ["e1", "e2", "e3"].map(|id| status(&shop, id));
    assert_eq!(statuses, [EventStatus::Applied, EventStatus::Held, EventStatus::Applied]);
    assert_eq!(shop.on_hand("TEA"), "0");
    assert!(shop.accept(map()).movements.is_empty());
    shop.accept(Command::UnmapProduct { connection: TILL, external_id: "4711".into() });
    let unmap = Command::UnmapProduct { connection: TILL, external_id: "4711".into() };
    assert_eq!(shop.refuse(unmap), Refusal::NotFound("mapping"));
}

#[test]
fn what_is_wrong_with_a_delivery_is_invalid_and_not_kept() {
    let mut shop = Shop::new().with("TEA", "10").with_till(OnShortage::Hold);
    for lines in [
        vec![],
        vec![reported(sku("TEA"), "0")],
        vec![reported(sku("TEA"), "-1.5")],
        vec![reported(sku(""), "-1")],
        vec![reported(sku("a\0b"), "-1")],
        vec![reported(external(&"x".repeat(65)), "-1")],
        vec![reported(Reference::Product(id_of("NOPE")), "-1")],
        vec![counted("TEA", "1.5")],
    ] {
        let refusal = shop.refuse(delivery("e1", lines.clone()));
        assert!(matches!(refusal, Refusal::Invalid(_)), "{lines:?}: {refusal:?}");
    }
    assert!(shop.book.event_by_webhook_id(TILL, "e1").is_none());
}

#[test]
fn counts_out_of_order_leave_the_latest() {
    let mut shop = Shop::new().with("TEA", "10").with_till(OnShortage::Refuse);
    let at = |amount: &str, seconds| {
        let counted_at = Some(NOON.plus_seconds(seconds));
        vec![EventLine { product: sku("TEA"), report: Report::Count { counted: quantity(amount), counted_at } }]
    };
    shop.now = NOON.plus_seconds(100);
    shop.accept(delivery("late", at("7", 50)));
    assert!(shop.accept(delivery("early", at("9", 20))).movements.is_empty());
    assert_eq!((shop.on_hand("TEA"), status(&shop, "early")), ("7".into(), EventStatus::Applied));
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
    let id = event_id(&shop, "e1");
    shop.accept(Command::DismissPosEvent { id, reason: Some("a test".into()) });
    shop.accept(adjust("TEA", "5"));
    assert!(shop.accept(delivery("e1", vec![reported(sku("TEA"), "-2")])).is_empty());
    assert_eq!(
        shop.refuse(Command::RetryPosEvent { id }),
        Refusal::IllegalTransition { from: "dismissed", allowed: &[] }
    );
}

#[test]
fn the_reason_of_a_long_shortage_is_cut_to_what_can_be_stored() {
    let mut shop = Shop::new().with_till(OnShortage::Hold);
    let names: Vec<String> = (0..200).map(|n| format!("A-RATHER-LONG-STOCK-KEEPING-UNIT-{n}")).collect();
    for name in &names {
        shop = shop.with(name, "0");
    }
    shop.accept(delivery("e1", names.iter().map(|name| reported(sku(name), "-1")).collect()));
    let event = shop.book.event_by_webhook_id(TILL, "e1").unwrap();
    assert_eq!(event.reason.as_ref().unwrap().detail.chars().count(), 500);
}
