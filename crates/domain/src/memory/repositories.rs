//! The shop in memory as the repositories of its nouns. What the ledger itself looks at is kept in its book, the rest in tables.

use super::{
    Record, Shop,
    records::{check_follows, check_unique},
};
use crate::{
    carts::{Cart, CartItem},
    catalogue::Category,
    customers::Customer,
    identity::{Principal, Role, Token, User},
    ids::{CustomerId, Id, LocationId, PosConnectionId, ProductId, PromoId, TokenId, UserId},
    instant::Instant,
    ledger::{Command, CustomerSummary, Effects, Refusal},
    pos::PosConnection,
    promos::Promo,
    repository::{
        Carts, Customers, DryRun, Entity as _, Error, LoginFailures, PosConnections, Promos, Remove, Repository,
        Result, Tokens, Users,
    },
    stock::Location,
};
use std::{ops::RangeInclusive, sync::Arc};

impl Record for Category {
    fn in_use(&self, shop: &Shop) -> Option<&'static str> {
        let mut products = shop.book.catalogue.products.iter().map(|(_, product)| product);
        let stands_in_it = |category: Option<Id<Self>>| category == Some(self.id);
        products.any(|product| product.removed_at.is_none() && stands_in_it(product.category)).then_some("products")
    }

    fn kept(&self, shop: &mut Shop) {
        shop.book.catalogue.categories.enter(self.id, Some(self.name.clone()));
    }

    fn removed(&self, shop: &mut Shop, _now: Instant) {
        shop.book.catalogue.categories.enter(self.id, None);
    }
}

impl Record for Customer {
    fn kept(&self, shop: &mut Shop) {
        let summary = CustomerSummary { name: self.name.clone(), code: self.code.clone(), is_erased: false };
        shop.book.customers.summaries.enter(self.id, Some(summary));
    }

    fn removed(&self, shop: &mut Shop, _now: Instant) {
        let summary = CustomerSummary { name: String::new(), code: self.code.clone(), is_erased: true };
        shop.book.customers.summaries.enter(self.id, Some(summary));
    }
}

impl Customers for Shop {
    fn customer_of_user(&mut self, user: UserId) -> Result<Option<Customer>> {
        Ok(self.tables.iter::<Customer>().find(|customer| customer.user == Some(user)).cloned())
    }
}

impl Record for User {
    fn removed(&self, shop: &mut Shop, now: Instant) {
        shop.password_hashes.remove(&self.id);
        shop.tokens.retain(|_, token| token.user != self.id);
        shop.book.orders.carts.enter(self.id, None);
        let own = shop.tables.iter::<Customer>().find(|customer| customer.user == Some(self.id)).cloned();
        if let Some(customer) = own {
            let _: Option<Customer> = shop.tables.take(customer.id);
            customer.removed(shop, now);
        }
    }
}

impl Users for Shop {
    fn user_by_login(&mut self, login_key: &str) -> Result<Option<(User, Option<String>)>> {
        let has_it = |user: &&User| user.unique_keys().iter().any(|(_, key)| key == login_key);
        let found = self.tables.iter::<User>().find(has_it);
        Ok(found.map(|user| (user.clone(), self.password_hashes.get(&user.id).cloned())))
    }

    fn set_password_hash(&mut self, id: UserId, password_hash: &str) -> Result<()> {
        if Repository::<User>::find(self, id)?.is_some() {
            self.password_hashes.insert(id, password_hash.to_owned());
        }
        Ok(())
    }

    fn lock_active_owners(&mut self) -> Result<Vec<UserId>> {
        let owners = self.tables.iter::<User>().filter(|user| user.active && user.role == Role::Owner);
        Ok(owners.map(|user| user.id).collect())
    }
}

impl Tokens for Shop {
    fn add_token(&mut self, token: &Token) -> Result<()> {
        self.tokens.insert(token.id, token.clone());
        Ok(())
    }

    fn principal_by_token(&mut self, hash: &[u8; 32], now: Instant) -> Result<Option<(Token, Principal)>> {
        let token = self.tokens.values().find(|token| token.hash == *hash && token.expires_at > now).cloned();
        let Some(token) = token else { return Ok(None) };
        let Some(user) = Repository::<User>::find(self, token.user)?.filter(|user| user.active) else {
            return Ok(None);
        };
        let customer = self.customer_of_user(user.id)?.map(|customer| customer.id);
        Ok(Some((token, Principal::of_user(&user, customer))))
    }

    fn revoke_token(&mut self, id: TokenId) -> Result<bool> {
        self.token_uses.remove(&id);
        Ok(self.tokens.remove(&id).is_some())
    }

    fn revoke_all_tokens(&mut self, user: UserId) -> Result<()> {
        self.tokens.retain(|_, token| token.user != user);
        Ok(())
    }

    fn note_token_use(&mut self, uses: &[(TokenId, Instant)]) -> Result<()> {
        for (id, at) in uses {
            let last = self.token_uses.entry(*id).or_insert(*at);
            *last = (*last).max(*at);
        }
        Ok(())
    }
}

impl LoginFailures for Shop {
    fn login_failures(&mut self, subjects: &[String]) -> Result<Vec<(String, u32, Instant)>> {
        let find = |subject: &String| self.login_failures.get(subject).map(|(n, last)| (subject.clone(), *n, *last));
        Ok(subjects.iter().filter_map(find).collect())
    }

