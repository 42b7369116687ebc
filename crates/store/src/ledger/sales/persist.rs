//! Keeps sales with their lines.

use crate::{
    bulk::{When, Writes, insertable_rows},
    dialect::Sql,
    ledger::{
        failure::LedgerResult,
        wing::{DecidedBatch, latest, position},
    },
    schema::sale_lines,
    types::{At, Id},
};
use tradepost_domain::{
    ledger::sales::Effects,
    sales::{Buyer, Sale},
};

insertable_rows! {
    /// A sale as it is written, without its lines.
    SaleRow<'a> in sales by (id) at version {
        id: Id,
        number: i64,
        status: &'a str,
        location_id: Id,
        customer_id: Option<Id>,
        customer_name: Option<&'a str>,
        sold_by: Option<Id>,
        total: i64,
        refunded_total: i64,
        reason: Option<&'a str>,
        version: i64,
        occurred_at: At,
        created_at: At,
        updated_at: At,
    }
    /// A line of a sale.
    LineRow<'a> in sale_lines {
        id: Id,
        sale_id: Id,
        position: i32,
        product_id: Id,
        sku: &'a str,
        name: &'a str,
        quantity: i64,
        refunded_quantity: i64,
        restocked_quantity: i64,
        unit_price: i64,
        line_total: i64,
    }
}

/// Keeps the sales, and the lines of those that have new ones.
pub(super) fn persist<'e>(writes: &mut Writes<'_, 'e>, batch: &DecidedBatch<'e>) -> LedgerResult {
    // A sale that one batch records and then changes is kept as it is at the end.
    let written = batch.effects.iter().flat_map(|effects| {
        let Effects { sales } = &effects.sales;
        sales
    });
    let sales = latest(written, |sale| sale.id, |sale| sale.version);
    let rewritten: Vec<Id> = sales.iter().filter(|s| s.has_new_lines && !s.is_new).map(|s| s.value.id.into()).collect();
    if !rewritten.is_empty() {
        let sql = Sql::new("DELETE FROM sale_lines WHERE ").one_of(sale_lines::sale_id, rewritten);
        writes.run(When::First, "sale_lines", None, sql)?;
    }
    let (fresh, changed): (Vec<_>, Vec<_>) = sales.iter().partition(|sale| sale.is_new);
    writes.update(changed.iter().map(|sale| (sale_row(sale.value), sale.loaded_version)).collect())?;
    writes.insert(fresh.iter().map(|sale| sale_row(sale.value)).collect())?;
    let lines = sales.iter().filter(|sale| sale.has_new_lines).flat_map(|sale| line_rows(sale.value));
    writes.insert(lines.collect())?;
    Ok(())
}

fn buyer_columns(buyer: Option<&Buyer>) -> (Option<Id>, Option<&str>) {
    match buyer {
        Some(Buyer::Customer(id)) => (Some((*id).into()), None),
        Some(Buyer::Named(name)) => (None, Some(name)),
        None => (None, None),
    }
}

fn sale_row(sale: &Sale) -> SaleRow<'_> {
    let (customer_id, customer_name) = buyer_columns(sale.buyer.as_ref());
    SaleRow {
        id: sale.id.into(),
        number: sale.number,
        status: sale.status.as_str(),
        location_id: sale.location.into(),
        customer_id,
        customer_name,
        sold_by: sale.sold_by.map(Into::into),
        total: sale.total.minor(),
        refunded_total: sale.refunded_total.minor(),
        reason: sale.reason.as_deref(),
        version: sale.version,
        occurred_at: sale.occurred_at.into(),
        created_at: sale.created_at.into(),
        updated_at: sale.updated_at.into(),
    }
}

fn line_rows(sale: &Sale) -> impl Iterator<Item = LineRow<'_>> {
    sale.lines.iter().enumerate().map(|(index, line)| LineRow {
        id: line.id.into(),
        sale_id: sale.id.into(),
        position: position(index),
        product_id: line.product.into(),
        sku: line.sku.as_str(),
        name: &line.name,
        quantity: line.quantity.hundred_thousandths(),
        refunded_quantity: line.returned.hundred_thousandths(),
        restocked_quantity: line.restocked.hundred_thousandths(),
        unit_price: line.unit_price.money().minor(),
        line_total: line.line_total.minor(),
    })
}
