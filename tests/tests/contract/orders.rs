//! Orders through the ledger: what is kept, what is read, and what many at once come to.

use crate::{
    Kept, on_each_engine,
    ordering::{ask, lines, step},
};
use tradepost_domain::{
    field_errors::FieldErrors,
    identity::Principal,
    ids::{LocationId, OrderId, ProductId},
    ledger::{
        Command, RefundLine, Refusal,
        orders::{self, NewOrder, OrderPatch},
    },
    orders::{OrderStatus, Step},
    repository::Remove,
};
use tradepost_store::{
    ListRequest, Sort,
    orders::{self as stored, OrderFilter},
    sales,
};
use tradepost_tests::{Engine, at_once};

on_each_engine!(an_order_is_read_as_it_was_placed, async |kept| {
    let (tea, milk) = (kept.a_product("TEA", "2.50", "10").await, kept.a_product("MILK", "1.00", "10").await);
    kept.a_promo("Ten", "10", |_| ()).await;
    let ann = kept.a_shopper("ann").await;
    let new = NewOrder {
        customer: Some(ann.customer),
        lines: lines(&[(tea, "3"), (milk, "2"), (tea, "1")]),
        promo_code: Some("TEN".to_owned()),
        notes: Some(" to the back door ".to_owned()),
        location: None,
    };
    let id =
        ask(&kept.store, ann.principal.clone(), Command::Orders(orders::Command::Place(Box::new(new)))).await.unwrap();
    let read = kept.read_order(id).await;
    let order = &read.order;
    assert_eq!((order.number, order.status.as_str(), order.version), (1, "pending", 1));
    assert_eq!((order.subtotal, order.discount, order.total), (1_200, 120, 1_080));
    assert_eq!((order.promo_code.as_deref(), order.notes.as_deref()), (Some("Ten"), Some("to the back door")));
    assert_eq!((order.customer_name.as_str(), order.customer_id), ("ann", ann.customer.into()));
    assert_eq!((order.placed_by, order.hidden_at), (Some(ann.user.into()), None));
    let lines: Vec<_> = read.lines.iter().map(|l| (l.sku.as_str(), l.quantity, l.unit_price, l.line_total)).collect();
    assert_eq!(lines, [("TEA", 400_000, 250, 1_000), ("MILK", 200_000, 100, 200)]);
    let history: Vec<_> = read.history.iter().map(|h| (h.status.as_str(), h.actor_type.as_str(), h.actor_id)).collect();
    assert_eq!(history, [("pending", "user", Some(ann.user.into()))]);
    assert_eq!(kept.figures().await["TEA"], (10, 4));
    assert_eq!(kept.number("SELECT COUNT(*) FROM movements WHERE source_type = 'order' AND kind = 'reserved'"), 2);
    kept.assert_all_agrees();
});

on_each_engine!(every_step_to_delivery_and_back_is_kept, async |kept| {
    let tea = kept.a_product("TEA", "2.50", "10").await;
    let ann = kept.a_shopper("ann").await;
    let id = kept.place(&ann, &[(tea, "4")], None).await;
    for (to, figures) in [(Step::Accept, (10, 4)), (Step::Ship, (6, 0)), (Step::Deliver, (6, 0))] {
        kept.steps(id, &[to]).await;
        assert_eq!(kept.figures().await["TEA"], figures, "{to:?}");
        kept.assert_all_agrees();
    }
    for (quantity, restock) in [("1", true), ("2", false)] {
        let lines = vec![RefundLine { line: None, product: Some(tea), quantity: quantity.parse().unwrap() }];
        let reason = Some(format!("restock: {restock}"));
        let give_back = orders::Command::Return { id, lines, restock, reason };
        kept.shop(Command::Orders(give_back)).await.expect("it is taken back");
        kept.assert_all_agrees();
    }
    assert_eq!(kept.figures().await["TEA"], (7, 0));
    let read = kept.read_order(id).await;
    assert_eq!((read.lines[0].returned_quantity, read.order.total), (300_000, 1_000));
    let history: Vec<_> = read.history.iter().map(|h| (h.status.as_str(), h.reason.as_deref())).collect();
    let [yes, no] = [Some("restock: true"), Some("restock: false")];
    assert_eq!(
        history,
        [
            ("pending", None),
            ("accepted", None),
            ("shipped", None),
            ("delivered", None),
            ("delivered", yes),
            ("delivered", no)
        ]
    );
    let refused = kept.shop(step(id, Step::Cancel)).await;
    assert!(matches!(refused, Err(Refusal::IllegalTransition { from: "delivered", .. })), "{refused:?}");
});

