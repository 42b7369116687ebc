//! Carts: kept for their user, shown as things are now, and placed once.

use crate::{
    Kept, eur, now, on_each_engine,
    ordering::{Shopper, ask},
};
use tradepost_domain::{
    carts::CartItem,
    identity::Principal,
    ids::ProductId,
    ledger::{
        Command, Refusal, Unavailable,
        orders::{self, Quote, QuoteSubject},
    },
    money::{Money, Price},
    repository::{Carts, Remove},
};
use tradepost_tests::at_once;

fn item(product: ProductId, quantity: &str, price_minor: i64) -> CartItem {
    CartItem {
        product,
        quantity: quantity.parse().expect("a quantity"),
        price_seen: Price::new(Money::from_minor(price_minor, eur())).expect("a price"),
        added_at: now(),
    }
}

impl Kept {
    async fn put(&self, who: &Shopper, item: CartItem) {
        let user = who.user;
        self.write(move |s| s.put_cart_item(user, &item, now())).await.expect("it is put in");
    }

    async fn cart(&self, who: &Shopper) -> Quote {
        let (quoted, customer) = (QuoteSubject::Cart(who.user), Some(who.customer));
        let quote = Command::Orders(orders::Command::Quote { quoted, customer, promo_code: None });
        let effects = self.store.dry_run(quote, Principal::system()).await.expect("it can be read");
        effects.orders.quote.expect("a quote")
    }
}

on_each_engine!(a_cart_shows_prices_and_availability_as_they_are_now, async |kept| {
    let (tea, milk) = (kept.a_product("TEA", "2.50", "10").await, kept.a_product("MILK", "1.00", "10").await);
    let (ann, bob) = (kept.a_shopper("ann").await, kept.a_shopper("bob").await);
    assert_eq!(kept.cart(&ann).await.cart_version, 0);
    kept.put(&ann, item(tea, "2", 240)).await;
    kept.put(&ann, item(milk, "1", 100)).await;
    kept.put(&bob, item(milk, "9", 100)).await;
    kept.place(&bob, &[(tea, "4")], None).await;
    kept.sell(tea, "1").await;
    kept.tamper("UPDATE products SET enabled = FALSE WHERE sku = 'MILK'");
    let cart = kept.cart(&ann).await;
    let price = |price: Price| price.money().minor();
    let lines: Vec<_> = cart.lines.iter().map(|l| (l.product.sku.as_str(), price(l.product.price))).collect();
    assert_eq!(lines, [("TEA", 250), ("MILK", 100)]);
    let seen: Vec<_> = cart.lines.iter().map(|l| (l.quantity.to_string(), l.price_seen.map(price))).collect();
    assert_eq!(seen, [("2".to_owned(), Some(240)), ("1".to_owned(), Some(100))]);
    let state: Vec<_> = cart.lines.iter().map(|l| (l.available.to_string(), l.unavailable)).collect();
    let disabled = ("0".to_owned(), Some(Unavailable::Disabled));
    assert_eq!(state, [("5".to_owned(), None), disabled], "a cart reserves nothing");
    assert_eq!((cart.subtotal.minor(), cart.total.minor()), (600, 600));
});

