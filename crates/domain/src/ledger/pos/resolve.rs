//! What the lines of a delivery mean: which of our products, and whether anything is wrong with them. Nothing is booked in here.

use super::outcome::latest_counts;
use crate::{
    catalogue::Product,
    field_errors::FieldErrors,
    ids::{LocationId, PosConnectionId, ProductId},
    instant::Instant,
    ledger::{Book, Inputs, ReadSet, Stop, lines, stock},
    pos::{PosConnection, PosEventLine, PosReason, Reference, Report},
    text,
};

/// What was found before anything is booked.
pub(super) enum Resolution {
    /// Something is wrong with it.
    Invalid(FieldErrors),
    /// It cannot be booked yet.
    Held(PosReason),
    /// What its lines mean, one product for each.
    Products(Vec<ProductId>),
}

/// Looks up what the lines mean. A delivery that came for the first time was `received` now, which is said with `None`.
pub(super) fn resolve(
    book: &Book,
    connection: &PosConnection,
    lines: &[PosEventLine],
    received: Option<Instant>,
    inputs: &Inputs<'_>,
) -> Result<Resolution, Stop> {
    let errors = check_times(lines, received, inputs);
    if !errors.is_empty() {
        return Ok(Resolution::Invalid(errors));
    }
    book.require(|need| need_lookups(need, connection.id, lines))?;
    let products = products_of(book, connection.id, lines);
    book.require_last(|need| need_stock_of(need, book, connection, lines, &products, received))?;
    check_skus(book, lines, &products)?;
    let mut errors = FieldErrors::new();
    let mut found = Vec::with_capacity(lines.len());
    let mut unknown = None;
    for (index, (line, product)) in lines.iter().zip(products).enumerate() {
        match (product.and_then(|id| book.product(id)), &line.product) {
            (Some(product), _) => {
                check_unit(product, line, index, &mut errors);
                found.push(product.id);
            }
            (None, Reference::Product(id)) => {
                let pointer = format!("/{}/{index}/product_id", list_of(&line.report));
                errors.add(pointer, "unknown_product", format!("there is no product {id}"));
            }
            (None, Reference::Sku(name) | Reference::External(name)) => {
                unknown.get_or_insert_with(|| format!("no product is known by the {} {name}", line.product.kind()));
            }
        }
    }
    if !errors.is_empty() {
        return Ok(Resolution::Invalid(errors));
    }
    if let Some(detail) = unknown {
        return Ok(Resolution::Held(super::outcome::reason("unknown_product", detail)));
    }
    if book.location(location(book, connection)).is_none() {
        let detail = "the location of this connection was removed: name another";
        return Ok(Resolution::Held(super::outcome::reason("unknown_location", detail)));
    }
    Ok(Resolution::Products(found))
}

/// The list of a delivery's body that a line stands in.
pub(super) const fn list_of(report: &Report) -> &'static str {
    match report {
        Report::Change { .. } => "changes",
        Report::Count { .. } => "counts",
    }
}

/// Where a connection's reports take place.
pub(super) fn location(book: &Book, connection: &PosConnection) -> LocationId {
    connection.location.unwrap_or(book.default_location())
}

/// What can be said of the lines before anything is looked up. Times above all: how far back a count reads is bounded here.
pub(super) fn check_times(lines: &[PosEventLine], received: Option<Instant>, inputs: &Inputs<'_>) -> FieldErrors {
    let mut errors = FieldErrors::new();
    if lines.is_empty() || lines.len() > crate::lines::MAX_LINES {
        errors.add("/changes", "length", "there are 1 to 200 changes or counts in a delivery");
    }
    let is_count = |line: &PosEventLine| matches!(line.report, Report::Count { .. });
    if lines.iter().any(is_count) && !lines.iter().all(is_count) {
        errors.add("/counts", "mixed", "a delivery has changes or counts, not both");
    }
    for (index, line) in lines.iter().enumerate() {
        match &line.report {
            Report::Change { change, occurred_at, .. } => {
                if change.is_zero() {
                    errors.add(format!("/changes/{index}/quantity_change"), "zero", "a change is not zero");
                }
                stock::check_occurred_at(*occurred_at, &format!("/changes/{index}/occurred_at"), &mut errors, inputs);
            }
            Report::Count { counted_at, .. } => {
                let pointer = format!("/counts/{index}/counted_at");
                stock::check_count_time(counted_at.or(received), &pointer, &mut errors, inputs);
            }
        }
    }
    errors
}

fn check_unit(product: &Product, line: &PosEventLine, index: usize, errors: &mut FieldErrors) {
    let (field, misfit) = match &line.report {
        Report::Change { change, .. } => ("quantity_change", product.unit.check_change(*change).err()),
        Report::Count { counted, .. } => ("counted", product.unit.check(*counted).err()),
    };
    if let Some(misfit) = misfit {
        errors.add(format!("/{}/{index}/{field}", list_of(&line.report)), "too_precise", misfit);
    }
}

/// What must be looked up to know which products the lines mean.
pub(super) fn need_lookups(need: &mut ReadSet, connection: PosConnectionId, lines: &[PosEventLine]) {
    for line in lines {
        match &line.product {
            Reference::Product(_) => {}
            Reference::Sku(sku) => need.catalogue.skus.add(text::fold(sku)),
            Reference::External(id) => need.pos.mappings.add((connection, id.clone())),
        }
    }
}

/// Which of our products each line means, as far as it is known.
pub(super) fn products_of(book: &Book, connection: PosConnectionId, lines: &[PosEventLine]) -> Vec<Option<ProductId>> {
    let product = |line: &PosEventLine| match &line.product {
        Reference::Product(id) => Some(*id),
        Reference::Sku(sku) => book.catalogue.skus.get(&text::fold(sku)).copied(),
        Reference::External(id) => book.pos.mappings.get(&(connection, id.clone())).copied(),
    };
    lines.iter().map(product).collect()
}

/// What must be known to book the lines.
pub(super) fn need_stock_of(
    need: &mut ReadSet,
    book: &Book,
    connection: &PosConnection,
    lines: &[PosEventLine],
    products: &[Option<ProductId>],
    received: Option<Instant>,
) {
    let location = location(book, connection);
    lines::need_stock(need, products.iter().flatten().copied(), location);
    let timed =
        latest_counts(lines.iter().zip(products).filter_map(|(line, product)| Some((line, (*product)?))), received);
    need.stock.histories.extend(timed.into_iter().filter_map(|(product, _, at)| Some((product, location, at?))));
}

/// A SKU is looked up before the level is held by which its product is kept from changing.
fn check_skus(book: &Book, lines: &[PosEventLine], products: &[Option<ProductId>]) -> Result<(), Stop> {
    for (line, product) in lines.iter().zip(products) {
        if let (Reference::Sku(sku), Some(id)) = (&line.product, product)
            && book.product(*id).is_none_or(|product| product.sku.key() != text::fold(sku))
        {
            return Err(Stop::Stale);
        }
    }
    Ok(())
}