on_each_engine!(an_edit_moves_the_net_difference_and_replaces_the_lines, async |kept| {
    let (tea, milk) = (kept.a_product("TEA", "2.50", "10").await, kept.a_product("MILK", "1.00", "10").await);
    let ann = kept.a_shopper("ann").await;
    let id = kept.place(&ann, &[(tea, "5"), (milk, "2")], None).await;
    let edit = |wanted: &[(ProductId, &str)], notes: &str| {
        let lines = Some(lines(wanted));
        let patch = OrderPatch { lines, notes: Some(Some(notes.to_owned())), promo_code: None };
        ask(&kept.store, ann.principal.clone(), Command::Orders(orders::Command::Edit { id, patch: Box::new(patch) }))
    };
    edit(&[(tea, "9")], "x").await.unwrap();
    let figures = kept.figures().await;
    assert_eq!((figures["TEA"], figures["MILK"]), ((10, 9), (10, 0)));
    assert!(matches!(edit(&[(tea, "11"), (milk, "1")], "y").await, Err(Refusal::InsufficientStock(_))));
    let read = kept.read_order(id).await;
    assert_eq!((read.order.total, read.order.version, read.order.notes.as_deref()), (2_250, 2, Some("x")));
    assert_eq!((read.lines.len(), read.history.len()), (1, 1));
    kept.assert_all_agrees();
});

on_each_engine!(of_twenty_who_cancel_one_order_at_once_one_does, async |kept| {
    let tea = kept.a_product("TEA", "2.50", "10").await;
    let ann = kept.a_shopper("ann").await;
    let stores = kept.two_stores();
    for _ in 0..5 {
        let id = kept.place(&ann, &[(tea, "4")], None).await;
        let cancel = |n: usize| {
            let store = stores[n % 2].clone();
            async move { ask(&store, Principal::system(), step(id, Step::Cancel)).await }
        };
        let outcomes = at_once(20, cancel).await;
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
    }
    assert_eq!(kept.figures().await["TEA"], (10, 0));
    kept.assert_all_agrees();
});

on_each_engine!(three_hundred_orders_on_a_hundred_units_are_a_hundred_orders, async |kept| {
    let tea = kept.a_product("TEA", "2.50", "100").await;
    let shoppers = kept.shoppers(&(0..300).map(|n| format!("shopper{n}")).collect::<Vec<_>>()).await;
    let stores = kept.two_stores();
    let order = |n: usize| {
        let (store, shopper) = (stores[n % 2].clone(), shoppers[n].clone());
        async move { ask(&store, shopper.principal.clone(), shopper.order(&[(tea, "1")], None)).await }
    };
    let outcomes = at_once(300, order).await;
    let placed: Vec<OrderId> = outcomes.iter().filter_map(|outcome| outcome.as_ref().ok()).copied().collect();
    assert_eq!(placed.len(), 100);
    let short = outcomes.iter().filter(|outcome| matches!(outcome, Err(Refusal::InsufficientStock(_))));
    assert_eq!(short.count(), 200);
    assert_eq!(kept.figures().await["TEA"], (100, 100));
    for id in &placed[..10] {
        kept.steps(*id, &[Step::Cancel]).await;
    }
    let again = at_once(300, order).await;
    assert_eq!(again.iter().filter(|outcome| outcome.is_ok()).count(), 10, "ten let ten more in");
    assert_eq!(kept.number("SELECT COUNT(*) FROM orders"), 110);
    assert_eq!(kept.number("SELECT COUNT(DISTINCT number) FROM orders"), 110);
    kept.assert_all_agrees();
});

