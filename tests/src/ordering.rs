//! Who orders, and what it takes: shoppers in numbers, promo codes, and how much is promised.

use crate::{Client, Engine, Product, Shop, sql, unix_now};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

impl Shop {
    /// A shopper who is signed in, with a customer record of their own.
    pub fn a_shopper(&self) -> Client {
        self.shoppers(1).remove(0)
    }

    /// So many of them. They are written straight into the database: hashing hundreds of passwords would take minutes.
    pub fn shoppers(&self, count: usize) -> Vec<Client> {
        let shoppers: Vec<Newcomer> = (0..count).map(|_| Newcomer::new()).collect();
        let statements: String = shoppers.iter().map(|one| one.statements(self.engine)).collect();
        sql::execute(&self.database.url, &format!("begin; {statements} commit"));
        shoppers.iter().map(|one| self.anonymous().known_as(&one.token, &one.user.to_string())).collect()
    }
}

struct Newcomer {
    user: Uuid,
    token: String,
}

impl Newcomer {
    fn new() -> Newcomer {
        Newcomer { user: Uuid::new_v4(), token: format!("tp_{}", Uuid::new_v4().simple()) }
    }

    fn statements(&self, engine: Engine) -> String {
        let id = |id: Uuid| match engine {
            Engine::Sqlite => format!("x'{}'", id.simple()),
            Engine::Postgres => format!("'{id}'"),
        };
        let hex: String = Sha256::digest(&self.token).iter().map(|byte| format!("{byte:02x}")).collect();
        let hash = match engine {
            Engine::Sqlite => format!("x'{hex}'"),
            Engine::Postgres => format!("'\\x{hex}'"),
        };
        let at = |seconds: i64| match engine {
            Engine::Sqlite => format!("{}", seconds * 1_000_000),
            Engine::Postgres => format!("to_timestamp({seconds})"),
        };
        let (now, later) = (at(unix_now()), at(unix_now() + 86_400));
        let (user, name) = (id(self.user), self.user.simple());
        format!(
            "insert into users (id, email, email_key, first_name, last_name, role, permissions, active, search_text, version, \
                created_at, updated_at) values ({user}, '{name}@mail.test', '{name}@mail.test', 'Sam', 'Shopper', 'shopper', '', \
                true, '{name}', 1, {now}, {now}); \
             insert into tokens (id, user_id, hash, created_at, expires_at) values ({token}, {user}, {hash}, {now}, {later}); \
             insert into customers (id, code, code_key, name, name_key, user_id, search_text, version, created_at, updated_at) \
                values ({customer}, 'C-{name}', 'c-{name}', 'Sam Shopper', 'sam shopper', {user}, 'sam shopper', 1, {now}, {now}); ",
            token = id(Uuid::new_v4()),
            customer = id(Uuid::new_v4()),
        )
    }
}

impl Product {
    /// What is on hand, reserved and available in all locations, as somebody sees it who may.
    pub async fn stock(&self, client: &Client) -> [f64; 3] {
        let product = client.get(&format!("/products/{}", self.id)).await.is(200);
        ["on_hand", "reserved", "available"]
            .map(|figure| product["stock"][figure].as_f64().unwrap_or_else(|| panic!("no stock.{figure}: {product:?}")))
    }
}

/// A promo code that exists.
#[derive(Clone, Debug)]
pub struct Promo {
    /// Its id.
    pub id: String,
    /// What a customer types.
    pub code: String,
}

impl Promo {
    /// How many orders hold it.
    pub async fn times_used(&self, client: &Client) -> i64 {
        let promo = client.get(&format!("/promo-codes/{}", self.id)).await.is(200);
        promo["times_used"].as_i64().unwrap_or_else(|| panic!("no times_used: {promo:?}"))
    }
}

/// What a promo code is to be; unnamed things are made up.
pub struct PromoBuilder {
    body: Map<String, Value>,
}

/// A code that takes 1.00 off, now and for long, as often as one likes.
pub fn a_promo() -> PromoBuilder {
    let code = format!("PROMO-{}", &Uuid::new_v4().simple().to_string()[..12].to_uppercase());
    let body = json!({
        "name": format!("Promo {code}"), "code": code, "kind": "fixed", "amount": "1.00", "per_customer_limit": null,
        "valid_from": "2020-01-01T00:00:00Z", "valid_until": "2999-01-01T00:00:00Z",
    });
    PromoBuilder { body: body.as_object().cloned().unwrap_or_default() }
}

impl PromoBuilder {
    /// Sets any field of the request.
    pub fn with(mut self, field: &str, value: impl Into<Value>) -> PromoBuilder {
        self.body.insert(field.to_owned(), value.into());
        self
    }

    /// A percentage instead of an amount.
    pub fn percentage(mut self, percentage: &str) -> PromoBuilder {
        self.body.remove("amount");
        self.with("kind", "percentage").with("percentage", percentage)
    }

    /// The request's body.
    pub fn body(&self) -> Value {
        Value::Object(self.body.clone())
    }

    /// Creates it.
    pub async fn create(self, client: &Client) -> Promo {
        let answer = client.post("/promo-codes", self.body()).await.is(201);
        Promo { id: answer.id(), code: answer["code"].as_str().expect("a code").to_owned() }
    }
}
