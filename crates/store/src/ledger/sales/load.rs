//! Loads sales with their lines.

use super::rows::SaleRow;
use crate::{
    dialect::Sql,
    ledger::{
        failure::{LedgerResult, corrupt},
        loader::{Loader, Strength, by_document, ids},
        rows::SaleLineRow,
    },
    schema::{sale_lines, sales},
};
use std::sync::Arc;
use tradepost_domain::ledger::{Book, ReadSet, sales::Reads};

pub(super) fn load(loader: &mut Loader<'_>, book: &mut Book, wanted: &mut ReadSet) -> LedgerResult {
    let Reads { sales } = std::mem::take(&mut wanted.sales);
    if sales.is_empty() {
        return Ok(());
    }
    let wanted = sales.sorted();
    let sql = Sql::select::<SaleRow>().text(" FROM sales WHERE ").one_of(sales::id, ids(&wanted)).text(" ORDER BY id");
    let rows: Vec<SaleRow> = loader.read_locked(sql, Strength::Alone)?;
    let sql = Sql::select::<SaleLineRow>()
        .text(" FROM sale_lines WHERE ")
        .one_of(sale_lines::sale_id, ids(&wanted))
        .text(" ORDER BY sale_id, position");
    let mut lines = by_document(loader.read(sql)?, |line| line.sale_id);
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        let lines = lines.remove(&row.id).unwrap_or_default();
        let sale = row.sale(lines, loader.currency()).map_err(corrupt)?;
        found.push((sale.id, Arc::new(sale)));
    }
    book.sales.sales.enter_all(wanted, found);
    Ok(())
}
