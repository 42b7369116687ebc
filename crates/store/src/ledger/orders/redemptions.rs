//! Keeps which orders hold which promo codes, and how often each code is used.

use crate::{
    bulk::{ToJson as _, When, Writes, insertable_rows},
    dialect::{Array, Sql},
    ledger::{failure::LedgerResult, wing::DecidedBatch},
    schema::redemptions,
    types::{At, Id},
};
use std::collections::BTreeMap;
use tradepost_domain::{
    ids::{OrderId, PromoId},
    ledger::orders::Redemption,
};

insertable_rows! {
    /// A promo code held by an order.
    RedemptionRow in redemptions {
        order_id: Id,
        promo_id: Id,
        customer_id: Id,
        redeemed_at: At,
    }
}

/// What a batch takes and gives back, as it comes out in the end. The codes were held when they were loaded.
pub(super) fn persist<'e>(writes: &mut Writes<'_, 'e>, batch: &DecidedBatch<'e>) -> LedgerResult {
    let mut uses: BTreeMap<PromoId, i64> = BTreeMap::new();
    let mut of_orders: BTreeMap<OrderId, (&Redemption, &Redemption)> = BTreeMap::new();
    for redemption in batch.effects.iter().flat_map(|effects| &effects.orders.redemptions) {
        *uses.entry(redemption.promo).or_default() += if redemption.taken { 1 } else { -1 };
        of_orders
            .entry(redemption.order)
            .and_modify(|(_, last)| *last = redemption)
            .or_insert((redemption, redemption));
    }
    uses.retain(|_, by| *by != 0);
    count_uses(writes, &uses)?;
    // What is given back first was there before.
    let given_back: Vec<Id> =
        of_orders.iter().filter(|(_, (first, _))| !first.taken).map(|(id, _)| (*id).into()).collect();
    if !given_back.is_empty() {
        let expected = Some(given_back.len());
        let sql = Sql::new("DELETE FROM redemptions WHERE ").one_of(redemptions::order_id, given_back);
        writes.run(When::First, "redemptions", expected, sql)?;
    }
    let taken = of_orders.values().filter(|(_, last)| last.taken).map(|(_, last)| RedemptionRow {
        order_id: last.order.into(),
        promo_id: last.promo.into(),
        customer_id: last.customer.into(),
        redeemed_at: last.at.into(),
    });
    writes.insert(taken.collect())?;
    Ok(())
}

fn count_uses(writes: &mut Writes<'_, '_>, uses: &BTreeMap<PromoId, i64>) -> LedgerResult {
    if uses.is_empty() {
        return Ok(());
    }
    let sql = if writes.sqlite().is_none() {
        Sql::new("UPDATE promo_codes AS p SET times_used = p.times_used + u.by FROM unnest(")
            .array(Array::Ids(uses.keys().map(|id| (*id).into()).collect()))
            .text(", ")
            .array(Array::Ints(uses.values().copied().collect()))
            .text(") AS u (id, by) WHERE p.id = u.id")
    } else {
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
    };
    writes.run(When::Then, "promo_codes", Some(uses.len()), sql)?;
    Ok(())
}
