//! Keeps orders with their lines and history, and the carts that were emptied for them.

use super::redemptions;
use crate::{
    bulk::{When, Writes, insertable_rows},
    dialect::Sql,
    ledger::{
        failure::LedgerResult,
        rows::actor_columns,
        wing::{DecidedBatch, latest, position},
    },
    promos::TermsColumns,
    schema::{cart_items, carts, order_lines},
    types::{At, Id},
};
use std::collections::HashMap;
use tradepost_domain::{ids::OrderId, ledger::orders::Effects, orders::Order, text};

insertable_rows! {
    /// An order as it is written, without its lines and history.
    OrderRow<'a> in orders by (id) at version {
        id: Id,
        number: i64,
        status: &'a str,
        customer_id: Id,
        placed_by: Option<Id>,
        subtotal: i64,
        discount: i64,
        total: i64,
        promo_id: Option<Id>,
        promo_code: Option<&'a str>,
        promo_code_key: Option<String>,
        promo_kind: Option<&'a str>,
        promo_amount: Option<i64>,
        promo_percentage_hundredths: Option<i64>,
        promo_max_discount: Option<i64>,
        promo_minimum_subtotal: Option<i64>,
        notes: Option<&'a str>,
        location_id: Id,
        hidden_at: Option<At>,
        search_text: String,
        version: i64,
        created_at: At,
        updated_at: At,
    }
    /// A line of an order.
    LineRow<'a> in order_lines {
        id: Id,
        order_id: Id,
        position: i32,
        product_id: Id,
        sku: &'a str,
        name: &'a str,
        quantity: i64,
        returned_quantity: i64,
        restocked_quantity: i64,
        unit_price: i64,
        line_total: i64,
    }
    /// A step of an order's history.
    HistoryRow<'a> in order_history {
        order_id: Id,
        position: i32,
        status: &'a str,
        at: At,
        actor_type: &'a str,
        actor_id: Option<Id>,
        reason: Option<&'a str>,
    }
}

pub(super) fn persist<'e>(writes: &mut Writes<'_, 'e>, batch: &DecidedBatch<'e>) -> LedgerResult {
    redemptions::persist(writes, batch)?;
    write_orders(writes, batch)?;
    empty_carts(writes, batch)
}

fn write_orders<'e>(writes: &mut Writes<'_, 'e>, batch: &DecidedBatch<'e>) -> LedgerResult {
    // An order that one batch places and then changes is kept as it is at the end, with all the steps it took.
    let all = || {
        batch.effects.iter().flat_map(|effects| {
            // What is redeemed is kept beside, carts below; a quote is for the answer.
            let Effects { orders, redemptions: _, emptied_cart: _, quote: _ } = &effects.orders;
            orders
        })
    };
    let mut new_steps: HashMap<OrderId, usize> = HashMap::new();
    for written in all() {
        *new_steps.entry(written.order.value.id).or_default() += written.new_steps;
    }
    let orders = latest(all().map(|written| &written.order), |order| order.id, |order| order.version);
    let rewritten: Vec<Id> =
        orders.iter().filter(|o| o.has_new_lines && !o.is_new).map(|o| o.value.id.into()).collect();
    if !rewritten.is_empty() {
        let sql = Sql::new("DELETE FROM order_lines WHERE ").one_of(order_lines::order_id, rewritten);
        writes.run(When::First, "order_lines", None, sql)?;
    }
    let (fresh, changed): (Vec<_>, Vec<_>) = orders.iter().partition(|order| order.is_new);
    writes.update(changed.iter().map(|order| (order_row(order.value), order.loaded_version)).collect())?;
    writes.insert(fresh.iter().map(|order| order_row(order.value)).collect())?;
    let lines = orders.iter().filter(|order| order.has_new_lines).flat_map(|order| line_rows(order.value));
    writes.insert(lines.collect())?;
    let steps = |id: OrderId| new_steps.get(&id).copied().unwrap_or_default();
    let history = orders.iter().flat_map(|order| history_rows(order.value, steps(order.value.id)));
    writes.insert(history.collect())?;
    Ok(())
}

fn empty_carts(writes: &mut Writes<'_, '_>, batch: &DecidedBatch<'_>) -> LedgerResult {
    let emptied: Vec<_> = batch.effects.iter().filter_map(|effects| effects.orders.emptied_cart.as_ref()).collect();
    // All of a batch happens at one time, and a cart that was emptied is empty.
    let Some(at) = emptied.first().map(|cart| At::from(cart.at)) else { return Ok(()) };
    let users: Vec<Id> = emptied.iter().map(|cart| cart.user.into()).collect();
    let sql = Sql::new("UPDATE carts SET promo_code = NULL, version = version + 1, updated_at = ")
        .with(at)
        .text(" WHERE ")
        .one_of(carts::user_id, users.clone());
    writes.run(When::Then, "carts", Some(users.len()), sql)?;
    writes.run(
        When::Then,
        "cart_items",
        None,
        Sql::new("DELETE FROM cart_items WHERE ").one_of(cart_items::user_id, users),
    )?;
    Ok(())
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

/// The last steps of an order's history: so many are new.
fn history_rows(order: &Order, new_steps: usize) -> impl Iterator<Item = HistoryRow<'_>> {
    let noted = order.history.len().saturating_sub(new_steps);
    order.history.iter().enumerate().skip(noted).map(|(index, entry)| {
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
