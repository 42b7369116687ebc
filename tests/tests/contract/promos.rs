//! Promo codes: kept like other things, redeemed by the ledger alone, and never more often than they may be.

use crate::{
    Kept, eur, now, on_each_engine,
    ordering::{Shopper, ask, step},
};
use tradepost_domain::{
    identity::Principal,
    ids::{ProductId, PromoId},
    ledger::{
        Command, Refusal,
        orders::{self, OrderPatch},
    },
    orders::Step,
    promos::{Promo, PromoPatch, PromoRefusal},
    repository::{Promos, Remove, Repository},
};
use tradepost_store::{
    ListRequest, Sort, Store,
    promos::{self, PromoFilter},
};
use tradepost_tests::at_once;

fn edited(mut promo: Promo, change: impl FnOnce(&mut PromoPatch)) -> Promo {
    let mut patch = PromoPatch::default();
    change(&mut patch);
    promo.edit(&patch, eur(), now()).expect("a good edit");
    promo
}

async fn used(kept: &Kept, promo: PromoId) -> i64 {
    kept.read(move |s| s.find(promo)).await.expect("it is there").times_used
}

on_each_engine!(an_edit_never_touches_how_often_a_code_was_used, async |kept| {
    let tea = kept.a_product("TEA", "2.50", "50").await;
    let id = kept.a_promo("TEN", "10", |form| form.usage_limit = Some(Some(3))).await;
    let ann = kept.a_shopper("ann").await;
    let before = kept.read(move |s| s.find(id)).await.unwrap();
    for _ in 0..2 {
        kept.place(&ann, &[(tea, "1")], Some("ten")).await;
    }
    let stricter = edited(before, |patch| patch.usage_limit = Some(Some(1)));
    kept.write(move |s| s.update(&stricter)).await.expect("being used is no edit");
    assert_eq!(used(&kept, id).await, 2);
    let customer = ann.customer;
    assert_eq!(kept.read(move |s| s.redemptions(id, customer)).await, 2);
    let refused = ask(&kept.store, ann.principal.clone(), ann.order(&[(tea, "1")], Some("ten"))).await;
    assert_eq!(refused, Err(Refusal::PromoRefused(PromoRefusal::UsedUp)));
    kept.assert_all_agrees();
});

/// Orders of one tea with a code, all at once, through two stores; answers how many were placed.
async fn all_at_once(
    stores: &[Store; 2],
    tea: ProductId,
    shoppers: &[Shopper],
    count: usize,
    why: PromoRefusal,
) -> usize {
    let order = |n: usize| {
        let (store, shopper) = (stores[n % 2].clone(), shoppers[n % shoppers.len()].clone());
        async move { ask(&store, shopper.principal.clone(), shopper.order(&[(tea, "1")], Some("once"))).await }
    };
    let outcomes = at_once(count, order).await;
    let placed = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    let refused = outcomes.iter().filter(|outcome| **outcome == Err(Refusal::PromoRefused(why))).count();
    assert_eq!(placed + refused, count, "{outcomes:?}");
    placed
}

