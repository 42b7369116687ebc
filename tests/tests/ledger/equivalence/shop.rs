//! The shop in which every history begins, as it is in memory, in a database.

use super::{LAST_ID, NOW, new_id, now};
use crate::{
    common::{
        ANN, BOB, CLERK, MAIN, NOON, STORE_ROOM, a_product, add, adjust_at, clerk, eur, id_of, map, order, quantity,
        sell, step,
    },
    start::{SKUS, a_shop},
};
use std::{path::Path, sync::atomic::Ordering::SeqCst};
use tradepost_domain::{
    catalogue::ProductPatch,
    identity::{Permissions, Role, UserForm},
    ids::UserId,
    ledger::{Command, SellLine, catalogue::Command::Add, orders},
    memory,
    orders::Step,
    pos::KeptSecrets,
    repository::{PosConnections, Repository},
};
use tradepost_store::{Answer, FirstStart, Session, Sources, Store, StoreConfig, StoreError, Submission};
use tradepost_tests::{Database, Engine, sql};

/// A product that no history knows.
const OTHER: &str = "OTHER";

pub(super) fn open(database: &Database) -> Store {
    let config = StoreConfig { url: database.url.clone(), readers: 1, queue: 64, sources: Sources::new(now, new_id) };
    Store::open(&config).expect("the store opens")
}

/// Sets the clock, and ids back to where they are when a history begins in memory.
pub(super) fn rewind() {
    let next = a_shop().new_id().as_u64_pair();
    LAST_ID.store(next.1 - 1, SeqCst);
    NOW.store(NOON.micros(), SeqCst);
}

/// What somebody wants whom no history knows: it changes nothing, and depends on nothing that a history changes.
pub(super) fn look() -> Command {
    let line = SellLine { line: None, product: Some(id_of(OTHER)), quantity: quantity("1"), unit_price: None };
    let quoted = orders::QuoteSubject::Lines(vec![line]);
    Command::Orders(orders::Command::Quote { quoted, customer: Some(ANN), promo_code: None })
}

pub(super) async fn begun(engine: Engine) -> Database {
    let database = Database::empty(engine);
    NOW.store(NOON.micros(), SeqCst);
    LAST_ID.store(1, SeqCst);
    let store = open(&database);
    store.migrate().expect("the tables are made");
    let (shop_name, currency) = ("Test".to_owned(), eur());
    let first =
        FirstStart { shop_name, currency: Some(currency), default_currency: currency, location: MAIN, now: NOON };
    store.first_start(&first).expect("the shop starts");
    let shop = a_shop();
    store.write_plain(move |session| fill(session, &shop)).await.expect("it is kept");
    for command in commands() {
        if matches!(&command, Command::Catalogue(Add { product, .. }) if product.id == id_of(OTHER)) {
            // Out of the way of the ids of histories.
            LAST_ID.store(1 << 32, SeqCst);
        }
        let submission = Submission {
            command,
            principal: clerk(),
            key: None,
            expected_version: None,
            answer: Box::new(|_| Answer::default()),
        };
        store.ledger().submit(submission).await.expect("it is accepted");
    }
    database
}

/// What does not go through the ledger.
fn fill(session: &mut Session<'_>, shop: &memory::Shop) -> Result<(), StoreError> {
    let people = [
        ("ann", ANN.uuid(), Role::Shopper),
        ("bob", BOB.uuid(), Role::Shopper),
        ("clerk", CLERK.uuid(), Role::Employee),
    ];
    for (name, id, role) in people {
        let (username, email) = (Some(name.to_owned()), format!("{name}@mail.test"));
        let form = UserForm { username, email, ..UserForm::default() };
        let user = form.parse(UserId::from_uuid(id), role, Permissions::NONE, None, NOON).expect("a user");
        session.add(&user)?;
    }
    for (_, location) in shop.book().stock.locations.iter().filter(|(id, _)| **id != MAIN) {
        session.add(&**location)?;
    }
    for who in [ANN, BOB] {
        session.add(
            &Repository::<tradepost_domain::customers::Customer>::find(&mut shop.clone(), who)?
                .expect("they are known"),
        )?;
    }
    for (_, till) in shop.book().pos.connections.iter() {
        session.add(&**till)?;
        session.set_connection_secrets(till.id, &KeptSecrets::first("secret".to_owned()))?;
    }
    for (_, promo) in shop.book().orders.promos.iter() {
        session.add(&**promo)?;
    }
    Ok(())
}

/// What the shop in memory was asked before its histories begin, and one product more.
fn commands() -> Vec<Command> {
    let product = |sku: &str, amount: &str| {
        let first = Some(quantity(amount)).filter(|first| !first.is_zero());
        add(a_product(id_of(sku), sku, &sku.to_lowercase(), ProductPatch::default()), first)
    };
    let mut commands: Vec<_> =
        SKUS.into_iter().zip(["60", "30", "9", "0"]).map(|(sku, amount)| product(sku, amount)).collect();
    let first_order = a_shop().book().orders.orders.iter().map(|(id, _)| *id).min().expect("it was placed");
    commands.extend([
        adjust_at("TEA", STORE_ROOM, "4"),
        map("external-0", "TEA"),
        sell(&[("TEA", "5"), ("MILK", "3")]),
        order(ANN, &[("TEA", "5"), ("MILK", "3")], None),
        order(BOB, &[("TEA", "3"), ("RICE", "2")], None),
        step(first_order, Step::Accept),
        step(first_order, Step::Ship),
        step(first_order, Step::Deliver),
        product(OTHER, "0"),
    ]);
    commands
}

/// Another database like it.
pub(super) fn copy_of(database: &Database) -> Database {
    match database.engine {
        Engine::Postgres => database.copy(),
        Engine::Sqlite => {
            let copy = Database::empty(Engine::Sqlite);
            let path = Path::new(copy.url.trim_start_matches("sqlite://"));
            sql::execute(&database.url, &format!("vacuum into '{}'", path.display()));
            copy
        }
    }
}
