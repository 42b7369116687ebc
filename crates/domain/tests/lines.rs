//! Lines of sales: what may be wrong with them, and which line of a sale is meant.

mod common;

use common::*;
use tradepost_domain::{
    catalogue::ProductPatch,
    identity::{Permission, Permissions},
    ids::LineId,
    ledger::{Command, RefundLine, Refusal, SellLine, sales},
    sales::SaleStatus,
};
use uuid::Uuid;

#[test]
fn another_price_needs_the_permission_and_makes_a_line_of_its_own() {
    let mut shop = Shop::new().with("TEA", "10");
    let lines = || vec![line("TEA", "1"), priced("TEA", "2", "1.00")];
    assert_eq!(shop.refuse(sell_lines(lines())), Refusal::Forbidden(Permission::SalesOverridePrice));
    shop.accept(sell_lines(vec![priced("TEA", "1", "2.50")]));
    shop.principal.permissions = Permissions::all();
    let sale = shop.accept(sell_lines(lines())).sales.sales.remove(0).value;
    assert_eq!((sale.lines.len(), sale.total.to_string().as_str()), (2, "4.50"));
    assert_eq!(
        errors(shop.refuse(refund(sale.id, &[("TEA", "1")], true))),
        [("/lines/0/product_id".into(), "ambiguous")]
    );
    shop.accept(refund_line(sale.id, sale.lines[1].id, "1"));
    assert_eq!(shop.sale(sale.id).refunded_total.to_string(), "1.00");
}

#[test]
fn what_is_wrong_with_lines_is_said_line_by_line() {
    let mut shop = Shop::new().with("TEA", "10");
    let refusal = shop.refuse(sell(&[("TEA", "0"), ("TEA", "1.5"), ("NOPE", "1")]));
    assert_eq!(
        errors(refusal),
        [
            ("/lines/0/quantity".into(), "not_positive"),
            ("/lines/1/quantity".into(), "too_precise"),
            ("/lines/2/product_id".into(), "unknown_product")
        ]
    );
    assert_eq!(errors(shop.refuse(sell(&[]))), [("/lines".into(), "length")]);
    assert_eq!(errors(shop.refuse(sell_lines(vec![line("TEA", "1"); 201]))), [("/lines".into(), "length")]);
    let sale = shop.sell(&[("TEA", "1")]);
    assert_eq!(errors(shop.refuse(correct(sale.id, &[]))), [("/lines".into(), "length")]);
    assert_eq!(errors(shop.refuse(refund(sale.id, &[], true))), [("/lines".into(), "length")]);
}

#[test]
fn a_sum_that_cannot_be_stored_is_refused() {
    let mut shop = Shop::new().with_priced("GOLD", "1000000000", "1000000000", ProductPatch::default());
    assert_eq!(errors(shop.refuse(sell(&[("GOLD", "1000000000")]))), [("/lines".into(), "too_large")]);
    let twice = sell(&[("GOLD", "900000000"), ("GOLD", "900000000")]);
    assert_eq!(errors(shop.refuse(twice)), [("/lines/1/quantity".into(), "too_large")]);
}

#[test]
fn a_line_is_named_by_its_id_only_where_it_is_on_the_sale() {
    let mut shop = Shop::new().with("TEA", "10").with("MILK", "10");
    let sale = shop.sell(&[("TEA", "5")]);
    let named = |line| SellLine { line: Some(line), product: None, quantity: quantity("2"), unit_price: None };
    let correct = |line| correct_lines(sale.id, vec![named(line)]);
    shop.accept(correct(sale.lines[0].id));
    assert_eq!(shop.on_hand("TEA"), "8");
    let other = LineId::from_uuid(Uuid::from_u128(42));
    assert_eq!(errors(shop.refuse(correct(other))), [("/lines/0/line_id".into(), "unknown_line")]);
}

#[test]
fn one_line_cannot_be_given_two_prices() {
    let mut shop = Shop::new().with("TEA", "10");
    shop.principal.permissions = Permissions::all();
    let sale = shop.sell(&[("TEA", "5")]);
    let at = |price| SellLine { line: Some(sale.lines[0].id), product: None, ..priced("TEA", "1", price) };
    let correct = |lines| correct_lines(sale.id, lines);
    let twice = shop.refuse(correct(vec![at("1.00"), at("2.00")]));
    assert_eq!(errors(twice), [("/lines/1/line_id".into(), "named_twice")]);
    shop.accept(correct(vec![at("1.00"), at("1.00")]));
    assert_eq!(shop.sale(sale.id).total.to_string(), "2.00");
}

