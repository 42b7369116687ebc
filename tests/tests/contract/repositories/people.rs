//! Users, their credentials, how often they failed to log in, and customers.

use super::on_each_implementation;
use crate::{a_customer, a_user, at, eur};
use tradepost_domain::{
    carts::CartItem,
    customers::Customer,
    identity::{Actor, Permission, Role, Token, User},
    ids::{ProductId, TokenId, UserId},
    instant::Instant,
    money::{Money, Price},
    repository::{Error, Remove, Repository},
};

fn a_token(user: UserId, n: u8) -> Token {
    let id = TokenId::from_uuid(crate::new_id());
    Token { id, user, hash: [n; 32], created_at: at(0), expires_at: at(1_000_000) }
}

/// The token with this hash, where it is alive then.
fn alive(shop: &impl super::Implementation, hash: u8, micros: i64) -> Option<Token> {
    shop.done(move |s| s.principal_by_token(&[hash; 32], at(micros))).map(|(token, _)| token)
}

on_each_implementation!(a_user_is_found_by_either_name_without_regard_to_case, |shop| {
    let user = a_user("Ann@Shop.test", Some("Ann"), Role::Employee);
    let (id, added) = (user.id, user.clone());
    shop.done(move |s| s.add(&added));
    for login in ["ann", "ann@shop.test"] {
        assert_eq!(shop.done(move |s| s.user_by_login(login)), Some((user.clone(), None)), "{login}");
    }
    for unknown in ["bob", "", "ann@", "ann\0"] {
        assert_eq!(shop.done(move |s| s.user_by_login(unknown)), None, "{unknown:?}");
    }
    for hash in ["first", "second"] {
        shop.done(move |s| s.set_password_hash(id, hash));
        let found = shop.done(|s| s.user_by_login("ann"));
        assert_eq!(found, Some((user.clone(), Some(hash.to_owned()))), "in the place of the one before");
        assert_eq!(shop.done(move |s| s.lock_password_hash(id)), Some(hash.to_owned()));
    }
});

on_each_implementation!(nobody_has_a_password_before_they_are_there, |shop| {
    let user = a_user("ann@shop.test", None, Role::Shopper);
    let (id, added) = (user.id, user.clone());
    shop.done(move |s| s.set_password_hash(id, "hash"));
    assert_eq!(shop.done(move |s| s.lock_password_hash(id)), None);
    shop.done(move |s| s.add(&added));
    assert_eq!(shop.done(|s| s.user_by_login("ann@shop.test")), Some((user, None)));
});

on_each_implementation!(active_owners_are_told_by_id, |shop| {
    let mut people: Vec<User> = ["a", "b", "c", "d", "e"]
        .into_iter()
        .map(|name| a_user(&format!("{name}@shop.test"), None, Role::Owner))
        .collect();
    people[1].active = false;
    people[2].role = Role::Admin;
    let (removed, owners) = (people[3].id, vec![people[0].id, people[4].id]);
    people.reverse();
    shop.done(move |s| people.iter().try_for_each(|user| s.add(user)));
    shop.done(move |s| Remove::<User>::remove(s, removed, at(1)));
    assert_eq!(shop.done(|s| s.lock_active_owners()), owners);
});

on_each_implementation!(a_removed_user_loses_credentials_cart_and_customer_record, |shop| {
    let (ann, bob) = (a_user("ann@shop.test", Some("ann"), Role::Shopper), a_user("b@shop.test", None, Role::Shopper));
    let (id, other) = (ann.id, bob.id);
    let mut customer = a_customer("Ann", Some("C-1"));
    customer.user = Some(id);
    let record = customer.id;
    let product = ProductId::from_uuid(crate::new_id());
    shop.done(move |s| {
        s.add(&ann)?;
        s.add(&bob)?;
        s.set_password_hash(id, "hash")?;
        s.add(&customer)?;
        s.add_token(&a_token(id, 1))?;
        s.add_token(&a_token(other, 2))?;
        s.put_cart_item(id, &an_item(product), at(1))?;
        s.set_cart_promo(id, Some("TEN"), at(1))
    });
    shop.done(move |s| Remove::<User>::remove(s, id, at(2)));
    assert_eq!(shop.done(|s| s.user_by_login("ann")), None);
    assert_eq!(shop.done(move |s| s.lock_password_hash(id)), None);
    assert_eq!(shop.done(move |s| s.customer_of_user(id)), None);
    assert_eq!(shop.done(move |s| Repository::<Customer>::find(s, record)), None);
    assert_eq!((alive(shop, 1, 0), alive(shop, 2, 0).map(|token| token.user)), (None, Some(other)));
    let cart = shop.done(move |s| s.cart(id));
    assert_eq!((cart.items, cart.promo_code, cart.version), (Vec::new(), None, 0));
    let mut successor = a_customer("Bea", Some("c-1"));
    successor.user = Some(other);
    shop.done(move |s| s.add(&successor));
});

fn an_item(product: ProductId) -> CartItem {
    let price_seen = Price::new(Money::from_minor(250, eur())).expect("a price");
    CartItem { product, quantity: "2".parse().expect("a quantity"), price_seen, added_at: at(1) }
}

on_each_implementation!(a_login_has_one_customer_record, |shop| {
    let user = a_user("ann@shop.test", None, Role::Shopper);
    let id = user.id;
    let of_ann = move |code: &str| {
        let mut customer = a_customer("Ann", Some(code));
        customer.user = Some(id);
        customer
    };
    let first = of_ann("C-1");
    let (record, added) = (first.id, first.clone());
    shop.done(move |s| s.add(&user).and_then(|()| s.add(&added)));
    assert_eq!(shop.done(move |s| s.customer_of_user(id)), Some(first));
    let second = shop.unit(move |s| s.add(&of_ann("C-2")));
    assert!(matches!(second, Err(Error::Duplicate { field: "user_id" })), "{second:?}");
    shop.done(move |s| Remove::<Customer>::remove(s, record, at(1)));
    assert_eq!(shop.done(move |s| s.customer_of_user(id)), None);
    shop.done(move |s| s.add(&of_ann("C-2")));
});