on_each_engine!(a_checkout_places_what_is_in_the_cart_and_empties_it, async |kept| {
    let tea = kept.a_product("TEA", "2.50", "10").await;
    kept.a_promo("TEN", "10", |_| ()).await;
    let ann = kept.a_shopper("ann").await;
    let user = ann.user;
    assert_eq!(ask(&kept.store, ann.principal.clone(), ann.checkout()).await, Err(Refusal::CartEmpty));
    kept.put(&ann, item(tea, "4", 240)).await;
    kept.write(move |s| s.set_cart_promo(user, Some("ten"), now())).await.unwrap();
    let notes = Some("Ring twice".to_owned());
    let checkout = orders::Command::Checkout { user, customer: Some(ann.customer), promo_code: None, notes };
    let id = ask(&kept.store, ann.principal.clone(), Command::Orders(checkout)).await.expect("it is placed");
    let order = kept.read_order(id).await.order;
    assert_eq!((order.total, order.discount, order.notes.as_deref()), (900, 100, Some("Ring twice")));
    let cart = kept.cart(&ann).await;
    assert_eq!((cart.lines.len(), cart.promo_code, cart.cart_version), (0, None, 3));
    assert_eq!(ask(&kept.store, ann.principal.clone(), ann.checkout()).await, Err(Refusal::CartEmpty));
    kept.put(&ann, item(tea, "7", 250)).await;
    let refused = ask(&kept.store, ann.principal.clone(), ann.checkout()).await;
    assert!(matches!(refused, Err(Refusal::InsufficientStock(_))), "{refused:?}");
    assert_eq!(kept.cart(&ann).await.lines.len(), 1, "what was refused stays in the cart");
    kept.assert_all_agrees();
});

on_each_engine!(of_many_checkouts_of_one_cart_at_once_one_places_it, async |kept| {
    let tea = kept.a_product("TEA", "2.50", "1000").await;
    let shoppers = kept.shoppers(&(0..5).map(|n| format!("shopper{n}")).collect::<Vec<_>>()).await;
    let stores = kept.two_stores();
    for shopper in &shoppers {
        kept.put(shopper, item(tea, "3", 250)).await;
    }
    let checkout = |n: usize| {
        let (store, shopper) = (stores[n % 2].clone(), shoppers[n / 2 % 5].clone());
        async move { ask(&store, shopper.principal.clone(), shopper.checkout()).await }
    };
    let outcomes = at_once(40, checkout).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 5);
    let empty = outcomes.iter().filter(|outcome| **outcome == Err(Refusal::CartEmpty)).count();
    assert_eq!(empty, 35, "{outcomes:?}");
    assert_eq!(kept.figures().await["TEA"], (1_000, 15));
    kept.assert_all_agrees();
});

on_each_engine!(what_is_put_in_while_the_cart_is_placed_is_ordered_or_stays_and_never_both, async |kept| {
    let tea = kept.a_product("TEA", "2.50", "1000").await;
    let milk = kept.a_product("MILK", "1.00", "1000").await;
    let ann = kept.a_shopper("ann").await;
    let stores = kept.two_stores();
    for round in 0..10 {
        kept.put(&ann, item(tea, "1", 250)).await;
        let both = |n: usize| {
            let (store, ann) = (stores[n].clone(), ann.clone());
            async move {
                if n == 0 {
                    ask(&store, ann.principal.clone(), ann.checkout()).await.expect("it is placed");
                    return;
                }
                let put = move |s: &mut tradepost_store::Session<'_>| {
                    s.put_cart_item(ann.user, &item(milk, "1", 100), now()).map_err(tradepost_store::StoreError::from)
                };
                store.write_plain(put).await.expect("it is put in");
            }
        };
        at_once(2, both).await;
        let ordered = kept.figures().await["MILK"].1;
        let left = i64::try_from(kept.cart(&ann).await.lines.len()).unwrap();
        if left > 0 {
            ask(&kept.store, ann.principal.clone(), ann.checkout()).await.expect("the rest is placed");
        }
        assert_eq!(ordered + left, round + 1);
    }
    assert_eq!(kept.figures().await["TEA"], (1_000, 10));
});

on_each_engine!(an_erased_user_has_no_cart, async |kept| {
    let tea = kept.a_product("TEA", "2.50", "10").await;
    let ann = kept.a_shopper("ann").await;
    let user = ann.user;
    kept.put(&ann, item(tea, "4", 240)).await;
    kept.write(move |s| s.remove(user, now())).await.unwrap();
    assert_eq!(kept.number("SELECT COUNT(*) FROM carts") + kept.number("SELECT COUNT(*) FROM cart_items"), 0);
});
