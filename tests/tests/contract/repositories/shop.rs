//! What categories, locations, POS connections and promo codes have of their own.

use super::{Implementation, on_each_implementation};
use crate::{
    a_category, a_customer, a_user, at,
    ordering::{Shopper, a_promo, step},
};
use tradepost_domain::{
    catalogue::{Category, ProductPatch},
    identity::{Principal, Role},
    ids::{CustomerId, LocationId, OrderId, PosConnectionId, PromoId},
    ledger::{Command, catalogue, stock},
    orders::Step,
    pos::{KeptSecrets, PosConnection, PosConnectionPatch, RefusedDeliveries, SignatureFault},
    promos::Promo,
    repository::{Error, Remove, Repository},
    stock::Location,
};

on_each_implementation!(a_category_stays_while_products_stand_in_it, |shop| {
    let tea = a_category("Tea");
    let id = tea.id;
    shop.done(move |s| s.add(&tea));
    let product = shop.a_product("TEA", ProductPatch { category: Some(Some(id)), ..ProductPatch::default() });
    let refused = shop.unit(move |s| Remove::<Category>::remove(s, id, at(1)));
    assert!(matches!(refused, Err(Error::InUse { by: "products" })), "{refused:?}");
    assert!(shop.done(move |s| Repository::<Category>::find(s, id)).is_some());
    let all = Command::Stock(stock::Command::Count {
        product,
        location: None,
        counted: "0".parse().expect("a quantity"),
        counted_at: None,
    });
    shop.submit(all, Principal::system()).expect("it is counted");
    let remove = Command::Catalogue(catalogue::Command::Remove { id: product });
    shop.submit(remove, Principal::system()).expect("the product is removed");
    shop.done(move |s| Remove::<Category>::remove(s, id, at(1)));
    assert_eq!(shop.done(move |s| Repository::<Category>::find(s, id)), None, "removed products do not count");
});

on_each_implementation!(a_location_that_the_ledger_removed_is_not_found_and_frees_its_names, |shop| {
    let store_room =
        |name: &str| Location::new(LocationId::from_uuid(crate::new_id()), "store", name, at(10)).expect("a location");
    let first = store_room("Store room");
    let (id, added) = (first.id, first.clone());
    shop.done(move |s| s.add(&added));
    let remove = Command::Stock(stock::Command::RemoveLocation { id });
    shop.submit(remove, Principal::system()).expect("it is empty");
    assert_eq!(shop.done(move |s| Repository::<Location>::find(s, id)), None);
    for version in [2, 3] {
        let edit = Location { version, ..first.clone() };
        let refused = shop.unit(move |s| s.update(&edit));
        assert!(matches!(refused, Err(Error::Changed)), "{version}: {refused:?}");
    }
    let next = store_room("STORE room");
    shop.done(move |s| s.add(&next));
});

/// A till, not added yet.
fn a_till() -> PosConnection {
    let form = PosConnectionPatch { name: Some("Till".to_owned()), ..PosConnectionPatch::default() };
    PosConnection::new(PosConnectionId::from_uuid(crate::new_id()), &form, at(10)).expect("a connection")
}

on_each_implementation!(a_connection_has_its_secrets_and_forgets_them_when_it_is_removed, |shop| {
    let till = a_till();
    let (id, added) = (till.id, till.clone());
    let secrets = || shop.done(move |s| s.connection_secrets(id));
    let set = |kept: &KeptSecrets| {
        let kept = kept.clone();
        shop.done(move |s| s.set_connection_secrets(id, &kept));
    };
    let one = KeptSecrets::first("first".to_owned());
    set(&one);
    assert_eq!(secrets(), None, "there is no such connection");
    shop.done(move |s| s.add(&added));
    assert_eq!(secrets(), None, "it was never given one");
    let two = one.clone().rotated("second".to_owned(), at(20));
    for kept in [&one, &two, &one, &two] {
        set(kept);
        assert_eq!(secrets().as_ref(), Some(kept));
    }
    let edited = PosConnection { version: 2, ..till };
    shop.done(move |s| s.update(&edited));
    assert_eq!(secrets().as_ref(), Some(&two), "an edit keeps them");
    assert_eq!(shop.done(|s| s.all_connection_secrets()).into_iter().map(|(_, kept)| kept).collect::<Vec<_>>(), [two]);
    shop.done(move |s| Remove::<PosConnection>::remove(s, id, at(20)));
    assert_eq!((secrets(), shop.done(|s| s.all_connection_secrets()).len()), (None, 0));
    set(&one);
    assert_eq!(secrets(), None);
});

on_each_implementation!(a_secret_is_sealed_anew_wherever_it_is_kept_and_forgotten_when_it_is_no_longer_good, |shop| {
    let till = a_till();
    let (id, kept) = (till.id, KeptSecrets::first("first".to_owned()).rotated("second".to_owned(), at(20)));
    let until = kept.before.as_ref().expect("one before").1;
    shop.done(move |s| s.add(&till).and_then(|()| s.set_connection_secrets(id, &kept)));
    let seal = |sealed: &'static str, anew: &'static str| {
        shop.done(move |s| s.seal_connection_secret_anew(id, sealed, anew));
        let kept = shop.done(move |s| s.connection_secrets(id)).expect("secrets");
        (kept.current, kept.before.map(|(sealed, _)| sealed))
    };
    assert_eq!(seal("second", "2"), ("2".to_owned(), Some("first".to_owned())));
    assert_eq!(seal("first", "1"), ("2".to_owned(), Some("1".to_owned())));
    assert_eq!(seal("second", "nothing"), ("2".to_owned(), Some("1".to_owned())), "somebody was faster");
    let forget = |now| shop.done(move |s| s.forget_old_connection_secrets(now));
    assert_eq!((forget(until.plus_seconds(-1)), forget(until), forget(until)), (0, 1, 0));
    assert_eq!(shop.done(move |s| s.connection_secrets(id)), Some(KeptSecrets::first("2".to_owned())));
});

