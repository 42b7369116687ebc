//! How products look.

use super::wire::json::{Amount, Id, Qty, Time};
use serde::Serialize;
use tradepost_domain::{catalogue::Product, ledger::catalogue, money::Currency, quantity::Quantity, stock::Level};
use tradepost_store::catalogue::{ProductRow, View};
use utoipa::ToSchema;

/// A product of the catalogue with its stock.
#[derive(Serialize, ToSchema)]
#[schema(as = Product)]
pub struct ProductView {
    id: Id,
    /// Unique for ever, without regard to case.
    #[schema(example = "SMO-MANGO")]
    sku: String,
    #[schema(example = "Mango smoothie")]
    name: String,
    #[schema(example = "Mango, banana, orange.")]
    description: String,
    price: Amount,
    #[schema(example = "USD")]
    currency: String,
    #[schema(required = true)]
    category: Option<CategoryCard>,
    #[schema(required = true, example = "4006381333931")]
    barcode: Option<String>,
    #[schema(required = true)]
    image_url: Option<String>,
    /// What it is counted in.
    #[schema(example = "each")]
    unit: String,
    /// How many decimals its quantities have, 0 to 5.
    #[schema(example = 0)]
    unit_decimals: u8,
    #[schema(required = true)]
    low_stock_threshold: Option<Qty>,
    /// On sale or not; the public sees only what is.
    enabled: bool,
    stock: StockView,
    created_at: Time,
    updated_at: Time,
}

/// The category of a product.
#[derive(Serialize, ToSchema)]
#[schema(as = CategoryOfProduct)]
pub struct CategoryCard {
    id: Id,
    #[schema(example = "Smoothies")]
    name: String,
}

/// What there is. The public sees what is available at the default location, staff see all locations together.
#[derive(Serialize, ToSchema)]
#[schema(as = Stock)]
pub struct StockView {
    /// What is there; staff only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    on_hand: Option<Qty>,
    /// What is promised; staff only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reserved: Option<Qty>,
    /// What can be promised; never negative.
    available: Qty,
}

impl ProductView {
    /// As it is kept, for staff or for the public.
    pub(super) fn of_row(row: ProductRow, view: View, currency: Currency) -> Self {
        let figures = |value| (view == View::Staff).then(|| Qty::stored(value));
        let category =
            row.category_id.map(|id| CategoryCard { id: id.into(), name: row.category_name.unwrap_or_default() });
        Self {
            id: row.id.into(),
            sku: row.sku,
            name: row.name,
            description: row.description,
            price: Amount::stored(row.price, currency),
            currency: currency.code().to_owned(),
            category,
            barcode: row.barcode,
            image_url: row.image_url,
            unit: row.unit,
            unit_decimals: u8::try_from(row.unit_decimals).unwrap_or_default(),
            low_stock_threshold: row.low_stock_threshold.map(Qty::stored),
            enabled: row.enabled,
            stock: StockView {
                on_hand: figures(row.on_hand),
                reserved: figures(row.reserved),
                available: Qty::stored(row.available),
            },
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
        }
    }

    /// As staff see it, from what was just written.
    pub(super) fn of_effects(product: &Product, catalogue: &catalogue::Effects) -> Self {
        let name = || catalogue.category.clone().unwrap_or_default();
        let category = product.category.map(|id| CategoryCard { id: id.into(), name: name() });
        Self {
            id: product.id.into(),
            sku: product.sku.to_string(),
            name: product.name.clone(),
            description: product.description.clone(),
            price: Amount(product.price.money()),
            currency: product.price.money().currency().code().to_owned(),
            category,
            barcode: product.barcode.clone(),
            image_url: product.image_url.clone(),
            unit: product.unit.name().to_owned(),
            unit_decimals: product.unit.decimals(),
            low_stock_threshold: product.low_stock_threshold.map(Qty),
            enabled: product.enabled,
            stock: StockView::of_levels(&catalogue.levels),
            created_at: Time(product.created_at),
            updated_at: Time(product.updated_at),
        }
    }
}

impl StockView {
    fn of_levels(levels: &[Level]) -> Self {
        let plus = |sum: Quantity, more: Quantity| sum.checked_add(more).unwrap_or(sum);
        let sum = |figure: fn(&Level) -> Quantity| Qty(levels.iter().map(figure).fold(Quantity::ZERO, plus));
        Self {
            on_hand: Some(sum(|level| level.on_hand)),
            reserved: Some(sum(|level| level.reserved)),
            available: sum(Level::available),
        }
    }
}
