//! Products: what the shop sells. How much there is of one is in `stock`.

use super::{CategoryId, ProductPatch, Unit};
use crate::{field_errors::FieldErrors, ids::Id, instant::Instant, money::Price, quantity::Quantity, sku::Sku, text};

/// The id of a product.
pub type ProductId = Id<Product>;

/// A thing that the shop sells, known by its SKU. How much there is of it is a [level](crate::stock::Level).
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Product {
    /// Never changes, and is never used again.
    pub id: ProductId,
    /// Unique for ever without regard to case, that of removed products too.
    pub sku: Sku,
    /// Unique within its category.
    pub name: String,
    /// Up to 10,000 characters, with line breaks; empty where there is nothing to say.
    pub description: String,
    /// What one unit costs, in the shop's currency.
    pub price: Price,
    /// The category it is listed in; `None`: in none.
    pub category: Option<CategoryId>,
    /// What a scanner reads.
    pub barcode: Option<String>,
    /// The http or https address of a picture.
    pub image_url: Option<String>,
    /// What it is counted in.
    pub unit: Unit,
    /// At or below this much available it counts as low.
    pub low_stock_threshold: Option<Quantity>,
    /// Is it on sale?
    pub enabled: bool,
    /// Taken out of every list since.
    pub removed_at: Option<Instant>,
    /// Counts edits. Selling is none.
    pub version: i64,
    /// When it was added, by our clock.
    pub created_at: Instant,
    /// When it was last edited; as `created_at` until then.
    pub updated_at: Instant,
}

impl Product {
    /// The product as the patch would have it, one version on.
    ///
    /// # Errors
    /// Pointers are the fields' names.
    pub fn edited(&self, patch: &ProductPatch, now: Instant) -> Result<Self, FieldErrors> {
        let mut edited = self.clone();
        edited.change(patch)?;
        edited.version += 1;
        edited.updated_at = now;
        Ok(edited)
    }

    /// The key by which its name is unique within its category.
    pub fn name_key(&self) -> String {
        text::fold(&self.name)
    }
}
