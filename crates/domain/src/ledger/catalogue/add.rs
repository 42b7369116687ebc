//! Adding a product, with its first stock at the default location.

use super::{audited, category_name, check_category, check_name, check_sku};
use crate::{
    catalogue::Product,
    field_errors::FieldErrors,
    ledger::{Book, Effects, Inputs, Stop, Written, stock},
    quantity::Quantity,
    stock::{Change, MovementKind},
};

pub(super) fn add(
    book: &Book,
    product: &Product,
    initial_quantity: Option<Quantity>,
    inputs: &mut Inputs<'_>,
) -> Result<Effects, Stop> {
    let home = book.default_location();
    book.require_last(|need| {
        need.catalogue.skus.add(product.sku.key());
        need.catalogue.names.add((product.category, product.name_key()));
        need.catalogue.categories.extend(product.category);
        need.stock.levels.add((product.id, home));
    })?;
    let mut errors = FieldErrors::new();
    if let Some(Err(error)) = initial_quantity.map(|quantity| product.unit.check(quantity)) {
        errors.add("/initial_quantity", "too_precise", error);
    }
    if product.price.money().currency() != book.currency() {
        errors.add("/price", "other_currency", format!("this shop's prices are in {}", book.currency()));
    }
    check_category(book, product, &mut errors);
    errors.into_result()?;
    check_sku(book, product)?;
    check_name(book, product)?;
    let posting = stock::Posting {
        kind: MovementKind::Received,
        location: home,
        limit: stock::Limit::Available,
        reason: Some("first stock"),
        source: None,
        occurred_at: inputs.now,
    };
    let first = initial_quantity.unwrap_or(Quantity::ZERO).as_increase();
    let movements = stock::post_changes(book, &[(product.id, Change::on_hand(first))], &posting, inputs)?;
    let untouched = book.level(product.id, home);
    let level = movements.first().map_or(untouched, |movement| untouched.after(movement));
    let mut effects = Effects::of_movements(movements);
    effects.catalogue.products.push(Written::new(product.clone()));
    effects.catalogue.category = category_name(book, product);
    effects.catalogue.levels.push(level);
    effects.audit.push(audited("product.added", product.id, inputs));
    Ok(effects)
}
