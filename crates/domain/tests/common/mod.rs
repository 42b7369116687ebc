//! Builders: a shop in memory that commands are put to.

#![allow(clippy::unwrap_used, dead_code, unreachable_pub, reason = "each test file uses some of these")]

use std::sync::Arc;
use tradepost_domain::{
    catalogue::{Product, ProductForm, ProductPatch},
    identity::{Actor, Permission, Permissions, Principal, Role},
    ids::{ConnectionId, CustomerId, LineId, LocationId, OrderId, ProductId, PromoId, SaleId, UserId},
    instant::Instant,
    ledger::{
        Book, Command, CustomerCard, Effects, Inputs, NewOrder, OrderPatch, RefundLine, Refusal, SellLine, decide,
    },
    money::{Currency, Price},
    orders::{Order, Step},
    pos::{Connection, Delivery, EventLine, OnShortage, Reference, Report},
    promos::{Promo, PromoPatch},
    quantity::{Delta, Quantity},
    sales::Sale,
    stock::{Location, Movement},
};
use uuid::Uuid;

/// Noon of some day.
pub const NOON: Instant = Instant::from_micros(1_800_000_000_000_000);
pub const MAIN: LocationId = LocationId::from_uuid(Uuid::from_u128(1));
pub const STORE_ROOM: LocationId = LocationId::from_uuid(Uuid::from_u128(2));
pub const ANN: CustomerId = CustomerId::from_uuid(Uuid::from_u128(4));
pub const BOB: CustomerId = CustomerId::from_uuid(Uuid::from_u128(5));
pub const TILL: ConnectionId = ConnectionId::from_uuid(Uuid::from_u128(3));

pub fn eur() -> Currency {
    Currency::parse("EUR").unwrap()
}

pub fn quantity(text: &str) -> Quantity {
    text.parse().unwrap()
}

pub fn change(text: &str) -> Delta {
    text.parse().unwrap()
}

/// The id of the product with this SKU: the same every time.
pub fn id_of(sku: &str) -> ProductId {
    let bytes = sku.bytes().fold(0u128, |sum, byte| sum.wrapping_mul(257).wrapping_add(u128::from(byte)));
    ProductId::from_uuid(Uuid::from_u128(bytes))
}

pub struct Shop {
    pub book: Book,
    pub movements: Vec<Movement>,
    pub now: Instant,
    pub principal: Principal,
    next_id: u128,
    next_number: i64,
}

impl Shop {
    pub fn new() -> Self {
        let mut book = Book::new(eur(), MAIN);
        for (id, code) in [(MAIN, "main"), (STORE_ROOM, "store-room")] {
            let mut location = Location::new(id, code, code, NOON).unwrap();
            location.is_default = id == MAIN;
            book.enter_location(Arc::new(location));
        }
        for (id, name) in [(ANN, "Ann"), (BOB, "Bob")] {
            book.enter_customer(id, CustomerCard { name: name.into(), code: name.into(), is_erased: false });
        }
        let principal = Principal {
            actor: Actor::User(UserId::from_uuid(Uuid::from_u128(9))),
            role: Role::Employee,
            permissions: Permissions::all().iter().filter(|p| *p != Permission::SalesOverridePrice).collect(),
            customer: None,
        };
        Self { book, movements: Vec::new(), now: NOON, principal, next_id: 1 << 100, next_number: 1 }
    }

    /// With a product at 2.50 and so much of it at the default location.
    pub fn with(self, sku: &str, on_hand: &str) -> Self {
        self.with_priced(sku, on_hand, "2.50", ProductPatch::default())
    }

    pub fn with_priced(mut self, sku: &str, on_hand: &str, price: &str, rest: ProductPatch) -> Self {
        let rest = ProductPatch { price: Some(price.into()), ..rest };
        let form = ProductForm { sku: sku.into(), name: sku.to_lowercase(), rest };
        let product = form.parse(id_of(sku), eur(), NOON).unwrap();
        let initial_quantity = Some(quantity(on_hand)).filter(|q| !q.is_zero());
        self.accept(Command::AddProduct { product: Arc::new(product), initial_quantity });
        self
    }

