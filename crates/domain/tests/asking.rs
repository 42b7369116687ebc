//! What a command asks for before it is decided, and that it takes nothing while it asks.

#![allow(clippy::unwrap_used, reason = "a test says so when something is missing")]

mod common;

use common::*;
use std::{cell::Cell, collections::BTreeSet};
use tradepost_domain::{
    carts::CartItem,
    catalogue::ProductPatch,
    identity::Principal,
    ids::{OrderId, PosEventId, SaleId, UserId},
    instant::Instant,
    ledger::{
        Book, Command, Effects, Inputs, Missing, Rank, ReadSet, Refusal, SellLine, Stop, decide,
        orders::{NewOrder, OrderPatch, QuoteSubject},
        sales::NewSale,
    },
    memory,
    money::{Currency, Money, Price},
    orders::Step,
    pos::{OnShortage, Reference},
    promos::PromoPatch,
    repository::Carts,
    sales::Buyer,
};
use uuid::Uuid;

/// What was asked for until a command was decided: one set for each time it was asked.
struct Asked {
    sets: Vec<ReadSet>,
    decided: Result<Effects, Refusal>,
}

/// Decides a command by a book that starts empty and is told what it asks for, rank by rank. Fails where the command takes an id or a
/// number before it knows everything, asks for what it was told already, or goes back in the order of locks.
fn ask(shop: &Shop, command: &Command) -> Asked {
    let mut book = Book::new(eur(), MAIN);
    let (mut sets, mut last) = (Vec::new(), None);
    loop {
        let drawn = Cell::new(0_u32);
        let draw = || {
            drawn.set(drawn.get() + 1);
            drawn.get()
        };
        let mut inputs = Inputs {
            now: shop.now,
            principal: &shop.principal,
            expected_version: None,
            new_id: &mut || Uuid::from_u128(u128::from(draw())),
            next_number: &mut |_| i64::from(draw()),
        };
        let Missing { mut wanted, is_last, .. } = match decide(&book, command, &mut inputs) {
            Err(Stop::Missing(missing)) => *missing,
            Err(Stop::Refused(refusal)) => return Asked { sets, decided: Err(refusal) },
            Err(Stop::Stale) => panic!("nobody else changes this shop"),
            Ok(effects) => return Asked { sets, decided: Ok(effects) },
        };
        assert_eq!(drawn.get(), 0, "{command:?} took an id or a number while it asked");
        assert!(!wanted.is_empty(), "{command:?} stopped for nothing");
        sets.push(wanted.clone());
        while let Some(rank) = wanted.lowest_rank() {
            assert!(last <= Some(rank), "{command:?} asked for {rank:?} after {last:?}");
            last = Some(rank);
            let mut now = ReadSet::default();
            wanted.drain_rank(rank, &mut now);
            shop.look_up(now, &mut book);
        }
        if is_last {
            let mut inputs = Inputs { new_id: &mut || Uuid::nil(), next_number: &mut |_| 0, ..inputs };
            let again = decide(&book, command, &mut inputs);
            assert!(!matches!(again, Err(Stop::Missing(_))), "{command:?} had said that it asks for nothing more");
        }
    }
}

/// A shop with one of everything.
fn a_full_shop() -> (Shop, SaleId, OrderId, [PosEventId; 2]) {
    let mut shop = Shop::new().with("TEA", "20").with("MILK", "5").with_till(OnShortage::Hold);
    shop = shop.with_promo("TEN", "10", PromoPatch::default()).with_promo("HALF", "50", PromoPatch::default());
    let to = Some(Buyer::Customer(ANN));
    let new = NewSale { lines: lines(&[("TEA", "2")]), buyer: to, ..NewSale::default() };
    let sale = shop.accept(record(new)).sales.sales[0].value.id;
    let order = shop.place(ANN, &[("TEA", "2")], Some("TEN")).id;
    shop.accept(delivery("e1", vec![reported(external("4711"), "-1"), reported(sku("MILK"), "1")]));
    shop.accept(delivery("e2", vec![reported(sku("MILK"), "-99")]));
    let item = CartItem {
        product: id_of("TEA"),
        quantity: quantity("1"),
        price_seen: shop.product("TEA").price,
        added_at: NOON,
    };
    shop.put_cart_item(user(), &item, NOON).unwrap();
    shop.set_cart_promo(user(), Some("HALF"), NOON).unwrap();
    let events = ["e1", "e2"].map(|id| shop.event_id(id).unwrap());
    shop.now = NOON.plus_seconds(60);
    (shop, sale, order, events)
}

