//! Keeps products that were added or changed.

use crate::{
    bulk::{Writes, insertable_rows},
    ledger::{
        failure::LedgerResult,
        wing::{DecidedBatch, latest},
    },
    types::{At, Id},
};
use tradepost_domain::{catalogue::Product, ledger::catalogue::Effects, text};

insertable_rows! {
    /// A product as it is written.
    ProductRow<'a> in products by (id) at version {
        id: Id,
        sku: &'a str,
        sku_key: String,
        name: &'a str,
        name_key: String,
        description: &'a str,
        price: i64,
        category_id: Option<Id>,
        barcode: Option<&'a str>,
        image_url: Option<&'a str>,
        unit: &'a str,
        unit_decimals: i32,
        low_stock_threshold: Option<i64>,
        enabled: bool,
        removed_at: Option<At>,
        search_text: String,
        version: i64,
        created_at: At,
        updated_at: At,
    }
}

pub(super) fn persist<'e>(writes: &mut Writes<'_, 'e>, batch: &DecidedBatch<'e>) -> LedgerResult {
    let written = batch.effects.iter().flat_map(|effects| {
        let Effects { products, category: _, levels: _ } = &effects.catalogue;
        products
    });
    let products = latest(written, |product| product.id, |product| product.version);
    let (fresh, changed): (Vec<_>, Vec<_>) = products.into_iter().partition(|product| product.is_new);
    writes.insert(fresh.iter().map(|product| row(product.value)).collect())?;
    writes.update(changed.iter().map(|product| (row(product.value), product.loaded_version)).collect())?;
    Ok(())
}

fn row(product: &Product) -> ProductRow<'_> {
    let searched =
        [product.sku.as_str(), &product.name, product.barcode.as_deref().unwrap_or(""), &product.description];
    ProductRow {
        id: product.id.into(),
        sku: product.sku.as_str(),
        sku_key: product.sku.key(),
        name: &product.name,
        name_key: product.name_key(),
        description: &product.description,
        price: product.price.money().minor(),
        category_id: product.category.map(Id::from),
        barcode: product.barcode.as_deref(),
        image_url: product.image_url.as_deref(),
        unit: product.unit.name(),
        unit_decimals: i32::from(product.unit.decimals()),
        low_stock_threshold: product.low_stock_threshold.map(|quantity| quantity.hundred_thousandths()),
        enabled: product.enabled,
        removed_at: product.removed_at.map(At::from),
        search_text: text::fold(&searched.join("\n")),
        version: product.version,
        created_at: product.created_at.into(),
        updated_at: product.updated_at.into(),
    }
}
