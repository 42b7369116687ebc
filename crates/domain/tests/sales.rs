//! What recording, correcting, refunding and voiding a sale means for stock and money.

mod common;

use common::*;
use tradepost_domain::{
    catalogue::ProductPatch,
    identity::{Permission, Permissions},
    ids::{LineId, SaleId},
    ledger::{Command, Refusal, SellLine, Unavailable},
    sales::SaleStatus,
};
use uuid::Uuid;

fn conflict(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Conflict { reason, .. } => reason,
        other => panic!("not a conflict: {other:?}"),
    }
}

fn faults(refusal: Refusal) -> Vec<(String, &'static str)> {
    match refusal {
        Refusal::Invalid(faults) => faults.as_slice().iter().map(|f| (f.pointer.clone(), f.code)).collect(),
        other => panic!("not invalid: {other:?}"),
    }
}

#[test]
fn two_lines_of_six_for_a_product_with_ten_are_refused_together() {
    let mut shop = Shop::new().with("TEA", "10");
    let Refusal::InsufficientStock(short) = shop.refuse(sell(&[("TEA", "6"), ("TEA", "6")])) else { panic!() };
    assert_eq!(short.len(), 1);
    assert_eq!((short[0].requested, short[0].available), (quantity("12"), quantity("10")));
    assert_eq!(shop.on_hand("TEA"), "10");
}

#[test]
fn lines_of_one_product_become_one_line_with_one_movement() {
    let mut shop = Shop::new().with("TEA", "10");
    let sale = shop.sell(&[("TEA", "2"), ("TEA", "3")]);
    assert_eq!(sale.lines.len(), 1);
    assert_eq!(sale.total.to_string(), "12.50");
    assert_eq!(shop.movements.len(), 2, "the first stock and the sale");
    assert_eq!(shop.on_hand("TEA"), "5");
}

#[test]
fn every_product_that_is_short_is_named() {
    let mut shop = Shop::new().with("TEA", "1").with("MILK", "1").with("RICE", "9");
    let Refusal::InsufficientStock(short) = shop.refuse(sell(&[("TEA", "2"), ("RICE", "1"), ("MILK", "3")])) else {
        panic!()
    };
    let named: Vec<_> =
        short.iter().map(|s| (s.sku.as_str(), s.requested.to_string(), s.available.to_string())).collect();
    assert_eq!(named, [("TEA", "2".into(), "1".into()), ("MILK", "3".into(), "1".into())]);
    assert_eq!(shop.on_hand("RICE"), "9");
}

#[test]
fn correcting_5_to_3_to_9_moves_the_net_difference_and_keeps_the_price() {
    let mut shop = Shop::new().with("TEA", "10");
    let sale = shop.sell(&[("TEA", "5")]);
    let dearer = ProductPatch { price: Some("9.99".into()), ..ProductPatch::default() };
    shop.accept(Command::EditProduct { id: id_of("TEA"), patch: Box::new(dearer) });
    for (to, on_hand, moved, total) in [("3", "7", "2", "7.50"), ("9", "1", "-6", "22.50")] {
        let effects = shop.accept(correct(sale.id, &[("TEA", to)]));
        assert_eq!(effects.movements.len(), 1);
        assert_eq!(effects.movements[0].change.on_hand.to_string(), moved);
        assert_eq!(effects.sales[0].value.total.to_string(), total);
        assert_eq!(shop.on_hand("TEA"), on_hand);
    }
    assert!(matches!(shop.refuse(correct(sale.id, &[("TEA", "11")])), Refusal::InsufficientStock(_)));
    assert_eq!(shop.on_hand("TEA"), "1");
}

#[test]
fn correcting_replaces_all_lines_and_prices_new_ones_now() {
    let mut shop = Shop::new().with("TEA", "10").with("MILK", "10");
    let sale = shop.sell(&[("TEA", "5")]);
    let effects = shop.accept(correct(sale.id, &[("MILK", "2")]));
    assert_eq!((shop.on_hand("TEA"), shop.on_hand("MILK")), ("10".into(), "8".into()));
    assert_eq!(effects.sales[0].value.lines.len(), 1);
    assert_eq!(effects.sales[0].value.version, 2);
}

