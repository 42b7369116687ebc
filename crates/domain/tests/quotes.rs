//! What something would come to if it were ordered now.

mod common;

use common::*;
use tradepost_domain::{
    carts::CartItem,
    ids::{LineId, UserId},
    ledger::{
        Effects, SellLine, Unavailable,
        orders::{Quote, QuoteSubject},
    },
    promos::{PromoPatch, PromoRefusal},
    quantity::Quantity,
    repository::Carts,
};
use uuid::Uuid;

const USER: UserId = UserId::from_uuid(Uuid::from_u128(77));

fn of_lines(wanted: &[(&str, &str)]) -> QuoteSubject {
    QuoteSubject::Lines(lines(wanted))
}

fn quoted(effects: Effects) -> Quote {
    assert!(effects.is_empty(), "nothing is kept");
    effects.orders.quote.expect("it is quoted")
}

/// Subtotal, discount and total.
fn sums(quote: &Quote) -> [String; 3] {
    [quote.subtotal, quote.discount, quote.total].map(|money| money.to_string())
}

#[test]
fn a_quote_says_what_an_order_would_come_to_and_reserves_and_redeems_nothing() {
    let mut shop = Shop::new().with("TEA", "10").with_promo("TEN", "10", PromoPatch::default());
    let ask = quote(of_lines(&[("TEA", "2"), ("TEA", "2")]), Some(ANN), Some(" ten "));
    let said = quoted(shop.accept(ask.clone()));
    assert_eq!(sums(&said), ["10.00", "1.00", "9.00"]);
    assert_eq!((said.promo_code.as_deref(), said.promo_refused, said.cart_version), (Some(" ten "), None, 0));
    let lines: Vec<_> = said.lines.iter().map(|line| (line.quantity, line.line_total, line.available)).collect();
    assert_eq!(lines, [(quantity("4"), said.subtotal, quantity("10"))]);
    assert_eq!((shop.figures("TEA"), shop.times_used("TEN")), (("10".into(), "0".into()), 0));
    let order = shop.place(ANN, &[("TEA", "4")], Some("TEN"));
    assert_eq!([order.subtotal, order.discount, order.total].map(|money| money.to_string()), sums(&said));
    let again = quoted(shop.accept(ask));
    assert_eq!(
        (sums(&again), again.promo_refused),
        (["10.00".into(), "0.00".into(), "10.00".into()], Some(PromoRefusal::AlreadyUsed))
    );
    assert_eq!(again.lines[0].available, quantity("6"));
}

#[test]
fn more_than_there_is_can_be_quoted_and_a_code_that_does_not_exist_says_so() {
    let mut shop = Shop::new().with("TEA", "1");
    let said = quoted(shop.accept(quote(of_lines(&[("TEA", "4")]), None, Some("NOPE"))));
    assert_eq!((sums(&said)[2].as_str(), said.promo_refused), ("10.00", Some(PromoRefusal::Unknown)));
    assert_eq!(said.lines[0].available, quantity("1"));
}

#[test]
fn lines_that_could_not_be_ordered_are_not_quoted() {
    let mut shop = Shop::new().with_priced("GOLD", "10", "1000000000", Default::default()).with("TEA", "1");
    let wrong = shop.refuse(quote(of_lines(&[("TEA", "0"), ("NOPE", "1")]), None, None));
    let expected =
        [("/lines/0/quantity".to_owned(), "not_positive"), ("/lines/1/product_id".into(), "unknown_product")];
    assert_eq!(errors(wrong), expected);
    assert_eq!(fault(shop.refuse(quote(of_lines(&[]), None, None))), ("/lines".into(), "length"));
    let named = SellLine { line: Some(LineId::from_uuid(Uuid::nil())), ..line("TEA", "1") };
    let named = shop.refuse(quote(QuoteSubject::Lines(vec![named]), None, None));
    assert_eq!(fault(named), ("/lines/0/line_id".into(), "unknown_line"));
    let too_much = shop.refuse(quote(of_lines(&[("GOLD", "1000000000")]), None, None));
    assert_eq!(fault(too_much), ("/lines".into(), "too_large"));
}

#[test]
fn a_cart_is_quoted_whatever_has_become_of_what_is_in_it() {
    let mut shop = Shop::new().with("TEA", "10").with("MILK", "3").with_promo("TEN", "10", PromoPatch::default());
    let empty = quoted(shop.accept(quote(QuoteSubject::Cart(USER), None, None)));
    assert_eq!((empty.lines.len(), sums(&empty)[2].as_str(), empty.cart_version), (0, "0.00", 0));
    for (name, amount) in [("TEA", "2"), ("MILK", "1")] {
        let price_seen = shop.product(name).price;
        let item = CartItem { product: id_of(name), quantity: quantity(amount), price_seen, added_at: NOON };
        shop.put_cart_item(USER, &item, NOON).unwrap();
    }
    shop.set_cart_promo(USER, Some("TEN"), NOON).unwrap();
    let seen = shop.product("TEA").price;
    shop.accept(reprice("TEA", "4.00"));
    shop.accept(remove("MILK"));
    let said = quoted(shop.accept(quote(QuoteSubject::Cart(USER), Some(ANN), None)));
    assert_eq!((sums(&said), said.cart_version), (["10.50".into(), "1.05".into(), "9.45".into()], 3));
    let lines: Vec<_> = said.lines.iter().map(|line| (line.available, line.unavailable)).collect();
    assert_eq!(lines, [(quantity("10"), None), (Quantity::ZERO, Some(Unavailable::Removed))]);
    assert_eq!((said.lines[0].price_seen, said.lines[0].product.id), (Some(seen), id_of("TEA")));
    let other = quoted(shop.accept(quote(QuoteSubject::Cart(USER), Some(ANN), Some("NOPE"))));
    assert_eq!((other.promo_code.as_deref(), other.promo_refused), (Some("NOPE"), Some(PromoRefusal::Unknown)));
    assert_eq!(shop.cart(USER).unwrap().version, 3);
}
