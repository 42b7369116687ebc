//! Keeping orders with their lines and history, what they redeem, and the carts that were emptied for them.

use super::{Kept, again, position};
use crate::{
    connection::Conn,
    dialect::{Array, Sql},
    ledger::{
        insert::{Rows as _, ToJson, insertable_rows},
        rows::actor_columns,
    },
    promos::TermsColumns,
    types::{At, Id, InstantSql, UuidSql},
};
use diesel::{
    QueryableByName,
    sql_types::{BigInt, Integer, Nullable, Text},
};
use std::collections::{BTreeMap, HashMap};
use tradepost_domain::{
    ids::{OrderId, PromoId},
    ledger::{Effects, Redemption},
    orders::Order,
    text,
};

insertable_rows! {
    /// An order.
    OrderRow<'a> in orders {
        id: Id as UuidSql,
        number: i64 as BigInt,
        status: &'a str as Text,
        customer_id: Id as UuidSql,
        placed_by: Option<Id> as Nullable<UuidSql>,
        subtotal: i64 as BigInt,
        discount: i64 as BigInt,
        total: i64 as BigInt,
        promo_id: Option<Id> as Nullable<UuidSql>,
        promo_code: Option<&'a str> as Nullable<Text>,
        promo_code_key: Option<String> as Nullable<Text>,
        promo_kind: Option<&'a str> as Nullable<Text>,
        promo_amount: Option<i64> as Nullable<BigInt>,
        promo_percentage_hundredths: Option<i64> as Nullable<BigInt>,
        promo_max_discount: Option<i64> as Nullable<BigInt>,
        promo_minimum_subtotal: Option<i64> as Nullable<BigInt>,
        notes: Option<&'a str> as Nullable<Text>,
        location_id: Id as UuidSql,
        hidden_at: Option<At> as Nullable<InstantSql>,
        search_text: String as Text,
        version: i64 as BigInt,
        created_at: At as InstantSql,
        updated_at: At as InstantSql,
    }
    /// A line of an order.
    LineRow<'a> in order_lines {
        id: Id as UuidSql,
        order_id: Id as UuidSql,
        position: i32 as Integer,
        product_id: Id as UuidSql,
        sku: &'a str as Text,
        name: &'a str as Text,
        quantity: i64 as BigInt,
        returned_quantity: i64 as BigInt,
        restocked_quantity: i64 as BigInt,
        unit_price: i64 as BigInt,
        line_total: i64 as BigInt,
    }
    /// A step of an order's history.
    HistoryRow<'a> in order_history {
        order_id: Id as UuidSql,
        position: i32 as Integer,
        status: &'a str as Text,
        at: At as InstantSql,
        actor_type: &'a str as Text,
        actor_id: Option<Id> as Nullable<UuidSql>,
        reason: Option<&'a str> as Nullable<Text>,
    }
    /// A promo code held by an order.
    RedemptionRow in redemptions {
        order_id: Id as UuidSql,
        promo_id: Id as UuidSql,
        customer_id: Id as UuidSql,
        redeemed_at: At as InstantSql,
    }
}

pub(super) fn keep(conn: &mut Conn, effects: &[Effects]) -> Kept {
    keep_redemptions(conn, effects)?;
    keep_orders(conn, effects)?;
    empty_carts(conn, effects)
}

fn keep_orders(conn: &mut Conn, effects: &[Effects]) -> Kept {
    // An order that one batch places and then changes is kept as it is at the end.
    let mut last: BTreeMap<OrderId, (bool, &Order)> = BTreeMap::new();
    for order in effects.iter().flat_map(|e| &e.orders) {
        let is_new = last.get(&order.value.id).map_or(order.is_new, |(is_new, _)| *is_new);
        last.insert(order.value.id, (is_new, &order.value));
    }
    let (fresh, changed): (Vec<_>, Vec<_>) = last.values().copied().partition(|(is_new, _)| *is_new);
    let noted = forget_lines(conn, changed.iter().map(|(_, order)| order.id.into()).collect())?;
    // Number, customer, location, who placed it and when stay as they were. Their rows were locked when they were loaded.
    if OrderRow::update_all(conn, changed.iter().map(|(_, order)| order_row(order)).collect())? != changed.len() {
        return Err(again("order"));
    }
    OrderRow::insert_all(conn, fresh.iter().map(|(_, order)| order_row(order)).collect())?;
    LineRow::insert_all(conn, last.values().flat_map(|(_, order)| line_rows(order)).collect())?;
    let history = last.values().flat_map(|(_, order)| {
        let noted = noted.get(&order.id.into()).copied().unwrap_or_default();
        history_rows(order).skip(noted)
    });
    HistoryRow::insert_all(conn, history.collect())?;
    Ok(())
}

