//! What only a database can be asked: who overtakes whom, and what is left in its tables.

use crate::{a_category, a_customer, a_user, address, at, now, on_each_engine};
use tradepost_domain::{
    identity::{Role, Token},
    ids::{PosConnectionId, TokenId, UserId},
    pos::{KeptSecrets, PosConnection, PosConnectionPatch},
    repository::{PosConnections, Remove, Repository, Tokens, Users},
};
use tradepost_store::{Session, StoreError};

on_each_engine!(edits_that_meet_are_done_one_after_the_other, async |kept| {
    let category = a_category("Tea");
    let id = category.id;
    kept.write(move |s| s.add(&category)).await.unwrap();
    let edit = |n: usize| {
        let store = kept.store.clone();
        async move {
            let work = move |s: &mut Session<'_>| {
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

on_each_engine!(nothing_personal_is_left_of_a_user_who_was_removed, async |kept| {
    let user = a_user("Ann@Shop.test", Some("Ann"), Role::Employee);
    let id = user.id;
    let mut customer = a_customer("Ann", Some("Ann"));
    customer.user = Some(id);
    customer.email = Some(address("ann@shop.test"));
    kept.write(move |s| s.add(&user).and_then(|()| s.set_password_hash(id, "hash")).and_then(|()| s.add(&customer)))
        .await
        .unwrap();
    kept.write(move |s| Remove::remove(s, id, now())).await.unwrap();
    let texts = [
        "SELECT COUNT(*) FROM customers WHERE lower(name || code || search_text || coalesce(email, '')) LIKE '%ann%'",
        "SELECT COUNT(*) FROM users WHERE lower(email || search_text || coalesce(username, '')) LIKE '%ann%'",
        "SELECT COUNT(*) FROM users WHERE password_hash IS NOT NULL",
        "SELECT COUNT(*) FROM customers WHERE user_id IS NOT NULL",
    ];
    for left in texts {
        assert_eq!(kept.number(left), 0, "{left}");
    }
    let rows = "SELECT (SELECT COUNT(*) FROM users) + (SELECT COUNT(*) FROM customers)";
    assert_eq!(kept.number(rows), 2, "the rows stay for documents to refer to");
});

fn a_token(user: UserId, n: u8) -> Token {
    let id = TokenId::from_uuid(crate::new_id());
    Token { id, user, hash: [n; 32], created_at: at(0), expires_at: at(1_000_000) }
}

on_each_engine!(when_a_token_was_last_used_is_never_set_back, async |kept| {
    let user = a_user("ann@shop.test", None, Role::Shopper);
    let (used, unused) = (a_token(user.id, 1), a_token(user.id, 2));
    let (id, dead) = (used.id, TokenId::from_uuid(crate::new_id()));
    kept.write(move |s| s.add(&user).and_then(|()| s.add_token(&used)).and_then(|()| s.add_token(&unused)))
        .await
        .unwrap();
    for uses in [vec![(id, at(20)), (id, at(10)), (dead, at(5))], vec![(id, at(15))]] {
        kept.write(move |s| s.note_token_use(&uses)).await.unwrap();
    }
    let mut last = "SELECT COUNT(*) FROM tokens WHERE last_used_at = 20";
    if kept.database.engine == tradepost_tests::Engine::Postgres {
        last = "SELECT COUNT(*) FROM tokens WHERE last_used_at = timestamptz '1970-01-01 00:00:00.00002Z'";
    }
    assert_eq!(kept.number(last), 1);
    assert_eq!(kept.number("SELECT COUNT(*) FROM tokens WHERE last_used_at IS NULL"), 1);
});

on_each_engine!(a_token_of_nobody_is_refused_by_the_table, async |kept| {
    let token = a_token(UserId::from_uuid(crate::new_id()), 1);
    let refused = kept.write(move |s| s.add_token(&token)).await;
    assert!(matches!(refused, Err(StoreError::Refused(_))), "{refused:?}");
});

on_each_engine!(the_secret_of_a_removed_connection_is_in_no_row, async |kept| {
    let form = PosConnectionPatch { name: Some("Till".to_owned()), ..PosConnectionPatch::default() };
    let till = PosConnection::new(PosConnectionId::from_uuid(crate::new_id()), &form, now()).expect("a connection");
    let id = till.id;
    let secrets = KeptSecrets::first("first".to_owned()).rotated("second".to_owned(), now());
    kept.write(move |s| s.add(&till).and_then(|()| s.set_connection_secrets(id, &secrets))).await.unwrap();
    kept.write(move |s| Remove::remove(s, id, now())).await.unwrap();
    assert_eq!(
        kept.number("SELECT COUNT(*) FROM pos_connections WHERE secret IS NOT NULL OR secret_before IS NOT NULL"),
        0
    );
});
