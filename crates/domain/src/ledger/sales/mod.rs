//! Recording, correcting, refunding and voiding sales.

mod correct;
mod refund;

pub(in crate::ledger) use correct::correct;
pub(in crate::ledger) use refund::{refund, void};

use super::{Book, Effects, Inputs, Refusal, SellLine, Unavailable, Written, stock};
use crate::{
    catalogue::Product,
    faults::Faults,
    identity::{Actor, Permission},
    ids::{LineId, LocationId, ProductId, SaleId},
    instant::Instant,
    money::{Money, Price},
    quantity::Delta,
    sales::{Buyer, DraftLine, MAX_LINES, Sale, SaleLine, SaleStatus, TooMuchMoney},
    stock::{Kind, Source},
    text::{self, limits},
};

/// What is wrong with a request, gathered until all of it was seen; then the gravest is answered.
#[derive(Default)]
struct Objections {
    forbidden: bool,
    faults: Faults,
    unavailable: Option<Refusal>,
}

impl Objections {
    fn raise(self) -> Result<(), Refusal> {
        if self.forbidden {
            return Err(Refusal::Forbidden(Permission::SalesOverridePrice));
        }
        self.faults.into_result()?;
        self.unavailable.map_or(Ok(()), Err)
    }
}

fn too_much(_: TooMuchMoney) -> Refusal {
    Refusal::invalid("/lines", "too_large", TooMuchMoney)
}

fn check_count(lines: usize, faults: &mut Faults) {
    if lines == 0 || lines > MAX_LINES {
        faults.add("/lines", "length", "there are 1 to 200 lines in a request");
    }
}

fn check_buyer(book: &Book, buyer: Option<&Buyer>, faults: &mut Faults) -> Option<Buyer> {
    match buyer? {
        Buyer::Customer(id) if book.customer(*id).is_none_or(|card| card.is_erased) => {
            faults.add("/customer_id", "unknown_customer", "there is no such customer");
            None
        }
        Buyer::Customer(id) => Some(Buyer::Customer(*id)),
        Buyer::Named(name) => faults.take("/customer_name", text::required(name, limits::NAME)).map(Buyer::Named),
    }
}

fn check_reason(reason: Option<&str>, faults: &mut Faults) -> Option<String> {
    let reason = faults.take("/reason", text::optional(reason?, limits::NOTE))?;
    Some(reason).filter(|reason| !reason.is_empty())
}

/// The product of a line, if it exists.
fn product_of<'a>(book: &'a Book, id: ProductId, index: usize, faults: &mut Faults) -> Option<&'a Product> {
    let product = book.product(id);
    if product.is_none() {
        faults.add(format!("/lines/{index}/product_id"), "unknown_product", "there is no such product");
    }
    product.map(|product| &**product)
}

fn check_on_sale(product: &Product) -> Option<Refusal> {
    let why = if product.removed_at.is_some() {
        Unavailable::Removed
    } else if !product.enabled {
        Unavailable::Disabled
    } else {
        return None;
    };
    Some(Refusal::ProductUnavailable { product: product.id, sku: product.sku.clone(), why })
}

/// The price of a new line: the product's, or another one by those who may.
fn price(product: &Product, named: Option<Price>, inputs: &Inputs<'_>, objections: &mut Objections) -> Price {
    match named {
        Some(other) if other != product.price => {
            objections.forbidden |= !inputs.principal.may(Permission::SalesOverridePrice);
            other
        }
        Some(_) | None => product.price,
    }
}

/// Adds to the draft's line of this product and price, or starts one.
fn merge(draft: &mut Vec<DraftLine>, line: DraftLine, faults: &mut Faults, index: usize) {
    let same = draft.iter().position(|d| d.product == line.product && d.unit_price == line.unit_price);
    let Some(same) = same.and_then(|index| draft.get_mut(index)) else {
        if draft.iter().any(|d| d.id == line.id) {
            faults.add(format!("/lines/{index}/line_id"), "named_twice", "one line cannot have two prices");
        }
        return draft.push(line);
    };
    match same.quantity.checked_add(line.quantity) {
        Some(sum) if sum <= crate::quantity::MAX => same.quantity = sum,
        _ => faults.add(format!("/lines/{index}/quantity"), "too_large", "a quantity is at most 1000000000"),
    }
}

