//! What recording, correcting, refunding and voiding a sale means for stock and money.

mod common;

use common::*;
use tradepost_domain::{
    catalogue::ProductPatch,
    ids::{CustomerId, LocationId, SaleId},
    ledger::{
        Command, CustomerSummary, Effects, Refusal, Unavailable,
        sales::{self, NewSale},
    },
    repository::Remove,
    sales::{Buyer, Sale, SaleStatus},
    sku::Sku,
    stock::{Change, Movement, MovementKind, Source},
};
use uuid::Uuid;

#[test]
fn two_lines_of_six_for_a_product_with_ten_are_refused_together() {
    let mut shop = Shop::new().with("TEA", "10");
    let refusal = shop.refuse(sell(&[("TEA", "6"), ("TEA", "6")]));
    assert_eq!(refusal, Refusal::InsufficientStock(vec![shop.short("TEA", "12", "10")]));
    assert_eq!(refusal.to_string(), "there is not enough stock: 12 requested of TEA, 10 available");
    assert_eq!(shop.on_hand("TEA"), "10");
}

#[test]
fn lines_of_one_product_become_one_line_with_one_movement() {
    let mut shop = Shop::new().with("TEA", "10");
    let sale = shop.sell(&[("TEA", "2"), ("TEA", "3")]);
    assert_eq!(sale.lines.len(), 1);
    assert_eq!(sale.total.to_string(), "12.50");
    assert_eq!(shop.movements().len(), 2, "the first stock and the sale");
    assert_eq!(shop.on_hand("TEA"), "5");
}

#[test]
fn every_product_that_is_short_is_named() {
    let mut shop = Shop::new().with("TEA", "1").with("MILK", "1").with("RICE", "9");
    let short = shortages(shop.refuse(sell(&[("TEA", "2"), ("RICE", "1"), ("MILK", "3")])));
    assert_eq!(short, [shop.short("TEA", "2", "1"), shop.short("MILK", "3", "1")]);
    assert_eq!(shop.on_hand("RICE"), "9");
}

#[test]
fn correcting_5_to_3_to_9_moves_the_net_difference_and_keeps_the_price() {
    let mut shop = Shop::new().with("TEA", "10");
    let sale = shop.sell(&[("TEA", "5")]);
    let dearer = ProductPatch { price: Some("9.99".into()), ..ProductPatch::default() };
    shop.accept(edit("TEA", dearer));
    for (to, on_hand, moved, total) in [("3", "7", "2", "7.50"), ("9", "1", "-6", "22.50")] {
        let effects = shop.accept(correct(sale.id, &[("TEA", to)]));
        assert_eq!(effects.movements().len(), 1);
        assert_eq!(effects.movements()[0].change.on_hand.to_string(), moved);
        assert_eq!(effects.sales.sales[0].value.total.to_string(), total);
        assert_eq!(shop.on_hand("TEA"), on_hand);
    }
    assert_eq!(shortages(shop.refuse(correct(sale.id, &[("TEA", "11")]))), [shop.short("TEA", "2", "1")]);
    assert_eq!(shop.on_hand("TEA"), "1");
}

#[test]
fn correcting_replaces_all_lines_and_prices_new_ones_now() {
    let mut shop = Shop::new().with("TEA", "10").with("MILK", "10");
    let sale = shop.sell(&[("TEA", "5")]);
    let effects = shop.accept(correct(sale.id, &[("MILK", "2")]));
    assert_eq!((shop.on_hand("TEA"), shop.on_hand("MILK")), ("10".into(), "8".into()));
    assert_eq!(effects.sales.sales[0].value.lines.len(), 1);
    assert_eq!(effects.sales.sales[0].value.version, 2);
}

#[test]
fn correcting_never_goes_below_what_was_refunded() {
    let mut shop = Shop::new().with("TEA", "10").with("MILK", "10");
    let sale = shop.sell(&[("TEA", "5"), ("MILK", "1")]);
    shop.accept(refund(sale.id, &[("TEA", "3")], true));
    assert_eq!(conflict(shop.refuse(correct(sale.id, &[("TEA", "2")]))), "below_refunded");
    assert_eq!(conflict(shop.refuse(correct(sale.id, &[("MILK", "1")]))), "below_refunded");
    shop.accept(correct(sale.id, &[("TEA", "3")]));
    assert_eq!(shop.sale(sale.id).status, SaleStatus::Refunded);
}

