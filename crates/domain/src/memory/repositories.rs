//! The shop in memory as the repositories of its nouns. What is unique is found by looking at everything, for a shop in memory is small.

use super::Shop;
use crate::{
    carts::{Cart, CartItem},
    catalogue::Category,
    customers::Customer,
    ids::{CategoryId, CustomerId, LocationId, PosConnectionId, ProductId, PromoId, UserId},
    instant::Instant,
    ledger::CustomerSummary,
    pos::PosConnection,
    promos::Promo,
    repository::{Carts, Categories, Customers, Error, Locations, PosConnections, Promos, Result},
    stock::Location,
    text,
};
use std::sync::Arc;

/// Refuses a value that another one has.
fn unique(is_taken: bool, field: &'static str) -> Result<()> {
    if is_taken { Err(Error::Duplicate { field }) } else { Ok(()) }
}

/// Refuses an edit of another version than the one that is kept.
fn follows(kept: Option<i64>, edited: i64) -> Result<()> {
    if kept == Some(edited - 1) { Ok(()) } else { Err(Error::Changed) }
}

impl Shop {
    fn check_category(&self, category: &Category) -> Result<()> {
        let key = text::fold(&category.name);
        let same = |other: &Category| other.id != category.id && text::fold(&other.name) == key;
        unique(self.categories.values().any(same), "name")
    }

    fn check_location(&self, location: &Location) -> Result<()> {
        let others =
            || self.book.stock.locations.iter().map(|(_, other)| other).filter(|other| other.id != location.id);
        let in_use = || others().filter(|other| other.removed_at.is_none());
        unique(in_use().any(|other| text::fold(&other.code) == text::fold(&location.code)), "code")?;
        unique(in_use().any(|other| text::fold(&other.name) == text::fold(&location.name)), "name")
    }

    fn keep_customer(&mut self, customer: &Customer) -> Result<()> {
        let same = |other: &Customer| other.id != customer.id && text::fold(&other.code) == text::fold(&customer.code);
        unique(self.customers.values().any(same), "code")?;
        let card = CustomerSummary { name: customer.name.clone(), code: customer.code.clone(), is_erased: false };
        self.book.customers.summaries.enter(customer.id, Some(card));
        self.customers.insert(customer.id, customer.clone());
        Ok(())
    }

    fn keep_connection(&mut self, connection: &PosConnection) -> Result<()> {
        let key = text::fold(&connection.name);
        let same = |other: &Arc<PosConnection>| other.id != connection.id && text::fold(&other.name) == key;
        unique(self.book.pos.connections.iter().any(|(_, other)| same(other)), "name")?;
        self.book.pos.connections.enter(connection.id, Some(Arc::new(connection.clone())));
        Ok(())
    }

    fn keep_promo(&mut self, promo: &Promo) -> Result<()> {
        let taken = self.book.orders.promo_codes.get(&promo.code_key()).is_some_and(|id| *id != promo.id);
        unique(taken, "code")?;
        self.book.orders.promo_codes.enter(promo.code_key(), Some(promo.id));
        self.book.orders.promos.enter(promo.id, Some(Arc::new(promo.clone())));
        Ok(())
    }

    fn change_cart(&mut self, user: UserId, change: impl FnOnce(&mut Cart)) -> Result<()> {
        let mut cart = self.cart(user)?;
        change(&mut cart);
        cart.version += 1;
        self.book.orders.carts.enter(user, Some(cart));
        Ok(())
    }
}

impl Categories for Shop {
    fn category(&mut self, id: CategoryId) -> Result<Option<Category>> {
        Ok(self.categories.get(&id).cloned())
    }

    fn add_category(&mut self, category: &Category) -> Result<()> {
        self.check_category(category)?;
        self.book.catalogue.categories.enter(category.id, Some(category.name.clone()));
        self.categories.insert(category.id, category.clone());
        Ok(())
    }

    fn update_category(&mut self, category: &Category) -> Result<()> {
        follows(self.categories.get(&category.id).map(|kept| kept.version), category.version)?;
        self.add_category(category)
    }

    fn remove_category(&mut self, id: CategoryId) -> Result<()> {
        let mut products = self.book.catalogue.products.iter().map(|(_, product)| product);
        if products.any(|product| product.removed_at.is_none() && product.category == Some(id)) {
            return Err(Error::InUse { by: "products" });
        }
        self.book.catalogue.categories.enter(id, None);
        self.categories.remove(&id);
        Ok(())
    }
}

impl Locations for Shop {
    fn location(&mut self, id: LocationId) -> Result<Option<Location>> {
        Ok(self.book.location(id).map(|location| (**location).clone()))
    }

    fn add_location(&mut self, location: &Location) -> Result<()> {
        self.check_location(location)?;
        self.book.stock.locations.enter(location.id, Some(Arc::new(location.clone())));
        Ok(())
    }

    fn update_location(&mut self, location: &Location) -> Result<()> {
        follows(self.book.location(location.id).map(|kept| kept.version), location.version)?;
        self.add_location(location)
    }
}

