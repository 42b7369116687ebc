//! Keeping sales and their lines.

use super::{Kept, MovementRow, again, position};
use crate::{
    connection::Conn,
    dialect::Sql,
    ledger::insert::{Rows as _, insert_together, insertable_rows},
    types::{At, Id, InstantSql, UuidSql},
};
use diesel::sql_types::{BigInt, Integer, Nullable, Text};
use std::collections::HashMap;
use tradepost_domain::{
    ids::SaleId,
    ledger::Effects,
    sales::{Buyer, Sale},
};

insertable_rows! {
    /// A sale.
    SaleRow<'a> in sales {
        id: Id as UuidSql,
        number: i64 as BigInt,
        status: &'a str as Text,
        location_id: Id as UuidSql,
        customer_id: Option<Id> as Nullable<UuidSql>,
        customer_name: Option<&'a str> as Nullable<Text>,
        sold_by: Option<Id> as Nullable<UuidSql>,
        total: i64 as BigInt,
        refunded_total: i64 as BigInt,
        reason: Option<&'a str> as Nullable<Text>,
        version: i64 as BigInt,
        occurred_at: At as InstantSql,
        created_at: At as InstantSql,
        updated_at: At as InstantSql,
    }
    /// A line of a sale.
    LineRow<'a> in sale_lines {
        id: Id as UuidSql,
        sale_id: Id as UuidSql,
        position: i32 as Integer,
        product_id: Id as UuidSql,
        sku: &'a str as Text,
        name: &'a str as Text,
        quantity: i64 as BigInt,
        refunded_quantity: i64 as BigInt,
        restocked_quantity: i64 as BigInt,
        unit_price: i64 as BigInt,
        line_total: i64 as BigInt,
    }
}

/// Keeps the sales, and the batch's movements with them.
pub(super) fn keep(conn: &mut Conn, effects: &[Effects], movements: Vec<MovementRow<'_>>) -> Kept {
    // A sale that one batch records and then changes is kept as it is at the end.
    let mut last: HashMap<SaleId, (bool, &Sale)> = HashMap::new();
    let mut order = Vec::new();
    for sale in effects.iter().flat_map(|e| &e.sales) {
        let known = last.get(&sale.value.id).map(|(is_new, _)| *is_new);
        if known.is_none() {
            order.push(sale.value.id);
        }
        last.insert(sale.value.id, (known.unwrap_or(sale.is_new), &sale.value));
    }
    let sales: Vec<(bool, &Sale)> = order.iter().filter_map(|id| last.get(id).copied()).collect();
    let (fresh, changed): (Vec<_>, Vec<_>) = sales.iter().copied().partition(|(is_new, _)| *is_new);
    // Number, location, seller and times of what happened stay as they were recorded. Their rows were locked when they were loaded.
    if SaleRow::update_all(conn, changed.iter().map(|(_, sale)| sale_row(sale)).collect())? != changed.len() {
        return Err(again("sale"));
    }
    if !changed.is_empty() {
        let ids = changed.iter().map(|(_, sale)| sale.id.into()).collect();
        Sql::new("DELETE FROM sale_lines WHERE ").id_in("sale_id", ids).execute(conn)?;
    }
    let new_sales: Vec<_> = fresh.iter().map(|(_, sale)| sale_row(sale)).collect();
    let lines: Vec<_> = sales.iter().flat_map(|(_, sale)| line_rows(sale)).collect();
    insert_together(conn, (new_sales, lines, movements))?;
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
