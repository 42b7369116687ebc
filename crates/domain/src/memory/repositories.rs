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
        Carts, Customers, DryRun, Entity as _, Error, LoginFailures, Promos, Remove, Repository, Result, Tokens, Users,
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

    fn after_save(&self, shop: &mut Shop) {
        shop.book.catalogue.categories.enter(self.id, Some(self.name.clone()));
    }

    fn after_remove(&self, shop: &mut Shop, _now: Instant) {
        shop.book.catalogue.categories.enter(self.id, None);
    }
}

impl Record for Customer {
    fn after_save(&self, shop: &mut Shop) {
        let summary = CustomerSummary { name: self.name.clone(), code: self.code.clone(), is_erased: false };
        shop.book.customers.summaries.enter(self.id, Some(summary));
    }

    fn after_remove(&self, shop: &mut Shop, _now: Instant) {
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
    fn after_remove(&self, shop: &mut Shop, now: Instant) {
        shop.password_hashes.remove(&self.id);
        shop.tokens.retain(|_, token| token.user != self.id);
        shop.book.orders.carts.enter(self.id, None);
        let own = shop.tables.iter::<Customer>().find(|customer| customer.user == Some(self.id)).cloned();
        if let Some(customer) = own {
            let _: Option<Customer> = shop.tables.take(customer.id);
            customer.after_remove(shop, now);
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

    fn lock_password_hash(&mut self, id: UserId) -> Result<Option<String>> {
        Ok(self.password_hashes.get(&id).cloned())
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

    fn revoke_other_tokens(&mut self, user: UserId, kept: TokenId) -> Result<()> {
        self.tokens.retain(|_, token| token.user != user || token.id == kept);
        Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        customers::CustomerForm,
        identity::{Permissions, UserForm},
        promos::PromoPatch,
    };
    use uuid::Uuid;

    const NOON: Instant = Instant::from_micros(1_800_000_000_000_000);

    fn a_shop() -> Shop {
        Shop::new("EUR".parse().unwrap(), NOON)
    }

    fn id<T>(n: u128) -> Id<T> {
        Id::from_uuid(Uuid::from_u128(n))
    }

    fn a_user(shop: &mut Shop) -> User {
        let form = UserForm { username: Some("Boss".into()), email: "boss@shop.test".into(), ..UserForm::default() };
        let user = form.parse(id(7), Role::Owner, Permissions::NONE, None, NOON).unwrap();
        shop.add(&user).unwrap();
        user
    }

    #[test]
    fn a_category_with_products_cannot_be_removed() {
        let mut shop = a_shop();
        let category = Category::new(id(1), "Drinks", "", NOON).unwrap();
        shop.add(&category).unwrap();
        let tea = shop.add_product("TEA", "Tea", "2.50", "0", NOON).unwrap();
        let mut product = (**shop.book.product(tea).unwrap()).clone();
        product.category = Some(category.id);
        shop.book.catalogue.products.enter(tea, Some(Arc::new(product)));
        let refused = shop.remove(category.id, NOON);
        assert!(matches!(refused, Err(Error::InUse { by: "products" })), "{refused:?}");
    }

    #[test]
    fn removing_a_user_revokes_what_they_hold_and_erases_their_customer_record() {
        let mut shop = a_shop();
        let user = a_user(&mut shop);
        assert_eq!(shop.lock_active_owners().unwrap(), [user.id]);
        shop.set_password_hash(user.id, "hash").unwrap();
        assert_eq!(shop.user_by_login("boss").unwrap(), Some((user.clone(), Some("hash".into()))));
        let mut customer =
            CustomerForm { name: "Ann".into(), ..CustomerForm::default() }.parse(id(8), None, NOON).unwrap();
        customer.user = Some(user.id);
        shop.add(&customer).unwrap();
        let token =
            Token { id: id(9), user: user.id, hash: [1; 32], created_at: NOON, expires_at: NOON.plus_seconds(60) };
        shop.add_token(&token).unwrap();
        let (_, principal) = shop.principal_by_token(&[1; 32], NOON).unwrap().unwrap();
        assert_eq!((principal.role, principal.customer), (Role::Owner, Some(customer.id)));
        assert_eq!(shop.principal_by_token(&[1; 32], NOON.plus_seconds(60)).unwrap(), None, "it has expired");

        Remove::<User>::remove(&mut shop, user.id, NOON).unwrap();
        assert_eq!(shop.user_by_login("boss").unwrap(), None);
        assert_eq!(shop.principal_by_token(&[1; 32], NOON).unwrap(), None);
        assert_eq!(Repository::<Customer>::find(&mut shop, customer.id).unwrap(), None);
        assert!(shop.book.customers.summaries.get(&customer.id).unwrap().is_erased);
    }

    #[test]
    fn a_renamed_promo_code_is_found_by_its_new_code_alone_and_keeps_its_uses() {
        let mut shop = a_shop();
        let form = PromoPatch {
            code: Some("TEN".into()),
            name: Some("Ten".into()),
            kind: Some("percentage".into()),
            percentage: Some(Some("10".into())),
            valid_from: Some(NOON),
            valid_until: Some(NOON),
            ..PromoPatch::default()
        };
        let promo = Promo::new(id(1), &form, "EUR".parse().unwrap(), NOON).unwrap();
        shop.add(&promo).unwrap();
        let mut renamed = Promo { times_used: 5, ..promo.clone() };
        let patch = PromoPatch { code: Some("ELEVEN".into()), ..PromoPatch::default() };
        renamed.edit(&patch, "EUR".parse().unwrap(), NOON).unwrap();
        shop.update(&renamed).unwrap();
        assert_eq!(shop.promo_by_code("ten").unwrap(), None);
        assert_eq!(shop.promo_by_code("eleven").unwrap().map(|promo| promo.times_used), Some(0));
        Remove::<Promo>::remove(&mut shop, promo.id, NOON).unwrap();
        assert_eq!(shop.promo_by_code("eleven").unwrap(), None);
    }

    #[test]
    fn failures_to_log_in_add_up_while_they_are_remembered() {
        let mut shop = a_shop();
        let (subject, later) = ("account boss".to_owned(), NOON.plus_seconds(600));
        let mut fail = |at: Instant, remembered| {
            shop.note_login_failures(&[(subject.clone(), 2, at)], remembered).unwrap();
            shop.login_failures(std::slice::from_ref(&subject)).unwrap()
        };
        assert_eq!(fail(NOON, NOON..=NOON), [(subject.clone(), 2, NOON)]);
        assert_eq!(fail(later, NOON..=later), [(subject.clone(), 4, later)]);
        assert_eq!(fail(later, later.plus_seconds(1)..=later.plus_seconds(2)), [(subject.clone(), 2, later)]);
        shop.clear_login_failures(std::slice::from_ref(&subject)).unwrap();
        assert_eq!(shop.login_failures(&[subject]).unwrap(), []);
    }

    #[test]
    fn every_change_of_a_cart_raises_its_version_and_nothing_else_does() {
        let mut shop = a_shop();
        let price_seen = crate::money::Price::parse("2.50", "EUR".parse().unwrap()).unwrap();
        let item = CartItem { product: id(2), quantity: "1".parse().unwrap(), price_seen, added_at: NOON };
        let user = id(7);
        assert_eq!(shop.cart(user).unwrap().version, 0);
        shop.put_cart_item(user, &item, NOON).unwrap();
        let more = CartItem { quantity: "3".parse().unwrap(), added_at: NOON.plus_seconds(5), ..item };
        shop.put_cart_item(user, &more, NOON).unwrap();
        let cart = shop.cart(user).unwrap();
        assert_eq!((cart.version, cart.items), (2, vec![CartItem { added_at: NOON, ..more }]));
        assert!(!shop.remove_cart_item(user, id(3), NOON).unwrap());
        assert!(shop.remove_cart_item(user, id(2), NOON).unwrap());
        shop.empty_cart(user, NOON).unwrap();
        assert_eq!(shop.cart(user).unwrap().version, 4);
    }
}
