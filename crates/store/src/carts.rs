//! Carts: each user's row and its items. Placing what is in one, and emptying it then, is the ledger's; what anything costs is never here.

use crate::{
    StoreError,
    connection::Conn,
    dialect::on_both,
    dialect::replace_nul,
    list::unreadable,
    schema::{cart_items, carts},
    session::Session,
    types::{At, Id},
};
use diesel::{dsl::exists, prelude::*, upsert::excluded};
use std::error::Error;
use tradepost_domain::{
    carts::{Cart, CartItem},
    ids::{ProductId, UserId},
    instant::Instant,
    money::{Currency, Money, Price},
    quantity::Quantity,
    repository::{self, Carts},
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = carts)]
pub(crate) struct Row {
    pub(crate) user_id: Id,
    promo_code: Option<String>,
    version: i64,
}

impl Row {
    pub(crate) fn cart(self, items: Vec<ItemRow>, currency: Currency) -> Result<Cart, Box<dyn Error + Send + Sync>> {
        let items = items.into_iter().map(|item| item.item(currency)).collect::<Result<_, _>>()?;
        Ok(Cart { user: self.user_id.into(), items, promo_code: self.promo_code, version: self.version })
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = cart_items)]
pub(crate) struct ItemRow {
    pub(crate) user_id: Id,
    product_id: Id,
    quantity: i64,
    price_seen: i64,
    added_at: At,
}

impl ItemRow {
    fn item(self, currency: Currency) -> Result<CartItem, Box<dyn Error + Send + Sync>> {
        Ok(CartItem {
            product: self.product_id.into(),
            quantity: Quantity::from_hundred_thousandths(self.quantity)?,
            price_seen: Price::new(Money::from_minor(self.price_seen, currency))?,
            added_at: self.added_at.into(),
        })
    }
}

/// Makes the cart where there is none (of version 0), and counts a change where it is one. Either way its row is locked until the unit of
/// work ends: whoever places the cart meanwhile waits, or has placed it before.
fn lock(conn: &mut Conn, user: UserId, is_change: bool, now: Instant) -> QueryResult<usize> {
    let new = (
        carts::user_id.eq(Id::from(user)),
        carts::version.eq(i64::from(is_change)),
        carts::updated_at.eq(At::from(now)),
    );
    let cart = diesel::insert_into(carts::table).values(new).on_conflict(carts::user_id).do_update();
    if is_change {
        let changed = (carts::version.eq(carts::version + 1), carts::updated_at.eq(excluded(carts::updated_at)));
        let cart = cart.set(changed);
        on_both!(conn, c => cart.execute(c))
    } else {
        let cart = cart.set(carts::version.eq(carts::version));
        on_both!(conn, c => cart.execute(c))
    }
}

/// Removes a user's cart with all that is in it.
pub(crate) fn remove(session: &mut Session<'_>, user: UserId) -> Result<(), StoreError> {
    let user = Id::from(user);
    // The cart is locked before its items are touched, as everywhere.
    let cart = diesel::update(carts::table.find(user)).set(carts::promo_code.eq(None::<String>));
    session.run(|conn| cart.execute(conn))?;
    let items = diesel::delete(cart_items::table.filter(cart_items::user_id.eq(user)));
    session.run(|conn| items.execute(conn))?;
    session.run(|conn| diesel::delete(carts::table.find(user)).execute(conn))?;
    Ok(())
}

impl Session<'_> {
    /// Counts a change of a user's cart, and holds it fast.
    fn change_cart(&mut self, user: UserId, now: Instant) -> Result<(), StoreError> {
        self.run(|conn| lock(conn, user, true, now))?;
        Ok(())
    }
}

impl Carts for Session<'_> {
    fn cart(&mut self, user: UserId) -> repository::Result<Cart> {
        let currency = self.currency()?;
        let cart = carts::table.find(Id::from(user)).select(Row::as_select());
        let Some(cart) = self.run(|conn| cart.first(conn).optional())? else {
            return Ok(Cart { user, items: Vec::new(), promo_code: None, version: 0 });
        };
        let items = cart_items::table
            .filter(cart_items::user_id.eq(Id::from(user)))
            .order((cart_items::added_at, cart_items::product_id))
            .select(ItemRow::as_select());
        let items = self.run(|conn| items.load(conn))?;
        Ok(cart.cart(items, currency).map_err(|error| unreadable("cart", error))?)
    }

    fn lock_cart(&mut self, user: UserId, now: Instant) -> repository::Result<Cart> {
        self.run(|conn| lock(conn, user, false, now))?;
        self.cart(user)
    }

    fn put_cart_item(&mut self, user: UserId, item: &CartItem, now: Instant) -> repository::Result<()> {
        self.change_cart(user, now)?;
        let row = ItemRow {
            user_id: user.into(),
            product_id: item.product.into(),
            quantity: item.quantity.hundred_thousandths(),
            price_seen: item.price_seen.money().minor(),
            added_at: item.added_at.into(),
        };
        let item = diesel::insert_into(cart_items::table)
            .values(&row)
            .on_conflict((cart_items::user_id, cart_items::product_id))
            .do_update()
            .set((
                cart_items::quantity.eq(excluded(cart_items::quantity)),
                cart_items::price_seen.eq(excluded(cart_items::price_seen)),
            ));
        self.run(|conn| on_both!(conn, c => item.execute(c)))?;
        Ok(())
    }

    fn remove_cart_item(&mut self, user: UserId, product: ProductId, now: Instant) -> repository::Result<bool> {
        let item = cart_items::table.find((Id::from(user), Id::from(product)));
        // Only where it is in: that it is not changes nothing.
        let cart = carts::table.find(Id::from(user)).filter(exists(item));
        let change = (carts::version.eq(carts::version + 1), carts::updated_at.eq(At::from(now)));
        if self.run(|conn| diesel::update(cart).set(change).execute(conn))? == 0 {
            return Ok(false);
        }
        Ok(self.run(|conn| diesel::delete(item).execute(conn))? == 1)
    }

    fn set_cart_promo(&mut self, user: UserId, code: Option<&str>, now: Instant) -> repository::Result<()> {
        self.change_cart(user, now)?;
        let cart = diesel::update(carts::table.find(Id::from(user)))
            .set(carts::promo_code.eq(code.map(|code| replace_nul(code.to_owned()))));
        self.run(|conn| cart.execute(conn))?;
        Ok(())
    }

    fn empty_cart(&mut self, user: UserId, now: Instant) -> repository::Result<()> {
        self.set_cart_promo(user, None, now)?;
        let items = diesel::delete(cart_items::table.filter(cart_items::user_id.eq(Id::from(user))));
        self.run(|conn| items.execute(conn))?;
        Ok(())
    }
}
