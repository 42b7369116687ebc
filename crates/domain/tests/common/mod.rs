//! Builders: a shop in memory that commands are put to.

#![allow(clippy::unwrap_used, dead_code, unreachable_pub, reason = "each test file uses some of these")]

pub mod commands;

pub use commands::*;
use std::{
    ops::{Deref, DerefMut},
    sync::Arc,
};
use tradepost_domain::{
    catalogue::{Category, Product, ProductForm, ProductPatch},
    customers::CustomerForm,
    field_errors::FieldErrors,
    identity::{Actor, Permission, Permissions, Principal, Role},
    ids::{
        CategoryId, CustomerId, LocationId, OrderId, PosConnectionId, PosEventId, ProductId, PromoId, SaleId, UserId,
    },
    instant::Instant,
    ledger::{Command, Effects, Refusal, Shortage, catalogue},
    memory::{self, Submission},
    money::Currency,
    orders::Order,
    pos::{OnShortage, PosConnection, PosConnectionPatch, PosEvent, PosEventStatus},
    promos::{Promo, PromoPatch},
    quantity::{Delta, Quantity},
    repository::Repository,
    sales::Sale,
    stock::{Level, Location},
};
use uuid::Uuid;

/// Noon of some day.
pub const NOON: Instant = Instant::from_micros(1_800_000_000_000_000);
/// What a new shop calls its default location.
pub const MAIN: LocationId = LocationId::from_uuid(Uuid::from_u128((1 << 64) + 1));
pub const STORE_ROOM: LocationId = LocationId::from_uuid(Uuid::from_u128(2));
pub const ANN: CustomerId = CustomerId::from_uuid(Uuid::from_u128(4));
pub const BOB: CustomerId = CustomerId::from_uuid(Uuid::from_u128(5));
pub const TILL: PosConnectionId = PosConnectionId::from_uuid(Uuid::from_u128(3));
pub const CLERK: UserId = UserId::from_uuid(Uuid::from_u128(9));

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

pub fn promo_id(code: &str) -> PromoId {
    PromoId::from_uuid(id_of(code).uuid())
}

/// Somebody who works here, and may do everything but name other prices.
pub fn clerk() -> Principal {
    Principal {
        actor: Actor::User(CLERK),
        role: Role::Employee,
        permissions: Permissions::all().iter().filter(|p| *p != Permission::SalesOverridePrice).collect(),
        customer: None,
    }
}

/// A shopper who buys for this customer, and may do nothing else.
pub fn shopper(customer: CustomerId) -> Principal {
    let actor = Actor::User(UserId::from_uuid(customer.uuid()));
    Principal { actor, role: Role::Shopper, permissions: Permissions::NONE, customer: Some(customer) }
}

/// A shop with a clock and somebody who asks.
#[derive(Clone)]
pub struct Shop {
    shop: memory::Shop,
    pub now: Instant,
    pub principal: Principal,
}

impl Deref for Shop {
    type Target = memory::Shop;

    fn deref(&self) -> &memory::Shop {
        &self.shop
    }
}

impl DerefMut for Shop {
    fn deref_mut(&mut self) -> &mut memory::Shop {
        &mut self.shop
    }
}

impl Shop {
    pub fn new() -> Self {
        let mut shop = memory::Shop::new(eur(), NOON);
        assert_eq!(shop.book().default_location(), MAIN);
        shop.add(&Location::new(STORE_ROOM, "store-room", "Store room", NOON).unwrap()).unwrap();
        for (id, name) in [(ANN, "Ann"), (BOB, "Bob")] {
            let form = CustomerForm { name: name.into(), code: Some(name.into()), ..CustomerForm::default() };
            shop.add(&form.parse(id, None, NOON).unwrap()).unwrap();
        }
        Self { shop, now: NOON, principal: clerk() }
    }

