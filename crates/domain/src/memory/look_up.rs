//! Looking things up in a shop in memory, as a database would. Nothing changes in here.

use super::Shop;
use crate::{
    ids::{LocationId, PosConnectionId, PosEventId, ProductId, PromoId},
    instant::Instant,
    ledger::{Book, Keys, ReadSet, Shelf, catalogue, customers, orders, pos, sales, stock},
    pos::{PosEventStatus, Reference},
    quantity::Delta,
};
use std::{fmt::Debug, hash::Hash};

/// Enters what one shelf has of these keys into another.
fn copy<K: Ord + Hash + Clone + Debug, V: Clone>(keys: Keys<K>, from: &Shelf<K, V>, to: &mut Shelf<K, V>) {
    for key in keys.sorted() {
        let value = from.get(&key).cloned();
        to.enter(key, value);
    }
}

impl Shop {
    /// Enters into a book what this shop knows of these keys.
    pub fn look_up(&self, wanted: ReadSet, book: &mut Book) {
        let ReadSet { catalogue, stock, customers, sales, orders, pos } = wanted;
        self.look_up_products(catalogue, book);
        self.look_up_stock(stock, book);
        let customers::Reads { summaries } = customers;
        copy(summaries, &self.book.customers.summaries, &mut book.customers.summaries);
        let sales::Reads { sales } = sales;
        copy(sales, &self.book.sales.sales, &mut book.sales.sales);
        self.look_up_orders(orders, book);
        self.look_up_deliveries(pos, book);
    }

    fn look_up_products(&self, wanted: catalogue::Reads, book: &mut Book) {
        let catalogue::Reads { products, products_to_change, skus, names, categories } = wanted;
        let (from, to) = (&self.book.catalogue, &mut book.catalogue);
        copy(products, &from.products, &mut to.products);
        for id in products_to_change.sorted() {
            let found = from.products.get(&id).cloned();
            to.products_to_change.enter(id, found.as_ref().map(|_| ()));
            to.products.enter(id, found);
        }
        copy(skus, &from.skus, &mut to.skus);
        copy(names, &from.names, &mut to.names);
        copy(categories, &from.categories, &mut to.categories);
    }

    fn look_up_stock(&self, wanted: stock::Reads, book: &mut Book) {
        let stock::Reads { locations, locations_to_change, levels, levels_of, levels_at, histories } = wanted;
        let (from, to) = (&self.book.stock, &mut book.stock);
        copy(locations, &from.locations, &mut to.locations);
        for id in locations_to_change.sorted() {
            let found = from.locations.get(&id).cloned();
            to.locations_to_change.enter(id, found.as_ref().map(|_| ()));
            to.locations.enter(id, found);
        }
        copy(levels, &from.levels, &mut to.levels);
        for product in levels_of.sorted() {
            let mut found: Vec<LocationId> = Vec::new();
            for (key, level) in from.levels.iter().filter(|((of, _), _)| *of == product) {
                to.levels.enter(*key, Some(*level));
                found.push(key.1);
            }
            to.levels_of.enter(product, Some(found));
        }
        for location in levels_at.sorted() {
            let mut found: Vec<ProductId> = Vec::new();
            for (key, level) in from.levels.iter().filter(|((_, at), _)| *at == location) {
                to.levels.enter(*key, Some(*level));
                found.push(key.0);
            }
            to.levels_at.enter(location, Some(found));
        }
        for key in histories.sorted() {
            to.histories.enter(key, Some(self.history(key)));
        }
    }

    fn history(&self, (product, location, at): (ProductId, LocationId, Instant)) -> stock::History {
        let of_level = || self.movements.iter().filter(|m| (m.product, m.location) == (product, location));
        let add = |sum: Delta, change: Delta| sum.checked_add(change).unwrap_or(sum);
        let changed = of_level().filter(|m| m.occurred_at > at).map(|m| m.change.on_hand).fold(Delta::ZERO, add);
        stock::History { changed, began_at: of_level().next().map(|first| first.occurred_at) }
    }

    fn look_up_orders(&self, wanted: orders::Reads, book: &mut Book) {
        let orders::Reads { orders, carts, promo_codes, promos, redemptions } = wanted;
        let (from, to) = (&self.book.orders, &mut book.orders);
        copy(orders, &from.orders, &mut to.orders);
        copy(carts, &from.carts, &mut to.carts);
        for code in promo_codes.sorted() {
            let id = from.promo_codes.get(&code).copied();
            if let Some(id) = id {
                to.promos.enter(id, from.promos.get(&id).cloned());
            }
            to.promo_codes.enter(code, id);
        }
        copy(promos, &from.promos, &mut to.promos);
        for (promo, customer) in redemptions.sorted() {
            let holds = self.orders_with_promo(promo).filter(|order| order.customer == customer).count();
            to.redemptions.enter((promo, customer), i64::try_from(holds).ok().filter(|holds| *holds > 0));
        }
    }

    /// The orders that hold a promo code.
    pub(super) fn orders_with_promo(&self, promo: PromoId) -> impl Iterator<Item = &crate::orders::Order> {
        let holds = move |order: &&crate::orders::Order| {
            order.holds_promo() && order.promo.as_ref().is_some_and(|applied| applied.promo == promo)
        };
        self.book.orders.orders.iter().map(|(_, order)| &**order).filter(holds)
    }

    fn look_up_deliveries(&self, wanted: pos::Reads, book: &mut Book) {
        let pos::Reads {
            owners,
            connections,
            connections_to_change,
            event_ids,
            waiting,
            events,
            mappings,
            event_movements,
        } = wanted;
        let (from, to) = (&self.book.pos, &mut book.pos);
        copy(owners, &from.owners, &mut to.owners);
        copy(connections, &from.connections, &mut to.connections);
        for id in connections_to_change.sorted() {
            let found = from.connections.get(&id).cloned();
            to.connections_to_change.enter(id, found.as_ref().map(|_| ()));
            to.connections.enter(id, found);
        }
        copy(event_ids, &from.event_ids, &mut to.event_ids);
        for key in waiting.sorted() {
            let found = self.waiting(&key);
            to.waiting.enter(key, Some(found));
        }
        copy(events, &from.events, &mut to.events);
        copy(mappings, &from.mappings, &mut to.mappings);
        copy(event_movements, &from.event_movements, &mut to.event_movements);
    }

    fn waiting(&self, (connection, external_id): &(PosConnectionId, String)) -> Vec<PosEventId> {
        let named = Reference::External(external_id.clone());
        let events = self.book.pos.events.iter().map(|(_, event)| event);
        let mut found: Vec<_> = events
            .filter(|event| event.connection == *connection && event.status == PosEventStatus::Held)
            .filter(|event| event.lines.iter().any(|line| line.product == named))
            .map(|event| (event.received_at, event.id))
            .collect();
        found.sort_unstable();
        found.into_iter().map(|(_, id)| id).collect()
    }
}