on_each_engine!(orders_mixed_with_sales_edits_and_steps_keep_everything_in_agreement, async |kept| {
    let products = [kept.a_product("TEA", "2.50", "60").await, kept.a_product("MILK", "1.00", "60").await];
    kept.a_promo("TEN", "10", |form| form.usage_limit = Some(Some(20))).await;
    let shoppers = kept.shoppers(&(0..8).map(|n| format!("shopper{n}")).collect::<Vec<_>>()).await;
    let stores = kept.two_stores();
    let life = |n: usize| {
        let (store, shopper) = (stores[n % 2].clone(), shoppers[n % 8].clone());
        async move {
            let ask = |command| ask(&store, Principal::system(), command);
            let wanted = [(products[n % 2], "2"), (products[(n + 1) % 2], "1")];
            let Ok(id) = ask(shopper.order(&wanted, n.is_multiple_of(3).then_some("ten"))).await else { return };
            let lines = Some(lines(&[(products[n % 2], "3")]));
            let promo_code = n.is_multiple_of(4).then(|| Some("TEN".to_owned()));
            let patch = Box::new(OrderPatch { lines, promo_code, notes: None });
            // Each of these may find too little, or a code that is used up: then nothing changes.
            drop(ask(Command::Orders(orders::Command::Edit { id, patch })).await);
            let way: &[Step] = match n % 4 {
                0 => &[Step::Accept, Step::Ship, Step::Deliver],
                1 => &[Step::Reject],
                2 => &[Step::Accept, Step::Cancel],
                _ => &[],
            };
            for to in way {
                drop(ask(step(id, *to)).await);
            }
            if n % 4 == 1 {
                ask(Command::Orders(orders::Command::Delete { id })).await.expect("it is hidden");
            }
        }
    };
    at_once(60, life).await;
    kept.sell(products[0], "1").await;
    kept.assert_all_agrees();
    assert!(kept.number("SELECT MAX(times_used) FROM promo_codes") <= 20);
});

on_each_engine!(placing_costs_as_many_statements_for_a_hundred_lines_as_for_one, async |kept| {
    let mut products = Vec::new();
    for n in 0..100 {
        products.push((kept.a_product(&format!("P{n}"), "1.00", "100").await, "1"));
    }
    kept.a_promo("TEN", "10", |_| ()).await;
    let ann = kept.a_shopper("ann").await;
    let cost = async |wanted: &[(ProductId, &str)]| {
        let before = kept.store.statements();
        kept.place(&ann, wanted, Some("ten")).await;
        kept.store.statements() - before
    };
    // The first of a kind may look up types.
    cost(&products).await;
    assert_eq!(cost(&products[..1]).await, cost(&products).await);
});

on_each_engine!(a_refused_order_keeps_nothing, async |kept| {
    let tea = kept.a_product("TEA", "2.50", "1").await;
    let ann = kept.a_shopper("ann").await;
    let refused = ask(&kept.store, ann.principal.clone(), ann.order(&[(tea, "2")], None)).await;
    assert!(matches!(refused, Err(Refusal::InsufficientStock(_))), "{refused:?}");
    assert_eq!(kept.number("SELECT COUNT(*) FROM orders"), 0);
    kept.place(&ann, &[(tea, "1")], None).await;
    // A sequence never gives a number back; the counter of the other engine is kept with what used it.
    if kept.database.engine == Engine::Sqlite {
        assert_eq!(kept.number("SELECT number FROM orders"), 1);
        assert_eq!(kept.number("SELECT next FROM counters WHERE name = 'order'"), 2);
    }
});

async fn found(kept: &Kept, filter: OrderFilter, order: &str) -> String {
    let order = Sort::parse_list(order, stored::ORDERINGS).expect("an order");
    let asked = ListRequest { filter, order, limit: 50, after: None, count: true };
    let page = kept.store.read(move |s| stored::list(s, &asked)).await.expect("a page");
    assert_eq!(page.count, Some(page.rows.len() as i64));
    page.rows.iter().map(|row| row.order.number.to_string()).collect::<Vec<_>>().join(" ")
}