#[test]
fn correcting_never_goes_below_what_was_refunded() {
    let mut shop = Shop::new().with("TEA", "10").with("MILK", "10");
    let sale = shop.sell(&[("TEA", "5"), ("MILK", "1")]);
    shop.accept(refund(sale.id, &[("TEA", "3")], true));
    assert_eq!(conflict(shop.refuse(correct(sale.id, &[("TEA", "2")]))), "below_refunded");
    assert_eq!(conflict(shop.refuse(correct(sale.id, &[("MILK", "1")]))), "below_refunded");
    shop.accept(correct(sale.id, &[("TEA", "3")]));
    assert_eq!(shop.book.sale(sale.id).unwrap().status, SaleStatus::Refunded);
}

#[test]
fn refunding_twice_returns_stock_once() {
    let mut shop = Shop::new().with("TEA", "10");
    let sale = shop.sell(&[("TEA", "5")]);
    let effects = shop.accept(refund(sale.id, &[("TEA", "5")], true));
    let refunded = &effects.sales[0].value;
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
    shop.accept(Command::VoidSale { id: sale.id });
    assert_eq!(shop.on_hand("TEA"), "8");
}

#[test]
fn voiding_twice_returns_stock_once_and_a_voided_sale_stays_as_it_is() {
    let mut shop = Shop::new().with("TEA", "10");
    let sale = shop.sell(&[("TEA", "5")]);
    shop.accept(Command::VoidSale { id: sale.id });
    assert!(shop.accept(Command::VoidSale { id: sale.id }).is_empty());
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
        paid_back.push(effects.sales[0].value.refunded_total.to_string());
    }
    assert_eq!(paid_back, ["0.33", "0.66", "0.99"]);
    assert_eq!(sale.total.to_string(), "0.99");
}

#[test]
fn another_price_needs_the_permission_and_makes_a_line_of_its_own() {
    let mut shop = Shop::new().with("TEA", "10");
    let lines = || vec![line("TEA", "1"), priced("TEA", "2", "1.00")];
    assert_eq!(shop.refuse(sell_lines(lines())), Refusal::Forbidden(Permission::SalesOverridePrice));
    shop.accept(sell_lines(vec![priced("TEA", "1", "2.50")]));
    shop.principal.permissions = Permissions::all();
    let sale = shop.accept(sell_lines(lines())).sales.remove(0).value;
    assert_eq!((sale.lines.len(), sale.total.to_string().as_str()), (2, "4.50"));
    assert_eq!(
        faults(shop.refuse(refund(sale.id, &[("TEA", "1")], true))),
        [("/lines/0/product_id".into(), "ambiguous")]
    );
    shop.accept(refund_line(sale.id, sale.lines[1].id, "1"));
    assert_eq!(shop.book.sale(sale.id).unwrap().refunded_total.to_string(), "1.00");
}

#[test]
fn a_product_that_is_not_on_sale_is_refused_and_says_why() {
    let mut shop = Shop::new().with("TEA", "10");
    let off = ProductPatch { enabled: Some(false), ..ProductPatch::default() };
    shop.accept(Command::EditProduct { id: id_of("TEA"), patch: Box::new(off) });
    let refusal = shop.refuse(sell(&[("TEA", "1")]));
    assert!(matches!(refusal, Refusal::ProductUnavailable { why: Unavailable::Disabled, .. }), "{refusal:?}");
    shop.accept(Command::RemoveProduct { id: id_of("TEA") });
    let refusal = shop.refuse(sell(&[("TEA", "1")]));
    assert!(matches!(refusal, Refusal::ProductUnavailable { why: Unavailable::Removed, .. }), "{refusal:?}");
}

