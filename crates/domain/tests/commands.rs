//! What is common to all commands: how many rows they are about, whether they take a number, and what their effects are worth keeping.

mod common;

use common::*;
use std::collections::BTreeSet;
use tradepost_domain::{
    catalogue::ProductPatch,
    ids::{OrderId, PosEventId, SaleId, UserId},
    ledger::{Command, Effects, NumberSeries, catalogue, orders, pos, sales, stock},
    orders::Step,
    pos::OnShortage,
    promos::PromoPatch,
};
use uuid::Uuid;

/// Makes the list of all kinds of commands and the one match that tells which a command is: what the match can say is in the list.
macro_rules! kinds {
    ($($pattern:pat => $kind:literal,)+) => {
        const KINDS: &[&str] = &[$($kind),+];

        fn kind(command: &Command) -> &'static str {
            match command {
                $($pattern => $kind,)+
            }
        }
    };
}

// Without `_`: a new command does not compile until it is here, and then it must be among the cases below.
kinds! {
    Command::Catalogue(catalogue::Command::Add { .. }) => "add a product",
    Command::Catalogue(catalogue::Command::Edit { .. }) => "edit a product",
    Command::Catalogue(catalogue::Command::Remove { .. }) => "remove a product",
    Command::Stock(stock::Command::Adjust { .. }) => "adjust",
    Command::Stock(stock::Command::Count { .. }) => "count",
    Command::Stock(stock::Command::RemoveLocation { .. }) => "remove a location",
    Command::Sales(sales::Command::Record(_)) => "record a sale",
    Command::Sales(sales::Command::Correct { .. }) => "correct a sale",
    Command::Sales(sales::Command::Refund { .. }) => "refund a sale",
    Command::Sales(sales::Command::Void { .. }) => "void a sale",
    Command::Orders(orders::Command::Place(_)) => "place an order",
    Command::Orders(orders::Command::Checkout { .. }) => "check out",
    Command::Orders(orders::Command::Quote { .. }) => "quote",
    Command::Orders(orders::Command::Edit { .. }) => "edit an order",
    Command::Orders(orders::Command::Step { step: Step::Accept, .. }) => "accept an order",
    Command::Orders(orders::Command::Step { step: Step::Reject, .. }) => "reject an order",
    Command::Orders(orders::Command::Step { step: Step::Cancel, .. }) => "cancel an order",
    Command::Orders(orders::Command::Step { step: Step::Ship, .. }) => "ship an order",
    Command::Orders(orders::Command::Step { step: Step::Deliver, .. }) => "deliver an order",
    Command::Orders(orders::Command::Delete { .. }) => "delete an order",
    Command::Orders(orders::Command::Return { .. }) => "return an order",
    Command::Pos(pos::Command::Apply(_)) => "apply a delivery",
    Command::Pos(pos::Command::Retry { .. }) => "retry a delivery",
    Command::Pos(pos::Command::Dismiss { .. }) => "dismiss a delivery",
    Command::Pos(pos::Command::Map { .. }) => "map a product",
    Command::Pos(pos::Command::Unmap { .. }) => "unmap a product",
}

#[test]
fn a_batch_is_filled_by_lines_and_only_new_documents_take_a_number() {
    let (sale, order) = (SaleId::from_uuid(Uuid::nil()), OrderId::from_uuid(Uuid::nil()));
    let event = PosEventId::from_uuid(Uuid::nil());
    let three = [("A", "1"), ("B", "1"), ("C", "1")];
    let new = a_product(id_of("NEW"), "NEW", "New", ProductPatch::default());
    let cases: [(Command, usize, Option<NumberSeries>); 28] = [
        (add(new, Some(quantity("1"))), 1, None),
        (reprice("A", "3"), 1, None),
        (remove("A"), 1, None),
        (adjust("A", "1"), 1, None),
        (count("A", "1", None), 1, None),
        (remove_location(STORE_ROOM), 1, None),
        (sell(&three), 3, Some(NumberSeries::Sales)),
        (correct(sale, &three), 3, None),
        (correct_buyer(sale, None), 1, None),
        (refund(sale, &three[..2], true), 2, None),
        (void(sale), 1, None),
        (common::order(ANN, &three, None), 3, Some(NumberSeries::Orders)),
        (checkout(UserId::from_uuid(Uuid::nil()), None), 10, Some(NumberSeries::Orders)),
        (quote(orders::QuoteSubject::Lines(lines(&three)), None, None), 10, None),
        (edit_order(order, &three), 3, None),
        (patch_order(order, orders::OrderPatch::default()), 1, None),
        (step(order, Step::Accept), 1, None),
        (step(order, Step::Reject), 1, None),
        (step(order, Step::Cancel), 1, None),
        (step(order, Step::Ship), 1, None),
        (step(order, Step::Deliver), 1, None),
        (delete(order), 1, None),
        (give_back(order, &three, true), 3, None),
        (delivery("e1", vec![reported(sku("A"), "1"); 4]), 4, None),
        (retry(event), 1, None),
        (dismiss(event, None), 1, None),
        (map("4711", "A"), 1, None),
        (unmap("4711"), 1, None),
    ];
    let tried: BTreeSet<&str> = cases.iter().map(|(command, ..)| kind(command)).collect();
    assert_eq!(tried, KINDS.iter().copied().collect(), "every kind of command is tried");
    assert_eq!(tried.len(), KINDS.len(), "no two kinds have one name");
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
    let quoted = shop.accept(quote(orders::QuoteSubject::Lines(lines(&[("TEA", "1")])), None, None));
    assert!(quoted.is_empty(), "a quote keeps nothing");
    assert!(none().is_empty() && Effects { names: placed.names, ..none() }.is_empty());
}