/// By how much on hand changes for each product: in the order of the lines, each once.
fn net(leaving: impl Iterator<Item = (ProductId, Delta)>) -> Vec<(ProductId, Delta)> {
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

pub(super) fn record(
    book: &Book,
    lines: &[SellLine],
    buyer: Option<&Buyer>,
    location: Option<LocationId>,
    occurred_at: Option<Instant>,
    inputs: &mut Inputs<'_>,
) -> Result<Effects, Refusal> {
    let mut objections = Objections::default();
    check_count(lines.len(), &mut objections.faults);
    let location = stock::location(book, location, &mut objections.faults);
    let buyer = check_buyer(book, buyer, &mut objections.faults);
    let occurred_at = stock::happened(occurred_at, "/occurred_at", &mut objections.faults, inputs);
    let draft = draft(book, lines, inputs, &mut objections);
    objections.raise()?;
    let mut sale = Sale {
        id: SaleId::from_uuid((inputs.new_id)()),
        number: 0,
        status: SaleStatus::Completed,
        lines: priced(book, draft)?,
        total: Money::zero(book.currency()),
        refunded_total: Money::zero(book.currency()),
        buyer,
        location,
        sold_by: seller(inputs),
        reason: None,
        occurred_at,
        version: 1,
        created_at: inputs.now,
        updated_at: inputs.now,
    };
    sale.settle(book.currency()).map_err(too_much)?;
    let leaving = net(sale.lines.iter().map(|line| (line.product, line.quantity.taken())));
    let movements = book_for(book, &sale, Kind::Sold, &leaving, occurred_at, inputs)?;
    sale.number = (inputs.next_number)();
    Ok(Effects { movements, sales: vec![Written::new(sale)], ..Effects::default() })
}

fn seller(inputs: &Inputs<'_>) -> Option<crate::ids::UserId> {
    match inputs.principal.actor {
        Actor::User(id) => Some(id),
        Actor::Connection(_) | Actor::System => None,
    }
}

fn draft(book: &Book, lines: &[SellLine], inputs: &mut Inputs<'_>, objections: &mut Objections) -> Vec<DraftLine> {
    let mut draft = Vec::with_capacity(lines.len());
    for (index, line) in lines.iter().enumerate() {
        if line.line.is_some() {
            objections.faults.add(format!("/lines/{index}/line_id"), "unknown_line", "a new sale has no lines yet");
        }
        let Some(id) = line.product else {
            objections.faults.add(format!("/lines/{index}/product_id"), "required", "say what is sold");
            continue;
        };
        let Some(product) = product_of(book, id, index, &mut objections.faults) else {
            continue;
        };
        let pointer = || format!("/lines/{index}/quantity");
        stock::check_quantity(product, line.quantity, &pointer(), &mut objections.faults);
        let unit_price = price(product, line.unit_price, inputs, objections);
        if objections.unavailable.is_none() {
            objections.unavailable = check_on_sale(product);
        }
        let new =
            DraftLine { id: LineId::from_uuid((inputs.new_id)()), product: id, quantity: line.quantity, unit_price };
        merge(&mut draft, new, &mut objections.faults, index);
    }
    draft
}

fn priced(book: &Book, draft: Vec<DraftLine>) -> Result<Vec<SaleLine>, Refusal> {
    let line = |line: DraftLine| {
        let product = book.product(line.product).ok_or(Refusal::NotFound("product"))?;
        line.priced(product).map_err(too_much)
    };
    draft.into_iter().map(line).collect()
}

fn book_for(
    book: &Book,
    sale: &Sale,
    kind: Kind,
    changes: &[(ProductId, Delta)],
    occurred_at: Instant,
    inputs: &mut Inputs<'_>,
) -> Result<Vec<crate::stock::Movement>, Refusal> {
    let moves = changes.iter().any(|(_, change)| !change.is_zero());
    if moves && book.location(sale.location).is_none() {
        return Err(Refusal::conflict(
            "location_removed",
            "the location of this sale was removed: adjust stock elsewhere",
        ));
    }
    let moving = stock::Moving {
        kind,
        location: sale.location,
        judged: stock::Judged::AsPromise,
        reason: sale.reason.as_deref(),
        source: Some(Source::Sale(sale.id)),
        occurred_at,
    };
    stock::move_stock(book, changes, &moving, inputs)
}

fn open_sale(book: &Book, id: SaleId, inputs: &Inputs<'_>) -> Result<Sale, Refusal> {
    let sale = book.sale(id).ok_or(Refusal::NotFound("sale"))?;
    inputs.check_version(sale.version)?;
    if sale.status == SaleStatus::Voided {
        return Err(Refusal::conflict("voided", "this sale was voided: it stays as it is"));
    }
    Ok((**sale).clone())
}

fn changed(mut sale: Sale, reason: Option<String>, inputs: &Inputs<'_>) -> Sale {
    sale.reason = reason.or(sale.reason);
    sale.version += 1;
    sale.updated_at = inputs.now;
    sale
}

/// Pointer, code and sentence of what is wrong with a line.
type LineFault = (String, &'static str, &'static str);

fn find_line(sale: &Sale, id: LineId, product: Option<ProductId>, index: usize) -> Result<&SaleLine, LineFault> {
    let line = sale.lines.iter().find(|line| line.id == id);
    let line = line.ok_or((format!("/lines/{index}/line_id"), "unknown_line", "this sale has no such line"))?;
    if product.is_some_and(|product| product != line.product) {
        return Err((format!("/lines/{index}/product_id"), "other_product", "this line sold another product"));
    }
    Ok(line)
}

fn ambiguous(index: usize) -> LineFault {
    let detail = "this product is on several lines: name the line_id";
    (format!("/lines/{index}/product_id"), "ambiguous", detail)
}
