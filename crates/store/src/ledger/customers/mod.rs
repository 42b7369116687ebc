//! What the rules read of customers. The ledger changes none.

use super::{
    failure::LedgerResult,
    loader::{Loader, Strength, ids},
    wing::Wing,
};
use crate::{
    dialect::Sql,
    schema::customers,
    types::{At, Id},
};
use diesel::{Queryable, Selectable};
use tradepost_domain::ledger::{Book, CustomerSummary, ReadSet, customers::Reads};

pub(super) const WING: Wing = Wing { load, persist: |_, _| Ok(()) };

#[derive(Queryable, Selectable)]
#[diesel(table_name = customers)]
struct SummaryRow {
    id: Id,
    name: String,
    code: String,
    erased_at: Option<At>,
}

fn load(loader: &mut Loader<'_>, book: &mut Book, wanted: &mut ReadSet) -> LedgerResult {
    let Reads { summaries } = std::mem::take(&mut wanted.customers);
    if summaries.is_empty() {
        return Ok(());
    }
    let summaries = summaries.sorted();
    let sql = Sql::select::<SummaryRow>()
        .text(" FROM customers WHERE ")
        .one_of(customers::id, ids(&summaries))
        .text(" ORDER BY id");
    // The lock that the foreign key of a new document takes anyway: nobody is erased between this and that.
    let rows = loader.read_locked(sql, Strength::Key)?;
    let found = rows.into_iter().map(|row| {
        (row.id.into(), CustomerSummary { name: row.name, code: row.code, is_erased: row.erased_at.is_some() })
    });
    book.customers.summaries.enter_all(summaries, found);
    Ok(())
}
