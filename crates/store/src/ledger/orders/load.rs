//! Loads orders, carts, and the promo codes that they hold or wish for.

use super::rows::{HistoryRow, OrderRow};
use crate::{
    carts,
    dialect::Sql,
    ledger::{
        failure::{LedgerResult, corrupt},
        loader::{Loader, Strength, by_document, ids},
        rows::OrderLineRow,
    },
    promos,
    schema::{self, order_history, order_lines, orders, promo_codes, redemptions},
    types::Id,
};
use diesel::{Queryable, Selectable, dsl::count_star};
use std::{collections::HashSet, sync::Arc};
use tradepost_domain::{
    ids::{CustomerId, OrderId, PromoId, UserId},
    ledger::{Book, ReadSet, orders::Reads},
};

pub(super) fn load(loader: &mut Loader<'_>, book: &mut Book, wanted: &mut ReadSet) -> LedgerResult {
    let Reads { orders, carts, promo_codes, promos, redemptions } = std::mem::take(&mut wanted.orders);
    if !orders.is_empty() {
        load_orders(loader, book, orders.sorted())?;
    }
    if !carts.is_empty() {
        load_carts(loader, book, carts.sorted())?;
    }
    if !(promo_codes.is_empty() && promos.is_empty()) {
        load_promos(loader, book, promo_codes.sorted(), promos.sorted())?;
    }
    if !redemptions.is_empty() {
        count_redemptions(loader, book, redemptions.sorted())?;
    }
    Ok(())
}

fn load_orders(loader: &mut Loader<'_>, book: &mut Book, wanted: Vec<OrderId>) -> LedgerResult {
    let sql =
        Sql::select::<OrderRow>().text(" FROM orders WHERE ").one_of(orders::id, ids(&wanted)).text(" ORDER BY id");
    let rows: Vec<OrderRow> = loader.read_locked(sql, Strength::Alone)?;
    let sql = Sql::select::<OrderLineRow>()
        .text(" FROM order_lines WHERE ")
        .one_of(order_lines::order_id, ids(&wanted))
        .text(" ORDER BY order_id, position");
    let mut lines = by_document(loader.read(sql)?, |line| line.order_id);
    let sql = Sql::select::<HistoryRow>()
        .text(" FROM order_history WHERE ")
        .one_of(order_history::order_id, ids(&wanted))
        .text(" ORDER BY order_id, position");
    let mut history = by_document(loader.read(sql)?, |entry| entry.order_id);
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        let (lines, history) = (lines.remove(&row.id), history.remove(&row.id));
        let order = row.order(lines.unwrap_or_default(), history.unwrap_or_default(), loader.currency());
        let order = order.map_err(corrupt)?;
        found.push((order.id, Arc::new(order)));
    }
    book.orders.orders.enter_all(wanted, found);
    Ok(())
}

/// What is in a cart is read once it is held. Who has none has nothing to place.
fn load_carts(loader: &mut Loader<'_>, book: &mut Book, wanted: Vec<UserId>) -> LedgerResult {
    let sql = Sql::select::<carts::Row>()
        .text(" FROM carts WHERE ")
        .one_of(schema::carts::user_id, ids(&wanted))
        .text(" ORDER BY user_id");
    let rows = loader.read_locked(sql, Strength::Alone)?;
    let sql = Sql::select::<carts::ItemRow>()
        .text(" FROM cart_items WHERE ")
        .one_of(schema::cart_items::user_id, ids(&wanted))
        .text(" ORDER BY user_id, added_at, product_id");
    let mut items = by_document(loader.read(sql)?, |item| item.user_id);
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        let items = items.remove(&row.user_id).unwrap_or_default();
        let cart = row.cart(items, loader.currency()).map_err(corrupt)?;
        found.push((cart.user, cart));
    }
    book.orders.carts.enter_all(wanted, found);
    Ok(())
}

/// Holds the codes that are wished for and those that orders hold, in one order.
fn load_promos(loader: &mut Loader<'_>, book: &mut Book, codes: Vec<String>, wanted: Vec<PromoId>) -> LedgerResult {
    let sql = Sql::select::<promos::Row>()
        .text(" FROM promo_codes WHERE ")
        .one_of(promo_codes::id, ids(&wanted))
        .text(" OR (removed_at IS NULL AND ")
        .one_of_texts(promo_codes::code_key, codes.clone())
        .text(") ORDER BY id");
    let rows = loader.read_locked(sql, Strength::Alone)?;
    let mut usable = Vec::with_capacity(rows.len());
    for row in rows {
        // A removed code is held, because it may be given back, but nobody finds it: another may have its name by now.
        if !row.is_removed() {
            usable.push(row.promo(loader.currency())?);
        }
    }
    let asked: HashSet<&String> = codes.iter().collect();
    let by_code: Vec<_> = usable.iter().map(|promo| (promo.code_key(), promo.id)).collect();
    let by_code: Vec<_> = by_code.into_iter().filter(|(key, _)| asked.contains(key)).collect();
    book.orders.promo_codes.enter_all(codes, by_code);
    book.orders.promos.enter_all(wanted, usable.into_iter().map(|promo| (promo.id, Arc::new(promo))));
    Ok(())
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = redemptions)]
struct RedeemedRow {
    promo_id: Id,
    customer_id: Id,
    #[diesel(select_expression = count_star())]
    times: i64,
}

/// How often each customer holds each code, counted once the codes are held.
fn count_redemptions(loader: &mut Loader<'_>, book: &mut Book, wanted: Vec<(PromoId, CustomerId)>) -> LedgerResult {
    let (promos, customers): (Vec<Id>, Vec<Id>) =
        wanted.iter().map(|(promo, customer)| (Id::from(*promo), Id::from(*customer))).unzip();
    let sql = Sql::select::<RedeemedRow>()
        .text(" FROM redemptions JOIN ")
        .id_pairs(promos, customers)
        .text(" ON promo_id = w.p AND customer_id = w.q GROUP BY promo_id, customer_id");
    let rows = loader.read(sql)?;
    let found = rows.into_iter().map(|row| ((row.promo_id.into(), row.customer_id.into()), row.times));
    book.orders.redemptions.enter_all(wanted, found);
    Ok(())
}