#[test]
fn refunding_twice_returns_stock_once() {
    let mut shop = Shop::new().with("TEA", "10");
    let sale = shop.sell(&[("TEA", "5")]);
    let effects = shop.accept(refund(sale.id, &[("TEA", "5")], true));
    let refunded = &effects.sales.sales[0].value;
    assert_eq!(
        (refunded.status, refunded.total, refunded.refunded_total),
        (SaleStatus::Refunded, sale.total, sale.total)
    );
    assert_eq!(conflict(shop.refuse(refund(sale.id, &[("TEA", "5")], true))), "more_than_sold");
    assert_eq!(shop.on_hand("TEA"), "10");
}

#[test]
fn a_refund_adds_up_lines_of_one_product_before_it_judges() {
    let mut shop = Shop::new().with("TEA", "10");
    let sale = shop.sell(&[("TEA", "5")]);
    assert_eq!(conflict(shop.refuse(refund(sale.id, &[("TEA", "3"), ("TEA", "3")], true))), "more_than_sold");
    shop.accept(refund(sale.id, &[("TEA", "2"), ("TEA", "1")], true));
    assert_eq!(shop.on_hand("TEA"), "8");
}

#[test]
fn goods_that_are_not_restocked_stay_out_even_when_the_sale_is_voided() {
    let mut shop = Shop::new().with("TEA", "10");
    let sale = shop.sell(&[("TEA", "5")]);
    shop.accept(refund(sale.id, &[("TEA", "2")], false));
    assert_eq!(shop.on_hand("TEA"), "5");
    shop.accept(void(sale.id));
    assert_eq!(shop.on_hand("TEA"), "8");
}

#[test]
fn voiding_twice_returns_stock_once_and_a_voided_sale_stays_as_it_is() {
    let mut shop = Shop::new().with("TEA", "10");
    let sale = shop.sell(&[("TEA", "5")]);
    shop.accept(void(sale.id));
    assert_eq!(shop.accept(void(sale.id)), Effects::default());
    assert_eq!(shop.on_hand("TEA"), "10");
    assert_eq!(conflict(shop.refuse(correct(sale.id, &[("TEA", "1")]))), "voided");
    assert_eq!(conflict(shop.refuse(refund(sale.id, &[("TEA", "1")], true))), "voided");
}

#[test]
fn refunding_in_parts_pays_back_exactly_what_was_paid() {
    let by_weight = ProductPatch { unit: Some("kg".into()), unit_decimals: Some(3), ..ProductPatch::default() };
    let mut shop = Shop::new().with_priced("RICE", "10", "0.99", by_weight);
    let sale = shop.sell(&[("RICE", "1.005")]);
    let mut paid_back = Vec::new();
    for _ in 0..3 {
        let effects = shop.accept(refund(sale.id, &[("RICE", "0.335")], true));
        paid_back.push(effects.sales.sales[0].value.refunded_total.to_string());
    }
    assert_eq!(paid_back, ["0.33", "0.66", "0.99"]);
    assert_eq!(sale.total.to_string(), "0.99");
}

#[test]
fn a_product_that_is_not_on_sale_is_refused_and_says_why() {
    let mut shop = Shop::new().with("TEA", "10");
    let off = ProductPatch { enabled: Some(false), ..ProductPatch::default() };
    shop.accept(edit("TEA", off));
    let because = |why| Refusal::ProductUnavailable { product: id_of("TEA"), sku: Sku::parse("TEA").unwrap(), why };
    assert_eq!(shop.refuse(sell(&[("TEA", "1")])), because(Unavailable::Disabled));
    shop.accept(remove("TEA"));
    assert_eq!(shop.refuse(sell(&[("TEA", "1")])), because(Unavailable::Removed));
}