on_each_implementation!(a_token_tells_who_it_is_until_it_expires_or_is_revoked, |shop| {
    let mut user = a_user("ann@shop.test", None, Role::Employee);
    user.permissions = [Permission::StockRead].into_iter().collect();
    let id = user.id;
    let mut customer = a_customer("Ann", None);
    customer.user = Some(id);
    let (record, tokens) = (customer.id, [a_token(id, 1), a_token(id, 2), a_token(id, 3)]);
    let (first, added) = (tokens[0].clone(), tokens.clone());
    shop.done(move |s| s.add(&user).and_then(|()| added.iter().try_for_each(|token| s.add_token(token))));
    let (token, principal) = shop.done(|s| s.principal_by_token(&[1; 32], at(999_999))).expect("it is alive");
    assert_eq!((token, principal.actor, principal.customer), (first.clone(), Actor::User(id), None));
    assert!(principal.may(Permission::StockRead) && !principal.may(Permission::StockWrite));
    shop.done(move |s| s.add(&customer));
    let (_, principal) = shop.done(|s| s.principal_by_token(&[1; 32], at(0))).expect("it is alive");
    assert_eq!(principal.customer, Some(record));
    assert_eq!(alive(shop, 1, 1_000_000), None, "it has expired");
    assert_eq!(alive(shop, 9, 0), None, "it was never issued");
    let revoked = first.id;
    assert!(shop.done(move |s| s.revoke_token(revoked)));
    assert!(!shop.done(move |s| s.revoke_token(revoked)), "it was dead already");
    assert_eq!((alive(shop, 1, 0), alive(shop, 2, 0)), (None, Some(tokens[1].clone())));
    shop.done(move |s| s.note_token_use(&[(revoked, at(5)), (tokens[1].id, at(20)), (tokens[1].id, at(10))]));
    assert_eq!(alive(shop, 1, 0), None, "being used late brings none back");
    shop.done(move |s| s.revoke_all_tokens(id));
    assert_eq!((alive(shop, 2, 0), alive(shop, 3, 0)), (None, None));
});

on_each_implementation!(all_tokens_of_a_user_but_one_are_revoked_and_nobody_elses, |shop| {
    let (ann, bob) = (a_user("ann@shop.test", None, Role::Shopper), a_user("b@shop.test", None, Role::Shopper));
    let tokens = [a_token(ann.id, 1), a_token(ann.id, 2), a_token(ann.id, 3), a_token(bob.id, 4)];
    let (id, kept) = (ann.id, tokens[1].id);
    shop.done(move |s| s.add(&ann).and_then(|()| s.add(&bob)));
    shop.done(move |s| tokens.iter().try_for_each(|token| s.add_token(token)));
    shop.done(move |s| s.revoke_other_tokens(id, kept));
    let still_alive = [1, 2, 3, 4].map(|hash| alive(shop, hash, 0).is_some());
    assert_eq!(still_alive, [false, true, false, true]);
});

on_each_implementation!(the_tokens_of_a_user_who_is_switched_off_are_of_no_use_meanwhile, |shop| {
    let user = a_user("ann@shop.test", None, Role::Employee);
    let id = user.id;
    let (off, on) =
        (User { active: false, version: 2, ..user.clone() }, User { active: true, version: 3, ..user.clone() });
    shop.done(move |s| s.add(&user).and_then(|()| s.add_token(&a_token(id, 1))));
    shop.done(move |s| s.update(&off));
    assert_eq!(alive(shop, 1, 0), None);
    shop.done(move |s| s.update(&on));
    assert!(alive(shop, 1, 0).is_some());
});

type Failures = Vec<(String, u32, Instant)>;

on_each_implementation!(failed_logins_are_counted_forgotten_and_start_anew, |shop| {
    let (ann, here) = ("account:ann".to_owned(), "address:::1".to_owned());
    let add = |failures: Failures, from: i64, to: i64| {
        shop.done(move |s| s.note_login_failures(&failures, at(from)..=at(to)));
    };
    let asked = [ann.clone(), "nobody".to_owned(), here.clone()];
    let counted = || {
        let asked = asked.clone();
        let mut failures = shop.done(move |s| s.login_failures(&asked));
        failures.sort();
        failures
    };
    assert_eq!(counted(), []);
    add(vec![(ann.clone(), 1, at(10)), (here.clone(), 3, at(10))], 0, 15);
    add(vec![(ann.clone(), 4, at(20))], 0, 25);
    assert_eq!(counted(), [(ann.clone(), 5, at(20)), (here.clone(), 3, at(10))]);
    add(vec![(ann.clone(), 1, at(15))], 20, 25);
    assert_eq!(counted()[0], (ann.clone(), 6, at(15)), "the last of them then");
    add(vec![(ann.clone(), 2, at(50))], 30, 55);
    assert_eq!(counted()[0], (ann.clone(), 2, at(50)), "the last one was long ago");
    add(vec![(ann.clone(), 1, at(5))], 0, 10);
    assert_eq!(counted()[0], (ann.clone(), 1, at(5)), "the last one lies ahead: a clock was set back");
    add(Vec::new(), 0, 10);
    let one = [ann, "nobody".to_owned()];
    shop.done(move |s| s.clear_login_failures(&one));
    assert_eq!(counted(), [(here, 3, at(10))]);
});