#[derive(QueryableByName)]
struct NotedRow {
    #[diesel(sql_type = UuidSql)]
    order_id: Id,
    #[diesel(sql_type = BigInt)]
    n: i64,
}

/// Deletes the lines of changed orders, which are written anew, and says how many steps of each are noted already: those stay.
fn forget_lines(conn: &mut Conn, changed: Vec<Id>) -> Result<HashMap<Id, usize>, crate::ledger::batch::Failure> {
    if changed.is_empty() {
        return Ok(HashMap::new());
    }
    Sql::new("DELETE FROM order_lines WHERE ").id_in("order_id", changed.clone()).execute(conn)?;
    let sql = Sql::new("SELECT order_id, COUNT(*) AS n FROM order_history WHERE ")
        .id_in("order_id", changed)
        .text(" GROUP BY order_id");
    let noted: Vec<NotedRow> = sql.load(conn)?;
    Ok(noted.into_iter().map(|row| (row.order_id, usize::try_from(row.n).unwrap_or_default())).collect())
}

fn order_row(order: &Order) -> OrderRow<'_> {
    let promo = order.promo.as_ref();
    let terms = promo.map(|applied| TermsColumns::from(&applied.terms));
    OrderRow {
        id: order.id.into(),
        number: order.number,
        status: order.status.as_str(),
        customer_id: order.customer.into(),
        placed_by: order.placed_by.map(Into::into),
        subtotal: order.subtotal.minor(),
        discount: order.discount.minor(),
        total: order.total.minor(),
        promo_id: promo.map(|applied| applied.promo.into()),
        promo_code: promo.map(|applied| applied.code.as_str()),
        promo_code_key: promo.map(|applied| text::fold(&applied.code)),
        promo_kind: terms.map(|terms| terms.kind),
        promo_amount: terms.and_then(|terms| terms.amount),
        promo_percentage_hundredths: terms.and_then(|terms| terms.percentage_hundredths),
        promo_max_discount: terms.and_then(|terms| terms.max_discount),
        promo_minimum_subtotal: terms.and_then(|terms| terms.minimum_subtotal),
        notes: order.notes.as_deref(),
        location_id: order.location.into(),
        hidden_at: order.hidden_at.map(Into::into),
        search_text: searched(order),
        version: order.version,
        created_at: order.created_at.into(),
        updated_at: order.updated_at.into(),
    }
}

/// The words by which an order is found, besides its customer's.
fn searched(order: &Order) -> String {
    let mut words = order.notes.clone().unwrap_or_default();
    for line in &order.lines {
        for word in [line.sku.as_str(), &line.name] {
            words.push('\n');
            words.push_str(word);
        }
    }
    text::fold(&words)
}

fn line_rows(order: &Order) -> impl Iterator<Item = LineRow<'_>> {
    order.lines.iter().enumerate().map(|(index, line)| LineRow {
        id: line.id.into(),
        order_id: order.id.into(),
        position: position(index),
        product_id: line.product.into(),
        sku: line.sku.as_str(),
        name: &line.name,
        quantity: line.quantity.hundred_thousandths(),
        returned_quantity: line.returned.hundred_thousandths(),
        restocked_quantity: line.restocked.hundred_thousandths(),
        unit_price: line.unit_price.money().minor(),
        line_total: line.line_total.minor(),
    })
}

