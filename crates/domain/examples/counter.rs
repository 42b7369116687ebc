//! A shop in memory: builds a book, records a sale, and prints the refusal of the next.
//!
//! `cargo run -p tradepost-domain --example counter`

use std::sync::Arc;
use tradepost_domain::{
    catalogue::{ProductForm, ProductPatch},
    identity::Principal,
    ids::{LocationId, ProductId},
    instant::Instant,
    ledger::{Book, Command, Inputs, SellLine, decide},
    money::Currency,
    stock::Location,
};
use uuid::Uuid;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let now = Instant::parse("2026-01-31T12:00:00Z")?;
    let clerk = Principal::system();
    // Ids and numbers come from whoever keeps the books; counting up will do here.
    let mut ids = (1_u128..).map(Uuid::from_u128);
    let mut numbers = 1_i64..;

    // The book knows what is entered, and nothing else.
    let shop = LocationId::from_uuid(Uuid::from_u128(1 << 64));
    let mut book = Book::new(Currency::parse("EUR")?, shop);
    book.enter_location(Arc::new(Location::new(shop, "main", "Main shop", now)?));

    // A product with ten in stock: a command like any other.
    let form = ProductForm {
        sku: "TEA".to_owned(),
        name: "Green tea".to_owned(),
        rest: ProductPatch { price: Some("2.50".to_owned()), ..ProductPatch::default() },
    };
    let tea = ProductId::from_uuid(Uuid::from_u128(2 << 64));
    let product = Arc::new(form.parse(tea, book.currency(), now)?);
    let ten = "10".parse()?;
    let sell = |quantity| Command::RecordSale {
        lines: vec![SellLine { line: None, product: Some(tea), quantity, unit_price: None }],
        buyer: None,
        location: None,
        occurred_at: None,
    };

    for command in
        [Command::AddProduct { product, initial_quantity: Some(ten) }, sell("7".parse()?), sell("7".parse()?)]
    {
        let mut inputs = Inputs {
            now,
            principal: &clerk,
            expected_version: None,
            new_id: &mut || ids.next().unwrap_or_default(),
            next_number: &mut |_| numbers.next().unwrap_or_default(),
        };
        match decide(&book, &command, &mut inputs) {
            Ok(effects) => {
                // Keep the effects wherever you keep things, then:
                book.apply(&effects);
                for sale in &effects.sales {
                    println!("sale {} of {} {}", sale.value.number, sale.value.total, book.currency());
                }
                for movement in &effects.movements {
                    println!("{} {}: {} left", movement.kind.as_str(), movement.change.on_hand, movement.on_hand_after);
                }
            }
            Err(refusal) => println!("refused: {refusal}"),
        }
    }
    Ok(())
}
