//! Changing a product, and taking it out of every list.

use super::{addressed, audited, category_name, check_category, check_name, check_sku};
use crate::{
    catalogue::ProductPatch,
    field_errors::FieldErrors,
    ids::ProductId,
    ledger::{Book, Effects, Inputs, Refusal, Stop, Written},
    stock::Level,
    text,
};

pub(super) fn edit(book: &Book, id: ProductId, patch: &ProductPatch, inputs: &mut Inputs<'_>) -> Result<Effects, Stop> {
    book.require(|need| {
        need.catalogue.products_to_change.add(id);
        need.catalogue.skus.extend(patch.sku.as_deref().map(text::fold));
    })?;
    let product = addressed(book, id)?;
    let edited = product.edited(patch, inputs.now)?;
    book.require_last(|need| {
        need.catalogue.names.add((edited.category, edited.name_key()));
        need.catalogue.categories.extend(edited.category);
        need.stock.levels_of.add(id);
    })?;
    let mut errors = FieldErrors::new();
    check_category(book, &edited, &mut errors);
    errors.into_result()?;
    inputs.check_version(product.version)?;
    let levels = levels(book, id);
    if edited.unit != product.unit && !levels.is_empty() {
        let detail = "the unit is fixed once stock has moved: add another product";
        return Err(Refusal::conflict("unit_fixed", detail).into());
    }
    // Its own SKU nobody else can have.
    if edited.sku.key() != product.sku.key() {
        check_sku(book, &edited)?;
    }
    check_name(book, &edited)?;
    let mut effects = Effects::default();
    effects.catalogue.category = category_name(book, &edited);
    effects.catalogue.levels = levels;
    effects.catalogue.products.push(Written::changed(edited));
    effects.audit.push(audited("product.edited", id, inputs));
    Ok(effects)
}

pub(super) fn remove(book: &Book, id: ProductId, inputs: &mut Inputs<'_>) -> Result<Effects, Stop> {
    book.require_last(|need| {
        need.catalogue.products_to_change.add(id);
        need.stock.levels_of.add(id);
    })?;
    let product = addressed(book, id)?;
    inputs.check_version(product.version)?;
    if levels(book, id).iter().any(|level| !level.reserved.is_zero()) {
        return Err(Refusal::InUse("open orders hold some of this product".to_owned()).into());
    }
    let mut removed = (**product).clone();
    removed.removed_at = Some(inputs.now);
    removed.updated_at = inputs.now;
    removed.version += 1;
    let mut effects = Effects::default();
    effects.catalogue.products.push(Written::changed(removed));
    effects.audit.push(audited("product.removed", id, inputs));
    Ok(effects)
}

/// Every level of a product that has ever moved: others may be there because somebody was refused.
fn levels(book: &Book, product: ProductId) -> Vec<Level> {
    let locations = book.stock.levels_of.get(&product).map_or(&[][..], Vec::as_slice);
    locations.iter().map(|location| book.level(product, *location)).filter(|level| level.seq > 0).collect()
}
