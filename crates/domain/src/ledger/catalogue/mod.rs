//! Products: adding one books its first stock; what others look a product up by, or judge it by, changes under the locks of all its levels.

mod add;
mod command;
mod edit;

pub use command::Command;

use super::{AuditEntry, Book, Inputs, Refusal, Stop, Written, shelf::shelves};
use crate::{
    catalogue::Product,
    field_errors::FieldErrors,
    ids::{CategoryId, ProductId},
    stock::Level,
};
use std::sync::Arc;

shelves! {
    /// Products by id, removed ones too.
    products: ProductId => Arc<Product>, Unlocked;
    /// Products that are to be changed, and are held alone until that is kept. Whoever loads them enters them in `products` as well.
    products_to_change: ProductId => (), Changed;
    /// Which product has a SKU (folded), removed ones too.
    skus: String => ProductId, Lookups;
    /// Which product has a name (folded) within its category, removed ones excepted.
    names: (Option<CategoryId>, String) => ProductId, Unlocked;
    /// The names of categories.
    categories: CategoryId => String, Unlocked;
}

/// What changes of products.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields, default))]
pub struct Effects {
    /// Products as they are now, each at most once.
    pub products: Vec<Written<Product>>,
    /// For the answer: the name of the product's category.
    pub category: Option<String>,
    /// For the answer: the product's levels afterwards, in no order.
    pub levels: Vec<Level>,
}

impl Effects {
    pub(super) fn is_empty(&self) -> bool {
        let Self { products, category: _, levels: _ } = self;
        products.is_empty()
    }
}

impl Shelves {
    pub(super) fn apply(&mut self, effects: &Effects) {
        let Effects { products, category: _, levels: _ } = effects;
        for product in products.iter().map(|written| &written.value) {
            if let Some(before) = self.products.peek(&product.id) {
                // Nobody else has a SKU or a name that this one had until now.
                let (sku, name) = (before.sku.key(), (before.category, before.name_key()));
                self.skus.enter(sku, None);
                self.names.enter(name, None);
            }
            self.skus.enter(product.sku.key(), Some(product.id));
            if product.removed_at.is_none() {
                self.names.enter((product.category, product.name_key()), Some(product.id));
            }
            self.products.enter(product.id, Some(Arc::clone(product)));
        }
    }
}

pub(super) fn decide(book: &Book, command: &Command, inputs: &mut Inputs<'_>) -> Result<super::Effects, Stop> {
    match command {
        Command::Add { product, initial_quantity } => add::add(book, product, *initial_quantity, inputs),
        Command::Edit { id, patch } => edit::edit(book, *id, patch, inputs),
        Command::Remove { id } => edit::remove(book, *id, inputs),
    }
}

/// The product addressed by the request's path.
pub(super) fn addressed(book: &Book, id: ProductId) -> Result<&Arc<Product>, Refusal> {
    book.product(id).filter(|product| product.removed_at.is_none()).ok_or(Refusal::NotFound("product"))
}

fn check_category(book: &Book, product: &Product, errors: &mut FieldErrors) {
    if product.category.is_some_and(|id| book.catalogue.categories.get(&id).is_none()) {
        errors.add("/category_id", "unknown_category", "there is no such category");
    }
}

fn check_sku(book: &Book, product: &Product) -> Result<(), Refusal> {
    let found = book.catalogue.skus.get(&product.sku.key());
    unique(found, product.id, "sku")
}

fn check_name(book: &Book, product: &Product) -> Result<(), Refusal> {
    let found = book.catalogue.names.get(&(product.category, product.name_key()));
    unique(found, product.id, "name")
}

fn unique(found: Option<&ProductId>, own: ProductId, field: &'static str) -> Result<(), Refusal> {
    if found.is_some_and(|id| *id != own) { Err(Refusal::Duplicate { field }) } else { Ok(()) }
}

fn category_name(book: &Book, product: &Product) -> Option<String> {
    product.category.and_then(|id| book.catalogue.categories.get(&id).cloned())
}

fn audited(action: &'static str, product: ProductId, inputs: &mut Inputs<'_>) -> AuditEntry {
    AuditEntry::of(action, ("product", product.uuid()), inputs)
}
