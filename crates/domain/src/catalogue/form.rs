//! What people type of a product, and reading it.

use super::{CategoryId, Product, ProductId, Unit};
use crate::{
    field_errors::FieldErrors,
    instant::Instant,
    money::{Currency, Price},
    quantity::Quantity,
    sku::Sku,
    text::{self, limits},
};

/// What somebody types to add a product. Not yet looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields, default))]
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
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields, default))]
pub struct ProductPatch {
    /// 1 to 64 characters without white space.
    pub sku: Option<String>,
    /// Up to 200 characters.
    pub name: Option<String>,
    /// Up to 10,000 characters.
    pub description: Option<String>,
    /// The price of one unit, a decimal string such as `4.50`; more than zero.
    pub price: Option<String>,
    /// The id of a category that exists.
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
    /// An http or https address of up to 2,000 characters.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::serialize::named")
    )]
    pub image_url: Option<Option<String>>,
    /// The name of the unit, up to 64 characters, for example `kg`.
    pub unit: Option<String>,
    /// How many decimals its quantities have: 0 to 5.
    pub unit_decimals: Option<u8>,
    /// At or below this much available it counts as low; must fit the unit.
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
    pub(super) fn change(&mut self, patch: &ProductPatch) -> Result<(), FieldErrors> {
        let mut errors = FieldErrors::new();
        let sku = patch.sku.as_deref().and_then(|t| errors.take("/sku", Sku::parse(t)));
        let name = patch.name.as_deref().and_then(|t| errors.take("/name", text::required(t, limits::NAME)));
        let description = patch.description.as_deref();
        let description = description.and_then(|t| errors.take("/description", text::optional(t, limits::DESCRIPTION)));
        let currency = self.price.money().currency();
        let price = patch.price.as_deref().and_then(|t| errors.take("/price", Price::parse(t, currency)));
        let barcode = patch.barcode.as_ref();
        let barcode = barcode.map(|b| errors.take("/barcode", text::optional(b.as_deref()?, limits::CODE)));
        let barcode = barcode.map(|b| b.filter(|b| !b.is_empty()));
        let image_url = patch.image_url.as_ref();
        let image_url = image_url.map(|u| errors.take("/image_url", parse_url(u.as_deref()?)).flatten());
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

fn parse_url(text: &str) -> Result<Option<String>, text::TextError> {
    let url = text::optional(text, limits::URL)?;
    if url.is_empty() {
        return Ok(None);
    }
    let after = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    match after {
        Some(rest) if !rest.is_empty() && !url.chars().any(|c| c.is_whitespace() || c.is_control()) => Ok(Some(url)),
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
