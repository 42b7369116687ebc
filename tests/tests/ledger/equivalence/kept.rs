//! What a history leaves behind, as memory has it and as a database has it, in one form.

use crate::common::{ANN, BOB, promo_id};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tradepost_domain::{
    carts::Cart,
    identity::Actor,
    ids::UserId,
    instant::Instant,
    ledger::CustomerSummary,
    lines::Line,
    memory,
    orders::{HistoryEntry, Order},
    pos::{PosEvent, PosEventLine, Report},
    repository::{Carts, Promos},
    sales::{Buyer, Sale},
    stock::{Level, Movement, Source},
};
use tradepost_store::{At, Id};

/// Things by what they are and their ids.
pub(super) type Kept = BTreeMap<String, Value>;

/// The codes that there are.
pub(super) const PROMOS: [&str; 2] = ["TEN", "FIVE"];

pub(super) fn enter(kept: &mut Kept, what: &str, id: impl ToString, value: Value) {
    let before = kept.insert(format!("{what} {}", id.to_string()), value);
    assert_eq!(before, None, "there is one {what} {}", id.to_string());
}

fn at(instant: Option<Instant>) -> Option<At> {
    instant.map(At::from)
}

pub(super) fn users() -> [UserId; 2] {
    [ANN, BOB].map(|who| UserId::from_uuid(who.uuid()))
}

/// A document with its number, or without it.
pub(super) fn numbered(mut document: Value, head: &str, has_number: bool) -> Value {
    if !has_number {
        document[head]["number"].take();
    }
    document
}

/// Says what is not the same, if anything is.
pub(super) fn assert_same(found: &Kept, expected: &Kept, when: &str) {
    for (thing, expected) in expected {
        assert_eq!(found.get(thing), Some(expected), "{when}: {thing}");
    }
    let more: Vec<_> = found.keys().filter(|thing| !expected.contains_key(*thing)).collect();
    assert!(more.is_empty(), "{when}: there is more: {more:?}");
}

/// What a shop in memory has.
pub(super) fn in_memory(shop: &memory::Shop, has_numbers: bool) -> Kept {
    let (mut shop, mut kept) = (shop.clone(), Kept::new());
    for (code, who) in PROMOS.into_iter().flat_map(|code| [(code, ANN), (code, BOB)]) {
        let times = shop.redemptions(promo_id(code), who).expect("memory answers");
        enter(&mut kept, "redemptions", format!("{code} {who}"), json!(times));
    }
    for user in users() {
        let cart = shop.cart(user).expect("memory answers");
        enter(&mut kept, "cart", user, of_cart(cart));
    }
    let book = shop.book();
    let summaries = |id| book.customers.summaries.get(&id);
    for (id, product) in book.catalogue.products.iter() {
        let value = json!({
            "id": Id::from(*id), "sku": product.sku.as_str(), "sku_key": product.sku.key(), "name": product.name,
            "name_key": product.name_key(), "description": product.description, "price": product.price.money().minor(),
            "category_id": product.category.map(Id::from), "category_name": null, "barcode": product.barcode,
            "image_url": product.image_url, "unit": product.unit.name(), "unit_decimals": product.unit.decimals(),
            "low_stock_threshold": product.low_stock_threshold.map(|low| low.hundred_thousandths()),
            "enabled": product.enabled, "removed_at": at(product.removed_at), "version": product.version,
            "created_at": At::from(product.created_at), "updated_at": At::from(product.updated_at),
        });
        enter(&mut kept, "product", id, value);
    }
    for (id, location) in book.stock.locations.iter().filter(|(_, location)| location.removed_at.is_none()) {
        enter(&mut kept, "location", id, json!(format!("{:?}", **location)));
    }
    for (_, level) in book.stock.levels.iter().filter(|(_, level)| level.seq > 0) {
        let code = &book.stock.locations.get(&level.location).expect("it is somewhere").code;
        enter(&mut kept, "level", format!("{} {}", level.product, level.location), of_level(level, code));
    }
    for movement in shop.movements() {
        let sku = book.product(movement.product).expect("it is of something").sku.as_str();
        enter(&mut kept, "movement", movement.id, of_movement(movement, sku));
    }
    for (id, sale) in book.sales.sales.iter() {
        let card = match sale.buyer {
            Some(Buyer::Customer(id)) => summaries(id),
            _ => None,
        };
        enter(&mut kept, "sale", id, numbered(of_sale(sale, card), "sale", has_numbers));
    }
    for (id, order) in book.orders.orders.iter() {
        let order = of_order(order, summaries(order.customer).expect("somebody ordered it"));
        enter(&mut kept, "order", id, numbered(order, "order", has_numbers));
    }
    for (id, event) in book.pos.events.iter() {
        enter(&mut kept, "delivery", id, of_event(event));
    }
    for ((connection, external_id), product) in book.pos.mappings.iter() {
        enter(&mut kept, "mapping", format!("{connection} {external_id}"), json!(Id::from(*product)));
    }
    for (id, promo) in book.orders.promos.iter() {
        enter(&mut kept, "promo", id, json!(format!("{:?}", **promo)));
    }
    kept
}