#[test]
fn a_refund_names_a_line_that_was_sold() {
    let mut shop = Shop::new().with("TEA", "10").with("MILK", "10");
    let sale = shop.sell(&[("TEA", "5")]);
    let (line, other) = (sale.lines[0].id, LineId::from_uuid(Uuid::from_u128(42)));
    let wanted = |line, product: Option<&str>| {
        let product = product.map(id_of);
        let lines = vec![RefundLine { line, product, quantity: quantity("1") }];
        let (id, restock) = (sale.id, true);
        Command::Sales(sales::Command::Refund { id, lines, restock, reason: None })
    };
    assert_eq!(fault(shop.refuse(wanted(Some(other), None))), ("/lines/0/line_id".into(), "unknown_line"));
    assert_eq!(fault(shop.refuse(wanted(Some(line), Some("MILK")))), ("/lines/0/product_id".into(), "other_product"));
    assert_eq!(fault(shop.refuse(wanted(None, Some("MILK")))), ("/lines/0/product_id".into(), "not_sold"));
    assert_eq!(fault(shop.refuse(wanted(None, None))), ("/lines/0/product_id".into(), "required"));
    let half = shop.refuse(refund(sale.id, &[("TEA", "0.5")], true));
    assert_eq!(fault(half), ("/lines/0/quantity".into(), "too_precise"));
    shop.accept(wanted(Some(line), Some("TEA")));
    assert_eq!(shop.sale(sale.id).status, SaleStatus::PartlyRefunded);
}

#[test]
fn a_line_that_was_partly_refunded_keeps_its_price() {
    let mut shop = Shop::new().with("TEA", "10");
    shop.principal.permissions = Permissions::all();
    let sale = shop.sell(&[("TEA", "5")]);
    shop.accept(refund(sale.id, &[("TEA", "1")], true));
    let at = |price| SellLine { line: Some(sale.lines[0].id), ..priced("TEA", "5", price) };
    assert_eq!(conflict(shop.refuse(correct_lines(sale.id, vec![at("1.00")]))), "refunded");
    shop.accept(correct_lines(sale.id, vec![at("2.50")]));
}

#[test]
fn a_new_sale_has_no_lines_to_go_on_with_and_says_what_is_sold() {
    let mut shop = Shop::new().with("TEA", "10");
    let named = SellLine { line: Some(LineId::from_uuid(Uuid::from_u128(42))), ..line("TEA", "1") };
    assert_eq!(fault(shop.refuse(sell_lines(vec![named]))), ("/lines/0/line_id".into(), "unknown_line"));
    let nothing = SellLine { product: None, ..line("TEA", "1") };
    assert_eq!(fault(shop.refuse(sell_lines(vec![nothing.clone()]))), ("/lines/0/product_id".into(), "required"));
    let sale = shop.sell(&[("TEA", "1")]);
    let nothing = shop.refuse(correct_lines(sale.id, vec![nothing]));
    assert_eq!(fault(nothing), ("/lines/0/product_id".into(), "required"));
}

#[test]
fn who_names_the_price_that_a_line_has_already_names_no_other_whatever_the_product_costs_now() {
    let mut shop = Shop::new().with("TEA", "10");
    let sale = shop.sell(&[("TEA", "5")]);
    shop.accept(reprice("TEA", "9.99"));
    shop.accept(correct_lines(sale.id, vec![priced("TEA", "4", "2.50")]));
    let by_id = SellLine { line: Some(sale.lines[0].id), ..priced("TEA", "3", "2.50") };
    shop.accept(correct_lines(sale.id, vec![by_id]));
    assert_eq!(shop.sale(sale.id).total.to_string(), "7.50");
    let other = SellLine { line: Some(sale.lines[0].id), ..priced("TEA", "3", "2.40") };
    let refusal = shop.refuse(correct_lines(sale.id, vec![other]));
    assert_eq!(refusal, Refusal::Forbidden(Permission::SalesOverridePrice));
}

#[test]
fn of_two_lines_of_a_product_the_price_that_is_named_says_which_goes_on() {
    let mut shop = Shop::new().with("TEA", "10");
    shop.principal.permissions = Permissions::all();
    let both = || vec![line("TEA", "1"), priced("TEA", "2", "1.00")];
    let sale = shop.accept(sell_lines(both())).sales.sales.remove(0).value;
    let unnamed = shop.refuse(correct_lines(sale.id, vec![line("TEA", "1")]));
    assert_eq!(fault(unnamed), ("/lines/0/product_id".into(), "ambiguous"));
    let wanted = vec![priced("TEA", "3", "1.00"), priced("TEA", "4", "2.50"), priced("TEA", "1", "7.00")];
    shop.accept(correct_lines(sale.id, wanted));
    let lines: Vec<_> = shop.sale(sale.id).lines.iter().map(|line| (line.id, line.quantity)).collect();
    let new = lines[2].0;
    let expected = [(sale.lines[1].id, quantity("3")), (sale.lines[0].id, quantity("4")), (new, quantity("1"))];
    assert_eq!(lines, expected);
    assert!(sale.lines.iter().all(|line| line.id != new));
}
