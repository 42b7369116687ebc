//! The contract of the store, on each engine: what `tradepost_domain::repository` promises, and what the store adds to it (units of
//! work, idempotency keys, lists, adding up).

mod carts;
mod failures;
mod lists;
mod ordering;
mod orders;
mod outage;
mod promos;
mod repositories;
mod tables;
mod units;
mod verify;

use std::sync::Arc;
use tradepost_domain::{
    catalogue::{Category, ProductForm, ProductPatch},
    contact::Email,
    customers::{Customer, CustomerForm},
    identity::{Permissions, Principal, Role, User, UserForm},
    ids::{CategoryId, CustomerId, LocationId, ProductId, UserId},
    instant::Instant,
    ledger::{
        Command, SellLine, catalogue,
        sales::{self, NewSale},
    },
    money::Currency,
    repository::{self, Repository},
};
use tradepost_store::{Answer, FirstStart, Session, Sources, Store, StoreConfig, StoreError, Submission};
use tradepost_tests::{Database, Engine, block_on};
use uuid::Uuid;

/// Makes two tests of one body: `on_each_engine!(rule_in_words, async |shop| { ... })`.
macro_rules! on_each_engine {
    ($rule:ident, $body:expr) => {
        mod $rule {
            use super::*;

            #[test]
            fn on_sqlite() {
                $crate::run(tradepost_tests::Engine::Sqlite, $body);
            }

            #[test]
            fn on_postgres() {
                $crate::run(tradepost_tests::Engine::Postgres, $body);
            }
        }
    };
}
pub(crate) use on_each_engine;

/// A store of a test's own.
struct Kept {
    store: Store,
    database: Database,
}

fn run(engine: Engine, body: impl AsyncFnOnce(Kept)) {
    let database = Database::empty(engine);
    let store = open(&database, 4, 512);
    block_on(body(Kept { store, database }));
}

fn sources() -> Sources {
    Sources::new(now, new_id)
}

fn open(database: &Database, readers: usize, queue: usize) -> Store {
    let config = StoreConfig { url: database.url.clone(), readers, queue, sources: sources() };
    let store = Store::open(&config).expect("the store opens");
    store.migrate().expect("the tables are made");
    store.first_start(&first_start(None)).expect("the shop starts");
    store
}

fn eur() -> Currency {
    Currency::parse("EUR").expect("a currency")
}

fn first_start(currency: Option<Currency>) -> FirstStart {
    let location = LocationId::from_uuid(new_id());
    FirstStart { shop_name: "Test".to_owned(), currency, default_currency: eur(), location, now: now() }
}

#[expect(clippy::disallowed_methods, reason = "whoever embeds the store brings a clock")]
fn now() -> Instant {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a clock after 1970");
    Instant::from_micros(i64::try_from(since.as_micros()).expect("a clock before the end of time"))
}

#[expect(clippy::disallowed_methods, reason = "whoever embeds the store makes the ids")]
fn new_id() -> Uuid {
    Uuid::now_v7()
}

const fn at(micros: i64) -> Instant {
    Instant::from_micros(micros)
}

fn a_category(name: &str) -> Category {
    Category::new(CategoryId::from_uuid(new_id()), name, "", now()).expect("a category")
}

fn a_user(email: &str, username: Option<&str>, role: Role) -> User {
    let form = UserForm { email: email.to_owned(), username: username.map(str::to_owned), ..UserForm::default() };
    form.parse(UserId::from_uuid(new_id()), role, Permissions::NONE, None, now()).expect("a user")
}

fn a_customer(name: &str, code: Option<&str>) -> Customer {
    let form = CustomerForm { name: name.to_owned(), code: code.map(str::to_owned), ..CustomerForm::default() };
    form.parse(CustomerId::from_uuid(new_id()), None, now()).expect("a customer")
}

fn address(text: &str) -> Email {
    Email::parse(text).expect("an address")
}

impl Kept {
    /// Does something in one unit of work.
    async fn write<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Session<'_>) -> repository::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.store.write_plain(move |session| work(session).map_err(StoreError::from)).await
    }

    /// Reads in one snapshot.
    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Session<'_>) -> repository::Result<T> + Send + 'static,
    ) -> T {
        self.store.read(move |session| work(session).map_err(StoreError::from)).await.expect("it can be read")
    }

    async fn add_categories(&self, names: &[String]) {
        let categories: Vec<Category> = names.iter().map(|name| a_category(name)).collect();
        let add = move |s: &mut Session<'_>| categories.iter().try_for_each(|category| s.add(category));
        self.write(add).await.expect("the categories are kept");
    }

    async fn submit(&self, command: Command) {
        let answer = Box::new(|_: &_| Answer::default());
        let principal = Principal::system();
        let submission = Submission { command, principal, key: None, expected_version: None, answer };
        self.store.ledger().submit(submission).await.expect("the ledger accepts it");
    }

    async fn a_product(&self, sku: &str, price: &str, stock: &str) -> ProductId {
        let id = ProductId::from_uuid(new_id());
        let rest = ProductPatch { price: Some(price.to_owned()), ..ProductPatch::default() };
        let form = ProductForm { sku: sku.to_owned(), name: format!("Name of {sku}"), rest };
        let product = Arc::new(form.parse(id, eur(), now()).expect("a product"));
        let initial_quantity = Some(stock.parse().expect("a quantity"));
        self.submit(Command::Catalogue(catalogue::Command::Add { product, initial_quantity })).await;
        id
    }

    async fn sell(&self, product: ProductId, quantity: &str) {
        let quantity = quantity.parse().expect("a quantity");
        let lines = vec![SellLine { line: None, product: Some(product), quantity, unit_price: None }];
        self.submit(Command::Sales(sales::Command::Record(NewSale { lines, ..NewSale::default() }))).await;
    }

    fn tamper(&self, statement: &str) {
        tradepost_tests::sql::execute(&self.database.url, statement);
    }

    fn number(&self, query: &str) -> i64 {
        tradepost_tests::sql::number(&self.database.url, query)
    }
}