on_each_engine!(orders_are_found_by_what_they_are, async |kept| {
    let (tea, milk) = (kept.a_product("TEA", "2.50", "50").await, kept.a_product("MILK", "1.00", "50").await);
    kept.a_promo("Ten", "10", |_| ()).await;
    kept.a_promo("Half", "50", |_| ()).await;
    let (ann, bob) = (kept.a_shopper("ann").await, kept.a_shopper("bob").await);
    let first = kept.place(&ann, &[(tea, "1")], None).await;
    kept.place(&ann, &[(milk, "2")], Some("TEN")).await;
    let third = kept.place(&bob, &[(tea, "4")], Some("half")).await;
    let hidden = kept.place(&bob, &[(tea, "4")], None).await;
    kept.steps(hidden, &[Step::Reject]).await;
    kept.shop(Command::Orders(orders::Command::Delete { id: hidden })).await.expect("it is hidden");
    kept.steps(first, &[Step::Accept]).await;
    let notes = OrderPatch { notes: Some(Some("Back DOOR".to_owned())), ..OrderPatch::default() };
    let edit = orders::Command::Edit { id: third, patch: Box::new(notes) };
    kept.shop(Command::Orders(edit)).await.unwrap();
    type Change = fn(&mut OrderFilter);
    let cases: [(Change, &str); 16] = [
        (|_| (), "3 2 1"),
        (|f| f.status = Some(OrderStatus::Accepted), "1"),
        (|f| f.user_email = Some("ANN@shop.test".into()), "2 1"),
        (|f| f.user_email = Some("nobody@shop.test".into()), ""),
        (|f| f.promo_code = Some("hALF".into()), "3"),
        (|f| f.number = Some(2), "2"),
        (|f| (f.total_min, f.total_max) = (Some(180), Some(250)), "2 1"),
        (|f| f.discount_min = Some(21), "3"),
        (|f| f.discount_max = Some(20), "2 1"),
        (|f| f.search = Some("back door".into()), "3"),
        (|f| f.search = Some("tea".into()), "3 1"),
        (|f| f.search = Some("name of milk".into()), "2"),
        (|f| f.search = Some("ANN tea".into()), "1"),
        (|f| f.search = Some("%".into()), ""),
        (|f| f.created_after = Some(crate::now()), ""),
        (|f| f.created_before = Some(crate::now().plus_seconds(1)), "3 2 1"),
    ];
    for (n, (change, numbers)) in cases.into_iter().enumerate() {
        let mut filter = OrderFilter::default();
        change(&mut filter);
        assert_eq!(found(&kept, filter, "-created_at").await, numbers, "case {n}");
    }
    let own = OrderFilter { only_of: Some(ann.customer), ..OrderFilter::default() };
    assert_eq!(found(&kept, own.clone(), "-created_at").await, "2 1");
    let others = OrderFilter { customer: Some(bob.customer), ..own };
    assert_eq!(found(&kept, others, "-created_at").await, "", "nobody is shown what is another's");
    assert_eq!(found(&kept, OrderFilter::default(), "total").await, "2 1 3");
    assert_eq!(found(&kept, OrderFilter::default(), "-discount,created_at").await, "3 2 1");
    assert!(kept.read_order(hidden).await.order.hidden_at.is_some(), "staff can still read it");
});

