//! Applying what tills report: each delivery once, as a whole, and kept whatever comes of it.

use super::{Book, Effects, Inputs, Mapping, Refusal, Unavailable, Written, stock};
use crate::{
    faults::Faults,
    ids::{ConnectionId, EventId, ProductId},
    instant::Instant,
    pos::{Connection, Delivery, Event, EventLine, EventStatus, OnShortage, Reason, Reference, Report},
    quantity::Delta,
    stock::{Change, Kind, Movement, Source},
    text::{self, limits},
};
use std::sync::Arc;

/// What comes of a delivery.
enum Verdict {
    Applied(Vec<Movement>),
    Held(Reason),
    Refused(Refusal),
}

pub(super) fn apply(book: &Book, delivery: &Arc<Delivery>, inputs: &mut Inputs<'_>) -> Result<Effects, Refusal> {
    let connection = book.connection(delivery.connection).ok_or(Refusal::NotFound("connection"))?;
    if let Some(seen) = book.event_by_webhook_id(delivery.connection, &delivery.webhook_id) {
        if seen.body_hash != delivery.body_hash {
            return Err(Refusal::KeyReused);
        }
        return match seen.status {
            EventStatus::Applied | EventStatus::Held | EventStatus::Dismissed => Ok(Effects::default()),
            EventStatus::Received | EventStatus::Refused => rejudge(book, connection, seen, inputs),
        };
    }
    let event = Event {
        id: EventId::from_uuid((inputs.new_id)()),
        connection: delivery.connection,
        webhook_id: delivery.webhook_id.clone(),
        body_hash: delivery.body_hash,
        lines: delivery.lines.clone(),
        status: EventStatus::Received,
        reason: None,
        version: 0,
        received_at: inputs.now,
        updated_at: inputs.now,
    };
    let verdict = judge(book, connection, &event, inputs)?;
    let mut effects = settle(event, verdict, inputs);
    effects.delivery = Some(Arc::clone(delivery));
    effects.events.iter_mut().for_each(|event| event.is_new = true);
    Ok(effects)
}

pub(super) fn retry(book: &Book, id: EventId, inputs: &mut Inputs<'_>) -> Result<Effects, Refusal> {
    let event = open_event(book, id, inputs)?;
    let connection = book.connection(event.connection).ok_or_else(|| {
        Refusal::conflict("connection_removed", "the connection of this delivery was removed: dismiss it instead")
    })?;
    rejudge(book, connection, event, inputs)
}

pub(super) fn dismiss(
    book: &Book,
    id: EventId,
    reason: Option<&str>,
    inputs: &mut Inputs<'_>,
) -> Result<Effects, Refusal> {
    let reason = text::optional(reason.unwrap_or(""), limits::NOTE);
    let reason = reason.map_err(|error| Refusal::invalid("/reason", "invalid", error))?;
    let mut event = (**open_event(book, id, inputs)?).clone();
    event.status = EventStatus::Dismissed;
    event.reason = Some(Reason { code: "dismissed".to_owned(), detail: reason });
    event.version += 1;
    event.updated_at = inputs.now;
    Ok(Effects { events: vec![Written::changed(event)], ..Effects::default() })
}

fn open_event<'a>(book: &'a Book, id: EventId, inputs: &Inputs<'_>) -> Result<&'a Arc<Event>, Refusal> {
    let event = book.event(id).ok_or(Refusal::NotFound("event"))?;
    inputs.check_version(event.version)?;
    match event.status {
        EventStatus::Received | EventStatus::Refused | EventStatus::Held => Ok(event),
        EventStatus::Applied | EventStatus::Dismissed => {
            Err(Refusal::IllegalTransition { from: event.status.as_str(), allowed: &[] })
        }
    }
}

fn rejudge(
    book: &Book,
    connection: &Connection,
    event: &Arc<Event>,
    inputs: &mut Inputs<'_>,
) -> Result<Effects, Refusal> {
    let verdict = match judge(book, connection, event, inputs) {
        // What is wrong with it was not known when it came, for its product was not: now somebody has to look at it.
        Err(Refusal::Invalid(faults)) => Verdict::Held(held("invalid", faults)),
        judged => judged?,
    };
    Ok(settle((**event).clone(), verdict, inputs))
}

/// A reason, cut to what a note may have: a delivery of 200 lines can be short of 200 products.
fn held(code: &str, detail: impl std::fmt::Display) -> Reason {
    let detail = detail.to_string();
    let cut =
        detail.char_indices().nth(limits::NOTE - 1).map_or(detail.clone(), |(end, _)| format!("{}…", &detail[..end]));
    Reason { code: code.to_owned(), detail: cut }
}

