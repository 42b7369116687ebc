//! Lines of requests: what is wrong with them, and what they come to. The same for sales and orders.

use super::{Book, Inputs, ReadSet, Refusal, Unavailable, stock};
use crate::{
    catalogue::Product,
    field_errors::FieldErrors,
    identity::Permission,
    ids::{LineId, LocationId, ProductId},
    lines::{DraftLine, Line, MAX_LINES, TooMuchMoney},
    money::Price,
    quantity::{Delta, Quantity},
    text::{self, limits},
};

/// One line of a request to sell.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SellLine {
    /// Which line of the document, when changing one.
    pub line: Option<LineId>,
    /// What; may be left out where `line` says it.
    pub product: Option<ProductId>,
    /// How much.
    pub quantity: Quantity,
    /// At another price than the product's.
    pub unit_price: Option<Price>,
}

/// One line of a request to take goods back.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RefundLine {
    /// Which line.
    pub line: Option<LineId>,
    /// Or what, where only one line sold it.
    pub product: Option<ProductId>,
    /// How much.
    pub quantity: Quantity,
}

impl SellLine {
    /// So much of a product, at its own price.
    pub const fn of(product: ProductId, quantity: Quantity) -> Self {
        Self { line: None, product: Some(product), quantity, unit_price: None }
    }

    /// So much on this line of a document that is changed, whatever it was before.
    pub const fn of_line(line: LineId, quantity: Quantity) -> Self {
        Self { line: Some(line), product: None, quantity, unit_price: None }
    }

    /// At this price for one unit instead of the product's; only who may [override prices](Permission::SalesOverridePrice) can sell so.
    #[must_use]
    pub const fn at(self, unit_price: Price) -> Self {
        Self { unit_price: Some(unit_price), ..self }
    }
}

impl RefundLine {
    /// So much of a product that the document sold on one line only.
    pub const fn of(product: ProductId, quantity: Quantity) -> Self {
        Self { line: None, product: Some(product), quantity }
    }

    /// So much of what was sold on this line.
    pub const fn of_line(line: LineId, quantity: Quantity) -> Self {
        Self { line: Some(line), product: None, quantity }
    }
}

/// What must be known to move stock of these products at a location.
pub(super) fn need_stock(need: &mut ReadSet, products: impl IntoIterator<Item = ProductId>, location: LocationId) {
    need.stock.locations.add(location);
    for product in products {
        need.stock.levels.add((product, location));
        need.catalogue.products.add(product);
    }
}

/// What is wrong with a request, gathered until all of it was seen; then the gravest is answered.
#[derive(Default)]
pub(super) struct RequestErrors {
    pub forbidden: Option<Permission>,
    pub fields: FieldErrors,
    pub unavailable: Option<Refusal>,
}

impl RequestErrors {
    pub(super) fn into_result(self) -> Result<(), Refusal> {
        if let Some(permission) = self.forbidden {
            return Err(Refusal::Forbidden(permission));
        }
        self.fields.into_result()?;
        self.unavailable.map_or(Ok(()), Err)
    }
}

pub(super) fn too_much_money(_: TooMuchMoney) -> Refusal {
    Refusal::invalid("/lines", "too_large", TooMuchMoney)
}

pub(super) fn check_count(lines: usize, errors: &mut FieldErrors) {
    if lines == 0 || lines > MAX_LINES {
        errors.add("/lines", "length", "there are 1 to 200 lines in a request");
    }
}

pub(super) fn check_reason(reason: Option<&str>, errors: &mut FieldErrors) -> Option<String> {
    let reason = errors.take("/reason", text::optional(reason?, limits::NOTE))?;
    Some(reason).filter(|reason| !reason.is_empty())
}

/// The product of a line, if it exists.
pub(super) fn product_of<'a>(
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
pub(super) fn check_on_sale(book: &Book, product: &Product) -> Option<Refusal> {
    if let Some(why) = Unavailable::of(product.removed_at.is_some(), product.enabled) {
        return Some(Refusal::ProductUnavailable { product: product.id, sku: product.sku.clone(), why });
    }
    let currency = product.price.money().currency();
    let detail =
        || format!("the price of {} is in {currency}, this shop's money is in {}", product.sku, book.currency());
    (currency != book.currency()).then(|| Refusal::conflict("other_currency", detail()))
}

/// The price of a new line: the product's, or another one by those who may.
pub(super) fn price(
    (product, index): (&Product, usize),
    named: Option<Price>,
    inputs: &Inputs<'_>,
    errors: &mut RequestErrors,
) -> Price {
    match named {
        Some(other) if other != product.price => {
            let currency = product.price.money().currency();
            if other.money().currency() != currency {
                let pointer = format!("/lines/{index}/unit_price");
                errors.fields.add(pointer, "other_currency", format!("this shop's prices are in {currency}"));
            }
            if !inputs.principal.may(Permission::SalesOverridePrice) {
                errors.forbidden = Some(Permission::SalesOverridePrice);
            }
            other
        }
        Some(_) | None => product.price,
    }
}

