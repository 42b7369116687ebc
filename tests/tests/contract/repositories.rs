//! What `tradepost_domain::repository` promises.

use crate::{a_category, a_customer, a_user, address, at, now, on_each_engine};
use tradepost_domain::instant::Instant;
use tradepost_domain::{
    catalogue::Category,
    customers::CustomerPatch,
    identity::Token,
    identity::{Actor, Permission, Role},
    ids::{CategoryId, LocationId, PosConnectionId, TokenId},
    pos::{OnShortage, PosConnection, PosConnectionPatch},
    repository::{Customers, LoginFailures, PosConnections, Remove, Repository, Tokens, Users},
    stock::Location,
};
use tradepost_store::StoreError;

fn taken<T>(result: Result<T, StoreError>) -> Option<&'static str> {
    match result {
        Err(StoreError::Duplicate { field }) => Some(field),
        _ => None,
    }
}

on_each_engine!(a_name_is_taken_without_regard_to_case, async |kept| {
    kept.write(|s| s.add(&a_category("Tea"))).await.unwrap();
    assert_eq!(taken(kept.write(|s| s.add(&a_category(" TEA "))).await), Some("name"));
    let other = a_category("Coffee");
    let id = other.id;
    kept.write(move |s| s.add(&other)).await.unwrap();
    let rename = move |s: &mut tradepost_store::Session<'_>| {
        let mut category = s.find(id)?.expect("it is there");
        category.edit(Some("tea"), None, now()).expect("a good name");
        s.update(&category)
    };
    assert_eq!(taken(kept.write(rename).await), Some("name"));
    assert_eq!(kept.read(move |s| s.find(id)).await.map(|c| c.name), Some("Coffee".to_owned()), "nothing changed");
});

on_each_engine!(each_noun_says_which_of_its_fields_is_taken, async |kept| {
    let location = |code: &str, name: &str| {
        Location::new(LocationId::from_uuid(crate::new_id()), code, name, now()).expect("a location")
    };
    let (first, code, name) = (location("Store", "Store room"), location("STORE", "x"), location("y", "store  ROOM"));
    kept.write(move |s| s.add(&first)).await.unwrap();
    assert_eq!(taken(kept.write(move |s| s.add(&code)).await), Some("code"));
    assert_eq!(taken(kept.write(move |s| s.add(&name)).await), Some("name"));
    kept.write(|s| s.add(&a_customer("Ann", Some("C-1")))).await.unwrap();
    assert_eq!(taken(kept.write(|s| s.add(&a_customer("Bea", Some("c-1")))).await), Some("code"));
    kept.write(|s| s.add(&a_user("ann@shop.test", Some("ann"), Role::Shopper))).await.unwrap();
    let mail = kept.write(|s| s.add(&a_user("ANN@shop.test", None, Role::Shopper))).await;
    assert_eq!(taken(mail), Some("email"));
    let name = kept.write(|s| s.add(&a_user("b@shop.test", Some("Ann"), Role::Shopper))).await;
    assert_eq!(taken(name), Some("username"));
    kept.write(|s| s.add(&a_till("Till"))).await.unwrap();
    assert_eq!(taken(kept.write(|s| s.add(&a_till("TILL"))).await), Some("name"));
});

fn a_till(name: &str) -> PosConnection {
    let form = PosConnectionPatch { name: Some(name.to_owned()), ..PosConnectionPatch::default() };
    PosConnection::new(PosConnectionId::from_uuid(crate::new_id()), &form, now()).expect("a connection")
}

on_each_engine!(an_edit_of_an_old_version_is_refused, async |kept| {
    let category = a_category("Tea");
    let (id, first) = (category.id, category.clone());
    kept.write(move |s| s.add(&first)).await.unwrap();
    let edit = |mut category: Category, name: &str| {
        category.edit(Some(name), None, now()).expect("a good name");
        category
    };
    let (one, two) = (edit(category.clone(), "One"), edit(category, "Two"));
    kept.write(move |s| s.update(&one)).await.unwrap();
    assert!(matches!(kept.write(move |s| s.update(&two)).await, Err(StoreError::Stale)));
    let kept_one = kept.read(move |s| s.find(id)).await.unwrap();
    assert_eq!((kept_one.name.as_str(), kept_one.version), ("One", 2));
});

on_each_engine!(edits_that_meet_are_done_one_after_the_other, async |kept| {
    let category = a_category("Tea");
    let id = category.id;
    kept.write(move |s| s.add(&category)).await.unwrap();
    let edit = |n: usize| {
        let store = kept.store.clone();
        async move {
            let work = move |s: &mut tradepost_store::Session<'_>| {
                let mut category = s.find(id)?.expect("it is there");
                category.edit(None, Some(&format!("edit {n}")), now()).expect("a description");
                s.update(&category).map_err(StoreError::from)
            };
            store.write_plain(work).await
        }
    };
    for outcome in tradepost_tests::at_once(4, edit).await {
        outcome.expect("whoever was overtaken is done again");
    }
    assert_eq!(kept.read(move |s| s.find(id)).await.unwrap().version, 5);
});