    /// With a product at 2.50 and so much of it at the default location.
    pub fn with(self, sku: &str, on_hand: &str) -> Self {
        self.with_priced(sku, on_hand, "2.50", ProductPatch::default())
    }

    pub fn with_priced(mut self, sku: &str, on_hand: &str, price: &str, rest: ProductPatch) -> Self {
        let rest = ProductPatch { price: Some(price.into()), ..rest };
        let product = a_product(id_of(sku), sku, &sku.to_lowercase(), rest);
        let initial_quantity = Some(quantity(on_hand)).filter(|quantity| !quantity.is_zero());
        self.accept(add(product, initial_quantity));
        self
    }

    pub fn with_till(mut self, on_shortage: OnShortage) -> Self {
        let form = PosConnectionPatch { name: Some("till".into()), location: None, on_shortage: Some(on_shortage) };
        self.add(&PosConnection::new(TILL, &form, NOON).unwrap()).unwrap();
        self
    }

    pub fn with_category(mut self, id: CategoryId, name: &str) -> Self {
        self.add(&Category::new(id, name, "", NOON).unwrap()).unwrap();
        self
    }

    /// With a percentage code.
    pub fn with_promo(mut self, code: &str, percentage: &str, rest: PromoPatch) -> Self {
        self.add(&Promo::new(promo_id(code), &percentage_off(code, percentage, rest), eur(), NOON).unwrap()).unwrap();
        self
    }

    pub fn edit_promo(&mut self, code: &str, patch: &PromoPatch) {
        let mut promo: Promo = self.find(promo_id(code)).unwrap().unwrap();
        promo.edit(patch, eur(), NOON).unwrap();
        self.update(&promo).unwrap();
    }

    fn submission(&self, command: &Command, expected_version: Option<i64>) -> Submission {
        Submission { command: command.clone(), principal: self.principal.clone(), expected_version }
    }

    /// What it would come to. Nothing is kept.
    pub fn ask(&self, command: &Command, expected_version: Option<i64>) -> Result<Effects, Refusal> {
        let submission = self.submission(command, expected_version);
        self.shop.clone().submit_batch(&[submission], self.now).pop().expect("a batch settles its first")
    }

    pub fn submit(&mut self, command: &Command) -> Result<Effects, Refusal> {
        self.shop.submit(command, &self.principal, self.now)
    }

    pub fn accept(&mut self, command: Command) -> Effects {
        self.submit(&command).unwrap_or_else(|refusal| panic!("refused: {refusal}: {command:?}"))
    }

    /// It is refused, and nothing has changed.
    pub fn refuse(&mut self, command: Command) -> Refusal {
        let kept = (self.movements().len(), self.messages().len(), self.audit().len());
        let refusal = self.submit(&command).expect_err("it should have been refused");
        assert_eq!((self.movements().len(), self.messages().len(), self.audit().len()), kept);
        refusal
    }

    /// Puts all of these as one batch, and again what it did not update_totals.
    pub fn batch(&mut self, commands: &[Command]) -> Vec<Result<Effects, Refusal>> {
        let submissions: Vec<_> = commands.iter().map(|command| self.submission(command, None)).collect();
        let mut answers = Vec::new();
        while answers.len() < submissions.len() {
            let settled = self.shop.submit_batch(&submissions[answers.len()..], self.now);
            assert!(!settled.is_empty(), "a batch settles at least its first");
            answers.extend(settled);
        }
        answers
    }

    pub fn sell(&mut self, lines: &[(&str, &str)]) -> Arc<Sale> {
        Arc::clone(&self.accept(sell(lines)).sales.sales[0].value)
    }

    pub fn place(&mut self, customer: CustomerId, lines: &[(&str, &str)], code: Option<&str>) -> Arc<Order> {
        Arc::clone(&self.accept(order(customer, lines, code)).orders.orders[0].order.value)
    }

    pub fn level(&self, sku: &str) -> Level {
        self.book().level(id_of(sku), MAIN)
    }

