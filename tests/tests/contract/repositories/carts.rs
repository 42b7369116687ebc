//! Carts, one for each user.

use super::on_each_implementation;
use crate::{a_user, at, eur};
use tradepost_domain::{
    carts::{Cart, CartItem},
    identity::Role,
    ids::{ProductId, UserId},
    money::{Money, Price},
};

fn item(product: ProductId, quantity: &str, price_minor: i64, added_at: i64) -> CartItem {
    let price_seen = Price::new(Money::from_minor(price_minor, eur())).expect("a price");
    CartItem { product, quantity: quantity.parse().expect("a quantity"), price_seen, added_at: at(added_at) }
}

fn a_product() -> ProductId {
    ProductId::from_uuid(crate::new_id())
}

/// Somebody with a login, and nothing in their cart.
fn somebody(shop: &impl super::Implementation, email: &str) -> UserId {
    let user = a_user(email, None, Role::Shopper);
    let id = user.id;
    shop.done(move |s| s.add(&user));
    id
}

on_each_implementation!(a_cart_keeps_what_is_put_in_and_counts_changes, |shop| {
    let (user, other) = (somebody(shop, "a@shop.test"), somebody(shop, "b@shop.test"));
    let (tea, milk) = (a_product(), a_product());
    let cart = move || shop.done(move |s| s.cart(user));
    let empty = Cart { user, items: Vec::new(), promo_code: None, version: 0 };
    assert_eq!(cart(), empty);
    for new in [item(tea, "2", 250, 10), item(milk, "1", 100, 20)] {
        shop.done(move |s| s.put_cart_item(user, &new, at(20)));
    }
    let items = vec![item(tea, "2", 250, 10), item(milk, "1", 100, 20)];
    assert_eq!(cart(), Cart { items, version: 2, ..empty.clone() });
    shop.done(move |s| s.put_cart_item(user, &item(tea, "5", 240, 30), at(30)));
    let items = vec![item(tea, "5", 240, 10), item(milk, "1", 100, 20)];
    assert_eq!(cart(), Cart { items, version: 3, ..empty.clone() }, "when it was first put in stays");
    shop.done(move |s| s.set_cart_promo(user, Some("Ten"), at(40)));
    assert!(shop.done(move |s| s.remove_cart_item(user, milk, at(50))));
    let items = vec![item(tea, "5", 240, 10)];
    let changed = Cart { items, promo_code: Some("Ten".to_owned()), version: 5, ..empty.clone() };
    assert_eq!(cart(), changed);
    assert!(!shop.done(move |s| s.remove_cart_item(user, milk, at(60))), "it was not in");
    assert_eq!(cart(), changed, "and nothing has changed");
    assert_eq!(shop.done(move |s| s.lock_cart(user, at(70))), changed, "nor by looking at it");
    shop.done(move |s| s.set_cart_promo(user, None, at(80)));
    assert_eq!(cart(), Cart { promo_code: None, version: 6, ..changed });
    shop.done(move |s| s.set_cart_promo(user, Some("Ten"), at(90)));
    shop.done(move |s| s.empty_cart(user, at(100)));
    assert_eq!(cart(), Cart { version: 8, ..empty }, "the code too");
    assert_eq!(shop.done(move |s| s.cart(other)).version, 0, "everybody has their own");
});

on_each_implementation!(things_lie_in_a_cart_in_the_order_in_which_they_were_put_in, |shop| {
    let user = somebody(shop, "a@shop.test");
    let (late, early) = (a_product(), a_product());
    for new in [item(late, "1", 100, 20), item(early, "1", 100, 10)] {
        shop.done(move |s| s.put_cart_item(user, &new, at(20)));
    }
    let items = shop.done(move |s| s.cart(user)).items;
    assert_eq!(items.iter().map(|item| item.product).collect::<Vec<_>>(), [early, late]);
});

on_each_implementation!(a_cart_that_nobody_has_yet_can_be_locked_and_looked_at, |shop| {
    let user = somebody(shop, "a@shop.test");
    assert!(!shop.done(move |s| s.remove_cart_item(user, a_product(), at(1))));
    for _ in 0..2 {
        assert_eq!(shop.done(move |s| s.lock_cart(user, at(2))).version, 0);
    }
    shop.done(move |s| s.empty_cart(user, at(3)));
    assert_eq!(shop.done(move |s| s.cart(user)).version, 1);
});