on_each_engine!(a_category_with_products_stays, async |kept| {
    let category = a_category("Tea");
    let id = category.id;
    kept.write(move |s| s.add(&category)).await.unwrap();
    kept.a_product("TEA", "2.50", "1").await;
    kept.tamper("UPDATE products SET category_id = (SELECT id FROM categories)");
    let refused = kept.write(move |s| s.remove(id, now())).await;
    assert!(matches!(refused, Err(StoreError::InUse { what: "products" })), "{refused:?}");
    kept.tamper("UPDATE products SET removed_at = created_at");
    kept.write(move |s| s.remove(id, now())).await.expect("removed products do not count");
    assert_eq!(kept.read(move |s| s.find(id)).await, None);
    kept.write(|s| s.remove(CategoryId::from_uuid(crate::new_id()), now())).await.expect("what is not there is gone");
});

on_each_engine!(users_are_found_by_either_name_and_lose_everything_when_erased, async |kept| {
    let mut user = a_user("Ann@Shop.test", Some("Ann"), Role::Employee);
    user.permissions = [Permission::StockRead, Permission::SalesWrite].into_iter().collect();
    user.date_of_birth = "1990-01-31".parse().ok();
    let (id, wanted) = (user.id, user.clone());
    let mut customer = a_customer("Ann", None);
    customer.user = Some(id);
    customer.email = Some(address("ann@shop.test"));
    let (customer_id, added) = (customer.id, user.clone());
    kept.write(move |s| {
        s.add(&added).and_then(|()| s.set_password_hash(added.id, "hash")).and_then(|()| s.add(&customer))
    })
    .await
    .unwrap();
    for login in ["ann", "ann@shop.test"] {
        let found = kept.read(move |s| s.user_by_login(login)).await.expect(login);
        assert_eq!(found, (wanted.clone(), Some("hash".to_owned())));
    }
    assert_eq!(
        kept.read(|s| s.user_by_login("ann\0")).await,
        None,
        "nobody's name has a NUL, and asking for one is no fault"
    );
    assert_eq!(kept.read(move |s| s.customer_of_user(id)).await.map(|c| c.id), Some(customer_id));
    kept.write(move |s| s.remove(id, now())).await.unwrap();
    assert_eq!(kept.read(move |s| s.find(id)).await, None);
    assert_eq!(kept.read(|s| s.user_by_login("ann")).await, None);
    assert_eq!(kept.read(move |s| s.customer_of_user(id)).await, None);
    assert_eq!(kept.read(move |s| s.find(customer_id)).await, None);
    let left = "SELECT COUNT(*) FROM customers WHERE lower(name || code || coalesce(email, '')) LIKE '%ann%'";
    assert_eq!(kept.number(left), 0);
    assert_eq!(kept.number("SELECT COUNT(*) FROM users WHERE lower(email || search_text) LIKE '%ann%'"), 0);
    kept.write(|s| s.add(&a_user("ann@shop.test", Some("ann"), Role::Shopper))).await.expect("free again");
});

on_each_engine!(a_token_lives_until_it_expires_is_revoked_or_its_user_is_locked_out, async |kept| {
    let mut user = a_user("ann@shop.test", None, Role::Employee);
    user.permissions = [Permission::StockRead].into_iter().collect();
    let (id, added) = (user.id, user.clone());
    kept.write(move |s| s.add(&added)).await.unwrap();
    let token = |n: u8| Token {
        id: TokenId::from_uuid(crate::new_id()),
        user: id,
        hash: [n; 32],
        created_at: at(0),
        expires_at: at(1_000_000),
    };
    let tokens = [token(1), token(2), token(3)];
    let added = tokens.clone();
    kept.write(move |s| added.iter().try_for_each(|token| s.add_token(token))).await.unwrap();
    let alive = async |hash: u8, micros| {
        kept.read(move |s| s.principal_by_token(&[hash; 32], at(micros))).await.map(|(token, principal)| {
            assert_eq!((token.hash, principal.actor), ([hash; 32], Actor::User(id)));
            assert!(principal.may(Permission::StockRead) && !principal.may(Permission::StockWrite));
        })
    };
    assert!(alive(1, 999_999).await.is_some());
    assert!(alive(1, 1_000_000).await.is_none(), "expired");
    assert!(alive(9, 0).await.is_none(), "never issued");
    let first = tokens[0].id;
    assert!(kept.write(move |s| s.revoke_token(first)).await.unwrap());
    assert!(!kept.write(move |s| s.revoke_token(first)).await.unwrap(), "dead already");
    assert!(alive(1, 0).await.is_none());
    let second = tokens[1].id;
    let uses = [(second, at(20)), (second, at(10)), (first, at(5))];
    kept.write(move |s| s.note_token_use(&uses)).await.unwrap();
    kept.write(move |s| s.note_token_use(&[(second, at(15))])).await.unwrap();
    assert_eq!(kept.number("SELECT COUNT(*) FROM tokens WHERE last_used_at IS NOT NULL"), 1);
    user.active = false;
    user.version += 1;
    kept.write(move |s| s.update(&user)).await.unwrap();
    assert!(alive(2, 0).await.is_none(), "locked out");
    kept.write(move |s| s.revoke_all_tokens(id)).await.unwrap();
    assert_eq!(kept.number("SELECT COUNT(*) FROM tokens"), 0);
});

