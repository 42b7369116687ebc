//! Builders: what a test needs in the shop, saying only what matters to it.

use crate::{Client, OWNER_PASSWORD, Request, Signer, unix_now};
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// A product that exists.
#[derive(Clone, Debug)]
pub struct Product {
    /// Its id.
    pub id: String,
    /// Its SKU.
    pub sku: String,
    /// The whole answer to its creation.
    pub json: Value,
}

impl Product {
    /// What is on hand in all locations, as the client sees it.
    pub async fn on_hand(&self, client: &Client) -> f64 {
        let product = client.get(&format!("/products/{}", self.id)).await.is(200);
        product["stock"]["on_hand"].as_f64().unwrap_or_else(|| panic!("no stock.on_hand: {product:?}"))
    }

    /// A line of a sale.
    pub fn line(&self, quantity: impl Into<Value>) -> Value {
        json!({ "product_id": self.id, "quantity": quantity.into() })
    }
}

/// What a product is to be; unnamed things are made up.
pub struct ProductBuilder {
    body: Map<String, Value>,
}

/// A product at 2.50 with a SKU of its own and nothing in stock.
pub fn a_product() -> ProductBuilder {
    let sku = format!("SKU-{}", &Uuid::new_v4().simple().to_string()[..12].to_uppercase());
    let body = json!({ "name": format!("Product {sku}"), "sku": sku, "price": "2.50" });
    ProductBuilder { body: body.as_object().cloned().unwrap_or_default() }
}

impl ProductBuilder {
    /// Sets any field of the request.
    pub fn with(mut self, field: &str, value: impl Into<Value>) -> ProductBuilder {
        self.body.insert(field.to_owned(), value.into());
        self
    }

    /// Its SKU.
    pub fn sku(self, sku: &str) -> ProductBuilder {
        self.with("sku", sku)
    }

    /// Its price, e.g. `"12.50"`.
    pub fn price(self, price: &str) -> ProductBuilder {
        self.with("price", price)
    }

    /// What is booked as its first stock at the default location.
    pub fn stock(self, quantity: impl Into<Value>) -> ProductBuilder {
        self.with("initial_quantity", quantity)
    }

    /// The request's body.
    pub fn body(&self) -> Value {
        Value::Object(self.body.clone())
    }

    /// Creates it.
    pub async fn create(self, client: &Client) -> Product {
        let answer = client.post("/products", self.body()).patiently().await.is(201);
        Product { id: answer.id(), sku: answer["sku"].as_str().expect("a SKU").to_owned(), json: answer.json }
    }
}

/// Whom to employ.
pub struct EmployeeBuilder {
    role: String,
    permissions: Vec<String>,
}

/// An employee without permissions.
pub fn an_employee() -> EmployeeBuilder {
    EmployeeBuilder { role: "employee".to_owned(), permissions: Vec::new() }
}

impl EmployeeBuilder {
    /// `employee` or `admin`.
    pub fn role(mut self, role: &str) -> EmployeeBuilder {
        role.clone_into(&mut self.role);
        self
    }

    /// What they may do.
    pub fn permissions(mut self, permissions: &[&str]) -> EmployeeBuilder {
        self.permissions = permissions.iter().map(|&permission| permission.to_owned()).collect();
        self
    }

    /// Creates them and logs them in.
    pub async fn create(self, by: &Client) -> Client {
        let name = format!("staff-{}", Uuid::new_v4().simple());
        let mut body = json!({
            "email": format!("{name}@shop.test"), "username": name, "password": OWNER_PASSWORD,
            "first_name": "Em", "last_name": "Ployee", "role": self.role,
        });
        if self.role == "employee" {
            body["permissions"] = json!(self.permissions);
        }
        by.post("/users", body).await.is(201);
        by.log_in(&name, OWNER_PASSWORD).await
    }
}

/// A till that is connected to the shop.
#[derive(Clone)]
pub struct PosConnection {
    /// Its id.
    pub id: String,
    /// Signs with its secret.
    pub signer: Signer,
}

/// A connection with this answer to shortages, `refuse` or `hold`.
pub async fn a_pos_connection(by: &Client, on_shortage: &str) -> PosConnection {
    let name = format!("till {}", Uuid::new_v4().simple());
    let body = json!({ "name": name, "dialect": "standard", "on_shortage": on_shortage });
    let answer = by.post("/pos-connections", body).await.is(201);
    PosConnection { id: answer.id(), signer: Signer::new(answer["secret"].as_str().expect("the secret, shown once")) }
}

impl PosConnection {
    /// Delivers an event, well signed, now.
    pub fn deliver(&self, shop: &Client, webhook_id: &str, body: &Value) -> Request {
        self.deliver_raw(shop, webhook_id, unix_now(), body.to_string().as_bytes())
    }

    /// Delivers any body with any timestamp, well signed; another `webhook-signature` may still replace that one.
    pub fn deliver_raw(&self, shop: &Client, webhook_id: &str, timestamp: i64, body: &[u8]) -> Request {
        let signature = self.signer.sign(webhook_id, timestamp, body);
        let request = shop.post(&format!("/webhooks/pos/{}", self.id), Value::Null).raw("application/json", body);
        let request = request.header("webhook-id", webhook_id).header("webhook-timestamp", &timestamp.to_string());
        request.header("webhook-signature", &signature)
    }
}
