//! Loads products and what they are looked up by.

use super::rows::ProductRow;
use crate::{
    dialect::Sql,
    ledger::{
        failure::{LedgerResult, corrupt},
        loader::{Loader, Strength, ids},
    },
    schema::{categories, products},
    types::Id,
};
use diesel::{Queryable, Selectable};
use std::sync::Arc;
use tradepost_domain::{
    catalogue::Product,
    ids::{CategoryId, ProductId},
    ledger::{Book, ReadSet, catalogue::Reads},
};

pub(super) fn load(loader: &mut Loader<'_>, book: &mut Book, wanted: &mut ReadSet) -> LedgerResult {
    let Reads { products, products_to_change, skus, names, categories } = std::mem::take(&mut wanted.catalogue);
    if !skus.is_empty() {
        load_skus(loader, book, skus.sorted())?;
    }
    if !products_to_change.is_empty() {
        let wanted = products_to_change.sorted();
        let sql = of_ids(&wanted).text(" ORDER BY id");
        let rows = loader.read_locked(sql, Strength::Alone)?;
        let found = read(loader, rows)?;
        book.catalogue.products_to_change.enter_all(wanted.iter().copied(), found.iter().map(|(id, _)| (*id, ())));
        book.catalogue.products.enter_all(wanted, found);
    }
    if !products.is_empty() {
        let wanted = products.sorted();
        let rows = loader.read(of_ids(&wanted))?;
        book.catalogue.products.enter_all(wanted, read(loader, rows)?);
    }
    if !names.is_empty() {
        load_names(loader, book, names.sorted())?;
    }
    if !categories.is_empty() {
        load_categories(loader, book, categories.sorted())?;
    }
    Ok(())
}

fn read(loader: &Loader<'_>, rows: Vec<ProductRow>) -> LedgerResult<Vec<(ProductId, Arc<Product>)>> {
    let read = |row: ProductRow| {
        let product = row.product(loader.currency()).map_err(corrupt)?;
        Ok((product.id, Arc::new(product)))
    };
    rows.into_iter().map(read).collect()
}

fn of_ids(wanted: &[ProductId]) -> Sql<ProductRow> {
    Sql::select().text(" FROM products WHERE ").one_of(products::id, ids(wanted))
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = products)]
struct SkuRow {
    id: Id,
    sku_key: String,
}

fn load_skus(loader: &mut Loader<'_>, book: &mut Book, wanted: Vec<String>) -> LedgerResult {
    let sql = Sql::select::<SkuRow>().text(" FROM products WHERE ").one_of_texts(products::sku_key, wanted.clone());
    let rows = loader.read(sql)?;
    book.catalogue.skus.enter_all(wanted, rows.into_iter().map(|row| (row.sku_key, row.id.into())));
    Ok(())
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = products)]
struct NameRow {
    id: Id,
    category_id: Option<Id>,
    name_key: String,
}

fn load_names(loader: &mut Loader<'_>, book: &mut Book, wanted: Vec<(Option<CategoryId>, String)>) -> LedgerResult {
    let names = wanted.iter().map(|(_, name)| name.clone()).collect();
    let sql = Sql::select::<NameRow>()
        .text(" FROM products WHERE removed_at IS NULL AND ")
        .one_of_texts(products::name_key, names);
    let rows = loader.read(sql)?;
    let found = rows.into_iter().map(|row| ((row.category_id.map(Into::into), row.name_key), row.id.into()));
    book.catalogue.names.enter_all(wanted, found);
    Ok(())
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = categories)]
struct CategoryRow {
    id: Id,
    name: String,
}

fn load_categories(loader: &mut Loader<'_>, book: &mut Book, wanted: Vec<CategoryId>) -> LedgerResult {
    let sql = Sql::select::<CategoryRow>()
        .text(" FROM categories WHERE ")
        .one_of(categories::id, ids(&wanted))
        .text(" ORDER BY id");
    // A category that a product is put in must not be removed meanwhile by another replica.
    let rows = loader.read_locked(sql, Strength::Key)?;
    book.catalogue.categories.enter_all(wanted, rows.into_iter().map(|row| (row.id.into(), row.name)));
    Ok(())
}