fn user() -> UserId {
    UserId::from_uuid(ANN.uuid())
}

fn every_command(sale: SaleId, order: OrderId, [waiting, short]: [PosEventId; 2]) -> Vec<Command> {
    let product = || a_product(id_of("NEW"), "NEW", "New", ProductPatch::default());
    let at = Some(NOON.plus_seconds(5));
    let new = NewOrder {
        customer: Some(ANN),
        lines: lines(&[("TEA", "1")]),
        promo_code: Some("half".into()),
        location: Some(MAIN),
        ..NewOrder::default()
    };
    let code = |code: &str| OrderPatch { promo_code: Some(Some(code.into())), ..OrderPatch::default() };
    vec![
        add(product(), Some(quantity("1"))),
        add(product(), None),
        reprice("TEA", "3"),
        rename_sku("TEA", "LEAF"),
        remove("MILK"),
        adjust("TEA", "1"),
        count("TEA", "9", None),
        count("TEA", "9", at),
        remove_location(STORE_ROOM),
        record(NewSale { lines: lines(&[("TEA", "1")]), buyer: Some(Buyer::Customer(BOB)), ..NewSale::default() }),
        correct(sale, &[("MILK", "1")]),
        correct_buyer(sale, Some(Buyer::Customer(BOB))),
        refund(sale, &[("TEA", "1")], true),
        void(sale),
        place(new),
        checkout(user(), Some(ANN)),
        quote(QuoteSubject::Cart(user()), Some(ANN), None),
        quote(QuoteSubject::Lines(lines(&[("TEA", "1")])), Some(ANN), Some("ten")),
        edit_order(order, &[("MILK", "1")]),
        patch_order(order, code("half")),
        patch_order(order, OrderPatch { promo_code: Some(None), ..OrderPatch::default() }),
        step(order, Step::Accept),
        step(order, Step::Reject),
        step(order, Step::Cancel),
        delete(order),
        delivery("e9", vec![reported(sku("TEA"), "-1"), reported(external("4711"), "-1")]),
        delivery("e9", vec![counted(Reference::Product(id_of("TEA")), "9", at)]),
        delivery("e2", vec![reported(sku("MILK"), "-99")]),
        retry(waiting),
        retry(short),
        dismiss(short, None),
        map("4711", "TEA"),
        map("4712", "TEA"),
    ]
}

#[test]
fn no_command_takes_an_id_or_a_number_while_it_asks_and_none_goes_back_in_the_order_of_locks() {
    let (shop, sale, order, events) = a_full_shop();
    let commands = every_command(sale, order, events);
    for command in &commands {
        let asked = ask(&shop, command);
        assert!(!asked.sets.is_empty(), "{command:?}");
        let direct = shop.ask(command, None);
        let refusal = |answer: &Result<Effects, Refusal>| answer.as_ref().err().map(ToString::to_string);
        assert_eq!(refusal(&asked.decided), refusal(&direct), "{command:?}");
        assert_eq!(refusal(&direct), None, "{command:?} is refused, and so it is not tried whole");
    }
    let mut later = shop.clone();
    later.accept(map("4711", "TEA"));
    for command in [
        unmap("4711"),
        step(order, Step::Accept),
        step(order, Step::Ship),
        step(order, Step::Deliver),
        give_back(order, &[("TEA", "1")], true),
    ] {
        assert_eq!(ask(&later, &command).decided.err(), None, "{command:?}");
        later.accept(command);
    }
}

#[test]
fn what_does_not_exist_is_refused_after_one_look() {
    let shop = Shop::new().with_till(OnShortage::Hold);
    let (sale, order, event) =
        (SaleId::from_uuid(Uuid::nil()), OrderId::from_uuid(Uuid::nil()), PosEventId::from_uuid(Uuid::nil()));
    for (command, what) in [
        (correct(sale, &[("TEA", "1")]), "sale"),
        (refund(sale, &[("TEA", "1")], true), "sale"),
        (void(sale), "sale"),
        (edit_order(order, &[("TEA", "1")]), "order"),
        (step(order, Step::Accept), "order"),
        (delete(order), "order"),
        (give_back(order, &[("TEA", "1")], true), "order"),
        (retry(event), "event"),
        (dismiss(event, None), "event"),
        (remove("TEA"), "product"),
        (reprice("TEA", "1"), "product"),
        (adjust("TEA", "1"), "product"),
        (count("TEA", "1", None), "product"),
        (unmap("4711"), "mapping"),
    ] {
        let asked = ask(&shop, &command);
        assert_eq!((asked.sets.len(), asked.decided), (1, Err(Refusal::NotFound(what))), "{command:?}");
    }
}