on_each_engine!(a_hundred_at_once_redeem_a_code_with_a_limit_of_one_once, async |kept| {
    let tea = kept.a_product("TEA", "2.50", "1000").await;
    let promo = kept.a_promo("ONCE", "10", |form| form.usage_limit = Some(Some(1))).await;
    let shoppers = kept.shoppers(&(0..100).map(|n| format!("shopper{n}")).collect::<Vec<_>>()).await;
    let stores = kept.two_stores();
    for round in 1..=3 {
        assert_eq!(all_at_once(&stores, tea, &shoppers, 100, PromoRefusal::UsedUp).await, 1);
        assert_eq!((used(&kept, promo).await, kept.number("SELECT COUNT(*) FROM redemptions")), (1, 1));
        assert_eq!(kept.number("SELECT COUNT(*) FROM orders WHERE discount > 0"), round);
        let last = kept.number("SELECT number FROM orders WHERE discount > 0 AND status = 'pending'");
        let filter = tradepost_store::orders::OrderFilter { number: Some(last), ..Default::default() };
        let asked = ListRequest { filter, order: Vec::new(), limit: 1, after: None, count: false };
        let page = kept.store.read(move |s| tradepost_store::orders::list(s, &asked)).await.unwrap();
        let id = page.rows[0].order.id.into();
        // Rejecting and cancelling give it back, once, however many try.
        let to = if round % 2 == 0 { Step::Reject } else { Step::Cancel };
        let free = |n: usize| {
            let store = stores[n % 2].clone();
            async move { ask(&store, Principal::system(), step(id, to)).await.is_ok() }
        };
        assert_eq!(at_once(5, free).await.iter().filter(|done| **done).count(), 1);
        assert_eq!(used(&kept, promo).await, 0);
        kept.assert_all_agrees();
    }
});

on_each_engine!(twenty_orders_of_one_shopper_redeem_a_code_as_often_as_one_may, async |kept| {
    let tea = kept.a_product("TEA", "2.50", "1000").await;
    kept.a_promo("ONCE", "10", |form| form.per_customer_limit = Some(Some(2))).await;
    let shoppers = kept.shoppers(&["ann".to_owned(), "bob".to_owned()]).await;
    let stores = kept.two_stores();
    for shopper in &shoppers {
        assert_eq!(all_at_once(&stores, tea, std::slice::from_ref(shopper), 20, PromoRefusal::AlreadyUsed).await, 2);
    }
    assert_eq!(kept.number("SELECT times_used FROM promo_codes"), 4);
    kept.assert_all_agrees();
});

on_each_engine!(another_code_on_an_order_gives_the_first_back, async |kept| {
    let tea = kept.a_product("TEA", "2.50", "50").await;
    let ten = kept.a_promo("TEN", "10", |_| ()).await;
    let half = kept.a_promo("HALF", "50", |_| ()).await;
    let ann = kept.a_shopper("ann").await;
    let id = kept.place(&ann, &[(tea, "4")], Some("ten")).await;
    let edit = |code: Option<&str>| {
        let patch = OrderPatch { promo_code: Some(code.map(str::to_owned)), ..OrderPatch::default() };
        ask(&kept.store, ann.principal.clone(), Command::Orders(orders::Command::Edit { id, patch: Box::new(patch) }))
    };
    for (code, uses, discount) in [(Some("half"), (0, 1), 500), (None, (0, 0), 0), (Some("TEN"), (1, 0), 100)] {
        edit(code).await.unwrap();
        assert_eq!((used(&kept, ten).await, used(&kept, half).await), uses, "{code:?}");
        assert_eq!(kept.read_order(id).await.order.discount, discount);
        kept.assert_all_agrees();
    }
});

