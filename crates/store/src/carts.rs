//! Carts. Placing what is in one, and emptying it, is the ledger's.

use crate::{
    StoreError,
    dialect::Sql,
    list::unreadable,
    session::Session,
    types::{At, Id, InstantSql, UuidSql},
};
use diesel::{
    QueryableByName,
    sql_types::{BigInt, Nullable, Text},
};
use std::error::Error;
use tradepost_domain::{
    carts::{Cart, CartItem},
    ids::{ProductId, UserId},
    instant::Instant,
    money::{Currency, Money, Price},
    quantity::Quantity,
    repository::{self, Carts},
};

#[derive(QueryableByName)]
pub(crate) struct Row {
    #[diesel(sql_type = UuidSql)]
    pub(crate) user_id: Id,
    #[diesel(sql_type = Nullable<Text>)]
    promo_code: Option<String>,
    #[diesel(sql_type = BigInt)]
    version: i64,
}

impl Row {
    pub(crate) const SELECT: &'static str = "SELECT user_id, promo_code, version FROM carts WHERE ";

    pub(crate) fn cart(self, items: Vec<ItemRow>, currency: Currency) -> Result<Cart, Box<dyn Error + Send + Sync>> {
        let items = items.into_iter().map(|item| item.item(currency)).collect::<Result<_, _>>()?;
        Ok(Cart { user: self.user_id.into(), items, promo_code: self.promo_code, version: self.version })
    }
}

#[derive(QueryableByName)]
pub(crate) struct ItemRow {
    #[diesel(sql_type = UuidSql)]
    pub(crate) user_id: Id,
    #[diesel(sql_type = UuidSql)]
    product_id: Id,
    #[diesel(sql_type = BigInt)]
    quantity: i64,
    #[diesel(sql_type = BigInt)]
    price_seen: i64,
    #[diesel(sql_type = InstantSql)]
    added_at: At,
}

impl ItemRow {
    pub(crate) const SELECT: &'static str =
        "SELECT user_id, product_id, quantity, price_seen, added_at FROM cart_items WHERE ";

    fn item(self, currency: Currency) -> Result<CartItem, Box<dyn Error + Send + Sync>> {
        Ok(CartItem {
            product: self.product_id.into(),
            quantity: Quantity::from_hundred_thousandths(self.quantity)?,
            price_seen: Price::new(Money::from_minor(self.price_seen, currency))?,
            added_at: self.added_at.into(),
        })
    }
}

/// Counts a change, and by that holds the cart fast: whoever places it meanwhile waits, or has placed it before.
fn touch(session: &mut Session<'_>, user: UserId, now: Instant) -> Result<(), StoreError> {
    let sql = Sql::new("INSERT INTO carts (user_id, version, updated_at) VALUES (")
        .with(Id::from(user))
        .text(", 1, ")
        .with(now)
        .text(") ON CONFLICT (user_id) DO UPDATE SET version = carts.version + 1, updated_at = excluded.updated_at");
    session.execute(sql).map(|_| ())
}

fn remove_items(session: &mut Session<'_>, user: UserId) -> Result<usize, StoreError> {
    session.execute(Sql::new("DELETE FROM cart_items WHERE user_id = ").with(Id::from(user)))
}

/// Removes all that is known of somebody's wishes.
pub(crate) fn erase(session: &mut Session<'_>, user: UserId) -> Result<(), StoreError> {
    // The cart is locked before its items are touched, as everywhere.
    session.execute(Sql::new("UPDATE carts SET promo_code = NULL WHERE user_id = ").with(Id::from(user)))?;
    remove_items(session, user)?;
    session.execute(Sql::new("DELETE FROM carts WHERE user_id = ").with(Id::from(user))).map(|_| ())
}

impl Carts for Session<'_> {
    fn cart(&mut self, user: UserId) -> repository::Result<Cart> {
        let currency = self.currency()?;
        let sql = Sql::new(Row::SELECT).text("user_id = ").with(Id::from(user));
        let Some(cart) = self.first::<Row>(sql)? else {
            return Ok(Cart { user, items: Vec::new(), promo_code: None, version: 0 });
        };
        let sql =
            Sql::new(ItemRow::SELECT).text("user_id = ").with(Id::from(user)).text(" ORDER BY added_at, product_id");
        let items = self.load::<ItemRow>(sql)?;
        Ok(cart.cart(items, currency).map_err(|error| unreadable("cart", error))?)
    }

    fn lock_cart(&mut self, user: UserId, now: Instant) -> repository::Result<Cart> {
        let sql = Sql::new("INSERT INTO carts (user_id, version, updated_at) VALUES (")
            .with(Id::from(user))
            .text(", 0, ")
            .with(now)
            .text(") ON CONFLICT (user_id) DO UPDATE SET version = carts.version");
        self.execute(sql)?;
        self.cart(user)
    }

    fn put_cart_item(&mut self, user: UserId, item: &CartItem, now: Instant) -> repository::Result<()> {
        touch(self, user, now)?;
        let sql = Sql::new("INSERT INTO cart_items (user_id, product_id, quantity, price_seen, added_at) VALUES (")
            .list([
                Id::from(user).into(),
                Id::from(item.product).into(),
                item.quantity.hundred_thousandths().into(),
                item.price_seen.money().minor().into(),
                item.added_at.into(),
            ])
            .text(") ON CONFLICT (user_id, product_id) DO UPDATE SET quantity = excluded.quantity, price_seen = excluded.price_seen");
        self.execute(sql)?;
        Ok(())
    }

    fn remove_cart_item(&mut self, user: UserId, product: ProductId, now: Instant) -> repository::Result<bool> {
        touch(self, user, now)?;
        let sql = Sql::new("DELETE FROM cart_items WHERE user_id = ")
            .with(Id::from(user))
            .text(" AND product_id = ")
            .with(Id::from(product));
        Ok(self.execute(sql)? == 1)
    }

    fn set_cart_promo(&mut self, user: UserId, code: Option<&str>, now: Instant) -> repository::Result<()> {
        touch(self, user, now)?;
        let sql = Sql::new("UPDATE carts SET promo_code = ")
            .with(code.map(str::to_owned))
            .text(" WHERE user_id = ")
            .with(Id::from(user));
        self.execute(sql)?;
        Ok(())
    }

    fn empty_cart(&mut self, user: UserId, now: Instant) -> repository::Result<()> {
        self.set_cart_promo(user, None, now)?;
        remove_items(self, user)?;
        Ok(())
    }
}