fn history_rows(order: &Order) -> impl Iterator<Item = HistoryRow<'_>> {
    order.history.iter().enumerate().map(|(index, entry)| {
        let (actor_type, actor_id) = actor_columns(entry.by);
        HistoryRow {
            order_id: order.id.into(),
            position: position(index),
            status: entry.status.as_str(),
            at: entry.at.into(),
            actor_type,
            actor_id,
            reason: entry.reason.as_deref(),
        }
    })
}

/// What a batch takes and gives back, as it comes out in the end. The codes were locked when they were loaded.
fn keep_redemptions(conn: &mut Conn, effects: &[Effects]) -> Kept {
    let mut uses: BTreeMap<PromoId, i64> = BTreeMap::new();
    let mut of_orders: BTreeMap<OrderId, (&Redemption, &Redemption)> = BTreeMap::new();
    for redemption in effects.iter().flat_map(|e| &e.redemptions) {
        *uses.entry(redemption.promo).or_default() += if redemption.taken { 1 } else { -1 };
        of_orders
            .entry(redemption.order)
            .and_modify(|(_, last)| *last = redemption)
            .or_insert((redemption, redemption));
    }
    uses.retain(|_, by| *by != 0);
    count_uses(conn, &uses)?;
    // What is given back first was there before.
    let given_back: Vec<Id> =
        of_orders.iter().filter(|(_, (first, _))| !first.taken).map(|(id, _)| (*id).into()).collect();
    if !given_back.is_empty() {
        let wanted = given_back.len();
        let deleted = Sql::new("DELETE FROM redemptions WHERE ").id_in("order_id", given_back).execute(conn)?;
        if deleted != wanted {
            return Err(again("redemption"));
        }
    }
    let taken = of_orders.values().filter(|(_, last)| last.taken).map(|(_, last)| RedemptionRow {
        order_id: last.order.into(),
        promo_id: last.promo.into(),
        customer_id: last.customer.into(),
        redeemed_at: last.at.into(),
    });
    RedemptionRow::insert_all(conn, taken.collect())?;
    Ok(())
}

fn count_uses(conn: &mut Conn, uses: &BTreeMap<PromoId, i64>) -> Kept {
    if uses.is_empty() {
        return Ok(());
    }
    let changed = match conn {
        Conn::Pg(_) => Sql::new("UPDATE promo_codes AS p SET times_used = p.times_used + u.by FROM unnest(")
            .array(Array::Ids(uses.keys().map(|id| (*id).into()).collect()))
            .text(", ")
            .array(Array::Ints(uses.values().copied().collect()))
            .text(") AS u (id, by) WHERE p.id = u.id")
            .execute(conn)?,
        Conn::Lite(_) => {
            let mut rows = String::from("[");
            for (id, by) in uses {
                rows.push_str(if rows.len() == 1 { "[" } else { ",[" });
                Id::from(*id).to_json(&mut rows);
                rows.push(',');
                by.to_json(&mut rows);
                rows.push(']');
            }
            rows.push(']');
            Sql::new("UPDATE promo_codes SET times_used = times_used + (u.value ->> 1) FROM json_each(")
                .with(rows)
                .text(") AS u WHERE promo_codes.id = unhex(u.value ->> 0)")
                .execute(conn)?
        }
    };
    if changed == uses.len() { Ok(()) } else { Err(again("promo code")) }
}

fn empty_carts(conn: &mut Conn, effects: &[Effects]) -> Kept {
    let emptied: Vec<Id> = effects.iter().filter_map(|e| e.emptied_cart).map(Into::into).collect();
    // All of a batch happens at one time.
    let at = effects.iter().filter(|e| e.emptied_cart.is_some()).flat_map(|e| &e.orders).next();
    let (false, Some(order)) = (emptied.is_empty(), at) else { return Ok(()) };
    let wanted = emptied.len();
    let changed = Sql::new("UPDATE carts SET promo_code = NULL, version = version + 1, updated_at = ")
        .with(At::from(order.value.updated_at))
        .text(" WHERE ")
        .id_in("user_id", emptied.clone())
        .execute(conn)?;
    Sql::new("DELETE FROM cart_items WHERE ").id_in("user_id", emptied).execute(conn)?;
    if changed == wanted { Ok(()) } else { Err(again("cart")) }
}