on_each_engine!(a_list_of_orders_costs_the_same_whatever_its_length_and_a_walk_sees_each_once, async |kept| {
    let tea = kept.a_product("TEA", "2.50", "100").await;
    let ann = kept.a_shopper("ann").await;
    for _ in 0..30 {
        kept.place(&ann, &[(tea, "1")], None).await;
    }
    let request = |limit, after| {
        let (filter, order) = (OrderFilter::default(), Vec::new());
        ListRequest { filter, order, limit, after, count: false }
    };
    let page = async |limit, after| {
        let before = kept.store.statements();
        let asked = request(limit, after);
        let page = kept.store.read(move |s| stored::list(s, &asked)).await.expect("a page");
        (page, kept.store.statements() - before)
    };
    let ((one, cost_of_one), (all, cost_of_all)) = (page(1, None).await, page(30, None).await);
    assert_eq!((one.rows.len(), all.rows.len(), cost_of_one), (1, 30, cost_of_all));
    assert!(all.rows.iter().all(|row| row.lines.len() == 1 && row.history.len() == 1));
    let (mut after, mut numbers) = (None, Vec::new());
    loop {
        let (page, _) = page(7, after).await;
        numbers.extend(page.rows.iter().map(|row| row.order.number));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(numbers, (1..=30).rev().collect::<Vec<_>>());
});

on_each_engine!(what_waits_is_counted_and_the_oldest_named, async |kept| {
    let tea = kept.a_product("TEA", "2.50", "50").await;
    let ann = kept.a_shopper("ann").await;
    let waiting = async || kept.store.read(stored::waiting).await.expect("it can be read");
    assert!(waiting().await.is_empty());
    let ways: [&[Step]; 6] =
        [&[], &[Step::Accept], &[Step::Accept, Step::Ship], &[Step::Reject], &[], &[Step::Accept, Step::Ship]];
    for way in ways {
        let id = kept.place(&ann, &[(tea, "1")], None).await;
        kept.steps(id, way).await;
    }
    let rows = waiting().await;
    let told: Vec<_> = rows.iter().map(|row| (row.status.as_str(), row.count, row.oldest_number)).collect();
    assert_eq!(told, [("pending", 2, 1), ("accepted", 1, 2), ("shipped", 2, 3)]);
    assert_eq!(
        rows[0].oldest_created_at,
        kept.read_order(OrderId::from_uuid(rows[0].oldest_id.0)).await.order.created_at
    );
});

on_each_engine!(what_holds_a_product_is_named_oldest_first_and_at_most_ten_times, async |kept| {
    let (tea, milk) = (kept.a_product("TEA", "2.50", "50").await, kept.a_product("MILK", "1.00", "50").await);
    let ann = kept.a_shopper("ann").await;
    for n in 0..12 {
        let id = kept.place(&ann, &[(tea, "2"), (milk, "1")], None).await;
        match n {
            0 => kept.steps(id, &[Step::Cancel]).await,
            1 => kept.steps(id, &[Step::Accept]).await,
            2 => kept.steps(id, &[Step::Accept, Step::Ship]).await,
            _ => {}
        }
    }
    let home = kept.read_order(kept.place(&ann, &[(tea, "1")], None).await).await.order.location_id;
    let elsewhere = LocationId::from_uuid(crate::new_id());
    let held = async |of: Vec<(ProductId, LocationId)>| {
        let rows = kept.store.read(move |s| stored::holders(s, &of)).await.expect("it can be read");
        rows.into_iter().map(|row| (row.product_id, row.number, row.quantity)).collect::<Vec<_>>()
    };
    assert_eq!(held(vec![]).await, []);
    assert_eq!(held(vec![(tea, elsewhere)]).await, []);
    let rows = held(vec![(tea, home.into()), (milk, home.into()), (tea, home.into())]).await;
    let of = |id: ProductId| rows.iter().filter(|row| row.0 == id.into()).map(|row| (row.1, row.2)).collect::<Vec<_>>();
    let numbers = [2, 4, 5, 6, 7, 8, 9, 10, 11, 12];
    assert_eq!(of(tea), numbers.map(|number| (number, 200_000)));
    assert_eq!(of(milk), numbers.map(|number| (number, 100_000)));
});

on_each_engine!(a_customers_orders_and_sales_outlive_their_data, async |kept| {
    let tea = kept.a_product("TEA", "2.50", "50").await;
    let ann = kept.a_shopper("ann").await;
    let id = kept.place(&ann, &[(tea, "1")], None).await;
    let customer = ann.customer;
    kept.write(move |s| s.remove(customer, crate::now())).await.unwrap();
    assert_eq!(kept.read_order(id).await.order.customer_name, "Erased");
    kept.steps(id, &[Step::Cancel]).await;
    let refused = ask(&kept.store, Principal::system(), ann.order(&[(tea, "1")], None)).await;
    let unknown = FieldErrors::one("/customer_id", "unknown_customer", "there is no such customer");
    assert_eq!(refused, Err(Refusal::Invalid(unknown)), "nothing new is written down for them");
    let filter = OrderFilter { customer: Some(customer), ..OrderFilter::default() };
    assert_eq!(found(&kept, filter, "created_at").await, "1");
    let sold = ListRequest {
        filter: sales::SaleFilter { customer: Some(customer), ..sales::SaleFilter::default() },
        order: Vec::new(),
        limit: 5,
        after: None,
        count: false,
    };
    assert!(kept.store.read(move |s| sales::list(s, &sold)).await.unwrap().rows.is_empty());
    kept.assert_all_agrees();
});
