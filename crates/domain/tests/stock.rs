//! Adjusting, counting, adding and removing.

mod common;

use common::*;
use tradepost_domain::{
    catalogue::ProductPatch,
    instant::Instant,
    ledger::Refusal,
    stock::{Change, Movement, MovementKind},
};
#[test]
fn an_adjustment_says_why_and_never_takes_what_is_not_there() {
    let mut shop = Shop::new().with("TEA", "10");
    shop.accept(adjust("TEA", "-10"));
    assert_eq!(shortages(shop.refuse(adjust("TEA", "-1"))), [shop.short("TEA", "1", "0")]);
    assert_eq!(fault(shop.refuse(adjust("TEA", "0"))), ("/quantity_change".into(), "zero"));
    assert_eq!(fault(shop.refuse(adjust("TEA", "0.5"))), ("/quantity_change".into(), "too_precise"));
    assert_eq!(fault(shop.refuse(adjust_because("TEA", "1", " "))), ("/reason".into(), "invalid"));
    assert_eq!(shop.refuse(adjust("NOPE", "1")), Refusal::NotFound("product"));
    assert_eq!(shop.on_hand("TEA"), "0");
}

#[test]
fn a_count_books_the_difference_and_one_that_agrees_a_movement_of_zero() {
    let mut shop = Shop::new().with("TEA", "10");
    assert_eq!(shop.accept(count("TEA", "7", None)).movements()[0].change.on_hand, change("-3"));
    assert_eq!(shop.accept(count("TEA", "7", None)).movements()[0].change.on_hand, change("0"));
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
    assert_eq!(
        (effects.movements()[0].kind, effects.movements()[0].change.on_hand),
        (MovementKind::Counted, change("-1"))
    );
    assert_eq!(shop.on_hand("TEA"), "5");
}

#[test]
fn a_count_older_than_the_last_one_changes_nothing_and_one_from_the_future_is_invalid() {
    let mut shop = Shop::new().with("TEA", "10");
    shop.accept(count("TEA", "9", Some(NOON)));
    for not_newer in [-1, 0] {
        let refusal = shop.refuse(count("TEA", "5", Some(NOON.plus_seconds(not_newer))));
        assert_eq!(conflict(refusal), "count_superseded");
    }
    let ahead = |seconds| count("TEA", "5", Some(NOON.plus_seconds(seconds)));
    assert_eq!(fault(shop.refuse(ahead(301))), ("/counted_at".into(), "in_the_future"));
    assert_eq!(shop.on_hand("TEA"), "9");
    shop.accept(ahead(300));
}

#[test]
fn a_count_that_later_sales_contradict_is_refused() {
    let mut shop = Shop::new().with("TEA", "10");
    shop.now = NOON.plus_seconds(60);
    shop.sell(&[("TEA", "8")]);
    let refusal = shop.refuse(count("TEA", "3", Some(NOON.plus_seconds(30))));
    let said =
        "3 were counted at 2027-01-15T08:00:30Z, but 8 have left since: count again and name the time of that count";
    assert_eq!((refusal.to_string().as_str(), conflict(refusal)), (said, "count_contradicted"));
    shop.accept(count("TEA", "8", Some(NOON.plus_seconds(30))));
    assert_eq!(shop.on_hand("TEA"), "0");
}

#[test]
fn the_unit_is_fixed_once_stock_has_moved() {
    let by_weight = || ProductPatch { unit: Some("kg".into()), unit_decimals: Some(3), ..ProductPatch::default() };
    let mut shop = Shop::new().with("TEA", "10").with("RICE", "0");
    shop.accept(edit("RICE", by_weight()));
    assert_eq!(conflict(shop.refuse(edit("TEA", by_weight()))), "unit_fixed");
    shop.accept(edit("TEA", ProductPatch { unit: Some("each".into()), ..ProductPatch::default() }));
}

#[test]
fn a_location_with_stock_and_the_default_one_stay() {
    let mut shop = Shop::new().with("TEA", "10");
    let there = |by: &str| adjust_at("TEA", STORE_ROOM, by);
    shop.accept(there("1"));
    let holds = "there is stock of 1 products at this location: transfer or adjust it first";
    assert_eq!(shop.refuse(remove_location(STORE_ROOM)), Refusal::InUse(holds.into()));
    assert_eq!(shop.refuse(remove_location(MAIN)), Refusal::InUse("this is the default location".into()));
    shop.accept(there("-1"));
    assert_eq!(shop.ask(&remove_location(STORE_ROOM), Some(7)), Err(Refusal::PreconditionFailed));
    let effects = shop.accept(remove_location(STORE_ROOM));
    let audited = &effects.audit[0];
    assert_eq!(
        (audited.action, audited.subject_type, audited.subject_id),
        ("location.removed", "location", STORE_ROOM.uuid())
    );
    let removed = &effects.stock.locations[0].value;
    assert_eq!((removed.removed_at, removed.version, removed.updated_at), (Some(NOON), 2, NOON));
    assert_eq!(fault(shop.refuse(there("1"))), ("/location_id".into(), "unknown_location"));
    assert_eq!(shop.refuse(remove_location(STORE_ROOM)), Refusal::NotFound("location"));
}

