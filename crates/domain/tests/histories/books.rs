//! What is true of a shop's books whatever has happened.

use crate::common::*;
use crate::start::TILLS;
use crate::world::World;
use std::collections::{BTreeMap, HashMap};
use tradepost_domain::{
    carts::Cart,
    ids::{LocationId, OrderId, ProductId, SaleId},
    ledger::{Effects, orders::EmptiedCart, pos::Mapping},
    orders::OrderStatus,
    pos::PosEventStatus,
    quantity::{Delta, Quantity},
    sales::SaleStatus,
    stock::{Level, Movement, MovementKind, Source},
};

type Place = (ProductId, LocationId);

impl World {
    pub fn check(&self) {
        self.check_levels();
        self.check_orders();
        self.check_promos();
        self.check_products();
        self.check_deliveries();
        self.sales.iter().for_each(|id| self.check_sale(*id));
    }

    /// What was written is what is kept.
    pub fn check_kept(&self, effects: &Effects) {
        let book = self.shop.book();
        for product in effects.catalogue.products.iter().map(|written| &written.value) {
            assert_eq!(book.catalogue.products.get(&product.id), Some(product));
        }
        for location in effects.stock.locations.iter().map(|written| &written.value) {
            assert_eq!(book.stock.locations.get(&location.id), Some(location));
        }
        for sale in effects.sales.sales.iter().map(|written| &written.value) {
            assert_eq!(book.sales.sales.get(&sale.id), Some(sale));
        }
        for order in effects.orders.orders.iter().map(|written| &written.order.value) {
            assert_eq!(book.orders.orders.get(&order.id), Some(order));
        }
        for event in effects.pos.events.iter().map(|written| &written.value) {
            assert_eq!(book.pos.events.get(&event.id), Some(event));
        }
        if let Some(EmptiedCart { user, version, .. }) = &effects.orders.emptied_cart {
            let empty = Cart { user: *user, items: Vec::new(), promo_code: None, version: version + 1 };
            assert_eq!(book.orders.carts.get(user), Some(&empty));
        }
        if let Some(Mapping { connection, external_id, product }) = &effects.pos.mapping {
            assert_eq!(book.pos.mappings.get(&(*connection, external_id.clone())), product.as_ref());
        }
    }

    fn moved_by(&self, source: Source) -> impl Iterator<Item = &Movement> {
        self.shop.movements().iter().filter(move |movement| movement.source == Some(source))
    }

    /// Adding the ledger up gives every level, and nothing was ever promised that was not there.
    fn check_levels(&self) {
        let mut levels: HashMap<Place, Level> = HashMap::new();
        for movement in self.shop.movements() {
            let key = (movement.product, movement.location);
            let level = levels.entry(key).or_insert(Level::untouched(movement.product, movement.location));
            assert_eq!(movement.seq, level.seq + 1, "movements are numbered without gaps");
            assert_eq!(level.on_hand.after(movement.change.on_hand), Some(movement.on_hand_after));
            assert_eq!(level.reserved.after(movement.change.reserved), Some(movement.reserved_after));
            let promised = match movement.kind {
                MovementKind::Sold | MovementKind::Reserved => true,
                MovementKind::Adjusted | MovementKind::Corrected => movement.change.on_hand.is_negative(),
                _ => false,
            };
            assert!(!promised || movement.reserved_after <= movement.on_hand_after, "a promise is kept: {movement:?}");
            assert!(
                level.recorded_at.is_none_or(|last| last <= movement.recorded_at),
                "booking never goes back in time"
            );
            *level = level.after(movement);
        }
        let kept: HashMap<Place, Level> =
            self.shop.book().stock.levels.iter().map(|(key, level)| (*key, *level)).collect();
        assert_eq!(kept, levels, "replaying rebuilds every level");
        for (_, location) in
            self.shop.book().stock.locations.iter().filter(|(_, location)| location.removed_at.is_some())
        {
            let there = levels.values().filter(|level| level.location == location.id);
            assert!(
                there.into_iter().all(|l| l.on_hand.is_zero() && l.reserved.is_zero()),
                "a removed location holds nothing"
            );
        }
    }

    /// What is reserved is what open orders hold, line by line.
    fn check_orders(&self) {
        let mut held: BTreeMap<Place, i64> = BTreeMap::new();
        for id in &self.orders {
            let order = self.order(*id);
            let subtotal: i64 = order.lines.iter().map(|line| line.line_total.minor()).sum();
            assert_eq!((order.subtotal.minor(), order.discount.minor() + order.total.minor()), (subtotal, subtotal));
            assert!((0..=subtotal).contains(&order.discount.minor()));
            for line in &order.lines {
                assert!(line.restocked <= line.returned && line.returned <= line.quantity);
                if order.status.holds_stock() {
                    *held.entry((line.product, order.location)).or_default() += line.quantity.hundred_thousandths();
                }
            }
            self.check_moved(*id);
        }
        let reserved = self.shop.book().stock.levels.iter().filter(|(_, level)| !level.reserved.is_zero());
        let reserved: BTreeMap<Place, i64> =
            reserved.map(|(key, level)| (*key, level.reserved.hundred_thousandths())).collect();
        assert_eq!(reserved, held, "what is reserved is what open orders hold");
        for (id, product) in self.shop.book().catalogue.products.iter().filter(|(_, p)| p.removed_at.is_some()) {
            assert!(
                !held.keys().any(|(held, _)| held == id),
                "a removed product has nothing reserved: {}",
                product.sku
            );
        }
    }

