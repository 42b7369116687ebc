//! A shop that is kept as JSON: every command with its effects, one line each, from which another shop is made.
//!
//! `cargo run -p tradepost-domain --example replay --features serde`

use std::error::Error;
use tradepost_domain::{
    identity::Principal,
    instant::Instant,
    ledger::{Command, Effects, SellLine, sales::NewSale},
    memory::Shop,
};

fn main() -> Result<(), Box<dyn Error>> {
    let (now, owner): (Instant, _) = ("2026-01-31T12:00:00Z".parse()?, Principal::system());
    let mut shop = Shop::new("EUR".parse()?, now);
    let tea = shop.add_product("TEA", "Tea", "2.50", "10", now)?;
    let mut copy = shop.clone();
    let mut journal = Vec::new();
    for quantity in ["7", "5", "3"] {
        let command: Command = NewSale::of([SellLine::of(tea, quantity.parse()?)]).into();
        match shop.submit(&command, &owner, now) {
            Ok(effects) => journal.push(serde_json::to_string(&(&command, &effects))?),
            Err(refusal) => println!("refused: {}", shop.explain(&refusal)),
        }
    }
    for line in &journal {
        let (command, effects): (Command, Effects) = serde_json::from_str(line)?;
        let again = copy.dry_run(&command, &owner, now)?;
        assert_eq!(again.sales.sales[0].value.total, effects.sales.sales[0].value.total, "the rules say the same");
        copy.replay(&effects);
    }
    assert_eq!(copy.book(), shop.book());
    println!("{}\n{} movements replayed", journal[0], copy.movements().len());
    Ok(())
}
