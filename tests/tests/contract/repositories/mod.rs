//! What `tradepost_domain::repository` promises, asked of everything that implements it: the store on SQLite, the store on PostgreSQL, and
//! the shop in memory.
//!
//! The rules are written against the traits alone. `battery` asks what is the same for every noun, `nouns` has a line for each of them, and
//! what a noun has of its own is in `people`, `shop` and `carts`. What only a database can be asked (rows that must be gone, locks, tables
//! that refuse) is in `on_databases`.

mod battery;
mod carts;
mod nouns;
mod on_databases;
mod people;
mod shop;

use crate::{Kept, at, eur, now};
use nouns::Repositories;
use std::{
    cell::RefCell,
    sync::{Arc, Mutex},
};
use tradepost_domain::{
    catalogue::{ProductForm, ProductPatch},
    identity::Principal,
    ids::ProductId,
    ledger::{Command, Effects, Refusal, catalogue},
    memory::Shop,
    repository::Result,
};
use tradepost_store::{Answer, Submission, SubmitError};
use tradepost_tests::{Database, Engine};

type All<'a> = dyn Repositories + 'a;

/// What is asked.
pub(crate) trait Implementation {
    /// Does a unit of work. Where it fails, nothing of it is kept.
    fn unit<T: Send + 'static>(&self, work: impl Fn(&mut All<'_>) -> Result<T> + Send + 'static) -> Result<T>;

    /// Has the ledger do something.
    fn submit(&self, command: Command, principal: Principal) -> std::result::Result<Effects, Refusal>;

    /// A unit of work that must not fail.
    fn done<T: Send + 'static>(&self, work: impl Fn(&mut All<'_>) -> Result<T> + Send + 'static) -> T {
        self.unit(work).expect("the work is done")
    }

    /// Adds a product with ten of it in stock.
    fn a_product(&self, sku: &str, rest: ProductPatch) -> ProductId {
        let id = ProductId::from_uuid(crate::new_id());
        let rest = ProductPatch { price: Some("2.50".to_owned()), ..rest };
        let form = ProductForm { sku: sku.to_owned(), name: format!("Name of {sku}"), rest };
        let product = Arc::new(form.parse(id, eur(), now()).expect("a product"));
        let initial_quantity = Some("10".parse().expect("a quantity"));
        let add = Command::Catalogue(catalogue::Command::Add { product, initial_quantity });
        self.submit(add, Principal::system()).expect("the product is added");
        id
    }
}

/// The store, on either engine.
struct Stored {
    kept: Kept,
    runtime: tokio::runtime::Runtime,
}

impl Implementation for Stored {
    fn unit<T: Send + 'static>(&self, work: impl Fn(&mut All<'_>) -> Result<T> + Send + 'static) -> Result<T> {
        Ok(self.runtime.block_on(self.kept.write(move |session| work(session)))?)
    }

    fn submit(&self, command: Command, principal: Principal) -> std::result::Result<Effects, Refusal> {
        let effects: Arc<Mutex<Option<Effects>>> = Arc::default();
        let decided = Arc::clone(&effects);
        let answer = Box::new(move |effects: &Effects| {
            *decided.lock().expect("nobody panicked") = Some(effects.clone());
            Answer::default()
        });
        let submission = Submission { command, principal, key: None, expected_version: None, answer };
        match self.runtime.block_on(self.kept.store.ledger().submit(submission)) {
            Ok(_) => Ok(effects.lock().expect("nobody panicked").take().expect("it was answered")),
            Err(SubmitError::Refused(refusal)) => Err(refusal),
            Err(SubmitError::Store(error)) => panic!("{error}"),
        }
    }
}

/// The shop in memory.
struct InMemory(RefCell<Shop>);

impl Implementation for InMemory {
    fn unit<T: Send + 'static>(&self, work: impl Fn(&mut All<'_>) -> Result<T> + Send + 'static) -> Result<T> {
        let mut shop = self.0.borrow().clone();
        let done = work(&mut shop)?;
        self.0.replace(shop);
        Ok(done)
    }

    fn submit(&self, command: Command, principal: Principal) -> std::result::Result<Effects, Refusal> {
        self.0.borrow_mut().submit(&command, &principal, now())
    }
}

fn stored(engine: Engine) -> Stored {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let database = Database::empty(engine);
    let store = crate::open(&database, 2, 64);
    Stored { kept: Kept { store, database }, runtime: runtime.expect("a runtime for the test") }
}

fn in_memory() -> InMemory {
    InMemory(RefCell::new(Shop::new(eur(), at(0))))
}

/// Makes a test for each implementation of one rule: `on_each_implementation!(rule_in_words, |shop| { ... })`.
macro_rules! on_each_implementation {
    ($rule:ident, |$shop:ident| $body:block) => {
        mod $rule {
            use super::*;
            use $crate::repositories::Implementation;

            fn check($shop: &impl Implementation) $body

            #[test]
            fn on_sqlite() {
                check(&$crate::repositories::stored(tradepost_tests::Engine::Sqlite));
            }

            #[test]
            fn on_postgres() {
                check(&$crate::repositories::stored(tradepost_tests::Engine::Postgres));
            }

            #[test]
            fn in_memory() {
                check(&$crate::repositories::in_memory());
            }
        }
    };
}
pub(crate) use on_each_implementation;