/// How many histories of levels were asked for.
fn histories(asked: &Asked) -> usize {
    let keys = asked.sets.iter().flat_map(|set| set.stock.histories.clone().sorted());
    keys.collect::<BTreeSet<_>>().len()
}

#[test]
fn a_count_reads_one_history_and_one_without_a_time_or_out_of_time_reads_none() {
    let shop = Shop::new().with("TEA", "10");
    let at = |seconds| Some(NOON.plus_seconds(seconds));
    for (counted_at, read) in [(None, 0), (at(-5), 1), (at(-31 * 86_400), 1), (at(-31 * 86_400 - 1), 0), (at(301), 0)] {
        assert_eq!(histories(&ask(&shop, &count("TEA", "5", counted_at))), read, "{counted_at:?}");
    }
    let epoch = Some(Instant::from_micros(0));
    assert_eq!(histories(&ask(&shop, &count("TEA", "5", epoch))), 0);
}

#[test]
fn a_delivery_of_several_counts_of_one_product_reads_one_history() {
    let mut shop = Shop::new().with("TEA", "10").with("MILK", "10").with_till(OnShortage::Hold);
    shop.now = NOON.plus_seconds(100);
    let at = |seconds| Some(NOON.plus_seconds(seconds));
    let several: Vec<_> = (0..50).map(|n| counted(sku("TEA"), "7", at(n))).collect();
    assert_eq!(histories(&ask(&shop, &delivery("e1", several.clone()))), 1);
    let more = [several, vec![counted(Reference::Product(id_of("MILK")), "1", at(5))]].concat();
    assert_eq!(histories(&ask(&shop, &delivery("e1", more.clone()))), 2);
    let now = [more, vec![counted(sku("TEA"), "7", None), counted(sku("MILK"), "7", None)]].concat();
    assert_eq!(histories(&ask(&shop, &delivery("e1", now))), 0, "what is there now needs no history");
    let old = vec![counted(sku("TEA"), "7", Some(Instant::from_micros(0)))];
    let asked = ask(&shop, &delivery("e1", old));
    assert_eq!(
        (histories(&asked), asked.decided.map_err(fault)),
        (0, Err(("/counts/0/counted_at".into(), "too_long_ago")))
    );
}

#[test]
fn a_count_that_waited_too_long_for_its_mapping_reads_no_history() {
    let mut shop = Shop::new().with("TEA", "10").with_till(OnShortage::Hold);
    shop.accept(delivery("e1", vec![counted(external("4711"), "7", None)]));
    shop.now = NOON.plus_seconds(31 * 86_400);
    assert_eq!(histories(&ask(&shop, &map("4711", "TEA"))), 1);
    shop.now = NOON.plus_seconds(31 * 86_400 + 1);
    assert_eq!(histories(&ask(&shop, &map("4711", "TEA"))), 0);
}

#[test]
fn what_one_changes_alone_is_locked_as_such() {
    let (shop, _, _, _) = a_full_shop();
    let ranks =
        |command: &Command| -> Vec<Rank> { ask(&shop, command).sets.iter().filter_map(ReadSet::lowest_rank).collect() };
    let set = |command: &Command| ask(&shop, command).sets.remove(0);
    assert_eq!(set(&remove("TEA")).catalogue.products_to_change.sorted(), [id_of("TEA")]);
    assert_eq!(set(&reprice("TEA", "3")).catalogue.products_to_change.sorted(), [id_of("TEA")]);
    assert_eq!(set(&remove_location(STORE_ROOM)).stock.locations_to_change.sorted(), [STORE_ROOM]);
    assert_eq!(set(&map("4711", "TEA")).pos.connections_to_change.sorted(), [TILL]);
    assert_eq!(set(&unmap("4711")).pos.connections_to_change.sorted(), [TILL]);
    assert_eq!(ranks(&adjust("TEA", "1")), [Rank::Levels]);
}

