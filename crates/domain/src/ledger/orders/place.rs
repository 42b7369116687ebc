//! Placing an order, from lines or from a cart.

use super::{
    EmptiedCart, NewOrder, note, post_for, promo_by_code, quantities_by_product, redemption, update_totals,
    usable_promo, written_with_message,
};
use crate::{
    carts::CartItem,
    identity::Permission,
    ids::{CustomerId, LocationId, OrderId, UserId},
    ledger::{
        Book, Effects, Inputs, NumberSeries, Refusal, SellLine, Stop, Written,
        lines::{self, RequestErrors},
        stock,
    },
    money::Money,
    orders::{AppliedPromo, Order, OrderStatus},
    stock::{Change, MovementKind},
    text::{self, limits},
};

pub(super) fn place(book: &Book, new: &NewOrder, inputs: &mut Inputs<'_>) -> Result<Effects, Stop> {
    let code = new.promo_code.as_deref();
    book.require(|need| need.orders.promo_codes.extend(code.map(text::fold)))?;
    let promo = code.and_then(|code| promo_by_code(book, code)).map(|promo| promo.id);
    let place = new.location.unwrap_or(book.default_location());
    let customer_id = new.customer.or(inputs.principal.customer);
    book.require_last(|need| {
        lines::need_stock(need, new.lines.iter().filter_map(|line| line.product), place);
        need.customers.summaries.extend(customer_id);
        need.orders.redemptions.extend(promo.zip(customer_id));
    })?;
    let mut errors = RequestErrors::default();
    lines::check_count(new.lines.len(), &mut errors.fields);
    let customer = customer(book, customer_id, inputs, &mut errors);
    if new.location.is_some() && !inputs.principal.may(Permission::OrdersPlaceForOthers) {
        errors.forbidden = Some(Permission::OrdersPlaceForOthers);
    }
    let location = stock::location_named(book, new.location, &mut errors.fields);
    let notes = notes(new.notes.as_deref(), &mut errors);
    let draft = lines::draft_new(book, &new.lines, inputs, &mut errors);
    errors.into_result()?;
    let customer = customer.ok_or(Refusal::NotFound("customer"))?;
    let lines = lines::priced(book, draft)?;
    let mut order = blank(book, (customer, location), inputs);
    (order.lines, order.notes) = (lines, notes);
    if let Some(code) = code {
        let promo = usable_promo(book, code, &order, inputs)?;
        order.promo = Some(AppliedPromo { promo: promo.id, code: promo.code.clone(), terms: promo.terms });
    }
    update_totals(&mut order, book)?;
    note(&mut order, OrderStatus::Pending, None, inputs);
    let changes: Vec<_> =
        quantities_by_product(&order).into_iter().map(|(id, wanted)| (id, Change::reserved(wanted))).collect();
    let movements = post_for(book, &order, (MovementKind::Reserved, stock::Limit::Available), &changes, inputs)?;
    order.number = (inputs.next_number)(NumberSeries::Orders);
    let redemption = redemption(&order, true);
    let mut effects = written_with_message(book, (Written::new(order), 1), movements, "order.placed", inputs);
    effects.orders.redemptions.extend(redemption);
    Ok(effects)
}

/// For whom: the caller's own customer, or another one by those who may.
fn customer(
    book: &Book,
    named: Option<CustomerId>,
    inputs: &Inputs<'_>,
    errors: &mut RequestErrors,
) -> Option<CustomerId> {
    let Some(id) = named else {
        let detail = "you have no customer record of your own: say for whom this is";
        errors.fields.add("/customer_id", "required", detail);
        return None;
    };
    if inputs.principal.customer != Some(id) && !inputs.principal.may(Permission::OrdersPlaceForOthers) {
        errors.forbidden = Some(Permission::OrdersPlaceForOthers);
    } else if book.customers.summaries.get(&id).is_none_or(|summary| summary.is_erased) {
        errors.fields.add("/customer_id", "unknown_customer", "there is no such customer");
    }
    Some(id)
}

/// Notes as they are kept: trimmed, and none where they say nothing.
pub(super) fn notes(text: Option<&str>, errors: &mut RequestErrors) -> Option<String> {
    let notes = errors.fields.take("/notes", text::optional(text?, limits::NOTE))?;
    Some(notes).filter(|notes| !notes.is_empty())
}

fn blank(book: &Book, (customer, location): (CustomerId, LocationId), inputs: &mut Inputs<'_>) -> Order {
    let nothing = Money::zero(book.currency());
    Order {
        id: OrderId::from_uuid((inputs.new_id)()),
        number: 0,
        status: OrderStatus::Pending,
        customer,
        placed_by: inputs.user(),
        lines: Vec::new(),
        subtotal: nothing,
        discount: nothing,
        total: nothing,
        promo: None,
        notes: None,
        location,
        history: Vec::new(),
        hidden_at: None,
        version: 1,
        created_at: inputs.now,
        updated_at: inputs.now,
    }
}

/// Places what is in the cart, and empties it.
pub(super) fn checkout(
    book: &Book,
    (user, customer): (UserId, Option<CustomerId>),
    promo_code: Option<&str>,
    notes: Option<&str>,
    inputs: &mut Inputs<'_>,
) -> Result<Effects, Stop> {
    book.require(|need| need.orders.carts.add(user))?;
    let cart = book.orders.carts.get(&user);
    inputs.check_version(cart.map_or(0, |cart| cart.version))?;
    let cart = cart.filter(|cart| !cart.items.is_empty()).ok_or(Refusal::CartEmpty)?;
    if customer.is_none() {
        let detail =
            "you have no customer record of your own that this cart could be for: place an order that names a customer";
        return Err(Refusal::conflict("no_customer", detail).into());
    }
    let line = |item: &CartItem| SellLine {
        line: None,
        product: Some(item.product),
        quantity: item.quantity,
        unit_price: None,
    };
    let new = NewOrder {
        customer,
        lines: cart.items.iter().map(line).collect(),
        promo_code: promo_code.or(cart.promo_code.as_deref()).map(str::to_owned),
        notes: notes.map(str::to_owned),
        location: None,
    };
    let mut effects = place(book, &new, inputs)?;
    effects.orders.emptied_cart = Some(EmptiedCart { user, version: cart.version, at: inputs.now });
    Ok(effects)
}
