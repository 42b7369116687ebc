//! Judging a delivery as a whole: every line of it, or none.

use crate::{
    catalogue::Product,
    field_errors::FieldErrors,
    ids::{LocationId, PosConnectionId, ProductId},
    instant::Instant,
    ledger::{Book, Effects, Inputs, ReadSet, Refusal, Stop, Unavailable, Written, lines, stock},
    pos::{OnShortage, PosConnection, PosEvent, PosEventLine, PosEventStatus, PosReason, Reference, Report},
    quantity::Quantity,
    stock::{Change, Movement, MovementKind, Source},
    text::{self, limits},
};
use std::sync::Arc;

/// What was found before anything is booked.
pub(super) enum Judged {
    /// Something is wrong with it.
    Invalid(FieldErrors),
    /// It cannot be booked yet.
    Held(PosReason),
    /// What its lines mean, one product for each.
    Products(Vec<ProductId>),
}

/// Looks up what the lines mean. A delivery that came for the first time was `received` now, which is said with `None`.
pub(super) fn judge(
    book: &Book,
    connection: &PosConnection,
    lines: &[PosEventLine],
    received: Option<Instant>,
    inputs: &Inputs<'_>,
) -> Result<Judged, Stop> {
    let errors = check_times(lines, received, inputs);
    if !errors.is_empty() {
        return Ok(Judged::Invalid(errors));
    }
    book.require(|need| need_lookups(need, connection.id, lines))?;
    let products = products_meant(book, connection.id, lines);
    book.require_last(|need| need_stock(need, book, connection, lines, &products, received))?;
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
        return Ok(Judged::Invalid(errors));
    }
    if let Some(detail) = unknown {
        return Ok(Judged::Held(reason("unknown_product", detail)));
    }
    if book.location(location(book, connection)).is_none() {
        let detail = "the location of this connection was removed: name another";
        return Ok(Judged::Held(reason("unknown_location", detail)));
    }
    Ok(Judged::Products(found))
}

/// What comes of an event that was judged like this.
pub(super) fn outcome(
    book: &Book,
    connection: &PosConnection,
    mut event: PosEvent,
    judged: Judged,
    inputs: &mut Inputs<'_>,
) -> Result<Effects, Stop> {
    let mut effects = Effects::default();
    let (status, why) = match judged {
        // What is wrong with it was not known when it came, for its product was not: now somebody has to look at it.
        Judged::Invalid(errors) => (PosEventStatus::Held, Some(reason("invalid", errors))),
        Judged::Held(reason) => (PosEventStatus::Held, Some(reason)),
        Judged::Products(products) => {
            match (book_lines(book, connection, &event, &products, inputs), connection.on_shortage) {
                (Ok(movements), _) => {
                    effects.stock.movements = movements;
                    (PosEventStatus::Applied, None)
                }
                (Err(refusal), OnShortage::Hold) => (PosEventStatus::Held, Some(reason(code(&refusal), refusal))),
                (Err(refusal), OnShortage::Refuse) => {
                    let why = reason(code(&refusal), &refusal);
                    effects.pos.refused = Some(refusal);
                    (PosEventStatus::Refused, Some(why))
                }
            }
        }
    };
    (event.status, event.reason) = (status, why);
    event.version += 1;
    event.updated_at = inputs.now;
    effects.pos.events.push(Written::changed(event));
    effects.name_moved(book);
    Ok(effects)
}

/// Judges a delivery that was refused or is held.
pub(super) fn judge_again(
    book: &Book,
    connection: &PosConnection,
    event: &Arc<PosEvent>,
    inputs: &mut Inputs<'_>,
) -> Result<Effects, Stop> {
    let judged = judge(book, connection, &event.lines, Some(event.received_at), inputs)?;
    outcome(book, connection, (**event).clone(), judged, inputs)
}

/// A reason, cut to what a note may have: a delivery of 200 lines can be short of 200 products.
fn reason(code: &str, detail: impl std::fmt::Display) -> PosReason {
    let detail = detail.to_string();
    let cut =
        detail.char_indices().nth(limits::NOTE - 1).map_or(detail.clone(), |(end, _)| format!("{}…", &detail[..end]));
    PosReason { code: code.to_owned(), detail: cut }
}

const fn code(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::InsufficientStock(_) => "insufficient_stock",
        Refusal::ProductUnavailable { .. } => "product_unavailable",
        Refusal::Conflict { reason, .. } => reason,
        Refusal::Invalid(_) => "invalid",
        Refusal::Forbidden(_)
        | Refusal::NotFound(_)
        | Refusal::PreconditionFailed
        | Refusal::Duplicate { .. }
        | Refusal::InUse(_)
        | Refusal::IllegalTransition { .. }
        | Refusal::PromoRefused(_)
        | Refusal::CartEmpty
        | Refusal::KeyReused => "refused",
    }
}

/// The list of a delivery's body that a line stands in.
pub(super) const fn list_of(report: &Report) -> &'static str {
    match report {
        Report::Change { .. } => "changes",
        Report::Count { .. } => "counts",
    }
}

