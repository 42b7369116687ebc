//! Loads orders, carts, and the promo codes that they hold or wish for.

use super::{Loaded, corrupt, ids};
use crate::{
    carts,
    connection::Conn,
    dialect::Sql,
    ledger::rows::{HistoryRow, LineRow, OrderRow},
    promos,
    types::{Id, UuidSql},
};
use diesel::{QueryableByName, sql_types::BigInt};
use std::{collections::HashMap, sync::Arc};
use tradepost_domain::{
    ids::{OrderId, PromoId, UserId},
    ledger::{Book, Needs},
};

pub(super) fn load_orders(conn: &mut Conn, book: &mut Book, wanted: &[OrderId]) -> Loaded<()> {
    if wanted.is_empty() {
        return Ok(());
    }
    let sql = Sql::new(OrderRow::SELECT).id_in("id", ids(wanted)).text(" ORDER BY id").either(" FOR UPDATE", "");
    let orders: Vec<OrderRow> = sql.load(conn)?;
    let sql = Sql::new(LineRow::OF_ORDERS).id_in("order_id", ids(wanted)).text(" ORDER BY order_id, position");
    let mut lines: HashMap<Id, Vec<LineRow>> = HashMap::new();
    for line in sql.load::<LineRow>(conn)? {
        lines.entry(line.document_id).or_default().push(line);
    }
    let sql = Sql::new(HistoryRow::SELECT).id_in("order_id", ids(wanted)).text(" ORDER BY order_id, position");
    let mut history: HashMap<Id, Vec<HistoryRow>> = HashMap::new();
    for entry in sql.load::<HistoryRow>(conn)? {
        history.entry(entry.order_id).or_default().push(entry);
    }
    for order in orders {
        let (lines, history) = (lines.remove(&order.id), history.remove(&order.id));
        let order = order.order(lines.unwrap_or_default(), history.unwrap_or_default(), book.currency());
        book.enter_order(Arc::new(order.map_err(corrupt)?));
    }
    Ok(())
}

/// What is in a cart is read once it is locked. Who has none has nothing to place.
pub(super) fn load_carts(conn: &mut Conn, book: &mut Book, wanted: &[UserId]) -> Loaded<()> {
    if wanted.is_empty() {
        return Ok(());
    }
    let sql =
        Sql::new(carts::Row::SELECT).id_in("user_id", ids(wanted)).text(" ORDER BY user_id").either(" FOR UPDATE", "");
    let found: Vec<carts::Row> = sql.load(conn)?;
    let sql =
        Sql::new(carts::ItemRow::SELECT).id_in("user_id", ids(wanted)).text(" ORDER BY user_id, added_at, product_id");
    let mut items: HashMap<Id, Vec<carts::ItemRow>> = HashMap::new();
    for item in sql.load::<carts::ItemRow>(conn)? {
        items.entry(item.user_id).or_default().push(item);
    }
    for cart in found {
        let items = items.remove(&cart.user_id).unwrap_or_default();
        book.enter_cart(cart.cart(items, book.currency()).map_err(corrupt)?);
    }
    Ok(())
}

#[derive(QueryableByName)]
struct RedeemedRow {
    #[diesel(sql_type = UuidSql)]
    promo_id: Id,
    #[diesel(sql_type = UuidSql)]
    customer_id: Id,
    #[diesel(sql_type = BigInt)]
    n: i64,
}

/// Locks the codes that are wished for and those that orders hold; then counts how often each customer holds them.
pub(super) fn load_promos(conn: &mut Conn, book: &mut Book, needs: &Needs) -> Loaded<()> {
    if needs.promo_codes.is_empty() && needs.promos.is_empty() {
        return Ok(());
    }
    let sql = Sql::new(promos::Row::COLUMNS)
        .text("FROM promo_codes p WHERE ")
        .id_in("p.id", ids(&needs.promos))
        .text(" OR (p.removed_at IS NULL AND ")
        .text_in("p.code_key", needs.promo_codes.clone())
        .text(") ORDER BY p.id")
        .either(" FOR UPDATE", "");
    let mut usable: Vec<PromoId> = Vec::new();
    for row in sql.load::<promos::Row>(conn)? {
        // A removed code is locked, because it may be given back, but nobody finds it: another may have its name by now.
        if !row.is_removed() {
            let promo = row.promo(book.currency())?;
            usable.push(promo.id);
            book.enter_promo(Arc::new(promo));
        }
    }
    if usable.is_empty() || needs.redeemers.is_empty() {
        return Ok(());
    }
    let sql = Sql::new("SELECT promo_id, customer_id, COUNT(*) AS n FROM redemptions WHERE ")
        .id_in("promo_id", ids(&usable))
        .text(" AND ")
        .id_in("customer_id", ids(&needs.redeemers))
        .text(" GROUP BY promo_id, customer_id");
    for row in sql.load::<RedeemedRow>(conn)? {
        book.enter_redemptions(row.promo_id.into(), row.customer_id.into(), row.n);
    }
    Ok(())
}