/// Adds to the draft's line of this product and price, or starts one.
pub(super) fn merge(draft: &mut Vec<DraftLine>, line: DraftLine, errors: &mut FieldErrors, index: usize) {
    let same = draft.iter().position(|d| d.product == line.product && d.unit_price == line.unit_price);
    let Some(same) = same.and_then(|index| draft.get_mut(index)) else {
        if draft.iter().any(|d| d.id == line.id) {
            errors.add(format!("/lines/{index}/line_id"), "named_twice", "one line cannot have two prices");
        }
        return draft.push(line);
    };
    match same.quantity.checked_add(line.quantity) {
        Some(sum) if sum <= crate::quantity::MAX => same.quantity = sum,
        _ => errors.add(format!("/lines/{index}/quantity"), "too_large", "a quantity is at most 1000000000"),
    }
}

/// By how much on hand changes for each product: in the order of the lines, each once.
pub(super) fn sum_by_product(leaving: impl Iterator<Item = (ProductId, Delta)>) -> Vec<(ProductId, Delta)> {
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

pub(super) fn draft_new(
    book: &Book,
    lines: &[SellLine],
    inputs: &mut Inputs<'_>,
    errors: &mut RequestErrors,
) -> Vec<DraftLine> {
    let mut draft = Vec::with_capacity(lines.len());
    for (index, line) in lines.iter().enumerate() {
        if line.line.is_some() {
            errors.fields.add(format!("/lines/{index}/line_id"), "unknown_line", "a new document has no lines yet");
        }
        let Some(id) = line.product else {
            errors.fields.add(format!("/lines/{index}/product_id"), "required", "say what is sold");
            continue;
        };
        let Some(product) = product_of(book, id, index, &mut errors.fields) else {
            continue;
        };
        let pointer = || format!("/lines/{index}/quantity");
        stock::check_quantity(product, line.quantity, &pointer(), &mut errors.fields);
        let unit_price = price((product, index), line.unit_price, inputs, errors);
        if errors.unavailable.is_none() {
            errors.unavailable = check_on_sale(book, product);
        }
        let new =
            DraftLine { id: LineId::from_uuid((inputs.new_id)()), product: id, quantity: line.quantity, unit_price };
        merge(&mut draft, new, &mut errors.fields, index);
    }
    draft
}

pub(super) fn priced(book: &Book, draft: Vec<DraftLine>) -> Result<Vec<Line>, Refusal> {
    let line = |line: DraftLine| {
        let product = book.product(line.product).ok_or(Refusal::NotFound("product"))?;
        line.priced(product).map_err(too_much_money)
    };
    draft.into_iter().map(line).collect()
}

/// Pointer, code and sentence of what is wrong with a line.
pub(super) type LineError = (String, &'static str, &'static str);

pub(super) fn find_line(
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

pub(super) fn ambiguous(index: usize) -> LineError {
    let detail = "this product is on several lines: name the line_id";
    (format!("/lines/{index}/product_id"), "ambiguous", detail)
}

/// The lines a changed document shall have. What was on it before keeps its price.
pub(super) fn draft_edited(
    book: &Book,
    before: &[Line],
    lines: &[SellLine],
    inputs: &mut Inputs<'_>,
    errors: &mut RequestErrors,
) -> Vec<DraftLine> {
    check_count(lines.len(), &mut errors.fields);
    let mut draft = Vec::with_capacity(lines.len());
    for (index, wanted) in lines.iter().enumerate() {
        let known = match known_line(before, wanted, index) {
            Ok(known) => known,
            Err(fault) => {
                errors.fields.add(fault.0, fault.1, fault.2);
                continue;
            }
        };
        let Some(id) = known.map(|line| line.product).or(wanted.product) else {
            errors.fields.add(format!("/lines/{index}/product_id"), "required", "say what is sold");
            continue;
        };
        let Some(product) = product_of(book, id, index, &mut errors.fields) else {
            continue;
        };
        stock::check_quantity(product, wanted.quantity, &format!("/lines/{index}/quantity"), &mut errors.fields);
        let line = match known {
            Some(line) => {
                let unit_price = match wanted.unit_price {
                    Some(other) if other != line.unit_price => price((product, index), Some(other), inputs, errors),
                    Some(_) | None => line.unit_price,
                };
                DraftLine { id: line.id, product: id, quantity: wanted.quantity, unit_price }
            }
            None => {
                let unit_price = price((product, index), wanted.unit_price, inputs, errors);
                errors.unavailable = errors.unavailable.take().or_else(|| check_on_sale(book, product));
                DraftLine {
                    id: LineId::from_uuid((inputs.new_id)()),
                    product: id,
                    quantity: wanted.quantity,
                    unit_price,
                }
            }
        };
        merge(&mut draft, line, &mut errors.fields, index);
    }
    draft
}

/// The draft's lines, each with what was refunded of it, which correcting never goes below.
pub(super) fn lines_after_edit(book: &Book, before: &[Line], draft: Vec<DraftLine>) -> Result<Vec<Line>, Refusal> {
    let mut lines = Vec::with_capacity(draft.len());
    for wanted in draft {
        let product = book.product(wanted.product).ok_or(Refusal::NotFound("product"))?;
        let mut line = wanted.priced(product).map_err(too_much_money)?;
        if let Some(known) = before.iter().find(|known| known.id == line.id) {
            (line.sku, line.name) = (known.sku.clone(), known.name.clone());
            (line.returned, line.restocked) = (known.returned, known.restocked);
            if line.unit_price != known.unit_price && !known.returned.is_zero() {
                return Err(Refusal::conflict("refunded", format!("some {} was refunded at the old price", line.sku)));
            }
        }
        lines.push(line);
    }
    for known in before {
        let now = lines.iter().find(|line| line.id == known.id).map_or(Quantity::ZERO, |line| line.quantity);
        if now < known.returned {
            let detail = format!("{} of {} came back: there cannot be fewer", known.returned, known.sku);
            return Err(Refusal::conflict("below_refunded", detail));
        }
    }
    Ok(lines)
}

/// Which line of the document a requested one goes on with: the one it names, else the product's at the price named, else its only one.
pub(super) fn known_line<'a>(
    known: &'a [Line],
    wanted: &SellLine,
    index: usize,
) -> Result<Option<&'a Line>, LineError> {
    if let Some(id) = wanted.line {
        let line = find_line(known, id, wanted.product, index)?;
        return Ok(Some(line));
    }
    let mut of_product = known.iter().filter(|line| Some(line.product) == wanted.product);
    if let Some(price) = wanted.unit_price {
        return Ok(of_product.find(|line| line.unit_price == price));
    }
    match (of_product.next(), of_product.next()) {
        (Some(_), Some(_)) => Err(ambiguous(index)),
        (only, _) => Ok(only),
    }
}

