//! Lines of requests: what is wrong with them, and what they come to. The same for sales and orders; what they do to stock is not in here.

mod draft;
mod request;
mod returns;

pub(super) use draft::{draft_edited, draft_new, lines_after_edit, priced};
pub use request::{RefundLine, SellLine};
pub(super) use returns::{returned_lines, take_back};

use crate::ledger::{Book, ReadSet, Refusal, Unavailable};
use crate::{
    catalogue::Product,
    field_errors::FieldErrors,
    identity::Permission,
    ids::{LineId, LocationId, ProductId},
    lines::{Line, MAX_LINES, TooMuchMoney},
    quantity::Delta,
    text::{self, limits},
};

/// What must be known to move stock of these products at a location.
pub(in crate::ledger) fn need_stock(
    need: &mut ReadSet,
    products: impl IntoIterator<Item = ProductId>,
    location: LocationId,
) {
    need.stock.locations.add(location);
    for product in products {
        need.stock.levels.add((product, location));
        need.catalogue.products.add(product);
    }
}

/// What is wrong with a request, gathered until all of it was seen; then the gravest is answered.
#[derive(Default)]
pub(in crate::ledger) struct RequestErrors {
    pub forbidden: Option<Permission>,
    pub fields: FieldErrors,
    pub unavailable: Option<Refusal>,
}

impl RequestErrors {
    pub(in crate::ledger) fn into_result(self) -> Result<(), Refusal> {
        if let Some(permission) = self.forbidden {
            return Err(Refusal::Forbidden(permission));
        }
        self.fields.into_result()?;
        self.unavailable.map_or(Ok(()), Err)
    }
}

pub(in crate::ledger) fn too_much_money(_: TooMuchMoney) -> Refusal {
    Refusal::invalid("/lines", "too_large", TooMuchMoney)
}

pub(in crate::ledger) fn check_count(lines: usize, errors: &mut FieldErrors) {
    if lines == 0 || lines > MAX_LINES {
        errors.add("/lines", "length", "there are 1 to 200 lines in a request");
    }
}

pub(in crate::ledger) fn check_reason(reason: Option<&str>, errors: &mut FieldErrors) -> Option<String> {
    let reason = errors.take("/reason", text::optional(reason?, limits::NOTE))?;
    Some(reason).filter(|reason| !reason.is_empty())
}

/// The product of a line, if it exists.
pub(in crate::ledger) fn product_of<'a>(
    book: &'a Book,
    id: ProductId,
    index: usize,
    errors: &mut FieldErrors,
) -> Option<&'a Product> {
    let product = book.product(id);
    if product.is_none() {
        errors.add(format!("/lines/{index}/product_id"), "unknown_product", "there is no such product");
    }
    product.map(|product| &**product)
}

/// Why this product cannot be sold in this shop, if so.
pub(in crate::ledger) fn check_on_sale(book: &Book, product: &Product) -> Option<Refusal> {
    if let Some(why) = Unavailable::of(product.removed_at.is_some(), product.enabled) {
        return Some(Refusal::ProductUnavailable { product: product.id, sku: product.sku.clone(), why });
    }
    let currency = product.price.money().currency();
    let detail =
        || format!("the price of {} is in {currency}, this shop's money is in {}", product.sku, book.currency());
    (currency != book.currency()).then(|| Refusal::conflict("other_currency", detail()))
}

/// By how much on hand changes for each product: in the order of the lines, each once.
pub(in crate::ledger) fn sum_by_product(leaving: impl Iterator<Item = (ProductId, Delta)>) -> Vec<(ProductId, Delta)> {
    let mut changes: Vec<(ProductId, Delta)> = Vec::new();
    for (product, change) in leaving {
        match changes.iter_mut().find(|(known, _)| *known == product) {
            // Quantities are at most 200 × 10^9, far from what cannot be added.
            Some((_, sum)) => *sum = sum.checked_add(change).unwrap_or(*sum),
            None => changes.push((product, change)),
        }
    }
    changes
}

/// Pointer, code and sentence of what is wrong with a line.
pub(in crate::ledger) type LineError = (String, &'static str, &'static str);

pub(in crate::ledger) fn find_line(
    known: &[Line],
    id: LineId,
    product: Option<ProductId>,
    index: usize,
) -> Result<&Line, LineError> {
    let line = known.iter().find(|line| line.id == id);
    let line = line.ok_or((format!("/lines/{index}/line_id"), "unknown_line", "this document has no such line"))?;
    if product.is_some_and(|product| product != line.product) {
        return Err((format!("/lines/{index}/product_id"), "other_product", "this line is of another product"));
    }
    Ok(line)
}

pub(in crate::ledger) fn ambiguous(index: usize) -> LineError {
    let detail = "this product is on several lines: name the line_id";
    (format!("/lines/{index}/product_id"), "ambiguous", detail)
}