on_each_implementation!(refused_deliveries_add_up_by_connection_and_reason, |shop| {
    let till = a_till();
    let id = till.id;
    shop.done(move |s| s.add(&till));
    let refused =
        |reason, count, seconds, seconds_off| RefusedDeliveries { reason, count, last_at: at(seconds), seconds_off };
    let (clock, missing) = (SignatureFault::ClockOff, SignatureFault::Incomplete);
    let note = |all: Vec<RefusedDeliveries>| {
        let all: Vec<_> = all.into_iter().map(|one| (id, one)).collect();
        shop.done(move |s| s.note_refused_deliveries(&all));
    };
    note(vec![refused(missing, 2, 30, None), refused(clock, 1, 20, Some(-400))]);
    note(vec![refused(clock, 3, 10, Some(900)), refused(missing, 1, 40, None)]);
    note(Vec::new());
    let other = PosConnectionId::from_uuid(crate::new_id());
    let mut told = shop.done(move |s| s.refused_deliveries(&[other, id]));
    told.sort_by_key(|(_, one)| one.reason.as_str());
    assert_eq!(told, [(id, refused(clock, 4, 20, Some(-400))), (id, refused(missing, 3, 40, None))]);
    assert_eq!(shop.done(move |s| s.refused_deliveries(&[other])), []);
});

/// Somebody with a login and a customer record.
fn a_shopper(shop: &impl Implementation, name: &str) -> Shopper {
    let user = a_user(&format!("{name}@shop.test"), None, Role::Shopper);
    let mut customer = a_customer(name, None);
    customer.user = Some(user.id);
    let principal = Principal::of_user(&user, Some(customer.id));
    let shopper = Shopper { user: user.id, customer: customer.id, principal };
    shop.done(move |s| s.add(&user).and_then(|()| s.add(&customer)));
    shopper
}

fn place(shop: &impl Implementation, who: &Shopper, command: Command) -> OrderId {
    let effects = shop.submit(command, who.principal.clone()).expect("it is placed");
    effects.orders.orders.first().expect("an order").order.value.id
}

fn redemptions(shop: &impl Implementation, promo: PromoId, customer: CustomerId) -> i64 {
    shop.done(move |s| s.redemptions(promo, customer))
}

on_each_implementation!(a_promo_code_is_found_by_its_folded_code_until_it_is_removed, |shop| {
    let ten = a_promo("Ten", "10", |_| ());
    let (id, added) = (ten.id, ten.clone());
    shop.done(move |s| s.add(&added));
    assert_eq!(shop.done(|s| s.promo_by_code("ten")), Some(ten.clone()));
    for unknown in ["eleven", "", "ten\0"] {
        assert_eq!(shop.done(move |s| s.promo_by_code(unknown)), None, "{unknown:?}");
    }
    let eleven = Promo { code: "Eleven".to_owned(), version: 2, ..ten };
    let edited = eleven.clone();
    shop.done(move |s| s.update(&edited));
    assert_eq!(shop.done(|s| s.promo_by_code("ten")), None);
    assert_eq!(shop.done(|s| s.promo_by_code("eleven")), Some(eleven));
    shop.done(move |s| Remove::<Promo>::remove(s, id, at(1)));
    assert_eq!(shop.done(|s| s.promo_by_code("eleven")), None);
});

on_each_implementation!(how_often_a_code_is_used_is_the_ledgers_to_say, |shop| {
    let ten = a_promo("TEN", "10", |_| ());
    let (id, added) = (ten.id, Promo { times_used: 7, ..ten.clone() });
    shop.done(move |s| s.add(&added));
    let used = || shop.done(move |s| Repository::<Promo>::find(s, id)).map(|promo| (promo.times_used, promo.version));
    assert_eq!(used(), Some((0, 1)), "a new one was never used, whoever adds it");
    let tea = shop.a_product("TEA", ProductPatch::default());
    let (ann, bob) = (a_shopper(shop, "ann"), a_shopper(shop, "bob"));
    let orders: Vec<OrderId> = (0..2).map(|_| place(shop, &ann, ann.order(&[(tea, "1")], Some("ten")))).collect();
    place(shop, &bob, bob.order(&[(tea, "1")], None));
    assert_eq!(used(), Some((2, 1)), "being used is no edit");
    assert_eq!((redemptions(shop, id, ann.customer), redemptions(shop, id, bob.customer)), (2, 0));
    let edited = Promo { name: "Other".to_owned(), times_used: 0, version: 2, ..ten };
    shop.done(move |s| s.update(&edited));
    assert_eq!(used(), Some((2, 2)), "an edit keeps it");
    shop.submit(step(orders[0], Step::Cancel), Principal::system()).expect("it is cancelled");
    assert_eq!((used(), redemptions(shop, id, ann.customer)), (Some((1, 2)), 1));
    shop.done(move |s| Remove::<Promo>::remove(s, id, at(1)));
    assert_eq!(redemptions(shop, id, ann.customer), 1, "an order that holds a removed one keeps its terms");
});
