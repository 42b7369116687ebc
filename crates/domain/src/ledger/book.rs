//! What a batch of commands is decided by: the rows they need, in memory.

use super::Effects;
use crate::{
    carts::Cart,
    catalogue::Product,
    ids::{CategoryId, ConnectionId, CustomerId, EventId, LocationId, OrderId, ProductId, PromoId, SaleId, UserId},
    instant::Instant,
    money::Currency,
    orders::Order,
    pos::{Connection, Event},
    promos::Promo,
    quantity::Delta,
    sales::Sale,
    stock::{Level, Location, Movement, Source},
};
use std::{collections::HashMap, sync::Arc};

/// What documents show of a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerCard {
    /// A person or a company.
    pub name: String,
    /// Its code.
    pub code: String,
    /// Their data was erased: nothing new is written down for them.
    pub is_erased: bool,
}

/// The books, as far as a batch of commands needs them. Fill it with the `enter_…` methods, then [`super::decide`] and
/// [`Book::apply`] in turn. Whatever was not entered does not exist as far as the book is concerned.
#[derive(Debug, Clone)]
pub struct Book {
    currency: Currency,
    default_location: LocationId,
    products: HashMap<ProductId, Arc<Product>>,
    skus: HashMap<String, ProductId>,
    names: HashMap<(Option<CategoryId>, String), ProductId>,
    categories: HashMap<CategoryId, String>,
    locations: HashMap<LocationId, Arc<Location>>,
    levels: HashMap<(ProductId, LocationId), Level>,
    sales: HashMap<SaleId, Arc<Sale>>,
    customers: HashMap<CustomerId, CustomerCard>,
    connections: HashMap<ConnectionId, Arc<Connection>>,
    mappings: HashMap<(ConnectionId, String), ProductId>,
    events: HashMap<EventId, Arc<Event>>,
    event_ids: HashMap<(ConnectionId, String), EventId>,
    waiting: HashMap<ConnectionId, Vec<EventId>>,
    event_movements: HashMap<EventId, Vec<Movement>>,
    orders: HashMap<OrderId, Arc<Order>>,
    carts: HashMap<UserId, Cart>,
    promos: HashMap<PromoId, Arc<Promo>>,
    promo_codes: HashMap<String, PromoId>,
    redemptions: HashMap<(PromoId, CustomerId), i64>,
    later: HashMap<(ProductId, LocationId, Instant), Delta>,
    journal: Vec<(ProductId, LocationId, Instant, Delta)>,
}

impl Book {
    /// An empty book of a shop with this currency and default location. The location itself is entered like any other.
    pub fn new(currency: Currency, default_location: LocationId) -> Self {
        Self {
            currency,
            default_location,
            products: HashMap::new(),
            skus: HashMap::new(),
            names: HashMap::new(),
            categories: HashMap::new(),
            locations: HashMap::new(),
            levels: HashMap::new(),
            sales: HashMap::new(),
            customers: HashMap::new(),
            connections: HashMap::new(),
            mappings: HashMap::new(),
            events: HashMap::new(),
            event_ids: HashMap::new(),
            waiting: HashMap::new(),
            event_movements: HashMap::new(),
            orders: HashMap::new(),
            carts: HashMap::new(),
            promos: HashMap::new(),
            promo_codes: HashMap::new(),
            redemptions: HashMap::new(),
            later: HashMap::new(),
            journal: Vec::new(),
        }
    }

    /// Enters a product; it can then be found by id, by SKU and by name.
    pub fn enter_product(&mut self, product: Arc<Product>) {
        if let Some(before) = self.products.get(&product.id) {
            self.skus.remove(&before.sku.key());
            self.names.remove(&(before.category, before.name_key()));
        }
        self.skus.insert(product.sku.key(), product.id);
        if product.removed_at.is_none() {
            self.names.insert((product.category, product.name_key()), product.id);
        }
        self.products.insert(product.id, product);
    }

    /// Enters that this name is taken within its category.
    pub fn enter_name(&mut self, category: Option<CategoryId>, key: String, product: ProductId) {
        self.names.insert((category, key), product);
    }

    /// Enters that this SKU (folded) is, or was, that product's.
    pub fn enter_sku(&mut self, key: String, product: ProductId) {
        self.skus.insert(key, product);
    }

    /// Enters a category with its name.
    pub fn enter_category(&mut self, id: CategoryId, name: String) {
        self.categories.insert(id, name);
    }

