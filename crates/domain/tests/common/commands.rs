//! Commands in words.

use super::{TILL, change, eur, id_of, quantity};
use std::sync::Arc;
use tradepost_domain::{
    catalogue::ProductPatch,
    ids::{CustomerId, LineId, LocationId, OrderId, PosEventId, SaleId, UserId},
    instant::Instant,
    ledger::{
        Command, RefundLine, SellLine, catalogue,
        orders::{self, NewOrder, OrderPatch, QuoteSubject},
        pos,
        sales::{self, NewSale},
        stock,
    },
    money::Price,
    orders::Step,
    pos::{PosEventLine, Reference, Report, WebhookDelivery},
    sales::Buyer,
};

pub fn line(sku: &str, amount: &str) -> SellLine {
    SellLine { line: None, product: Some(id_of(sku)), quantity: quantity(amount), unit_price: None }
}

pub fn lines(lines: &[(&str, &str)]) -> Vec<SellLine> {
    lines.iter().map(|(sku, amount)| line(sku, amount)).collect()
}

pub fn priced(sku: &str, amount: &str, price: &str) -> SellLine {
    SellLine { unit_price: Some(Price::parse(price, eur()).unwrap()), ..line(sku, amount) }
}

pub fn sell(wanted: &[(&str, &str)]) -> Command {
    sell_lines(lines(wanted))
}

pub fn sell_lines(lines: Vec<SellLine>) -> Command {
    record(NewSale { lines, ..NewSale::default() })
}

pub fn record(new: NewSale) -> Command {
    Command::Sales(sales::Command::Record(new))
}

pub fn correct(id: SaleId, wanted: &[(&str, &str)]) -> Command {
    correct_lines(id, lines(wanted))
}

pub fn correct_lines(id: SaleId, lines: Vec<SellLine>) -> Command {
    Command::Sales(sales::Command::Correct { id, lines: Some(lines), buyer: None, reason: None })
}

pub fn correct_buyer(id: SaleId, buyer: Option<Buyer>) -> Command {
    Command::Sales(sales::Command::Correct { id, lines: None, buyer: Some(buyer), reason: None })
}

pub fn back(lines: &[(&str, &str)]) -> Vec<RefundLine> {
    let line =
        |(sku, amount): &(&str, &str)| RefundLine { line: None, product: Some(id_of(sku)), quantity: quantity(amount) };
    lines.iter().map(line).collect()
}

pub fn refund(id: SaleId, lines: &[(&str, &str)], restock: bool) -> Command {
    Command::Sales(sales::Command::Refund { id, lines: back(lines), restock, reason: None })
}

pub fn refund_line(id: SaleId, line: LineId, amount: &str) -> Command {
    let line = RefundLine { line: Some(line), product: None, quantity: quantity(amount) };
    Command::Sales(sales::Command::Refund { id, lines: vec![line], restock: true, reason: None })
}

pub fn void(id: SaleId) -> Command {
    Command::Sales(sales::Command::Void { id })
}

pub fn edit(sku: &str, patch: ProductPatch) -> Command {
    Command::Catalogue(catalogue::Command::Edit { id: id_of(sku), patch: Box::new(patch) })
}

pub fn reprice(sku: &str, price: &str) -> Command {
    edit(sku, ProductPatch { price: Some(price.into()), ..ProductPatch::default() })
}

pub fn rename_sku(sku: &str, to: &str) -> Command {
    edit(sku, ProductPatch { sku: Some(to.into()), ..ProductPatch::default() })
}

pub fn remove(sku: &str) -> Command {
    Command::Catalogue(catalogue::Command::Remove { id: id_of(sku) })
}

pub fn adjust(sku: &str, by: &str) -> Command {
    adjust_because(sku, by, "because")
}

pub fn adjust_because(sku: &str, by: &str, reason: &str) -> Command {
    let (product, change) = (id_of(sku), change(by));
    Command::Stock(stock::Command::Adjust { product, location: None, change, reason: reason.into() })
}

pub fn adjust_at(sku: &str, location: LocationId, by: &str) -> Command {
    let (product, location, change) = (id_of(sku), Some(location), change(by));
    Command::Stock(stock::Command::Adjust { product, location, change, reason: "because".into() })
}

