//! Adding, editing and removing products: each depends on stock or books some.

use super::{Book, Effects, Inputs, Refusal, Written, stock};
use crate::{
    catalogue::{Product, ProductPatch},
    faults::Faults,
    ids::ProductId,
    quantity::Quantity,
    stock::{Change, Kind},
};

pub(super) fn add(
    book: &Book,
    product: &Product,
    initial_quantity: Option<Quantity>,
    inputs: &mut Inputs<'_>,
) -> Result<Effects, Refusal> {
    let mut faults = Faults::new();
    if let Some(Err(misfit)) = initial_quantity.map(|quantity| product.unit.check(quantity)) {
        faults.add("/initial_quantity", "too_precise", misfit);
    }
    check_category(book, product, &mut faults);
    faults.into_result()?;
    check_unique(book, product)?;
    let moving = stock::Moving {
        kind: Kind::Received,
        location: book.default_location(),
        judged: stock::Judged::AsPromise,
        reason: Some("first stock"),
        source: None,
        occurred_at: inputs.now,
    };
    let first = initial_quantity.unwrap_or(Quantity::ZERO).gained();
    let movements = stock::move_stock(book, &[(product.id, Change::on_hand(first))], &moving, inputs)?;
    Ok(Effects { movements, products: vec![Written::new(product.clone())], ..Effects::default() })
}

pub(super) fn edit(
    book: &Book,
    id: ProductId,
    patch: &ProductPatch,
    inputs: &mut Inputs<'_>,
) -> Result<Effects, Refusal> {
    let product = stock::addressed(book, id)?;
    let edited = product.edited(patch, inputs.now)?;
    let mut faults = Faults::new();
    check_category(book, &edited, &mut faults);
    faults.into_result()?;
    inputs.check_version(product.version)?;
    if edited.unit != product.unit && book.levels().any(|level| level.product == id && level.seq > 0) {
        return Err(Refusal::conflict("unit_fixed", "the unit is fixed once stock has moved: add another product"));
    }
    check_unique(book, &edited)?;
    Ok(Effects { products: vec![Written::changed(edited)], ..Effects::default() })
}

pub(super) fn remove(book: &Book, id: ProductId, inputs: &mut Inputs<'_>) -> Result<Effects, Refusal> {
    let product = stock::addressed(book, id)?;
    inputs.check_version(product.version)?;
    if book.levels().any(|level| level.product == id && !level.reserved.is_zero()) {
        return Err(Refusal::InUse("open orders hold some of this product".to_owned()));
    }
    let mut removed = (**product).clone();
    removed.removed_at = Some(inputs.now);
    removed.updated_at = inputs.now;
    removed.version += 1;
    Ok(Effects { products: vec![Written::changed(removed)], ..Effects::default() })
}

fn check_category(book: &Book, product: &Product, faults: &mut Faults) {
    if product.category.is_some_and(|id| book.category(id).is_none()) {
        faults.add("/category_id", "unknown_category", "there is no such category");
    }
}

fn check_unique(book: &Book, product: &Product) -> Result<(), Refusal> {
    let other = |found: Option<ProductId>| found.is_some_and(|id| id != product.id);
    if other(book.product_by_sku(&product.sku.key())) {
        return Err(Refusal::Duplicate { field: "sku" });
    }
    if other(book.product_by_name(product.category, product.name_key())) {
        return Err(Refusal::Duplicate { field: "name" });
    }
    Ok(())
}
