//! A refusal for too little stock is explained by the orders that hold the rest.

#![allow(clippy::unwrap_used, reason = "a test says so when something is missing")]

mod common;

use common::*;
use tradepost_domain::{ledger::Refusal, orders::Step};

#[test]
fn the_open_orders_that_hold_a_product_are_named_the_oldest_first_and_no_others() {
    let mut shop = Shop::new().with("TEA", "10").with("CAKE", "5");
    let first = shop.place(ANN, &[("TEA", "3"), ("CAKE", "1")], None);
    let gone = shop.place(ANN, &[("TEA", "2")], None);
    shop.accept(step(gone.id, Step::Cancel));
    shop.now = shop.now.plus_seconds(60);
    let second = shop.place(BOB, &[("TEA", "4")], None);
    shop.place(BOB, &[("CAKE", "2")], None);

    let holders: Vec<_> = shop.holders(id_of("TEA"), MAIN).map(|(order, held)| (order.id, held)).collect();
    assert_eq!(holders, [(first.id, quantity("3")), (second.id, quantity("4"))]);
    assert_eq!(shop.holders(id_of("TEA"), STORE_ROOM).count(), 0);

    let refusal = shop.refuse(sell(&[("TEA", "5")]));
    assert_eq!(
        shop.explain(&refusal),
        "there is not enough stock: 5 requested of TEA, 3 available; order 1 holds 3 of TEA since 2027-01-15T08:00:00Z; \
         order 3 holds 4 of TEA since 2027-01-15T08:01:00Z"
    );
    assert_eq!(shop.explain(&Refusal::CartEmpty), "the cart is empty");
}
