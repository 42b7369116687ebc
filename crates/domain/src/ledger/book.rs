//! What commands are decided by: the rows they asked for, in memory. Nothing is looked up in here, and nothing decided.

use super::{Effects, Missing, ReadSet, Stop, catalogue, customers, orders, pos, sales, stock};
use crate::{
    catalogue::Product,
    ids::{LocationId, ProductId},
    money::Currency,
    sku::Sku,
    stock::{Level, Location},
};
use std::sync::Arc;

/// The books, as far as somebody asked to see them. A book is strict: it knows the difference between "there is none" and "nobody looked",
/// and a rule that reads what it did not require panics instead of taking it for nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Book {
    currency: Currency,
    default_location: LocationId,
    /// What is known of products and categories.
    pub catalogue: catalogue::Shelves,
    /// What is known of locations, levels and their histories.
    pub stock: stock::Shelves,
    /// What is known of customers, as far as documents show them.
    pub customers: customers::Shelves,
    /// What is known of sales over the counter.
    pub sales: sales::Shelves,
    /// Orders, carts, promo codes.
    pub orders: orders::Shelves,
    /// Tills and their deliveries.
    pub pos: pos::Shelves,
}

impl Book {
    /// A book in which nobody has looked anything up, of a shop with this currency and default location.
    pub fn new(currency: Currency, default_location: LocationId) -> Self {
        Self {
            currency,
            default_location,
            catalogue: catalogue::Shelves::default(),
            stock: stock::Shelves::default(),
            customers: customers::Shelves::default(),
            sales: sales::Shelves::default(),
            orders: orders::Shelves::default(),
            pos: pos::Shelves::default(),
        }
    }

    /// The currency of every amount in these books.
    pub const fn currency(&self) -> Currency {
        self.currency
    }

    /// Where a request means that names no location.
    pub const fn default_location(&self) -> LocationId {
        self.default_location
    }

    /// Stops with whatever of this is not known yet.
    pub(super) fn require(&self, say: impl FnOnce(&mut ReadSet)) -> Result<(), Stop> {
        self.ask(say, false)
    }

    /// The same, for the last time in this rule: once this is known the command can be decided.
    pub(super) fn require_last(&self, say: impl FnOnce(&mut ReadSet)) -> Result<(), Stop> {
        self.ask(say, true)
    }

    fn ask(&self, say: impl FnOnce(&mut ReadSet), is_last: bool) -> Result<(), Stop> {
        let mut wanted = ReadSet::default();
        say(&mut wanted);
        wanted.drop_known(self);
        if wanted.is_empty() { Ok(()) } else { Err(Stop::Missing(Box::new(Missing { wanted, is_last }))) }
    }

    /// A product, removed ones too.
    pub fn product(&self, id: ProductId) -> Option<&Arc<Product>> {
        self.catalogue.products.get(&id)
    }

    /// A location that is in use.
    pub fn location(&self, id: LocationId) -> Option<&Arc<Location>> {
        self.stock.locations.get(&id).filter(|location| location.removed_at.is_none())
    }

    /// How much there is of a product at a location; nothing where it was never there.
    pub fn level(&self, product: ProductId, location: LocationId) -> Level {
        let level = self.stock.levels.get(&(product, location));
        level.copied().unwrap_or(Level::untouched(product, location))
    }

    /// The SKU of a product that something else names, so that it exists.
    ///
    /// # Panics
    /// Where it does not: the books contradict themselves.
    #[expect(clippy::expect_used, reason = "rows of the ledger name products that are never deleted")]
    pub(super) fn sku(&self, product: ProductId) -> Sku {
        self.product(product).expect("what moved is a product").sku.clone()
    }

    /// Makes the effects of a decision part of the book. Nothing else changes a book once it is being decided by, and this cannot fail:
    /// each shelf stays true, or forgets the key.
    pub fn apply(&mut self, effects: &Effects) {
        // Messages and the audit log are read by no rule.
        let Effects { catalogue, stock, sales, orders, pos, messages: _, audit: _, names: _ } = effects;
        self.catalogue.apply(catalogue);
        self.stock.apply(stock);
        self.sales.apply(sales);
        self.orders.apply(orders);
        self.pos.apply(pos, &stock.movements);
    }
}
