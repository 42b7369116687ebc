//! What a batch of commands needs to know, so that it can be loaded in a handful of reads.
//!
//! Three steps, because each names rows that only the step before has found: [`Needs::documents`], then [`Needs::references`], then
//! [`Needs::stock`]. Load what each asks for into the book before the next.

use super::{Book, Command, pos};
use crate::{
    ids::{CategoryId, ConnectionId, CustomerId, EventId, LocationId, OrderId, ProductId, PromoId, SaleId, UserId},
    instant::Instant,
    pos::{EventLine, Reference, Report},
    sales::Buyer,
    text,
};

/// Rows to load. Each list is sorted and has everything once, which is also the order in which to lock.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Needs {
    /// Sales with their lines.
    pub sales: Vec<SaleId>,
    /// Orders with their lines and history.
    pub orders: Vec<OrderId>,
    /// Carts with their items.
    pub carts: Vec<UserId>,
    /// Promo codes by folded code, to be locked.
    pub promo_codes: Vec<String>,
    /// Promo codes that orders hold, to be locked.
    pub promos: Vec<PromoId>,
    /// Customers whose use of those codes is counted.
    pub redeemers: Vec<CustomerId>,
    /// How many numbers for orders.
    pub order_numbers: usize,
    /// Deliveries by id, with their lines and movements.
    pub events: Vec<EventId>,
    /// Deliveries by their sender's id.
    pub webhook_ids: Vec<(ConnectionId, String)>,
    /// Connections all of whose held deliveries are asked for.
    pub waiting: Vec<ConnectionId>,
    /// POS connections.
    pub connections: Vec<ConnectionId>,
    /// Products by folded SKU.
    pub skus: Vec<String>,
    /// Products by a till's id.
    pub external_ids: Vec<(ConnectionId, String)>,
    /// Names that must be free within a category.
    pub names: Vec<(Option<CategoryId>, String)>,
    /// Levels to lock.
    pub levels: Vec<(ProductId, LocationId)>,
    /// Products all of whose levels are asked for (to be locked).
    pub levels_of: Vec<ProductId>,
    /// Locations all of whose levels are asked for (to be locked). The location itself is locked too.
    pub levels_at: Vec<LocationId>,
    /// How on hand has changed since.
    pub changes_since: Vec<(ProductId, LocationId, Instant)>,
    /// Products, removed ones too.
    pub products: Vec<ProductId>,
    /// Locations.
    pub locations: Vec<LocationId>,
    /// Categories with their names.
    pub categories: Vec<CategoryId>,
    /// Customers' names and codes.
    pub customers: Vec<CustomerId>,
    /// How many numbers for sales.
    pub sale_numbers: usize,
}

fn tidy<T: Ord>(list: &mut Vec<T>) {
    list.sort_unstable();
    list.dedup();
}