    /// What an order took out and brought back is what it shipped and restocked.
    fn check_moved(&self, id: OrderId) {
        let order = self.order(id);
        let has_left = matches!(order.status, OrderStatus::Shipped | OrderStatus::Delivered);
        let mut out: HashMap<ProductId, i64> = HashMap::new();
        for line in &order.lines {
            let left = if has_left { line.quantity } else { Quantity::ZERO };
            *out.entry(line.product).or_default() += Delta::between(line.restocked, left).hundred_thousandths();
        }
        for movement in self.moved_by(Source::Order(id)) {
            assert_eq!(movement.location, order.location);
            *out.entry(movement.product).or_default() += movement.change.on_hand.hundred_thousandths();
        }
        assert!(out.values().all(|rest| *rest == 0), "what an order moved is what it holds: {out:?}");
    }

    /// A code is held by as many orders as it says, and by no more than it may be.
    fn check_promos(&self) {
        for code in ["TEN", "FIVE"] {
            let promo = self.shop.book().orders.promos.get(&promo_id(code)).expect("it is there");
            let holders: Vec<_> = self
                .orders
                .iter()
                .map(|id| self.order(*id))
                .filter(|order| {
                    let gave_back = matches!(order.status, OrderStatus::Rejected | OrderStatus::Cancelled);
                    !gave_back && order.promo.as_ref().is_some_and(|applied| applied.promo == promo.id)
                })
                .collect();
            assert_eq!(promo.times_used, holders.len() as i64);
            let of = |customer| holders.iter().filter(|order| order.customer == customer).count() as u32;
            assert!(promo.usage_limit.is_none_or(|limit| holders.len() as u32 <= limit));
            assert!(promo.per_customer_limit.is_none_or(|limit| of(ANN) <= limit && of(BOB) <= limit));
        }
    }

    /// Products are found by the SKUs and names they have, and by no other.
    fn check_products(&self) {
        let shelves = &self.shop.book().catalogue;
        let (mut skus, mut names) = (HashMap::new(), HashMap::new());
        for (id, product) in shelves.products.iter() {
            assert_eq!(skus.insert(product.sku.key(), *id), None, "a SKU is unique for ever");
            if product.removed_at.is_none() {
                assert_eq!(names.insert((product.category, product.name_key()), *id), None, "a name is unique");
            }
        }
        assert_eq!(shelves.skus.iter().map(|(key, id)| (key.clone(), *id)).collect::<HashMap<_, _>>(), skus);
        assert_eq!(shelves.names.iter().map(|(key, id)| (key.clone(), *id)).collect::<HashMap<_, _>>(), names);
        for movement in self.shop.movements() {
            let unit = &self.shop.book().product(movement.product).expect("what moved is a product").unit;
            assert!(
                unit.check_change(movement.change.on_hand).is_ok()
                    && unit.check_change(movement.change.reserved).is_ok()
            );
        }
    }

    /// Every delivery is found by its sender's id, and only what is applied has moved stock.
    fn check_deliveries(&self) {
        let shelves = &self.shop.book().pos;
        assert_eq!(shelves.events.iter().count(), self.events.len());
        for (id, event) in shelves.events.iter() {
            let key = (event.connection, event.webhook_id.clone());
            assert_eq!((shelves.event_ids.get(&key), shelves.owners.get(id)), (Some(id), Some(&event.connection)));
            let moved: Vec<_> = self.moved_by(Source::PosEvent(*id)).cloned().collect();
            assert!(
                moved.is_empty() || event.status == PosEventStatus::Applied,
                "only what is applied has moved stock"
            );
            assert_eq!(shelves.event_movements.get(id), Some(&moved));
            assert!(TILLS.contains(&event.connection));
        }
    }

    fn check_sale(&self, id: SaleId) {
        let sale = self.shop.book().sales.sales.get(&id).expect("it was recorded");
        let total: i64 = sale.lines.iter().map(|line| line.line_total.minor()).sum();
        assert_eq!(sale.total.minor(), total);
        assert!((0..=total).contains(&sale.refunded_total.minor()));
        let mut out: HashMap<ProductId, i64> = HashMap::new();
        for line in &sale.lines {
            assert!(line.restocked <= line.returned && line.returned <= line.quantity);
            let stays = if sale.status == SaleStatus::Voided { line.returned } else { line.quantity };
            *out.entry(line.product).or_default() += Delta::between(line.restocked, stays).hundred_thousandths();
        }
        for movement in self.moved_by(Source::Sale(id)) {
            assert_eq!(movement.location, sale.location);
            *out.entry(movement.product).or_default() += movement.change.on_hand.hundred_thousandths();
        }
        assert!(out.values().all(|rest| *rest == 0), "what a sale moved is what it holds: {out:?}");
    }

    fn order(&self, id: OrderId) -> &tradepost_domain::orders::Order {
        self.shop.book().orders.orders.get(&id).expect("it was placed")
    }
}
