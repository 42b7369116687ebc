//! What the rules read of customers. The ledger changes none.

use super::{
    failure::Done,
    loader::{Loader, Strength, ids},
    wing::Wing,
};
use crate::{
    dialect::Sql,
    types::{Id, UuidSql},
};
use diesel::{
    QueryableByName,
    sql_types::{Bool, Text},
};
use tradepost_domain::ledger::{Book, CustomerSummary, ReadSet, customers::Reads};

pub(super) const WING: Wing = Wing { load, persist: |_, _| Ok(()) };

#[derive(QueryableByName)]
struct CardRow {
    #[diesel(sql_type = UuidSql)]
    id: Id,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    code: String,
    #[diesel(sql_type = Bool)]
    is_erased: bool,
}

fn load(loader: &mut Loader<'_>, book: &mut Book, wanted: &mut ReadSet) -> Done {
    let Reads { summaries } = std::mem::take(&mut wanted.customers);
    if summaries.is_empty() {
        return Ok(());
    }
    let summaries = summaries.sorted();
    let sql = Sql::new("SELECT id, name, code, erased_at IS NOT NULL AS is_erased FROM customers WHERE ")
        .id_in("id", ids(&summaries))
        .text(" ORDER BY id");
    // The lock that the foreign key of a new document takes anyway: nobody is erased between this and that.
    let rows: Vec<CardRow> = loader.hold(sql, Strength::Key)?;
    let found = rows
        .into_iter()
        .map(|row| (row.id.into(), CustomerSummary { name: row.name, code: row.code, is_erased: row.is_erased }));
    book.customers.summaries.enter_all(summaries, found);
    Ok(())
}