/// Where a connection's reports take place.
fn location(book: &Book, connection: &PosConnection) -> LocationId {
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
                stock::happened(*occurred_at, &format!("/changes/{index}/occurred_at"), &mut errors, inputs);
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
pub(super) fn products_meant(
    book: &Book,
    connection: PosConnectionId,
    lines: &[PosEventLine],
) -> Vec<Option<ProductId>> {
    let meant = |line: &PosEventLine| match &line.product {
        Reference::Product(id) => Some(*id),
        Reference::Sku(sku) => book.catalogue.skus.get(&text::fold(sku)).copied(),
        Reference::External(id) => book.pos.mappings.get(&(connection, id.clone())).copied(),
    };
    lines.iter().map(meant).collect()
}

/// What must be known to book the lines.
pub(super) fn need_stock(
    need: &mut ReadSet,
    book: &Book,
    connection: &PosConnection,
    lines: &[PosEventLine],
    products: &[Option<ProductId>],
    received: Option<Instant>,
) {
    let location = location(book, connection);
    lines::stock_of(need, products.iter().flatten().copied(), location);
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

/// Of several counts of one product the latest counts, so each level's history is read once. A count without a time was taken when it was
/// received: now (`None`), or in the past where the delivery had to wait.
fn latest_counts<'l>(
    lines: impl Iterator<Item = (&'l PosEventLine, ProductId)>,
    received: Option<Instant>,
) -> Vec<(ProductId, Quantity, Option<Instant>)> {
    let mut latest: Vec<(ProductId, Quantity, Option<Instant>)> = Vec::new();
    for (line, product) in lines {
        let Report::Count { counted, counted_at } = &line.report else { continue };
        let at = counted_at.or(received);
        // Now is later than any time that was named.
        let order = |at: Option<Instant>| (at.is_none(), at);
        match latest.iter_mut().find(|(known, ..)| *known == product) {
            Some(one) if order(one.2) <= order(at) => *one = (product, *counted, at),
            Some(_) => {}
            None => latest.push((product, *counted, at)),
        }
    }
    latest
}

fn book_lines(
    book: &Book,
    connection: &PosConnection,
    event: &PosEvent,
    products: &[ProductId],
    inputs: &mut Inputs<'_>,
) -> Result<Vec<Movement>, Refusal> {
    let removed = products.iter().filter_map(|id| book.product(*id)).find(|product| product.removed_at.is_some());
    if let Some(product) = removed {
        let (id, sku) = (product.id, product.sku.clone());
        return Err(Refusal::ProductUnavailable { product: id, sku, why: Unavailable::Removed });
    }
    let judged = match connection.on_shortage {
        OnShortage::Hold => stock::Judged::AsFact,
        OnShortage::Refuse => stock::Judged::AsPromise,
    };
    let moving = stock::Moving {
        kind: MovementKind::Pos,
        location: location(book, connection),
        judged,
        reason: None,
        source: Some(Source::PosEvent(event.id)),
        occurred_at: event.received_at,
    };
    let mut movements = stock::move_each(book, &reports(event, products), &moving, inputs)?;
    movements.extend(book_counts(book, event, products, &moving, inputs)?);
    // The order in which they are read again, so that a delivery that comes twice is answered alike.
    movements.sort_by_key(|movement| (movement.product, movement.seq));
    Ok(movements)
}

/// Each change with its own words and time.
fn reports<'e>(event: &'e PosEvent, products: &[ProductId]) -> Vec<stock::Report<'e>> {
    let report = |(line, product): (&'e PosEventLine, &ProductId)| match &line.report {
        Report::Change { change, occurred_at, reason } => Some(stock::Report {
            product: *product,
            change: *change,
            occurred_at: occurred_at.unwrap_or(event.received_at),
            reason: reason.as_deref(),
        }),
        Report::Count { .. } => None,
    };
    event.lines.iter().zip(products).filter_map(report).collect()
}

/// One that is not newer than the last one booked changes nothing.
fn book_counts(
    book: &Book,
    event: &PosEvent,
    products: &[ProductId],
    moving: &stock::Moving<'_>,
    inputs: &mut Inputs<'_>,
) -> Result<Vec<Movement>, Refusal> {
    // An event that was never judged came now.
    let received = (event.version > 0).then_some(event.received_at);
    let lines = event.lines.iter().zip(products.iter().copied());
    let mut movements = Vec::new();
    for (product, counted, at) in latest_counts(lines, received) {
        let level = book.level(product, moving.location);
        let stock::Found::Difference(change) = stock::found(book, &level, counted, at, inputs)? else { continue };
        let occurred_at = at.unwrap_or(event.received_at);
        let moving =
            stock::Moving { kind: MovementKind::Counted, judged: stock::Judged::AsFact, occurred_at, ..*moving };
        movements.extend(stock::move_stock(book, &[(product, Change::on_hand(change))], &moving, inputs)?);
    }
    Ok(movements)
}