on_each_engine!(only_active_owners_count, async |kept| {
    let (owner, mut locked_out) = (a_user("a@shop.test", None, Role::Owner), a_user("b@shop.test", None, Role::Owner));
    locked_out.active = false;
    let id = owner.id;
    kept.write(move |s| s.add(&owner).and_then(|()| s.add(&locked_out))).await.unwrap();
    assert_eq!(kept.write(|s| s.lock_active_owners()).await.unwrap(), [id]);
});

on_each_engine!(failed_logins_are_counted_forgotten_and_start_anew, async |kept| {
    let (ann, here) = ("account:ann".to_owned(), "address:::1".to_owned());
    let both = vec![ann.clone(), here.clone()];
    let add = async |failures: Vec<(String, u32, Instant)>, from: i64, to: i64| {
        kept.write(move |s| s.note_login_failures(&failures, at(from)..=at(to))).await.expect("they are counted");
    };
    let counted = async || {
        let asked = both.clone();
        let mut found = kept.read(move |s| s.login_failures(&asked)).await;
        found.sort();
        found
    };
    add(vec![(ann.clone(), 1, at(10)), (here.clone(), 3, at(10))], 0, 15).await;
    add(vec![(ann.clone(), 4, at(20))], 0, 25).await;
    assert_eq!(counted().await, [(ann.clone(), 5, at(20)), (here.clone(), 3, at(10))]);
    add(vec![(ann.clone(), 2, at(50))], 30, 55).await;
    assert_eq!(counted().await[0], (ann.clone(), 2, at(50)), "the last one was long ago");
    add(vec![(ann.clone(), 1, at(5))], 0, 10).await;
    assert_eq!(counted().await[0], (ann.clone(), 1, at(5)), "the last one lies ahead: a clock was set back");
    add(Vec::new(), 0, 10).await;
    let all = both.clone();
    kept.write(move |s| s.clear_login_failures(&all)).await.unwrap();
    assert_eq!(counted().await, []);
});

on_each_engine!(customers_are_edited_field_by_field_and_can_lose_one, async |kept| {
    let mut customer = a_customer("Ann", None);
    customer.email = Some(address("ann@shop.test"));
    let (id, added) = (customer.id, customer.clone());
    kept.write(move |s| s.add(&added)).await.unwrap();
    let patch = CustomerPatch { email: Some(None), ..CustomerPatch::default() };
    customer.edit(&patch, None, now()).unwrap();
    let wanted = customer.clone();
    kept.write(move |s| s.update(&customer)).await.unwrap();
    assert_eq!(kept.read(move |s| s.find(id)).await, Some(wanted));
    kept.write(move |s| s.remove(id, now())).await.unwrap();
    assert_eq!(kept.read(move |s| s.find(id)).await, None);
});

on_each_engine!(a_connection_that_is_removed_forgets_its_secret_and_frees_its_name, async |kept| {
    let mut till = a_till("Till");
    let (id, added) = (till.id, till.clone());
    kept.write(move |s| s.add(&added).and_then(|()| s.set_connection_secret(added.id, "whsec_1"))).await.unwrap();
    till.edit(&PosConnectionPatch { on_shortage: Some(OnShortage::Hold), ..PosConnectionPatch::default() }, now())
        .unwrap();
    let wanted = till.clone();
    kept.write(move |s| s.update(&till)).await.unwrap();
    assert_eq!(kept.read(move |s| s.find(id)).await, Some(wanted));
    assert_eq!(kept.read(move |s| s.connection_secret(id)).await, Some("whsec_1".to_owned()));
    kept.write(move |s| s.remove(id, now())).await.unwrap();
    assert_eq!(kept.read(move |s| s.find(id)).await, None);
    assert_eq!(kept.read(move |s| s.connection_secret(id)).await, None);
    assert_eq!(kept.number("SELECT COUNT(*) FROM pos_connections WHERE secret IS NOT NULL"), 0);
    kept.write(|s| s.add(&a_till("till"))).await.expect("the name is free");
});