impl Customers for Shop {
    fn customer(&mut self, id: CustomerId) -> Result<Option<Customer>> {
        Ok(self.customers.get(&id).cloned())
    }

    fn customer_of_user(&mut self, user: UserId) -> Result<Option<Customer>> {
        Ok(self.customers.values().find(|customer| customer.user == Some(user)).cloned())
    }

    fn add_customer(&mut self, customer: &Customer) -> Result<()> {
        self.keep_customer(customer)
    }

    fn update_customer(&mut self, customer: &Customer) -> Result<()> {
        follows(self.customers.get(&customer.id).map(|kept| kept.version), customer.version)?;
        self.keep_customer(customer)
    }

    fn erase_customer(&mut self, id: CustomerId, _now: Instant) -> Result<()> {
        if let Some(customer) = self.customers.remove(&id) {
            let card = CustomerSummary { name: String::new(), code: customer.code, is_erased: true };
            self.book.customers.summaries.enter(id, Some(card));
        }
        Ok(())
    }
}

impl PosConnections for Shop {
    fn connection(&mut self, id: PosConnectionId) -> Result<Option<PosConnection>> {
        Ok(self.book.pos.connections.get(&id).map(|connection| (**connection).clone()))
    }

    fn connection_secret(&mut self, id: PosConnectionId) -> Result<Option<String>> {
        Ok(self.secrets.get(&id).cloned())
    }

    fn add_connection(&mut self, connection: &PosConnection, secret: &str) -> Result<()> {
        self.keep_connection(connection)?;
        self.secrets.insert(connection.id, secret.to_owned());
        Ok(())
    }

    fn update_connection(&mut self, connection: &PosConnection) -> Result<()> {
        follows(self.book.pos.connections.get(&connection.id).map(|kept| kept.version), connection.version)?;
        self.keep_connection(connection)
    }

    fn remove_connection(&mut self, id: PosConnectionId, _now: Instant) -> Result<()> {
        self.book.pos.connections.enter(id, None);
        self.secrets.remove(&id);
        Ok(())
    }
}

impl Promos for Shop {
    fn promo(&mut self, id: PromoId) -> Result<Option<Promo>> {
        Ok(self.book.orders.promos.get(&id).map(|promo| (**promo).clone()))
    }

    fn promo_by_code(&mut self, code_key: &str) -> Result<Option<Promo>> {
        match self.book.orders.promo_codes.get(&code_key.to_owned()).copied() {
            Some(id) => self.promo(id),
            None => Ok(None),
        }
    }

    fn redemptions(&mut self, promo: PromoId, customer: CustomerId) -> Result<i64> {
        let holds = self.holders(promo).filter(|order| order.customer == customer).count();
        i64::try_from(holds).map_err(|error| Error::Storage(error.into()))
    }

    fn add_promo(&mut self, promo: &Promo) -> Result<()> {
        self.keep_promo(promo)
    }

    fn update_promo(&mut self, promo: &Promo) -> Result<()> {
        let kept = self.promo(promo.id)?;
        follows(kept.as_ref().map(|kept| kept.version), promo.version)?;
        let Some(kept) = kept else { return Err(Error::Changed) };
        self.keep_promo(&Promo { times_used: kept.times_used, ..promo.clone() })?;
        if kept.code_key() != promo.code_key() {
            self.book.orders.promo_codes.enter(kept.code_key(), None);
        }
        Ok(())
    }

    fn remove_promo(&mut self, id: PromoId, _now: Instant) -> Result<()> {
        if let Some(kept) = self.promo(id)? {
            self.book.orders.promo_codes.enter(kept.code_key(), None);
            self.book.orders.promos.enter(id, None);
        }
        Ok(())
    }
}

impl Carts for Shop {
    fn cart(&mut self, user: UserId) -> Result<Cart> {
        let cart = self.book.orders.carts.get(&user).cloned();
        Ok(cart.unwrap_or(Cart { user, items: Vec::new(), promo_code: None, version: 0 }))
    }

    fn lock_cart(&mut self, user: UserId, _now: Instant) -> Result<Cart> {
        self.cart(user)
    }

    fn put_cart_item(&mut self, user: UserId, item: &CartItem, _now: Instant) -> Result<()> {
        self.change_cart(user, |cart| match cart.items.iter_mut().find(|known| known.product == item.product) {
            Some(known) => *known = CartItem { added_at: known.added_at, ..*item },
            None => cart.items.push(*item),
        })
    }

    fn remove_cart_item(&mut self, user: UserId, product: ProductId, _now: Instant) -> Result<bool> {
        let is_in = self.cart(user)?.items.iter().any(|item| item.product == product);
        if is_in {
            self.change_cart(user, |cart| cart.items.retain(|item| item.product != product))?;
        }
        Ok(is_in)
    }

    fn set_cart_promo(&mut self, user: UserId, code: Option<&str>, _now: Instant) -> Result<()> {
        self.change_cart(user, |cart| cart.promo_code = code.map(str::to_owned))
    }

    fn empty_cart(&mut self, user: UserId, _now: Instant) -> Result<()> {
        self.change_cart(user, |cart| (cart.items, cart.promo_code) = (Vec::new(), None))
    }
}