pub(super) fn of_cart(mut cart: Cart) -> Value {
    cart.items.sort_by_key(|item| item.product);
    json!(format!("{cart:?}"))
}

/// How many rows there are of what is told by their number alone, beside those of a product that no history knows.
pub(super) fn counts(shop: &memory::Shop) -> [(&'static str, i64); 5] {
    let counted = |rows: usize| i64::try_from(rows).expect("there are not that many");
    let book = shop.book();
    [
        ("orders", counted(book.orders.orders.iter().count())),
        ("products where sku <> 'OTHER'", counted(book.catalogue.products.iter().count())),
        ("messages", counted(shop.messages().len())),
        ("audit_log where subject_id <> (select id from products where sku = 'OTHER')", counted(shop.audit().len())),
        ("movements", counted(shop.movements().len())),
    ]
}

fn of_level(level: &Level, code: &str) -> Value {
    json!({
        "product_id": Id::from(level.product), "location_id": Id::from(level.location), "location_code": code,
        "on_hand": level.on_hand.hundred_thousandths(), "reserved": level.reserved.hundred_thousandths(),
        "seq": level.seq, "counted_at": at(level.counted_at), "recorded_at": at(level.recorded_at),
    })
}

fn of_movement(movement: &Movement, sku: &str) -> Value {
    let (actor_type, actor_id) = actor(movement.actor);
    json!({
        "id": Id::from(movement.id), "product_id": Id::from(movement.product), "sku": sku,
        "location_id": Id::from(movement.location), "seq": movement.seq, "kind": movement.kind.as_str(),
        "on_hand_change": movement.change.on_hand.hundred_thousandths(),
        "reserved_change": movement.change.reserved.hundred_thousandths(),
        "on_hand_after": movement.on_hand_after.hundred_thousandths(),
        "reserved_after": movement.reserved_after.hundred_thousandths(),
        "reason": movement.reason, "source_type": movement.source.map(Source::type_name),
        "source_id": movement.source.map(|source| Id(source.uuid())), "actor_type": actor_type, "actor_id": actor_id,
        "occurred_at": At::from(movement.occurred_at), "recorded_at": At::from(movement.recorded_at),
    })
}

fn actor(actor: Actor) -> (&'static str, Option<Id>) {
    match actor {
        Actor::User(id) => ("user", Some(id.into())),
        Actor::Connection(id) => ("connection", Some(id.into())),
        Actor::System => ("system", None),
    }
}

/// A line; what was brought back is called differently by sales and by orders.
fn of_line(line: &Line, (document, id): (&str, Id), returned: &str) -> Value {
    json!({
        "id": Id::from(line.id), document: id, "product_id": Id::from(line.product), "sku": line.sku.as_str(),
        "name": line.name, "quantity": line.quantity.hundred_thousandths(),
        returned: line.returned.hundred_thousandths(), "unit_price": line.unit_price.money().minor(),
        "line_total": line.line_total.minor(),
    })
}

fn of_sale(sale: &Sale, card: Option<&CustomerSummary>) -> Value {
    let (customer, name) = match &sale.buyer {
        Some(Buyer::Customer(id)) => (Some(Id::from(*id)), card.map(|card| &card.name)),
        Some(Buyer::Named(name)) => (None, Some(name)),
        None => (None, None),
    };
    let line = |line| of_line(line, ("sale_id", sale.id.into()), "refunded_quantity");
    let head = json!({
        "id": Id::from(sale.id), "number": sale.number, "status": sale.status.as_str(),
        "location_id": Id::from(sale.location), "customer_id": customer, "customer_name": name,
        "customer_code": card.map(|card| &card.code), "sold_by": sale.sold_by.map(Id::from), "total": sale.total.minor(),
        "refunded_total": sale.refunded_total.minor(), "reason": sale.reason, "version": sale.version,
        "occurred_at": At::from(sale.occurred_at), "created_at": At::from(sale.created_at),
        "updated_at": At::from(sale.updated_at),
    });
    json!({ "sale": head, "lines": sale.lines.iter().map(line).collect::<Vec<_>>() })
}

fn of_order(order: &Order, card: &CustomerSummary) -> Value {
    let line = |line| of_line(line, ("order_id", order.id.into()), "returned_quantity");
    let step = |step: &HistoryEntry| {
        let (actor_type, actor_id) = actor(step.by);
        json!({
            "order_id": Id::from(order.id), "status": step.status.as_str(), "at": At::from(step.at),
            "actor_type": actor_type, "actor_id": actor_id, "reason": step.reason,
        })
    };
    let head = json!({
        "id": Id::from(order.id), "number": order.number, "status": order.status.as_str(),
        "customer_id": Id::from(order.customer), "customer_name": card.name, "customer_code": card.code,
        "placed_by": order.placed_by.map(Id::from), "subtotal": order.subtotal.minor(),
        "discount": order.discount.minor(), "total": order.total.minor(),
        "promo_code": order.promo.as_ref().map(|promo| &promo.code), "notes": order.notes,
        "location_id": Id::from(order.location), "hidden_at": at(order.hidden_at), "version": order.version,
        "created_at": At::from(order.created_at), "updated_at": At::from(order.updated_at),
    });
    let (lines, history) = (order.lines.iter().map(line), order.history.iter().map(step));
    json!({ "order": head, "lines": lines.collect::<Vec<_>>(), "history": history.collect::<Vec<_>>() })
}

fn of_event(event: &PosEvent) -> Value {
    let line = |(position, line): (usize, &PosEventLine)| {
        let (change, counted, counted_at, occurred_at, reason) = match &line.report {
            Report::Change { change, occurred_at, reason } => {
                (Some(change.hundred_thousandths()), None, None, *occurred_at, reason.as_ref())
            }
            Report::Count { counted, counted_at } => {
                (None, Some(counted.hundred_thousandths()), *counted_at, None, None)
            }
        };
        json!({
            "event_id": Id::from(event.id), "position": position, "ref_kind": line.product.kind(),
            "ref_value": line.product.value(), "change": change, "counted": counted, "counted_at": at(counted_at),
            "occurred_at": at(occurred_at), "reason": reason,
        })
    };
    let head = json!({
        "id": Id::from(event.id), "connection_id": Id::from(event.connection), "webhook_id": event.webhook_id,
        "status": event.status.as_str(), "reason_code": event.reason.as_ref().map(|reason| &reason.code),
        "reason": event.reason.as_ref().map(|reason| &reason.detail), "received_at": At::from(event.received_at),
        "updated_at": At::from(event.updated_at), "version": event.version,
    });
    json!({ "event": head, "lines": event.lines.iter().enumerate().map(line).collect::<Vec<_>>() })
}
