//! Keeps products that were added or changed.

use crate::{
    bulk::{Writes, insertable_rows},
    ledger::{
        failure::Done,
        wing::{Kept, latest},
    },
    types::{At, Id, InstantSql, UuidSql},
};
use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text};
use tradepost_domain::{catalogue::Product, ledger::catalogue::Effects, text};

insertable_rows! {
    /// A product.
    ProductRow<'a> in products {
        id: Id as UuidSql,
        sku: &'a str as Text,
        sku_key: String as Text,
        name: &'a str as Text,
        name_key: String as Text,
        description: &'a str as Text,
        price: i64 as BigInt,
        category_id: Option<Id> as Nullable<UuidSql>,
        barcode: Option<&'a str> as Nullable<Text>,
        image_url: Option<&'a str> as Nullable<Text>,
        unit: &'a str as Text,
        unit_decimals: i32 as Integer,
        low_stock_threshold: Option<i64> as Nullable<BigInt>,
        enabled: bool as Bool,
        removed_at: Option<At> as Nullable<InstantSql>,
        search_text: String as Text,
        version: i64 as BigInt,
        created_at: At as InstantSql,
        updated_at: At as InstantSql,
    }
}

pub(super) fn persist<'e>(writes: &mut Writes<'_, 'e>, kept: &Kept<'e>) -> Done {
    let written = kept.effects.iter().flat_map(|effects| {
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