on_each_engine!(a_removed_code_keeps_its_promise_and_is_found_by_nobody, async |kept| {
    let tea = kept.a_product("TEA", "2.50", "50").await;
    let old = kept.a_promo("TEN", "10", |_| ()).await;
    let ann = kept.a_shopper("ann").await;
    let first = kept.place(&ann, &[(tea, "4")], Some("ten")).await;
    let second = kept.place(&ann, &[(tea, "4")], Some("ten")).await;
    kept.write(move |s| s.remove(old, now())).await.unwrap();
    let patch = OrderPatch { lines: Some(crate::ordering::lines(&[(tea, "2")])), ..OrderPatch::default() };
    let edit = orders::Command::Edit { id: first, patch: Box::new(patch) };
    kept.shop(Command::Orders(edit)).await.unwrap();
    assert_eq!(kept.read_order(first).await.order.discount, 50);
    // In one batch somebody gives the old one back while others ask for its name: first nobody has it, then another one does.
    for (id, percentage, expected) in [(first, None, 0), (second, Some("50"), 125)] {
        if let Some(percentage) = percentage {
            kept.a_promo("TEN", percentage, |_| ()).await;
        }
        let wish = |n: usize| {
            let (store, ann) = (kept.store.clone(), ann.clone());
            async move {
                let command = if n == 3 { step(id, Step::Cancel) } else { ann.order(&[(tea, "1")], Some("ten")) };
                ask(&store, Principal::system(), command).await
            }
        };
        for (n, outcome) in at_once(8, wish).await.into_iter().enumerate() {
            match outcome {
                Ok(order) if n != 3 => assert_eq!(kept.read_order(order).await.order.discount, expected),
                Ok(_) => assert_eq!(n, 3),
                Err(refusal) => assert_eq!((refusal, expected), (Refusal::PromoRefused(PromoRefusal::Unknown), 0)),
            }
        }
    }
    assert_eq!(kept.number("SELECT times_used FROM promo_codes WHERE removed_at IS NOT NULL"), 0);
    kept.assert_all_agrees();
});

on_each_engine!(promo_codes_are_found_by_what_they_are, async |kept| {
    kept.a_promo("Ten", "10", |form| form.valid_from = Some(crate::at(1_000))).await;
    kept.a_promo("Half", "50", |form| form.active = Some(false)).await;
    let fixed = |amount: &'static str| {
        move |form: &mut PromoPatch| {
            (form.kind, form.percentage) = (Some("fixed".into()), None);
            form.amount = Some(Some(amount.into()));
            form.valid_until = Some(crate::at(2_000));
        }
    };
    kept.a_promo("Five", "1", fixed("5")).await;
    kept.a_promo("Nine", "1", fixed("9.99")).await;
    let gone = kept.a_promo("Gone", "1", |_| ()).await;
    kept.write(move |s| s.remove(gone, now())).await.unwrap();
    let found = async |change: fn(&mut PromoFilter), order: &str| {
        let mut filter = PromoFilter::default();
        change(&mut filter);
        let order = Sort::parse_list(order, promos::ORDERINGS).unwrap();
        let asked = ListRequest { filter, order, limit: 10, after: None, count: true };
        let page = kept.store.read(move |s| promos::list(s, &asked)).await.expect("a page");
        assert_eq!(page.count, Some(page.rows.len() as i64));
        page.rows.into_iter().map(|promo| promo.code).collect::<Vec<_>>().join(" ")
    };
    type Change = fn(&mut PromoFilter);
    let cases: [(Change, &str); 13] = [
        (|_| (), "Five Half Nine Ten"),
        (|f| f.code = Some("hALF".into()), "Half"),
        (|f| f.name = Some("name of TEN".into()), "Ten"),
        (|f| f.kind = Some("fixed".into()), "Five Nine"),
        (|f| f.active = Some(false), "Half"),
        (|f| f.amount_min = Some(501), "Nine"),
        (|f| f.amount_max = Some(500), "Five"),
        (|f| (f.percentage_min, f.percentage_max) = (Some(1_000), Some(4_999)), "Ten"),
        (|f| f.valid_from_after = Some(crate::at(1_000)), "Ten"),
        (|f| f.valid_from_before = Some(crate::at(1_000)), "Five Half Nine"),
        (|f| f.valid_until_after = Some(crate::at(2_001)), "Half Ten"),
        (|f| f.valid_until_before = Some(crate::at(2_001)), "Five Nine"),
        (|f| f.search = Some("name ni".into()), "Nine"),
    ];
    for (n, (change, codes)) in cases.into_iter().enumerate() {
        assert_eq!(found(change, "code").await, codes, "case {n}");
    }
    assert_eq!(found(|_| (), "-name").await, "Ten Nine Half Five");
    assert_eq!(found(|_| (), "valid_until,-valid_from,code").await, "Five Nine Ten Half");
});