impl Needs {
    /// The documents, connections and deliveries that the commands name.
    pub fn documents<'a>(commands: impl Iterator<Item = &'a Command>) -> Self {
        let mut needs = Self::default();
        for command in commands {
            match command {
                Command::CorrectSale { id, .. } | Command::RefundSale { id, .. } | Command::VoidSale { id } => {
                    needs.sales.push(*id);
                }
                Command::RecordSale { .. } => needs.sale_numbers += 1,
                Command::PlaceOrder(_) => needs.order_numbers += 1,
                Command::Checkout { user, .. } => {
                    needs.order_numbers += 1;
                    needs.carts.push(*user);
                }
                Command::EditOrder { id, .. }
                | Command::StepOrder { id, .. }
                | Command::DeleteOrder { id }
                | Command::ReturnOrder { id, .. } => needs.orders.push(*id),
                Command::ApplyPosEvent(delivery) => {
                    needs.connections.push(delivery.connection);
                    needs.webhook_ids.push((delivery.connection, delivery.webhook_id.clone()));
                }
                Command::RetryPosEvent { id } | Command::DismissPosEvent { id, .. } => needs.events.push(*id),
                Command::MapProduct { connection, .. } => {
                    needs.connections.push(*connection);
                    needs.waiting.push(*connection);
                }
                Command::UnmapProduct { connection, .. } => needs.connections.push(*connection),
                // Read again once its levels are locked; this says which name and category it may get.
                Command::EditProduct { id, .. } => needs.products.push(*id),
                Command::AddProduct { .. }
                | Command::RemoveProduct { .. }
                | Command::RemoveLocation { .. }
                | Command::Adjust { .. }
                | Command::Count { .. } => {}
            }
        }
        tidy(&mut needs.sales);
        tidy(&mut needs.orders);
        tidy(&mut needs.carts);
        tidy(&mut needs.products);
        tidy(&mut needs.events);
        tidy(&mut needs.webhook_ids);
        tidy(&mut needs.waiting);
        tidy(&mut needs.connections);
        needs
    }

    /// The connections of the deliveries found, and what has to be looked up to know which products are meant.
    pub fn references<'a>(book: &Book, commands: impl Iterator<Item = &'a Command>) -> Self {
        let mut needs = Self::default();
        for command in commands {
            match command {
                Command::ApplyPosEvent(delivery) => needs.refer(delivery.connection, &delivery.lines),
                Command::RetryPosEvent { id } => needs.refer_event(book, *id),
                Command::MapProduct { connection, external_id, .. } => {
                    needs.external_ids.push((*connection, external_id.clone()));
                    for id in book.waiting(*connection) {
                        needs.refer_event(book, *id);
                    }
                }
                Command::UnmapProduct { connection, external_id } => {
                    needs.external_ids.push((*connection, external_id.clone()));
                }
                Command::PlaceOrder(new) => needs.redeem(new.promo_code.as_deref(), new.customer),
                Command::Checkout { user, customer, promo_code, .. } => {
                    let wished = book.cart(*user).and_then(|cart| cart.promo_code.as_deref());
                    needs.redeem(promo_code.as_deref().or(wished), *customer);
                }
                Command::EditOrder { id, patch } => {
                    let order = book.order(*id);
                    let code = patch.promo_code.as_ref().and_then(Option::as_deref);
                    needs.redeem(code, order.map(|order| order.customer));
                    needs.promos.extend(order.and_then(|order| order.promo.as_ref()).map(|applied| applied.promo));
                }
                Command::StepOrder { id, .. } | Command::DeleteOrder { id } => {
                    let order = book.order(*id);
                    needs.promos.extend(order.and_then(|order| order.promo.as_ref()).map(|applied| applied.promo));
                    needs.redeemers.extend(order.map(|order| order.customer));
                }
                Command::AddProduct { product, .. } => {
                    needs.skus.push(product.sku.key());
                    needs.names.push((product.category, product.name_key()));
                }
                Command::EditProduct { id, patch } => {
                    needs.skus.extend(patch.sku.as_deref().map(text::fold));
                    if let Some(product) = book.product(*id) {
                        let name = patch.name.as_deref().map_or_else(|| product.name_key(), text::fold);
                        needs.names.push((patch.category.unwrap_or(product.category), name));
                    }
                }
                Command::RemoveProduct { .. }
                | Command::RemoveLocation { .. }
                | Command::Adjust { .. }
                | Command::Count { .. }
                | Command::RecordSale { .. }
                | Command::CorrectSale { .. }
                | Command::RefundSale { .. }
                | Command::VoidSale { .. }
                | Command::ReturnOrder { .. }
                | Command::DismissPosEvent { .. } => {}
            }
        }
        tidy(&mut needs.promo_codes);
        tidy(&mut needs.promos);
        tidy(&mut needs.redeemers);
        tidy(&mut needs.connections);
        tidy(&mut needs.skus);
        tidy(&mut needs.external_ids);
        tidy(&mut needs.names);
        needs
    }

    fn redeem(&mut self, code: Option<&str>, customer: Option<CustomerId>) {
        self.promo_codes.extend(code.map(text::fold));
        self.redeemers.extend(customer);
    }

    fn refer_event(&mut self, book: &Book, id: EventId) {
        if let Some(event) = book.event(id) {
            self.connections.push(event.connection);
            self.refer(event.connection, &event.lines);
        }
    }

    fn refer(&mut self, connection: ConnectionId, lines: &[EventLine]) {
        for line in lines {
            match &line.product {
                Reference::Product(_) => {}
                Reference::Sku(sku) => self.skus.push(text::fold(sku)),
                Reference::External(id) => self.external_ids.push((connection, id.clone())),
            }
        }
    }

    /// The levels, and what else is read once they are locked.
    pub fn stock<'a>(book: &Book, commands: impl Iterator<Item = &'a Command>) -> Self {
        let mut needs = Self::default();
        for command in commands {
            needs.add_stock(book, command);
        }
        needs.products.extend(needs.levels.iter().map(|(product, _)| *product));
        needs.products.extend(needs.levels_of.iter().copied());
        needs.locations.extend(needs.levels.iter().map(|(_, location)| *location));
        needs.locations.extend(needs.levels_at.iter().copied());
        needs.locations.push(book.default_location());
        tidy(&mut needs.levels);
        tidy(&mut needs.levels_of);
        tidy(&mut needs.levels_at);
        tidy(&mut needs.changes_since);
        tidy(&mut needs.products);
        tidy(&mut needs.locations);
        tidy(&mut needs.categories);
        tidy(&mut needs.customers);
        needs
    }

    fn add_stock(&mut self, book: &Book, command: &Command) {
        let home = book.default_location();
        match command {
            Command::AddProduct { product, .. } => {
                self.levels.push((product.id, home));
                self.categories.extend(product.category);
            }
            Command::EditProduct { id, patch } => {
                self.levels_of.push(*id);
                let before = book.product(*id).and_then(|product| product.category);
                self.categories.extend(patch.category.unwrap_or(before));
            }
            Command::RemoveProduct { id } => self.levels_of.push(*id),
            Command::RemoveLocation { id } => self.levels_at.push(*id),
            Command::Adjust { product, location, .. } => self.levels.push((*product, location.unwrap_or(home))),
            Command::Count { product, location, counted_at, .. } => {
                let location = location.unwrap_or(home);
                self.levels.push((*product, location));
                self.changes_since.extend(counted_at.map(|at| (*product, location, at)));
            }
            Command::RecordSale { lines, buyer, location, .. } => {
                let location = location.unwrap_or(home);
                self.levels.extend(lines.iter().filter_map(|line| Some((line.product?, location))));
                self.buyer(buyer.as_ref());
            }
            Command::CorrectSale { id, lines, buyer, .. } => {
                self.sale(book, *id, lines.iter().flatten().filter_map(|line| line.product));
                self.buyer(buyer.as_ref().and_then(Option::as_ref));
            }
            Command::RefundSale { id, .. } | Command::VoidSale { id } => self.sale(book, *id, std::iter::empty()),
            Command::ApplyPosEvent(delivery) => {
                self.lines(book, delivery.connection, &delivery.lines, None);
                if let Some(seen) = book.event_by_webhook_id(delivery.connection, &delivery.webhook_id) {
                    self.event(book, seen.id, None);
                }
            }
            Command::RetryPosEvent { id } | Command::DismissPosEvent { id, .. } => self.event(book, *id, None),
            Command::MapProduct { connection, external_id, product } => {
                self.products.push(*product);
                for id in book.waiting(*connection) {
                    self.event(book, *id, Some((external_id, *product)));
                }
            }
            Command::UnmapProduct { .. } => {}
            Command::PlaceOrder(new) => {
                let location = new.location.unwrap_or(home);
                self.levels.extend(new.lines.iter().filter_map(|line| Some((line.product?, location))));
                self.customers.extend(new.customer);
            }
            Command::Checkout { user, customer, .. } => {
                let items = book.cart(*user).map(|cart| cart.items.as_slice()).unwrap_or_default();
                self.levels.extend(items.iter().map(|item| (item.product, home)));
                self.customers.extend(*customer);
            }
            Command::EditOrder { id, patch } => {
                let more = patch.lines.iter().flatten().filter_map(|line| line.product);
                self.order(book, *id, more);
            }
            Command::StepOrder { id, .. } | Command::DeleteOrder { id } | Command::ReturnOrder { id, .. } => {
                self.order(book, *id, std::iter::empty());
            }
        }
    }

    fn order(&mut self, book: &Book, id: OrderId, more: impl Iterator<Item = ProductId>) {
        if let Some(order) = book.order(id) {
            self.levels.extend(order.lines.iter().map(|line| (line.product, order.location)));
            self.levels.extend(more.map(|product| (product, order.location)));
            self.customers.push(order.customer);
        }
    }

    fn buyer(&mut self, buyer: Option<&Buyer>) {
        if let Some(Buyer::Customer(id)) = buyer {
            self.customers.push(*id);
        }
    }

    fn sale(&mut self, book: &Book, id: SaleId, more: impl Iterator<Item = ProductId>) {
        if let Some(sale) = book.sale(id) {
            self.levels.extend(sale.lines.iter().map(|line| (line.product, sale.location)));
            self.levels.extend(more.map(|product| (product, sale.location)));
            self.buyer(sale.buyer.as_ref());
        }
    }

    fn event(&mut self, book: &Book, id: EventId, mapped: Option<(&String, ProductId)>) {
        if let Some(event) = book.event(id) {
            // Its movements name products whose SKUs an answer shows.
            self.products.extend(book.event_movements(id).iter().map(|movement| movement.product));
            let received = event.received_at;
            self.lines(book, event.connection, &event.lines, mapped.map(|(id, product)| (id, product, received)));
            self.since(book, event.connection, &event.lines, received, mapped);
        }
    }

    fn lines(
        &mut self,
        book: &Book,
        connection: ConnectionId,
        lines: &[EventLine],
        mapped: Option<(&String, ProductId, Instant)>,
    ) {
        let location = book.connection(connection).and_then(|c| c.location).unwrap_or(book.default_location());
        for line in lines {
            let Some(product) = meant(book, connection, line, mapped.map(|(id, product, _)| (id, product))) else {
                continue;
            };
            self.levels.push((product, location));
            if let Report::Count { counted_at: Some(at), .. } = &line.report {
                self.changes_since.push((product, location, *at));
            }
        }
    }

    /// A count that named no time was taken when it was received, which for a waiting delivery is past.
    fn since(
        &mut self,
        book: &Book,
        connection: ConnectionId,
        lines: &[EventLine],
        received: Instant,
        mapped: Option<(&String, ProductId)>,
    ) {
        let location = book.connection(connection).and_then(|c| c.location).unwrap_or(book.default_location());
        for line in lines {
            if let (Report::Count { counted_at: None, .. }, Some(product)) =
                (&line.report, meant(book, connection, line, mapped))
            {
                self.changes_since.push((product, location, received));
            }
        }
    }
}

fn meant(
    book: &Book,
    connection: ConnectionId,
    line: &EventLine,
    mapped: Option<(&String, ProductId)>,
) -> Option<ProductId> {
    match (&line.product, mapped) {
        (Reference::Product(id), _) => Some(*id),
        (Reference::External(named), Some((id, product))) if named == id => Some(product),
        (reference, _) => pos::resolve(book, connection, reference),
    }
}