#[test]
fn what_is_wrong_with_lines_is_said_line_by_line() {
    let mut shop = Shop::new().with("TEA", "10");
    let refusal = shop.refuse(sell(&[("TEA", "0"), ("TEA", "1.5"), ("NOPE", "1")]));
    assert_eq!(
        faults(refusal),
        [
            ("/lines/0/quantity".into(), "not_positive"),
            ("/lines/1/quantity".into(), "too_precise"),
            ("/lines/2/product_id".into(), "unknown_product")
        ]
    );
    assert_eq!(faults(shop.refuse(sell(&[]))), [("/lines".into(), "length")]);
    let many = vec![line("TEA", "0.00001"); 201];
    assert_eq!(faults(shop.refuse(sell_lines(many)))[0], ("/lines".into(), "length"));
}

#[test]
fn a_sum_that_cannot_be_stored_is_refused() {
    let mut shop = Shop::new().with_priced("GOLD", "1000000000", "1000000000", ProductPatch::default());
    assert_eq!(faults(shop.refuse(sell(&[("GOLD", "1000000000")]))), [("/lines".into(), "too_large")]);
    let twice = sell(&[("GOLD", "900000000"), ("GOLD", "900000000")]);
    assert_eq!(faults(shop.refuse(twice)), [("/lines/1/quantity".into(), "too_large")]);
}

#[test]
fn a_sale_cannot_be_five_minutes_and_a_second_ahead() {
    let mut shop = Shop::new().with("TEA", "10");
    let at = |seconds| Command::RecordSale {
        lines: vec![line("TEA", "1")],
        buyer: None,
        location: None,
        occurred_at: Some(NOON.plus_seconds(seconds)),
    };
    shop.accept(at(300));
    assert_eq!(faults(shop.refuse(at(301))), [("/occurred_at".into(), "in_the_future")]);
}

#[test]
fn an_old_version_is_refused_and_an_unknown_sale_is_not_found() {
    let mut shop = Shop::new().with("TEA", "10");
    let sale = shop.sell(&[("TEA", "5")]);
    assert_eq!(shop.decide(&correct(sale.id, &[("TEA", "3")]), Some(7)), Err(Refusal::PreconditionFailed));
    assert!(shop.decide(&correct(sale.id, &[("TEA", "3")]), Some(1)).is_ok());
    let nobody = SaleId::from_uuid(Uuid::from_u128(42));
    assert_eq!(shop.refuse(Command::VoidSale { id: nobody }), Refusal::NotFound("sale"));
}

#[test]
fn a_line_is_named_by_its_id_only_where_it_is_on_the_sale() {
    let mut shop = Shop::new().with("TEA", "10").with("MILK", "10");
    let sale = shop.sell(&[("TEA", "5")]);
    let named = |line| SellLine { line: Some(line), product: None, quantity: quantity("2"), unit_price: None };
    let correct =
        |line| Command::CorrectSale { id: sale.id, lines: Some(vec![named(line)]), buyer: None, reason: None };
    shop.accept(correct(sale.lines[0].id));
    assert_eq!(shop.on_hand("TEA"), "8");
    let other = LineId::from_uuid(Uuid::from_u128(42));
    assert_eq!(faults(shop.refuse(correct(other))), [("/lines/0/line_id".into(), "unknown_line")]);
}

#[test]
fn one_line_cannot_be_given_two_prices() {
    let mut shop = Shop::new().with("TEA", "10");
    shop.principal.permissions = Permissions::all();
    let sale = shop.sell(&[("TEA", "5")]);
    let at = |price| SellLine { line: Some(sale.lines[0].id), product: None, ..priced("TEA", "1", price) };
    let correct = |lines| Command::CorrectSale { id: sale.id, lines: Some(lines), buyer: None, reason: None };
    let twice = shop.refuse(correct(vec![at("1.00"), at("2.00")]));
    assert_eq!(faults(twice), [("/lines/1/line_id".into(), "named_twice")]);
    shop.accept(correct(vec![at("1.00"), at("1.00")]));
    assert_eq!(shop.book.sale(sale.id).unwrap().total.to_string(), "2.00");
}