fn settle(mut event: Event, verdict: Verdict, inputs: &Inputs<'_>) -> Effects {
    let mut effects = Effects::default();
    (event.status, event.reason) = match verdict {
        Verdict::Applied(movements) => {
            effects.movements = movements;
            (EventStatus::Applied, None)
        }
        Verdict::Held(reason) => (EventStatus::Held, Some(reason)),
        Verdict::Refused(refusal) => {
            let reason = held(code(&refusal), &refusal);
            effects.refused = Some(refusal);
            (EventStatus::Refused, Some(reason))
        }
    };
    event.version += 1;
    event.updated_at = inputs.now;
    effects.events.push(Written::changed(event));
    effects
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

/// Judges a delivery as a whole: every line of it, or none.
fn judge(book: &Book, connection: &Connection, event: &Event, inputs: &mut Inputs<'_>) -> Result<Verdict, Refusal> {
    let mut faults = Faults::new();
    let mut products = Vec::with_capacity(event.lines.len());
    let mut unknown = None;
    for (index, line) in event.lines.iter().enumerate() {
        check_texts(line, index, &mut faults);
        match resolve(book, connection.id, &line.product) {
            Some(product) => {
                check_line(book, product, line, index, &mut faults, inputs);
                products.push(product);
            }
            None => match &line.product {
                Reference::Product(id) => {
                    let list = if matches!(line.report, Report::Change { .. }) { "changes" } else { "counts" };
                    let pointer = format!("/{list}/{index}/product_id");
                    faults.add(pointer, "unknown_product", format!("there is no product {id}"));
                }
                Reference::Sku(name) | Reference::External(name) => {
                    unknown.get_or_insert_with(|| format!("no product is known by the {} {name}", line.product.kind()));
                }
            },
        }
    }
    if event.lines.is_empty() || event.lines.len() > crate::lines::MAX_LINES {
        faults.add("/changes", "length", "there are 1 to 200 changes or counts in a delivery");
    }
    faults.into_result()?;
    if let Some(detail) = unknown {
        return Ok(Verdict::Held(held("unknown_product", detail)));
    }
    let location = connection.location.unwrap_or(book.default_location());
    if book.location(location).is_none() {
        return Ok(Verdict::Held(held(
            "unknown_location",
            "the location of this connection was removed: name another",
        )));
    }
    let booked = book_lines(book, connection, event, &products, location, inputs);
    match (booked, connection.on_shortage) {
        (Ok(movements), _) => Ok(Verdict::Applied(movements)),
        (Err(refusal), OnShortage::Hold) => Ok(Verdict::Held(held(code(&refusal), refusal))),
        (Err(refusal), OnShortage::Refuse) => Ok(Verdict::Refused(refusal)),
    }
}

/// Which of our products a till means.
pub(super) fn resolve(book: &Book, connection: ConnectionId, reference: &Reference) -> Option<ProductId> {
    match reference {
        Reference::Product(id) => book.product(*id).map(|product| product.id),
        Reference::Sku(sku) => book.product_by_sku(&text::fold(sku)),
        Reference::External(id) => book.mapping(connection, id),
    }
}

/// What is stored of a delivery must be storable, whatever comes of it.
fn check_texts(line: &EventLine, index: usize, faults: &mut Faults) {
    let list = match &line.report {
        Report::Change { reason, .. } => {
            if let Some(reason) = reason {
                faults.take(&format!("/changes/{index}/reason"), text::optional(reason, limits::NOTE));
            }
            "changes"
        }
        Report::Count { .. } => "counts",
    };
    if let Reference::Sku(name) | Reference::External(name) = &line.product {
        faults.take(&format!("/{list}/{index}/{}", line.product.kind()), text::required(name, limits::CODE));
    }
}

fn check_line(
    book: &Book,
    product: ProductId,
    line: &EventLine,
    index: usize,
    faults: &mut Faults,
    inputs: &Inputs<'_>,
) {
    let Some(product) = book.product(product) else { return };
    match &line.report {
        Report::Change { change, occurred_at, .. } => {
            let pointer = format!("/changes/{index}/quantity_change");
            if change.is_zero() {
                faults.add(pointer, "zero", "a change is not zero");
            } else if let Err(misfit) = product.unit.check_change(*change) {
                faults.add(pointer, "too_precise", misfit);
            }
            stock::happened(*occurred_at, &format!("/changes/{index}/occurred_at"), faults, inputs);
        }
        Report::Count { counted, counted_at } => {
            if let Err(misfit) = product.unit.check(*counted) {
                faults.add(format!("/counts/{index}/counted"), "too_precise", misfit);
            }
            stock::happened(*counted_at, &format!("/counts/{index}/counted_at"), faults, inputs);
        }
    }
}

fn book_lines(
    book: &Book,
    connection: &Connection,
    event: &Event,
    products: &[ProductId],
    location: crate::ids::LocationId,
    inputs: &mut Inputs<'_>,
) -> Result<Vec<Movement>, Refusal> {
    let mut changes: Vec<(ProductId, Delta, Instant, Option<&str>)> = Vec::new();
    let mut counts = Vec::new();
    for (line, product) in event.lines.iter().zip(products) {
        let removed = book.product(*product).filter(|product| product.removed_at.is_some());
        if let Some(product) = removed {
            let (id, sku) = (product.id, product.sku.clone());
            return Err(Refusal::ProductUnavailable { product: id, sku, why: Unavailable::Removed });
        }
        match &line.report {
            Report::Change { change, occurred_at, reason } => {
                let reason = reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
                let at = occurred_at.unwrap_or(event.received_at);
                match changes.iter_mut().find(|(known, ..)| known == product) {
                    Some((_, sum, latest, _)) => {
                        // At most 200 × 10^9: far from what cannot be added.
                        *sum = sum.checked_add(*change).unwrap_or(*sum);
                        *latest = at.max(*latest);
                    }
                    None => changes.push((*product, *change, at, reason)),
                }
            }
            Report::Count { counted, counted_at } => {
                counts.push((*product, *counted, counted_at.unwrap_or(event.received_at)))
            }
        }
    }
    let judged = match connection.on_shortage {
        OnShortage::Hold => stock::Judged::AsFact,
        OnShortage::Refuse => stock::Judged::AsPromise,
    };
    let source = Some(Source::PosEvent(event.id));
    let mut movements = Vec::with_capacity(event.lines.len());
    let mut shortages = Vec::new();
    for (product, change, occurred_at, reason) in changes {
        let moving = stock::Moving { kind: Kind::Pos, location, judged, reason, source, occurred_at };
        match stock::move_stock(book, &[(product, Change::on_hand(change))], &moving, inputs) {
            Ok(moved) => movements.extend(moved),
            Err(Refusal::InsufficientStock(short)) => shortages.extend(short),
            Err(other) => return Err(other),
        }
    }
    if !shortages.is_empty() {
        return Err(Refusal::InsufficientStock(shortages));
    }
    movements.extend(book_counts(book, counts, location, source, inputs)?);
    Ok(movements)
}

/// Of several counts of one product the latest counts; one that is older than the last one booked changes nothing.
fn book_counts(
    book: &Book,
    counts: Vec<(ProductId, crate::quantity::Quantity, Instant)>,
    location: crate::ids::LocationId,
    source: Option<Source>,
    inputs: &mut Inputs<'_>,
) -> Result<Vec<Movement>, Refusal> {
    let mut movements = Vec::with_capacity(counts.len());
    for (index, (product, counted, at)) in counts.iter().enumerate() {
        let superseded = counts.iter().enumerate().any(|(i, (p, _, t))| p == product && (*t, i) > (*at, index));
        let level = book.level(*product, location);
        if superseded || level.counted_at.is_some_and(|last| last > *at) {
            continue;
        }
        let change = stock::found(book, &level, *counted, *at)?;
        let judged = stock::Judged::AsFact;
        let moving = stock::Moving { kind: Kind::Counted, location, judged, reason: None, source, occurred_at: *at };
        movements.extend(stock::move_stock(book, &[(*product, Change::on_hand(change))], &moving, inputs)?);
    }
    Ok(movements)
}

pub(super) fn map(
    book: &Book,
    connection: ConnectionId,
    external_id: &str,
    product: ProductId,
    inputs: &mut Inputs<'_>,
) -> Result<Effects, Refusal> {
    let from = book.connection(connection).ok_or(Refusal::NotFound("connection"))?;
    let external_id = text::required(external_id, limits::CODE);
    let external_id = external_id.map_err(|error| Refusal::invalid("/external_id", "invalid", error))?;
    if book.product(product).is_none_or(|product| product.removed_at.is_some()) {
        return Err(Refusal::invalid("/product_id", "unknown_product", "there is no such product"));
    }
    let mapping = Mapping { connection, external_id: external_id.clone(), product: Some(product) };
    let mut effects = Effects { mapping: Some(mapping), ..Effects::default() };
    // Each waiting delivery is judged by what those before it left, so they go through a book of their own.
    let mut after = book.clone();
    after.apply(&effects);
    for id in book.waiting(connection) {
        let waits = |event: &&Arc<Event>| {
            let named = |line: &EventLine| line.product == Reference::External(external_id.clone());
            event.status == EventStatus::Held && event.lines.iter().any(named)
        };
        let Some(event) = book.event(*id).filter(waits) else {
            continue;
        };
        let next = rejudge(&after, from, event, inputs)?;
        after.apply(&next);
        effects.movements.extend(next.movements);
        effects.events.extend(next.events);
    }
    Ok(effects)
}

pub(super) fn unmap(book: &Book, connection: ConnectionId, external_id: &str) -> Result<Effects, Refusal> {
    book.connection(connection).ok_or(Refusal::NotFound("connection"))?;
    book.mapping(connection, external_id).ok_or(Refusal::NotFound("mapping"))?;
    let mapping = Mapping { connection, external_id: external_id.to_owned(), product: None };
    Ok(Effects { mapping: Some(mapping), ..Effects::default() })
}