pub(super) fn returned_lines(
    book: &Book,
    before: &[Line],
    lines: &[RefundLine],
    errors: &mut FieldErrors,
) -> Vec<(LineId, Quantity)> {
    let mut returned = Vec::with_capacity(lines.len());
    for (index, wanted) in lines.iter().enumerate() {
        match returned_line(before, wanted, index) {
            Ok(line) => {
                if let Some(product) = product_of(book, line.product, index, errors) {
                    stock::check_quantity(product, wanted.quantity, &format!("/lines/{index}/quantity"), errors);
                }
                returned.push((line.id, wanted.quantity));
            }
            Err(fault) => errors.add(fault.0, fault.1, fault.2),
        }
    }
    returned
}

pub(super) fn returned_line<'a>(known: &'a [Line], wanted: &RefundLine, index: usize) -> Result<&'a Line, LineError> {
    if let Some(id) = wanted.line {
        return find_line(known, id, wanted.product, index);
    }
    let pointer = format!("/lines/{index}/product_id");
    let Some(product) = wanted.product else {
        return Err((pointer, "required", "name the line_id, or the product_id"));
    };
    let mut of_product = known.iter().filter(|line| line.product == product);
    match (of_product.next(), of_product.next()) {
        (Some(_), Some(_)) => Err(ambiguous(index)),
        (Some(only), None) => Ok(only),
        (None, _) => Err((pointer, "not_sold", "this document did not sell this product")),
    }
}

/// Notes on the lines what came back; answers what of it goes back to stock, each product once.
pub(super) fn take_back(
    lines: &mut [Line],
    returned: Vec<(LineId, Quantity)>,
    restock: bool,
) -> Result<Vec<(ProductId, Delta)>, Refusal> {
    let mut back = Vec::with_capacity(returned.len());
    for (id, quantity) in returned {
        let Some(line) = lines.iter_mut().find(|line| line.id == id) else {
            continue;
        };
        let sum = line.returned.checked_add(quantity).filter(|sum| *sum <= line.quantity);
        line.returned = sum.ok_or_else(|| more_than_sold(line, quantity))?;
        if restock {
            line.restocked = line.restocked.checked_add(quantity).ok_or_else(|| more_than_sold(line, quantity))?;
            back.push((line.product, quantity.as_increase()));
        }
    }
    Ok(sum_by_product(back.into_iter()))
}

fn more_than_sold(line: &Line, asked: Quantity) -> Refusal {
    let detail = format!(
        "{asked} of {} cannot come back: {} sold, {} came back already",
        line.sku,
        line.quantity,
        line.quantity.saturating_sub(line.returnable())
    );
    Refusal::conflict("more_than_sold", detail)
}
