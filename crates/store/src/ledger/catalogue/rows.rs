//! Products as they are stored.

use crate::{
    ledger::rows::{Read, quantity},
    types::{At, Id, InstantSql, UuidSql},
};
use diesel::{
    QueryableByName,
    sql_types::{BigInt, Bool, Integer, Nullable, Text},
};
use tradepost_domain::{
    catalogue::{Product, Unit},
    money::{Currency, Money, Price},
    sku::Sku,
};

#[derive(QueryableByName)]
pub(super) struct ProductRow {
    #[diesel(sql_type = UuidSql)]
    id: Id,
    #[diesel(sql_type = Text)]
    sku: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    description: String,
    #[diesel(sql_type = BigInt)]
    price: i64,
    #[diesel(sql_type = Nullable<UuidSql>)]
    category_id: Option<Id>,
    #[diesel(sql_type = Nullable<Text>)]
    barcode: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    image_url: Option<String>,
    #[diesel(sql_type = Text)]
    unit: String,
    #[diesel(sql_type = Integer)]
    unit_decimals: i32,
    #[diesel(sql_type = Nullable<BigInt>)]
    low_stock_threshold: Option<i64>,
    #[diesel(sql_type = Bool)]
    enabled: bool,
    #[diesel(sql_type = Nullable<InstantSql>)]
    removed_at: Option<At>,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = InstantSql)]
    created_at: At,
    #[diesel(sql_type = InstantSql)]
    updated_at: At,
}

impl ProductRow {
    pub(super) const SELECT: &'static str = "SELECT id, sku, name, description, price, category_id, barcode, image_url, unit, \
        unit_decimals, low_stock_threshold, enabled, removed_at, version, created_at, updated_at FROM products WHERE ";

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