#[test]
fn a_sale_cannot_be_five_minutes_and_a_second_ahead() {
    let mut shop = Shop::new().with("TEA", "10");
    let at = |seconds| {
        let occurred_at = Some(NOON.plus_seconds(seconds));
        record(NewSale { lines: lines(&[("TEA", "1")]), occurred_at, ..NewSale::default() })
    };
    shop.accept(at(300));
    assert_eq!(errors(shop.refuse(at(301))), [("/occurred_at".into(), "in_the_future")]);
}

#[test]
fn an_old_version_is_refused_and_an_unknown_sale_is_not_found() {
    let mut shop = Shop::new().with("TEA", "10");
    let sale = shop.sell(&[("TEA", "5")]);
    assert_eq!(shop.ask(&correct(sale.id, &[("TEA", "3")]), Some(7)), Err(Refusal::PreconditionFailed));
    assert_eq!(shop.ask(&correct(sale.id, &[("TEA", "3")]), Some(1)).unwrap().sales.sales[0].value.version, 2);
    let nobody = SaleId::from_uuid(Uuid::from_u128(42));
    assert_eq!(shop.refuse(void(nobody)), Refusal::NotFound("sale"));
}

#[test]
fn a_sale_writes_down_all_there_is_to_know_of_it_and_moves_what_it_sold() {
    let mut shop = Shop::new().with("TEA", "10");
    let occurred_at = NOON.plus_seconds(-60);
    let new = NewSale {
        lines: lines(&[("TEA", "4")]),
        buyer: Some(Buyer::Customer(ANN)),
        location: Some(MAIN),
        occurred_at: Some(occurred_at),
    };
    let effects = shop.accept(record(new));
    let sale = &effects.sales.sales[0].value;
    let expected = Sale {
        id: sale.id,
        number: 1,
        status: SaleStatus::Completed,
        lines: sale.lines.clone(),
        total: shop.product("TEA").price.times(quantity("4")).unwrap(),
        refunded_total: shop.product("TEA").price.times(quantity("0")).unwrap(),
        buyer: Some(Buyer::Customer(ANN)),
        location: MAIN,
        sold_by: Some(CLERK),
        reason: None,
        occurred_at,
        version: 1,
        created_at: NOON,
        updated_at: NOON,
    };
    assert_eq!(**sale, expected);
    let movement = Movement {
        id: effects.movements()[0].id,
        product: id_of("TEA"),
        location: MAIN,
        seq: 2,
        kind: MovementKind::Sold,
        change: Change::on_hand(change("-4")),
        on_hand_after: quantity("6"),
        reserved_after: quantity("0"),
        reason: None,
        source: Some(Source::Sale(sale.id)),
        actor: shop.principal.actor,
        occurred_at,
        recorded_at: NOON,
    };
    assert_eq!(effects.movements(), [movement]);
    let card = CustomerSummary { name: "Ann".into(), code: "Ann".into(), is_erased: false };
    assert_eq!(effects.names.customers.into_iter().collect::<Vec<_>>(), [(ANN, card)]);
}

#[test]
fn a_buyer_is_a_customer_that_exists_or_a_name_and_can_be_corrected() {
    let mut shop = Shop::new().with("TEA", "10");
    let to = |buyer| record(NewSale { lines: lines(&[("TEA", "1")]), buyer: Some(buyer), ..NewSale::default() });
    let nobody = Buyer::Customer(CustomerId::from_uuid(Uuid::from_u128(42)));
    assert_eq!(fault(shop.refuse(to(nobody.clone()))), ("/customer_id".into(), "unknown_customer"));
    assert_eq!(fault(shop.refuse(to(Buyer::Named(" ".into())))), ("/customer_name".into(), "invalid"));
    let sale = shop.accept(to(Buyer::Named(" Zoe ".into()))).sales.sales.remove(0).value;
    assert_eq!(sale.buyer, Some(Buyer::Named("Zoe".into())));
    assert_eq!(fault(shop.refuse(correct_buyer(sale.id, Some(nobody)))), ("/customer_id".into(), "unknown_customer"));
    shop.remove(BOB, NOON).unwrap();
    let erased = shop.refuse(correct_buyer(sale.id, Some(Buyer::Customer(BOB))));
    assert_eq!(fault(erased), ("/customer_id".into(), "unknown_customer"));
    for buyer in [Some(Buyer::Customer(ANN)), None] {
        let effects = shop.accept(correct_buyer(sale.id, buyer.clone()));
        assert_eq!((effects.movements(), &effects.sales.sales[0].has_new_lines), (&[][..], &false));
        assert_eq!((&shop.sale(sale.id).buyer, &shop.sale(sale.id).lines), (&buyer, &sale.lines));
    }
}

