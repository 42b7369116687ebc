//! A counter with a shop in memory behind it: it sells, refuses with a reason, and takes goods back.
//!
//! `cargo run -p tradepost-domain --example counter`

use std::error::Error;
use tradepost_domain::{
    identity::Principal,
    ids::ProductId,
    instant::Instant,
    ledger::{
        Command, RefundLine, SellLine,
        sales::{self, NewSale},
    },
    memory::Shop,
    money::Currency,
};

fn sell(product: ProductId, quantity: &str) -> Result<Command, Box<dyn Error>> {
    let line = SellLine { line: None, product: Some(product), quantity: quantity.parse()?, unit_price: None };
    Ok(Command::Sales(sales::Command::Record(NewSale { lines: vec![line], ..NewSale::default() })))
}

fn main() -> Result<(), Box<dyn Error>> {
    let now = Instant::parse("2026-01-31T12:00:00Z")?;
    let clerk = Principal::system();
    let mut shop = Shop::new(Currency::parse("EUR")?, now);
    let kale = shop.add_product("KALE-500", "Kale smoothie", "4.50", "10", now)?;

    let sold = shop.submit(&sell(kale, "7")?, &clerk, now)?;
    let sale = &sold.sales.sales[0].value;
    println!("sale {}: 7 for {} {}", sale.number, sale.total, sale.total.currency());

    // Only three are left: the refusal says so, and nothing has changed.
    match shop.submit(&sell(kale, "7")?, &clerk, now) {
        Ok(_) => return Err("seven of three were sold".into()),
        Err(refusal) => println!("refused: {refusal}"),
    }

    let lines = vec![RefundLine { line: None, product: Some(kale), quantity: "2".parse()? }];
    let refund = sales::Command::Refund { id: sale.id, lines, restock: true, reason: Some("spilt".to_owned()) };
    let back = shop.submit(&Command::Sales(refund), &clerk, now)?;
    println!("refunded: {}", back.sales.sales[0].value.refunded_total);

    for movement in shop.movements() {
        println!("{} {} -> {}", movement.seq, movement.kind.as_str(), movement.on_hand_after);
    }
    Ok(())
}