    pub fn on_hand(&self, sku: &str) -> String {
        self.level(sku).on_hand.to_string()
    }

    /// On hand and reserved.
    pub fn figures(&self, sku: &str) -> (String, String) {
        (self.on_hand(sku), self.level(sku).reserved.to_string())
    }

    pub fn product(&self, sku: &str) -> &Arc<Product> {
        self.book().product(id_of(sku)).unwrap()
    }

    pub fn sale(&self, id: SaleId) -> &Arc<Sale> {
        self.book().sales.sales.get(&id).unwrap()
    }

    pub fn order(&self, id: OrderId) -> &Arc<Order> {
        self.book().orders.orders.get(&id).unwrap()
    }

    pub fn event_id(&self, webhook_id: &str) -> Option<PosEventId> {
        self.book().pos.event_ids.get(&(TILL, webhook_id.to_owned())).copied()
    }

    pub fn event(&self, webhook_id: &str) -> &Arc<PosEvent> {
        let id = self.event_id(webhook_id).expect("it is in the inbox");
        self.book().pos.events.get(&id).unwrap()
    }

    pub fn status(&self, webhook_id: &str) -> PosEventStatus {
        self.event(webhook_id).status
    }

    pub fn times_used(&self, code: &str) -> i64 {
        self.book().orders.promos.get(&promo_id(code)).unwrap().times_used
    }

    /// Too little of one product at the default location, as the books stand now.
    pub fn short(&self, sku: &str, requested: &str, available: &str) -> Shortage {
        Shortage {
            product: id_of(sku),
            sku: self.product(sku).sku.clone(),
            location: MAIN,
            requested: quantity(requested),
            available: quantity(available),
            reserved: self.level(sku).reserved,
        }
    }
}

pub fn percentage_off(code: &str, percentage: &str, rest: PromoPatch) -> PromoPatch {
    PromoPatch {
        code: Some(code.into()),
        name: Some(code.into()),
        kind: Some("percentage".into()),
        percentage: Some(Some(percentage.into())),
        valid_from: Some(NOON.plus_seconds(-1000)),
        valid_until: Some(NOON.plus_seconds(1_000_000)),
        ..rest
    }
}

pub fn a_product(id: ProductId, sku: &str, name: &str, rest: ProductPatch) -> Product {
    let price = rest.price.clone().or_else(|| Some("2.50".into()));
    let form = ProductForm { sku: sku.into(), name: name.into(), rest: ProductPatch { price, ..rest } };
    form.parse(id, eur(), NOON).unwrap()
}

pub fn add(product: Product, initial_quantity: Option<Quantity>) -> Command {
    Command::Catalogue(catalogue::Command::Add { product: Arc::new(product), initial_quantity })
}

/// The refusal of a state that does not allow it, by its name.
pub fn conflict(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Conflict { reason, .. } => reason,
        other => panic!("not a conflict: {other:?}"),
    }
}

fn pairs(errors: &FieldErrors) -> Vec<(String, &'static str)> {
    errors.as_slice().iter().map(|fault| (fault.pointer.clone(), fault.code)).collect()
}

/// Pointer and code of each thing that is wrong with a request.
pub fn errors(refusal: Refusal) -> Vec<(String, &'static str)> {
    match refusal {
        Refusal::Invalid(errors) => pairs(&errors),
        other => panic!("not invalid: {other:?}"),
    }
}

/// The same where one thing is wrong.
pub fn fault(refusal: Refusal) -> (String, &'static str) {
    let mut errors = errors(refusal);
    assert_eq!(errors.len(), 1, "{errors:?}");
    errors.remove(0)
}

/// What is short.
pub fn shortages(refusal: Refusal) -> Vec<Shortage> {
    match refusal {
        Refusal::InsufficientStock(short) => short,
        other => panic!("not a shortage: {other:?}"),
    }
}
