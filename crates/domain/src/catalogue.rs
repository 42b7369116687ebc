//! What the shop sells: products and the categories they stand in.

use crate::{
    field_errors::FieldErrors,
    ids::Id,
    instant::Instant,
    money::{Currency, Price},
    quantity::{self, Delta, MAX_DECIMALS, Quantity},
    repository::entity,
    sku::Sku,
    text::{self, limits},
};
use std::fmt;

/// The id of a category.
pub type CategoryId = Id<Category>;

/// A group of products.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Category {
    /// Its id.
    pub id: CategoryId,
    /// Unique without regard to case.
    pub name: String,
    /// May be empty.
    pub description: String,
    /// Counts edits.
    pub version: i64,
    /// When added.
    pub created_at: Instant,
    /// When last edited.
    pub updated_at: Instant,
}

entity!(Category, "category", |one| [("name", Some(text::fold(&one.name)))]);

impl Category {
    /// A new category, or what is wrong with it.
    ///
    /// # Errors
    /// Pointers are the fields' names.
    pub fn new(id: CategoryId, name: &str, description: &str, now: Instant) -> Result<Self, FieldErrors> {
        let (name, description) = Self::parse(Some(name), Some(description))?;
        Ok(Self {
            id,
            name: name.unwrap_or_default(),
            description: description.unwrap_or_default(),
            version: 1,
            created_at: now,
            updated_at: now,
        })
    }

    /// Changes what is given, or nothing where anything of it is wrong.
    ///
    /// # Errors
    /// Pointers are the fields' names.
    pub fn edit(&mut self, name: Option<&str>, description: Option<&str>, now: Instant) -> Result<(), FieldErrors> {
        let (name, description) = Self::parse(name, description)?;
        if let Some(name) = name {
            self.name = name;
        }
        if let Some(description) = description {
            self.description = description;
        }
        self.version += 1;
        self.updated_at = now;
        Ok(())
    }

    fn parse(name: Option<&str>, description: Option<&str>) -> Result<(Option<String>, Option<String>), FieldErrors> {
        let mut errors = FieldErrors::new();
        let name = name.and_then(|t| errors.take("/name", text::required(t, limits::NAME)));
        let description = description.and_then(|t| errors.take("/description", text::optional(t, limits::DESCRIPTION)));
        errors.into_result()?;
        Ok((name, description))
    }
}

/// What quantities of a product are counted in. Fixed once stock has moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    name: String,
    decimals: u8,
}

impl Unit {
    /// Whole pieces.
    pub fn each() -> Self {
        Self { name: "each".to_owned(), decimals: 0 }
    }

    /// A unit with its name and how many decimals its quantities have (0 to 5).
    ///
    /// # Errors
    /// Pointers are `/unit` and `/unit_decimals`.
    pub fn new(name: &str, decimals: u8) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::new();
        let name = errors.take("/unit", text::required(name, limits::CODE));
        if decimals > MAX_DECIMALS {
            errors.add("/unit_decimals", "out_of_range", "a unit has 0 to 5 decimals");
        }
        errors.into_result()?;
        Ok(Self { name: name.unwrap_or_default(), decimals })
    }

    /// Its name, for example `each` or `kg`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many decimals quantities have.
    pub const fn decimals(&self) -> u8 {
        self.decimals
    }

    /// Is this a quantity that somebody may ask for: more than zero, at most 10^9, and it fits?
    ///
    /// # Errors
    /// A stable code and a sentence for people.
    pub fn check_wanted(&self, quantity: Quantity) -> Result<(), (&'static str, String)> {
        if quantity.is_zero() {
            Err(("not_positive", "a quantity is more than zero".to_owned()))
        } else if quantity > quantity::MAX {
            Err(("too_large", "a quantity is at most 1000000000".to_owned()))
        } else {
            self.check(quantity).map_err(|precision_error| ("too_precise", precision_error))
        }
    }

    /// Does this quantity fit?
    ///
    /// # Errors
    /// A sentence for people.
    pub fn check(&self, quantity: Quantity) -> Result<(), String> {
        if quantity.fits(self.decimals) { Ok(()) } else { Err(self.precision_error()) }
    }

    /// Does this change fit?
    ///
    /// # Errors
    /// A sentence for people.
    pub fn check_change(&self, change: Delta) -> Result<(), String> {
        if change.fits(self.decimals) { Ok(()) } else { Err(self.precision_error()) }
    }

    fn precision_error(&self) -> String {
        match self.decimals {
            0 => format!("this product is counted in whole units ({})", self.name),
            1 => format!("quantities of this product have at most 1 decimal ({})", self.name),
            decimals => format!("quantities of this product have at most {decimals} decimals ({})", self.name),
        }
    }
}