    pub fn with_till(mut self, on_shortage: OnShortage) -> Self {
        let connection = Connection {
            id: TILL,
            name: "till".into(),
            location: None,
            on_shortage,
            version: 1,
            created_at: NOON,
            updated_at: NOON,
        };
        self.book.enter_connection(Arc::new(connection));
        self
    }

    pub fn decide(&mut self, command: &Command, expected_version: Option<i64>) -> Result<Effects, Refusal> {
        let (next_id, next_number) = (&mut self.next_id, &mut self.next_number);
        let mut inputs = Inputs {
            now: self.now,
            principal: &self.principal,
            expected_version,
            new_id: &mut || {
                *next_id += 1;
                Uuid::from_u128(*next_id)
            },
            next_number: &mut |_| {
                *next_number += 1;
                *next_number
            },
        };
        decide(&self.book, command, &mut inputs)
    }

    /// Decides and applies.
    pub fn submit(&mut self, command: &Command) -> Result<Effects, Refusal> {
        let effects = self.decide(command, None)?;
        self.book.apply(&effects);
        self.movements.extend(effects.movements.iter().cloned());
        Ok(effects)
    }

    pub fn accept(&mut self, command: Command) -> Effects {
        self.submit(&command).unwrap_or_else(|refusal| panic!("refused: {refusal}: {command:?}"))
    }

    pub fn refuse(&mut self, command: Command) -> Refusal {
        self.submit(&command).expect_err("it should have been refused")
    }

    pub fn on_hand(&self, sku: &str) -> String {
        self.book.level(id_of(sku), MAIN).on_hand.to_string()
    }

    pub fn sell(&mut self, lines: &[(&str, &str)]) -> Arc<Sale> {
        Arc::clone(&self.accept(sell(lines)).sales[0].value)
    }

    pub fn product(&self, sku: &str) -> &Arc<Product> {
        self.book.product(id_of(sku)).unwrap()
    }
}

pub fn line(sku: &str, amount: &str) -> SellLine {
    SellLine { line: None, product: Some(id_of(sku)), quantity: quantity(amount), unit_price: None }
}

pub fn priced(sku: &str, amount: &str, price: &str) -> SellLine {
    SellLine { unit_price: Some(Price::parse(price, eur()).unwrap()), ..line(sku, amount) }
}

pub fn sell(lines: &[(&str, &str)]) -> Command {
    sell_lines(lines.iter().map(|(sku, amount)| line(sku, amount)).collect())
}

pub fn sell_lines(lines: Vec<SellLine>) -> Command {
    Command::RecordSale { lines, buyer: None, location: None, occurred_at: None }
}

pub fn correct(id: SaleId, lines: &[(&str, &str)]) -> Command {
    let lines = lines.iter().map(|(sku, amount)| line(sku, amount)).collect();
    Command::CorrectSale { id, lines: Some(lines), buyer: None, reason: None }
}

pub fn refund(id: SaleId, lines: &[(&str, &str)], restock: bool) -> Command {
    let line =
        |(sku, amount): &(&str, &str)| RefundLine { line: None, product: Some(id_of(sku)), quantity: quantity(amount) };
    Command::RefundSale { id, lines: lines.iter().map(line).collect(), restock, reason: None }
}

pub fn refund_line(id: SaleId, line: LineId, amount: &str) -> Command {
    let line = RefundLine { line: Some(line), product: None, quantity: quantity(amount) };
    Command::RefundSale { id, lines: vec![line], restock: true, reason: None }
}

pub fn adjust(sku: &str, by: &str) -> Command {
    Command::Adjust { product: id_of(sku), location: None, change: change(by), reason: "because".into() }
}

