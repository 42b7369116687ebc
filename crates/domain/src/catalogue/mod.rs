//! What the shop sells: products and the categories they stand in. How much there is of them is in [`crate::stock`].

mod category;
mod form;
mod product;
mod unit;

pub use category::{Category, CategoryId};
pub use form::{ProductForm, ProductPatch};
pub use product::{Product, ProductId};
pub use unit::Unit;