impl Default for Unit {
    fn default() -> Self {
        Self::each()
    }
}

impl fmt::Display for Unit {
    /// Its name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.name)
    }
}

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

/// What somebody types to add a product. Not yet looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default))]
pub struct ProductForm {
    /// 1 to 64 characters without white space.
    pub sku: String,
    /// Up to 200 characters.
    pub name: String,
    /// The fields that may be left out; `Some(None)` means the same as `None` here.
    pub rest: ProductPatch,
}

/// Which fields to change; `Some(None)` empties one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default))]
pub struct ProductPatch {
    /// 1 to 64 characters without white space.
    pub sku: Option<String>,
    /// Up to 200 characters.
    pub name: Option<String>,
    /// Up to 10,000 characters.
    pub description: Option<String>,
    /// A decimal string.
    pub price: Option<String>,
    /// An existing category.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::serialize::named")
    )]
    pub category: Option<Option<CategoryId>>,
    /// Up to 64 characters.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::serialize::named")
    )]
    pub barcode: Option<Option<String>>,
    /// http or https.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::serialize::named")
    )]
    pub image_url: Option<Option<String>>,
    /// For example `kg`.
    pub unit: Option<String>,
    /// 0 to 5.
    pub unit_decimals: Option<u8>,
    /// Not negative.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::serialize::named")
    )]
    pub low_stock_threshold: Option<Option<Quantity>>,
    /// On sale or not.
    pub enabled: Option<bool>,
}

impl ProductForm {
    /// A form with what every product needs; the price is a decimal string such as `4.50`, in the shop's currency.
    pub fn new(sku: impl Into<String>, name: impl Into<String>, price: impl Into<String>) -> Self {
        let rest = ProductPatch { price: Some(price.into()), ..ProductPatch::default() };
        Self { sku: sku.into(), name: name.into(), rest }
    }

