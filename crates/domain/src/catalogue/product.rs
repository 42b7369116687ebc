//! Products: what the shop sells. How much there is of one is in `stock`.

use super::{CategoryId, ProductPatch, Unit};
use crate::{field_errors::FieldErrors, ids::Id, instant::Instant, money::Price, quantity::Quantity, sku::Sku, text};

/// The id of a product.
pub type ProductId = Id<Product>;

/// A thing sold.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Product {
    /// Its id.
    pub id: ProductId,
    /// Unique for ever.
    pub sku: Sku,
    /// Unique within its category.
    pub name: String,
    /// May be empty.
    pub description: String,
    /// Of one unit.
    pub price: Price,
    /// Where it stands.
    pub category: Option<CategoryId>,
    /// What a scanner reads.
    pub barcode: Option<String>,
    /// A picture.
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
    /// When added.
    pub created_at: Instant,
    /// When last edited.
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
