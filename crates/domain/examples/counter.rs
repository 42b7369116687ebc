//! A counter with a shop in memory behind it: it sells, refuses, and says which order holds the rest.
//!
//! `cargo run -p tradepost-domain --example counter`

use std::error::Error;
use tradepost_domain::{
    customers::CustomerForm,
    identity::Principal,
    ids::CustomerId,
    instant::Instant,
    ledger::{RefundLine, SellLine, orders::NewOrder, sales},
    memory::Shop,
    repository::Repository,
};

fn main() -> Result<(), Box<dyn Error>> {
    let now: Instant = "2026-01-31T12:00:00Z".parse()?;
    let owner = Principal::system();
    let mut shop = Shop::new("EUR".parse()?, now);
    let kale = shop.add_product("KALE-500", "Kale smoothie", "4.50", "10", now)?;

    // Ann orders four, which are kept for her; two go over the counter.
    let ann = CustomerForm { name: "Ann".into(), ..CustomerForm::default() };
    let ann = ann.parse(CustomerId::from_uuid(shop.new_id()), None, now)?;
    shop.add(&ann)?;
    shop.submit(&NewOrder::of(ann.id, [SellLine::of(kale, "4".parse()?)]).into(), &owner, now)?;
    let sold = shop.submit(&sales::NewSale::of([SellLine::of(kale, "2".parse()?)]).into(), &owner, now)?;
    let sale = &sold.sales.sales[0].value;
    println!("sale {}: 2 for {} {}", sale.number, sale.total, sale.total.currency());

    // Only four are left: the refusal says so, and who holds the rest. Nothing has changed.
    match shop.submit(&sales::NewSale::of([SellLine::of(kale, "7".parse()?)]).into(), &owner, now) {
        Ok(_) => return Err("seven of four were sold".into()),
        Err(refusal) => println!("refused: {}", shop.explain(&refusal)),
    }

    let (lines, reason) = (vec![RefundLine::of(kale, "1".parse()?)], Some("spilt".to_owned()));
    let refund = sales::Command::Refund { id: sale.id, lines, restock: true, reason };
    let back = shop.submit(&refund.into(), &owner, now)?;
    println!("refunded: {}", back.sales.sales[0].value.refunded_total);

    for movement in shop.movements() {
        let (kind, on_hand, reserved) = (movement.kind, movement.on_hand_after, movement.reserved_after);
        println!("{} {kind}: {on_hand} on hand, {reserved} reserved", movement.seq);
    }
    Ok(())
}
