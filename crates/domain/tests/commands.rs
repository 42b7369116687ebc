//! What is common to all commands: how many rows they are about, whether they take a number, and what their effects are worth keeping.

mod common;

use common::*;
use tradepost_domain::{
    ids::{EventId, OrderId, SaleId, UserId},
    ledger::{Command, Effects, Series, catalogue, orders, pos, sales, stock},
    orders::Step,
    pos::OnShortage,
    promos::PromoPatch,
};
use uuid::Uuid;

#[test]
fn a_batch_is_filled_by_lines_and_only_new_documents_take_a_number() {
    let (sale, order) = (SaleId::from_uuid(Uuid::nil()), OrderId::from_uuid(Uuid::nil()));
    let event = EventId::from_uuid(Uuid::nil());
    let three = [("A", "1"), ("B", "1"), ("C", "1")];
    let cases: [(Command, usize, Option<Series>); 18] = [
        (remove("A"), 1, None),
        (adjust("A", "1"), 1, None),
        (sell(&three), 3, Some(Series::Sales)),
        (correct(sale, &three), 3, None),
        (correct_buyer(sale, None), 1, None),
        (refund(sale, &three[..2], true), 2, None),
        (void(sale), 1, None),
        (common::order(ANN, &three, None), 3, Some(Series::Orders)),
        (checkout(UserId::from_uuid(Uuid::nil()), None), 10, Some(Series::Orders)),
        (quote(orders::Quoted::Lines(lines(&three)), None, None), 10, None),
        (edit_order(order, &three), 3, None),
        (patch_order(order, orders::OrderPatch::default()), 1, None),
        (step(order, Step::Ship), 1, None),
        (delete(order), 1, None),
        (give_back(order, &three, true), 3, None),
        (delivery("e1", vec![reported(sku("A"), "1"); 4]), 4, None),
        (retry(event), 1, None),
        (unmap("4711"), 1, None),
    ];
    for (command, lines, series) in cases {
        assert_eq!((command.lines(), command.series()), (lines, series), "{command:?}");
    }
}

#[test]
fn effects_are_empty_where_there_is_nothing_to_keep_and_not_otherwise() {
    let mut shop = Shop::new().with("TEA", "10").with("RICE", "0").with_till(OnShortage::Hold);
    shop = shop.with_promo("TEN", "10", PromoPatch::default());
    let removed = shop.accept(remove("RICE"));
    let gone = shop.accept(remove_location(STORE_ROOM));
    let sold = shop.accept(sell(&[("TEA", "1")]));
    let placed = shop.accept(common::order(ANN, &[("TEA", "1")], Some("TEN")));
    let held = shop.accept(delivery("e1", vec![reported(external("4711"), "-1")]));
    let mapped = shop.accept(map("4712", "TEA"));
    let none = Effects::default;
    let orders = |orders| Effects { orders, ..none() };
    let something = [
        Effects {
            catalogue: catalogue::Effects { products: removed.catalogue.products, ..Default::default() },
            ..none()
        },
        Effects { stock: stock::Effects { locations: gone.stock.locations, ..Default::default() }, ..none() },
        Effects { stock: stock::Effects { movements: sold.stock.movements, ..Default::default() }, ..none() },
        Effects { sales: sales::Effects { sales: sold.sales.sales }, ..none() },
        orders(orders::Effects { orders: placed.orders.orders, ..Default::default() }),
        orders(orders::Effects { redemptions: placed.orders.redemptions, ..Default::default() }),
        orders(orders::Effects {
            emptied_cart: Some(orders::EmptiedCart { user: CLERK, version: 1, at: NOON }),
            ..Default::default()
        }),
        Effects { pos: pos::Effects { events: held.pos.events, ..Default::default() }, ..none() },
        Effects { pos: pos::Effects { mapping: mapped.pos.mapping, ..Default::default() }, ..none() },
        Effects { messages: placed.messages, ..none() },
        Effects { audit: mapped.audit, ..none() },
    ];
    for effects in something {
        assert_ne!(effects, none());
        assert!(!effects.is_empty(), "{effects:?}");
    }
    let quoted = shop.accept(quote(orders::Quoted::Lines(lines(&[("TEA", "1")])), None, None));
    assert!(quoted.is_empty(), "a quote keeps nothing");
    assert!(none().is_empty() && Effects { names: placed.names, ..none() }.is_empty());
}