    /// The product, or all that is wrong with the form.
    ///
    /// # Errors
    /// Pointers are the fields' names.
    pub fn parse(&self, id: ProductId, currency: Currency, now: Instant) -> Result<Product, FieldErrors> {
        let mut errors = FieldErrors::new();
        let sku = errors.take("/sku", Sku::parse(&self.sku));
        let name = errors.take("/name", text::required(&self.name, limits::NAME));
        let price = self.rest.price.as_deref().unwrap_or("");
        let price = errors.take("/price", Price::parse(price, currency));
        let blank = |sku, name, price| Product {
            id,
            sku,
            name,
            description: String::new(),
            price,
            category: None,
            barcode: None,
            image_url: None,
            unit: Unit::each(),
            low_stock_threshold: None,
            enabled: true,
            removed_at: None,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        match (sku, name, price) {
            (Some(sku), Some(name), Some(price)) => {
                let mut product = blank(sku, name, price);
                product.change(&self.rest)?;
                Ok(product)
            }
            _ => Err(errors),
        }
    }
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

    fn change(&mut self, patch: &ProductPatch) -> Result<(), FieldErrors> {
        let mut errors = FieldErrors::new();
        let nullable = |text: &Option<Option<String>>| {
            text.as_ref().map(|t| t.as_deref().filter(|t| !t.trim().is_empty()).map(str::to_owned))
        };
        let sku = patch.sku.as_deref().and_then(|t| errors.take("/sku", Sku::parse(t)));
        let name = patch.name.as_deref().and_then(|t| errors.take("/name", text::required(t, limits::NAME)));
        let description = patch.description.as_deref();
        let description = description.and_then(|t| errors.take("/description", text::optional(t, limits::DESCRIPTION)));
        let currency = self.price.money().currency();
        let price = patch.price.as_deref().and_then(|t| errors.take("/price", Price::parse(t, currency)));
        let barcode = nullable(&patch.barcode);
        let barcode = barcode.map(|b| b.and_then(|t| errors.take("/barcode", text::required(&t, limits::CODE))));
        let image_url = nullable(&patch.image_url).map(|u| u.and_then(|t| errors.take("/image_url", parse_url(&t))));
        let unit = Unit::new(
            patch.unit.as_deref().unwrap_or(self.unit.name()),
            patch.unit_decimals.unwrap_or(self.unit.decimals()),
        );
        let unit = match unit {
            Ok(unit) => unit,
            Err(more) => {
                more.as_slice().iter().for_each(|f| errors.add(f.pointer.clone(), f.code, &f.detail));
                self.unit.clone()
            }
        };
        let threshold = patch.low_stock_threshold.unwrap_or(self.low_stock_threshold);
        if let Some(Err(precision_error)) = threshold.map(|t| unit.check(t)) {
            errors.add("/low_stock_threshold", "too_precise", precision_error);
        }
        errors.into_result()?;
        self.sku = sku.unwrap_or_else(|| self.sku.clone());
        self.name = name.unwrap_or_else(|| std::mem::take(&mut self.name));
        self.description = description.unwrap_or_else(|| std::mem::take(&mut self.description));
        self.price = price.unwrap_or(self.price);
        self.category = patch.category.unwrap_or(self.category);
        self.barcode = barcode.unwrap_or_else(|| self.barcode.take());
        self.image_url = image_url.unwrap_or_else(|| self.image_url.take());
        self.unit = unit;
        self.low_stock_threshold = threshold;
        self.enabled = patch.enabled.unwrap_or(self.enabled);
        Ok(())
    }
}

fn parse_url(text: &str) -> Result<String, text::TextError> {
    let url = text::required(text, limits::URL)?;
    let after = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    match after {
        Some(rest) if !rest.is_empty() && !url.chars().any(|c| c.is_whitespace() || c.is_control()) => Ok(url),
        _ => Err(text::TextError::Form("this is not an http or https address")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn form() -> ProductForm {
        let rest = ProductPatch { price: Some("2.50".into()), ..ProductPatch::default() };
        ProductForm { sku: "TEA".into(), name: "Tea".into(), rest }
    }

    fn parse(form: &ProductForm) -> Result<Product, FieldErrors> {
        form.parse(ProductId::from_uuid(Uuid::from_u128(1)), Currency::parse("EUR").unwrap(), Instant::from_micros(0))
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once() {
        let mut form = form();
        form.sku = "two words".into();
        form.name = String::new();
        form.rest.price = Some("0".into());
        let errors = parse(&form).unwrap_err();
        let pointers: Vec<_> = errors.as_slice().iter().map(|f| f.pointer.as_str()).collect();
        assert_eq!(pointers, ["/sku", "/name", "/price"]);
    }

    #[test]
    fn a_threshold_must_fit_the_unit() {
        let mut form = form();
        form.rest.low_stock_threshold = Some(Some("1.5".parse().unwrap()));
        let errors = parse(&form).unwrap_err();
        let pointers: Vec<_> = errors.as_slice().iter().map(|f| f.pointer.as_str()).collect();
        assert_eq!(pointers, ["/low_stock_threshold"]);
        form.rest.unit_decimals = Some(1);
        form.rest.unit = Some("kg".into());
        assert_eq!(parse(&form).unwrap().unit.decimals(), 1);
    }

    #[test]
    fn a_patch_empties_what_it_names_null_and_keeps_the_rest() {
        let mut form = form();
        form.rest.barcode = Some(Some("4006381333931".into()));
        let product = parse(&form).unwrap();
        let patch = ProductPatch { barcode: Some(None), enabled: Some(false), ..ProductPatch::default() };
        let edited = product.edited(&patch, Instant::from_micros(5)).unwrap();
        assert_eq!((edited.barcode, edited.enabled, edited.version), (None, false, 2));
        assert_eq!(edited.name, "Tea");
    }
}