#[test]
fn whoever_gives_a_code_back_or_takes_one_holds_it_before_any_level() {
    let (shop, _, order, _) = a_full_shop();
    let held = |command: &Command| -> usize {
        let sets = ask(&shop, command).sets;
        let codes = sets.iter().flat_map(|set| {
            let by_code = set.orders.promo_codes.clone().sorted().len();
            let by_id = set.orders.promos.clone().sorted().len();
            std::iter::repeat_n((), by_code + by_id)
        });
        codes.count()
    };
    let code = |code: Option<&str>| {
        patch_order(order, OrderPatch { promo_code: Some(code.map(str::to_owned)), ..OrderPatch::default() })
    };
    let expected = [
        (step(order, Step::Accept), 0),
        (step(order, Step::Cancel), 1),
        (step(order, Step::Reject), 1),
        (delete(order), 1),
        (edit_order(order, &[("TEA", "1")]), 0),
        (code(None), 1),
        (code(Some("HALF")), 2),
        (checkout(user(), Some(ANN)), 1),
    ];
    for (command, codes) in expected {
        assert_eq!(held(&command), codes, "{command:?}");
    }
}

/// A book in which everything is known and the tea costs so many yen, as an embedder might have it.
fn in_yen(shop: &Shop) -> Book {
    let mut book = shop.book().clone();
    let mut tea = (**shop.product("TEA")).clone();
    tea.price = Price::new(Money::from_minor(250, Currency::parse("JPY").unwrap())).unwrap();
    book.catalogue.products.enter(tea.id, Some(tea.into()));
    book
}

fn decide_by(book: &Book, shop: &Shop, command: &Command) -> Result<Effects, Stop> {
    let mut inputs = Inputs {
        now: shop.now,
        principal: &shop.principal,
        expected_version: None,
        new_id: &mut || Uuid::nil(),
        next_number: &mut |_| 0,
    };
    decide(book, command, &mut inputs)
}

#[test]
fn a_product_in_another_currency_is_not_sold_and_the_sentence_says_so() {
    let shop = Shop::new().with("TEA", "10");
    for command in [sell(&[("TEA", "1")]), order(ANN, &[("TEA", "1")], None)] {
        let Err(Stop::Refused(refusal)) = decide_by(&in_yen(&shop), &shop, &command) else { panic!("{command:?}") };
        assert_eq!(refusal.to_string(), "the price of TEA is in JPY, this shop's money is in EUR");
        assert_eq!(conflict(refusal), "other_currency");
    }
}

#[test]
fn another_price_in_another_currency_is_refused_with_a_sentence_that_says_so() {
    let mut shop = Shop::new().with("TEA", "10");
    shop.principal = Principal::system();
    let sale = shop.sell(&[("TEA", "1")]);
    let yen = Price::new(Money::from_minor(250, Currency::parse("JPY").unwrap())).unwrap();
    let wanted = SellLine { unit_price: Some(yen), ..line("TEA", "1") };
    for command in [sell_lines(vec![wanted.clone()]), correct_lines(sale.id, vec![wanted])] {
        let refusal = shop.refuse(command);
        assert_eq!(refusal.to_string(), "/lines/0/unit_price: this shop's prices are in EUR");
        assert_eq!(fault(refusal), ("/lines/0/unit_price".into(), "other_currency"));
    }
}

#[test]
fn two_books_differ_where_one_has_something_that_was_asked_for_and_the_other_has_not() {
    let (shop, sale, order, [event, _]) = a_full_shop();
    type Ids = (SaleId, OrderId, PosEventId);
    let asks: [fn(&mut ReadSet, Ids); 6] = [
        |set, _| set.catalogue.products.add(id_of("TEA")),
        |set, _| set.stock.levels.add((id_of("TEA"), MAIN)),
        |set, _| set.customers.summaries.add(ANN),
        |set, (sale, ..)| set.sales.sales.add(sale),
        |set, (_, order, _)| set.orders.orders.add(order),
        |set, (.., event)| set.pos.events.add(event),
    ];
    for ask_for in asks {
        let mut wanted = ReadSet::default();
        ask_for(&mut wanted, (sale, order, event));
        let (mut one, mut same, mut none) = (Book::new(eur(), MAIN), Book::new(eur(), MAIN), Book::new(eur(), MAIN));
        shop.look_up(wanted.clone(), &mut one);
        shop.look_up(wanted.clone(), &mut same);
        memory::Shop::new(eur(), NOON).look_up(wanted.clone(), &mut none);
        let differ = [wanted.differs(&one, &none), wanted.differs(&none, &one), wanted.differs(&one, &same)];
        assert_eq!(differ, [true, true, false], "{wanted:?}");
        assert!(!ReadSet::default().differs(&one, &none), "nothing was asked for");
    }
}