    /// Enters a location.
    pub fn enter_location(&mut self, location: Arc<Location>) {
        self.locations.insert(location.id, location);
    }

    /// Enters a level. One that is not entered has had no movement.
    pub fn enter_level(&mut self, level: Level) {
        self.levels.insert((level.product, level.location), level);
    }

    /// Enters by how much on hand has changed, by movements that occurred after `at`.
    pub fn enter_later_change(&mut self, product: ProductId, location: LocationId, at: Instant, change: Delta) {
        self.later.insert((product, location, at), change);
    }

    /// Enters a sale.
    pub fn enter_sale(&mut self, sale: Arc<Sale>) {
        self.sales.insert(sale.id, sale);
    }

    /// Enters an order.
    pub fn enter_order(&mut self, order: Arc<Order>) {
        self.orders.insert(order.id, order);
    }

    /// Enters a cart.
    pub fn enter_cart(&mut self, cart: Cart) {
        self.carts.insert(cart.user, cart);
    }

    /// Enters a promo code; it can then be found by its code.
    pub fn enter_promo(&mut self, promo: Arc<Promo>) {
        self.promo_codes.insert(promo.code_key(), promo.id);
        self.promos.insert(promo.id, promo);
    }

    /// Enters how many orders of a customer hold a promo code.
    pub fn enter_redemptions(&mut self, promo: PromoId, customer: CustomerId, count: i64) {
        self.redemptions.insert((promo, customer), count);
    }

    /// Enters what documents show of a customer.
    pub fn enter_customer(&mut self, id: CustomerId, card: CustomerCard) {
        self.customers.insert(id, card);
    }

    /// Enters a POS connection.
    pub fn enter_connection(&mut self, connection: Arc<Connection>) {
        self.connections.insert(connection.id, connection);
    }

    /// Enters what a till's product is.
    pub fn enter_mapping(&mut self, connection: ConnectionId, external_id: String, product: ProductId) {
        self.mappings.insert((connection, external_id), product);
    }

    /// Enters a delivery with the movements it has led to.
    pub fn enter_event(&mut self, event: Arc<Event>, movements: Vec<Movement>) {
        self.event_ids.insert((event.connection, event.webhook_id.clone()), event.id);
        self.event_movements.insert(event.id, movements);
        self.events.insert(event.id, event);
    }

    /// Enters which deliveries of a connection are held, in the order they came. The deliveries themselves are entered as well.
    pub fn enter_waiting(&mut self, connection: ConnectionId, events: Vec<EventId>) {
        self.waiting.insert(connection, events);
    }

    /// The shop's currency.
    pub const fn currency(&self) -> Currency {
        self.currency
    }

    /// Where a request means that names no location.
    pub const fn default_location(&self) -> LocationId {
        self.default_location
    }

    /// A product, removed ones too.
    pub fn product(&self, id: ProductId) -> Option<&Arc<Product>> {
        self.products.get(&id)
    }

    /// The product that has or had this SKU (folded).
    pub fn product_by_sku(&self, key: &str) -> Option<ProductId> {
        self.skus.get(key).copied()
    }

    pub(super) fn product_by_name(&self, category: Option<CategoryId>, key: String) -> Option<ProductId> {
        self.names.get(&(category, key)).copied()
    }

    /// A category's name.
    pub fn category(&self, id: CategoryId) -> Option<&str> {
        self.categories.get(&id).map(String::as_str)
    }

    /// A location that is in use.
    pub fn location(&self, id: LocationId) -> Option<&Arc<Location>> {
        self.locations.get(&id).filter(|location| location.removed_at.is_none())
    }

    /// How much there is of a product at a location.
    pub fn level(&self, product: ProductId, location: LocationId) -> Level {
        self.levels.get(&(product, location)).copied().unwrap_or(Level::untouched(product, location))
    }

    /// Every level entered, in no order.
    pub fn levels(&self) -> impl Iterator<Item = &Level> {
        self.levels.values()
    }

    /// A sale.
    pub fn sale(&self, id: SaleId) -> Option<&Arc<Sale>> {
        self.sales.get(&id)
    }

    /// An order.
    pub fn order(&self, id: OrderId) -> Option<&Arc<Order>> {
        self.orders.get(&id)
    }