    fn note_login_failures(
        &mut self,
        failures: &[(String, u32, Instant)],
        remembered: RangeInclusive<Instant>,
    ) -> Result<()> {
        for (subject, more, last) in failures {
            let before = self.login_failures.get(subject).filter(|(_, at)| remembered.contains(at)).copied();
            let count = before.map_or(0, |(count, _)| count);
            self.login_failures.insert(subject.clone(), (count.saturating_add(*more), *last));
        }
        Ok(())
    }

    fn clear_login_failures(&mut self, subjects: &[String]) -> Result<()> {
        subjects.iter().for_each(|subject| {
            self.login_failures.remove(subject);
        });
        Ok(())
    }
}

impl Repository<Location> for Shop {
    fn find(&mut self, id: LocationId) -> Result<Option<Location>> {
        Ok(self.book.location(id).map(|location| (**location).clone()))
    }

    fn add(&mut self, location: &Location) -> Result<()> {
        let all = self.book.stock.locations.iter().map(|(_, other)| &**other);
        check_unique(location, all.filter(|other| other.removed_at.is_none()))?;
        self.book.stock.locations.enter(location.id, Some(Arc::new(location.clone())));
        Ok(())
    }

    fn update(&mut self, location: &Location) -> Result<()> {
        check_follows(self.book.location(location.id).map(|kept| &**kept), location)?;
        self.add(location)
    }
}

impl Repository<PosConnection> for Shop {
    fn find(&mut self, id: PosConnectionId) -> Result<Option<PosConnection>> {
        Ok(self.book.pos.connections.get(&id).map(|connection| (**connection).clone()))
    }

    fn add(&mut self, connection: &PosConnection) -> Result<()> {
        check_unique(connection, self.book.pos.connections.iter().map(|(_, other)| &**other))?;
        self.book.pos.connections.enter(connection.id, Some(Arc::new(connection.clone())));
        Ok(())
    }

    fn update(&mut self, connection: &PosConnection) -> Result<()> {
        check_follows(self.book.pos.connections.get(&connection.id).map(|kept| &**kept), connection)?;
        self.add(connection)
    }
}

impl Remove<PosConnection> for Shop {
    fn remove(&mut self, id: PosConnectionId, _now: Instant) -> Result<()> {
        self.book.pos.connections.enter(id, None);
        self.secrets.remove(&id);
        Ok(())
    }
}

impl PosConnections for Shop {
    fn connection_secret(&mut self, id: PosConnectionId) -> Result<Option<String>> {
        Ok(self.secrets.get(&id).cloned())
    }

    fn set_connection_secret(&mut self, id: PosConnectionId, secret: &str) -> Result<()> {
        if Repository::<PosConnection>::find(self, id)?.is_some() {
            self.secrets.insert(id, secret.to_owned());
        }
        Ok(())
    }
}

impl Shop {
    fn put_promo(&mut self, promo: Promo) -> Result<()> {
        check_unique(&promo, self.book.orders.promos.iter().map(|(_, other)| &**other))?;
        self.book.orders.promo_codes.enter(promo.code_key(), Some(promo.id));
        self.book.orders.promos.enter(promo.id, Some(Arc::new(promo)));
        Ok(())
    }
}

impl Repository<Promo> for Shop {
    fn find(&mut self, id: PromoId) -> Result<Option<Promo>> {
        Ok(self.book.orders.promos.get(&id).map(|promo| (**promo).clone()))
    }

    fn add(&mut self, promo: &Promo) -> Result<()> {
        self.put_promo(Promo { times_used: 0, ..promo.clone() })
    }

    fn update(&mut self, promo: &Promo) -> Result<()> {
        let kept = self.find(promo.id)?;
        check_follows(kept.as_ref(), promo)?;
        let Some(kept) = kept else { return Err(Error::Changed) };
        self.put_promo(Promo { times_used: kept.times_used, ..promo.clone() })?;
        if kept.code_key() != promo.code_key() {
            self.book.orders.promo_codes.enter(kept.code_key(), None);
        }
        Ok(())
    }
}

impl Remove<Promo> for Shop {
    fn remove(&mut self, id: PromoId, _now: Instant) -> Result<()> {
        if let Some(kept) = self.find(id)? {
            self.book.orders.promo_codes.enter(kept.code_key(), None);
            self.book.orders.promos.enter(id, None);
        }
        Ok(())
    }
}

impl Promos for Shop {
    fn promo_by_code(&mut self, code_key: &str) -> Result<Option<Promo>> {
        match self.book.orders.promo_codes.get(&code_key.to_owned()).copied() {
            Some(id) => self.find(id),
            None => Ok(None),
        }
    }

    fn redemptions(&mut self, promo: PromoId, customer: CustomerId) -> Result<i64> {
        let holds = self.orders_with_promo(promo).filter(|order| order.customer == customer).count();
        i64::try_from(holds).map_err(|error| Error::Storage(error.into()))
    }
}

impl Shop {
    fn change_cart(&mut self, user: UserId, change: impl FnOnce(&mut Cart)) -> Result<()> {
        let mut cart = self.cart(user)?;
        change(&mut cart);
        cart.version += 1;
        self.book.orders.carts.enter(user, Some(cart));
        Ok(())
    }
}

impl DryRun for Shop {
    fn dry_run(
        &mut self,
        command: &Command,
        principal: &Principal,
        now: Instant,
    ) -> Result<std::result::Result<Effects, Refusal>> {
        Ok(Self::dry_run(self, command, principal, now))
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
            None => {
                cart.items.push(*item);
                cart.items.sort_by_key(|item| (item.added_at, item.product));
            }
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