pub fn count(sku: &str, counted: &str, counted_at: Option<Instant>) -> Command {
    let (product, counted) = (id_of(sku), quantity(counted));
    Command::Stock(stock::Command::Count { product, location: None, counted, counted_at })
}

pub fn remove_location(id: LocationId) -> Command {
    Command::Stock(stock::Command::RemoveLocation { id })
}

pub fn order(customer: CustomerId, wanted: &[(&str, &str)], code: Option<&str>) -> Command {
    let promo_code = code.map(str::to_owned);
    place(NewOrder { customer: Some(customer), lines: lines(wanted), promo_code, ..NewOrder::default() })
}

pub fn place(new: NewOrder) -> Command {
    Command::Orders(orders::Command::Place(Box::new(new)))
}

pub fn checkout(user: UserId, customer: Option<CustomerId>) -> Command {
    Command::Orders(orders::Command::Checkout { user, customer, promo_code: None, notes: None })
}

pub fn quote(quoted: QuoteSubject, customer: Option<CustomerId>, code: Option<&str>) -> Command {
    let promo_code = code.map(str::to_owned);
    Command::Orders(orders::Command::Quote { quoted, customer, promo_code })
}

pub fn edit_order(id: OrderId, wanted: &[(&str, &str)]) -> Command {
    patch_order(id, OrderPatch { lines: Some(lines(wanted)), ..OrderPatch::default() })
}

pub fn patch_order(id: OrderId, patch: OrderPatch) -> Command {
    Command::Orders(orders::Command::Edit { id, patch: Box::new(patch) })
}

pub fn step(id: OrderId, step: Step) -> Command {
    Command::Orders(orders::Command::Step { id, step, reason: None })
}

pub fn delete(id: OrderId) -> Command {
    Command::Orders(orders::Command::Delete { id })
}

pub fn give_back(id: OrderId, lines: &[(&str, &str)], restock: bool) -> Command {
    Command::Orders(orders::Command::Return { id, lines: back(lines), restock, reason: None })
}

/// A delivery of the till; the hash of its body follows from its lines.
pub fn delivery(webhook_id: &str, lines: Vec<PosEventLine>) -> Command {
    let body = format!("{lines:?}").into_bytes();
    let mut body_hash = [0; 32];
    body.iter().enumerate().for_each(|(i, byte)| body_hash[i % 32] ^= byte.rotate_left((i % 7) as u32));
    Command::Pos(pos::Command::Apply(Arc::new(WebhookDelivery {
        connection: TILL,
        webhook_id: webhook_id.into(),
        body_hash,
        body,
        headers: "{}".into(),
        lines,
    })))
}

pub fn reported(product: Reference, by: &str) -> PosEventLine {
    reported_with(product, by, None, None)
}

pub fn reported_with(product: Reference, by: &str, reason: Option<&str>, occurred_at: Option<Instant>) -> PosEventLine {
    let reason = reason.map(str::to_owned);
    PosEventLine { product, report: Report::Change { change: change(by), occurred_at, reason } }
}

pub fn counted(product: Reference, amount: &str, counted_at: Option<Instant>) -> PosEventLine {
    PosEventLine { product, report: Report::Count { counted: quantity(amount), counted_at } }
}

pub fn sku(text: &str) -> Reference {
    Reference::Sku(text.into())
}

pub fn external(text: &str) -> Reference {
    Reference::External(text.into())
}

pub fn map(external_id: &str, sku: &str) -> Command {
    let (external_id, product) = (external_id.to_owned(), id_of(sku));
    Command::Pos(pos::Command::Map { connection: TILL, external_id, product })
}

pub fn unmap(external_id: &str) -> Command {
    Command::Pos(pos::Command::Unmap { connection: TILL, external_id: external_id.to_owned() })
}

pub fn retry(id: PosEventId) -> Command {
    Command::Pos(pos::Command::Retry { id })
}

pub fn dismiss(id: PosEventId, reason: Option<&str>) -> Command {
    Command::Pos(pos::Command::Dismiss { id, reason: reason.map(str::to_owned) })
}