pub fn count(sku: &str, counted: &str, counted_at: Option<Instant>) -> Command {
    Command::Count { product: id_of(sku), location: None, counted: quantity(counted), counted_at }
}

pub fn delivery(webhook_id: &str, lines: Vec<EventLine>) -> Command {
    let body = format!("{lines:?}").into_bytes();
    let mut body_hash = [0; 32];
    body.iter().enumerate().for_each(|(i, byte)| body_hash[i % 32] ^= byte.rotate_left((i % 7) as u32));
    let headers = "{}".into();
    Command::ApplyPosEvent(Arc::new(Delivery {
        connection: TILL,
        webhook_id: webhook_id.into(),
        body_hash,
        body,
        headers,
        lines,
    }))
}

pub fn reported(product: Reference, by: &str) -> EventLine {
    EventLine { product, report: Report::Change { change: change(by), occurred_at: None, reason: None } }
}

pub fn sku(text: &str) -> Reference {
    Reference::Sku(text.into())
}

pub fn external(text: &str) -> Reference {
    Reference::External(text.into())
}

/// A shopper who buys for this customer, and may do nothing else.
pub fn shopper(customer: CustomerId) -> Principal {
    let actor = Actor::User(UserId::from_uuid(customer.uuid()));
    Principal { actor, role: Role::Shopper, permissions: Permissions::NONE, customer: Some(customer) }
}

pub fn order(customer: CustomerId, lines: &[(&str, &str)], code: Option<&str>) -> Command {
    let lines = lines.iter().map(|(sku, amount)| line(sku, amount)).collect();
    let promo_code = code.map(str::to_owned);
    Command::PlaceOrder(Box::new(NewOrder { customer: Some(customer), lines, promo_code, ..NewOrder::default() }))
}

pub fn edit_order(id: OrderId, lines: &[(&str, &str)]) -> Command {
    let lines = lines.iter().map(|(sku, amount)| line(sku, amount)).collect();
    Command::EditOrder { id, patch: Box::new(OrderPatch { lines: Some(lines), ..OrderPatch::default() }) }
}

pub fn step(id: OrderId, step: Step) -> Command {
    Command::StepOrder { id, step, reason: None }
}

pub fn give_back(id: OrderId, lines: &[(&str, &str)], restock: bool) -> Command {
    match refund(SaleId::from_uuid(id.uuid()), lines, restock) {
        Command::RefundSale { lines, restock, reason, .. } => Command::ReturnOrder { id, lines, restock, reason },
        other => other,
    }
}

impl Shop {
    pub fn place(&mut self, customer: CustomerId, lines: &[(&str, &str)], code: Option<&str>) -> Arc<Order> {
        Arc::clone(&self.accept(order(customer, lines, code)).orders[0].value)
    }

    pub fn order(&self, id: OrderId) -> &Arc<Order> {
        self.book.order(id).unwrap()
    }

    /// On hand and reserved.
    pub fn figures(&self, sku: &str) -> (String, String) {
        let level = self.book.level(id_of(sku), MAIN);
        (level.on_hand.to_string(), level.reserved.to_string())
    }

    /// With a percentage code.
    pub fn with_promo(mut self, code: &str, percentage: &str, rest: PromoPatch) -> Self {
        let id = PromoId::from_uuid(id_of(code).uuid());
        let form = PromoPatch {
            code: Some(code.into()),
            name: Some(code.into()),
            kind: Some("percentage".into()),
            percentage: Some(Some(percentage.into())),
            valid_from: Some(NOON.plus_seconds(-1000)),
            valid_until: Some(NOON.plus_seconds(1_000_000)),
            ..rest
        };
        self.book.enter_promo(Arc::new(Promo::new(id, &form, eur(), NOON).unwrap()));
        self
    }

    pub fn times_used(&self, code: &str) -> i64 {
        self.book.promo(PromoId::from_uuid(id_of(code).uuid())).unwrap().times_used
    }
}
