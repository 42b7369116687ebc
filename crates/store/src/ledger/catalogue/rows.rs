//! Products as they are stored.

use crate::{
    ledger::rows::{Read, quantity},
    schema::products,
    types::{At, Id},
};
use diesel::{Queryable, Selectable};
use tradepost_domain::{
    catalogue::{Product, Unit},
    money::{Currency, Money, Price},
    sku::Sku,
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = products)]
pub(super) struct ProductRow {
    id: Id,
    sku: String,
    name: String,
    description: String,
    price: i64,
    category_id: Option<Id>,
    barcode: Option<String>,
    image_url: Option<String>,
    unit: String,
    unit_decimals: i32,
    low_stock_threshold: Option<i64>,
    enabled: bool,
    removed_at: Option<At>,
    version: i64,
    created_at: At,
    updated_at: At,
}

impl ProductRow {
    pub(super) fn product(self, currency: Currency) -> Read<Product> {
        Ok(Product {
            id: self.id.into(),
            sku: Sku::parse(&self.sku)?,
            name: self.name,
            description: self.description,
            price: Price::new(Money::from_minor(self.price, currency))?,
            category: self.category_id.map(Into::into),
            barcode: self.barcode,
            image_url: self.image_url,
            unit: Unit::new(&self.unit, u8::try_from(self.unit_decimals)?)?,
            low_stock_threshold: self.low_stock_threshold.map(quantity).transpose()?,
            enabled: self.enabled,
            removed_at: self.removed_at.map(Into::into),
            version: self.version,
            created_at: self.created_at.into(),
            updated_at: self.updated_at.into(),
        })
    }
}