#[test]
fn an_adjustment_is_one_movement_that_says_all_there_is_to_know() {
    let mut shop = Shop::new().with("TEA", "10");
    shop.now = NOON.plus_seconds(7);
    let effects = shop.accept(adjust_because("TEA", "-3", "  broken "));
    let movement = Movement {
        id: effects.movements()[0].id,
        product: id_of("TEA"),
        location: MAIN,
        seq: 2,
        kind: MovementKind::Adjusted,
        change: Change::on_hand(change("-3")),
        on_hand_after: quantity("7"),
        reserved_after: quantity("0"),
        reason: Some("broken".into()),
        source: None,
        actor: shop.principal.actor,
        occurred_at: shop.now,
        recorded_at: shop.now,
    };
    assert_eq!(effects.movements(), [movement]);
    let sku = shop.product("TEA").sku.clone();
    assert_eq!(effects.names.skus.into_iter().collect::<Vec<_>>(), [(id_of("TEA"), sku)]);
}

#[test]
fn a_count_without_a_time_sets_what_is_there_now_whatever_time_else_carries() {
    let mut shop = Shop::new().with("TEA", "10");
    shop.accept(count("TEA", "9", Some(NOON.plus_seconds(300))));
    shop.accept(count("TEA", "4", None));
    shop.now = NOON.plus_seconds(-60);
    shop.accept(count("TEA", "6", None));
    assert_eq!(shop.on_hand("TEA"), "6");
    let all: Vec<_> = shop.movements().iter().map(|m| m.recorded_at.seconds_since(NOON)).collect();
    assert_eq!(all, [0, 0, 0, 0], "booking never goes back in time");
}

#[test]
fn a_count_from_before_the_first_stock_or_long_ago_is_refused() {
    let mut shop = Shop::new().with("TEA", "10");
    let at = |seconds| count("TEA", "5", Some(NOON.plus_seconds(seconds)));
    assert_eq!(conflict(shop.refuse(at(-1))), "count_superseded");
    let month = 31 * 24 * 3_600;
    assert_eq!(conflict(shop.refuse(at(-month))), "count_superseded");
    assert_eq!(fault(shop.refuse(at(-month - 1))), ("/counted_at".into(), "too_long_ago"));
    let epoch = count("TEA", "5", Some(Instant::from_micros(0)));
    assert_eq!(fault(shop.refuse(epoch)), ("/counted_at".into(), "too_long_ago"));
    shop.accept(at(0));
    assert_eq!(shop.on_hand("TEA"), "5");
}

#[test]
fn a_count_of_what_was_never_there_is_its_first_stock() {
    let mut shop = Shop::new().with("TEA", "0");
    shop.accept(count("TEA", "5", Some(NOON.plus_seconds(-60))));
    assert_eq!((shop.on_hand("TEA"), shop.level("TEA").counted_at), ("5".into(), Some(NOON.plus_seconds(-60))));
    assert_eq!(fault(shop.refuse(count("TEA", "0.5", None))), ("/counted".into(), "too_precise"));
    assert_eq!(shop.refuse(count("NOPE", "1", None)), Refusal::NotFound("product"));
}

#[test]
fn a_clock_that_ran_ahead_and_was_set_back_does_not_block_later_counts() {
    let mut shop = Shop::new().with("TEA", "10");
    shop.now = NOON.plus_seconds(86_400);
    shop.accept(count("TEA", "9", Some(shop.now)));
    shop.now = NOON.plus_seconds(60);
    shop.accept(count("TEA", "8", Some(NOON.plus_seconds(30))));
    assert_eq!(shop.level("TEA").counted_at, Some(NOON.plus_seconds(86_400)), "it never goes back");
    shop.now = NOON.plus_seconds(86_400 - 300);
    assert_eq!(conflict(shop.refuse(count("TEA", "7", Some(shop.now)))), "count_superseded");
}

#[test]
fn ten_to_the_tenth_is_the_most_that_can_be_on_hand() {
    let mut shop = Shop::new().with("TEA", "10");
    (0..9).for_each(|_| drop(shop.accept(adjust("TEA", "1000000000"))));
    assert_eq!(conflict(shop.refuse(adjust("TEA", "999999991"))), "too_much_stock");
    shop.accept(adjust("TEA", "999999990"));
    assert_eq!(shop.on_hand("TEA"), "10000000000");
}