#[test]
fn what_is_sold_somewhere_else_leaves_there_and_comes_back_there() {
    let mut shop = Shop::new().with("TEA", "10");
    shop.accept(adjust_at("TEA", STORE_ROOM, "3"));
    let at = |location| record(NewSale { lines: lines(&[("TEA", "2")]), location, ..NewSale::default() });
    let nowhere = LocationId::from_uuid(Uuid::from_u128(42));
    assert_eq!(fault(shop.refuse(at(Some(nowhere)))), ("/location_id".into(), "unknown_location"));
    let sale = shop.accept(at(Some(STORE_ROOM))).sales.sales.remove(0).value;
    let there = |shop: &Shop| shop.book().level(id_of("TEA"), STORE_ROOM).on_hand.to_string();
    assert_eq!((there(&shop).as_str(), shop.on_hand("TEA").as_str()), ("1", "10"));
    shop.accept(refund(sale.id, &[("TEA", "1")], true));
    shop.accept(void(sale.id));
    assert_eq!((there(&shop).as_str(), shop.on_hand("TEA").as_str()), ("3", "10"));
}

#[test]
fn what_was_sold_at_a_location_that_is_gone_cannot_come_back_to_it() {
    let mut shop = Shop::new().with("TEA", "10");
    shop.accept(adjust_at("TEA", STORE_ROOM, "2"));
    let new = NewSale { lines: lines(&[("TEA", "2")]), location: Some(STORE_ROOM), ..NewSale::default() };
    let sale = shop.accept(record(new)).sales.sales.remove(0).value;
    shop.accept(remove_location(STORE_ROOM));
    assert_eq!(conflict(shop.refuse(void(sale.id))), "location_removed");
    assert_eq!(conflict(shop.refuse(correct(sale.id, &[("TEA", "1")]))), "location_removed");
    assert_eq!(conflict(shop.refuse(refund(sale.id, &[("TEA", "2")], true))), "location_removed");
    shop.accept(refund(sale.id, &[("TEA", "2")], false));
    assert_eq!(shop.sale(sale.id).status, SaleStatus::Refunded);
}

#[test]
fn a_reason_is_kept_trimmed_with_the_sale_and_its_movement_until_there_is_another() {
    let mut shop = Shop::new().with("TEA", "10");
    let sale = shop.sell(&[("TEA", "5")]);
    let because = |reason: &str| {
        let (id, lines, reason) = (sale.id, back(&[("TEA", "1")]), Some(reason.to_owned()));
        Command::Sales(sales::Command::Refund { id, lines, restock: true, reason })
    };
    assert_eq!(fault(shop.refuse(because(&"x".repeat(501)))), ("/reason".into(), "invalid"));
    for (said, kept) in [("  spilt ", Some("spilt")), ("  ", Some("spilt")), ("broken", Some("broken"))] {
        let effects = shop.accept(because(said));
        assert_eq!(effects.movements()[0].reason.as_deref(), kept);
        assert_eq!(shop.sale(sale.id).reason.as_deref(), kept);
    }
}

#[test]
fn sales_are_numbered_without_gaps_and_refusals_take_no_number() {
    let mut shop = Shop::new().with("TEA", "10");
    let numbers = [shop.sell(&[("TEA", "1")]).number, {
        shortages(shop.refuse(sell(&[("TEA", "99")])));
        shop.sell(&[("TEA", "1")]).number
    }];
    assert_eq!(numbers, [1, 2]);
}