    /// A user's cart.
    pub fn cart(&self, user: UserId) -> Option<&Cart> {
        self.carts.get(&user)
    }

    /// A promo code.
    pub fn promo(&self, id: PromoId) -> Option<&Arc<Promo>> {
        self.promos.get(&id)
    }

    /// A promo code by its code (folded).
    pub fn promo_by_code(&self, key: &str) -> Option<&Arc<Promo>> {
        self.promo_codes.get(key).and_then(|id| self.promos.get(id))
    }

    /// How many orders of a customer hold a promo code.
    pub fn redemptions(&self, promo: PromoId, customer: CustomerId) -> i64 {
        self.redemptions.get(&(promo, customer)).copied().unwrap_or_default()
    }

    /// What documents show of a customer.
    pub fn customer(&self, id: CustomerId) -> Option<&CustomerCard> {
        self.customers.get(&id)
    }

    /// A POS connection.
    pub fn connection(&self, id: ConnectionId) -> Option<&Arc<Connection>> {
        self.connections.get(&id)
    }

    /// Which of our products a till's product is.
    pub fn mapping(&self, connection: ConnectionId, external_id: &str) -> Option<ProductId> {
        self.mappings.get(&(connection, external_id.to_owned())).copied()
    }

    /// A delivery.
    pub fn event(&self, id: EventId) -> Option<&Arc<Event>> {
        self.events.get(&id)
    }

    /// A delivery by its sender's id.
    pub fn event_by_webhook_id(&self, connection: ConnectionId, webhook_id: &str) -> Option<&Arc<Event>> {
        self.event_ids.get(&(connection, webhook_id.to_owned())).and_then(|id| self.events.get(id))
    }

    /// The movements a delivery has led to.
    pub fn event_movements(&self, id: EventId) -> &[Movement] {
        self.event_movements.get(&id).map_or(&[], Vec::as_slice)
    }

    /// The deliveries of a connection that are held, in the order they came.
    pub fn waiting(&self, connection: ConnectionId) -> &[EventId] {
        self.waiting.get(&connection).map_or(&[], Vec::as_slice)
    }

    /// By how much on hand has changed since `at`: what was entered, and what this batch has added.
    pub(super) fn changed_since(&self, product: ProductId, location: LocationId, at: Instant) -> Delta {
        let entered = self.later.get(&(product, location, at)).copied().unwrap_or(Delta::ZERO);
        let of_batch = self.journal.iter().filter(|(p, l, t, _)| (*p, *l) == (product, location) && *t > at);
        of_batch.fold(entered, |sum, (.., change)| sum.checked_add(*change).unwrap_or(sum))
    }

    /// Makes the effects of a decision part of the book. Nothing else changes a book, and this cannot fail.
    pub fn apply(&mut self, effects: &Effects) {
        for movement in &effects.movements {
            let level = self.level(movement.product, movement.location).after(movement);
            self.levels.insert((movement.product, movement.location), level);
            self.journal.push((movement.product, movement.location, movement.occurred_at, movement.change.on_hand));
            if let Some(Source::PosEvent(event)) = movement.source {
                self.event_movements.entry(event).or_default().push(movement.clone());
            }
        }
        for product in &effects.products {
            self.enter_product(Arc::clone(&product.value));
        }
        for location in &effects.locations {
            self.enter_location(Arc::clone(&location.value));
        }
        for sale in &effects.sales {
            self.enter_sale(Arc::clone(&sale.value));
        }
        for event in &effects.events {
            let event = Arc::clone(&event.value);
            self.event_ids.insert((event.connection, event.webhook_id.clone()), event.id);
            self.events.insert(event.id, event);
        }
        for order in &effects.orders {
            self.enter_order(Arc::clone(&order.value));
        }
        for redemption in &effects.redemptions {
            let by = if redemption.taken { 1 } else { -1 };
            *self.redemptions.entry((redemption.promo, redemption.customer)).or_default() += by;
            if let Some(promo) = self.promos.get_mut(&redemption.promo) {
                Arc::make_mut(promo).times_used += by;
            }
        }
        if let Some(user) = effects.emptied_cart {
            self.carts.remove(&user);
        }
        if let Some(mapping) = &effects.mapping {
            let key = (mapping.connection, mapping.external_id.clone());
            match mapping.product {
                Some(product) => self.mappings.insert(key, product),
                None => self.mappings.remove(&key),
            };
        }
    }
}
