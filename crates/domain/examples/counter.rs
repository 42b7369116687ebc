//! A shop in memory that sells, refuses, and says which order holds the rest.
//!
//! `cargo run -p tradepost-domain --example counter`

use tradepost_domain::{
    customers::CustomerForm, identity::Principal, ids::CustomerId, instant::Instant, ledger::SellLine,
    ledger::orders::NewOrder, ledger::sales::NewSale, memory::Shop, repository::Repository,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (now, owner): (Instant, _) = ("2026-01-31T12:00:00Z".parse()?, Principal::system());
    let mut shop = Shop::new("EUR".parse()?, now);
    let kale = shop.add_product("KALE-500", "Kale smoothie", "4.50", "10", now)?;

    // Ann orders four, which are kept for her; two go over the counter.
    let ann = CustomerForm { name: "Ann".into(), ..CustomerForm::default() };
    let ann = ann.parse(CustomerId::from_uuid(shop.new_id()), None, now)?;
    shop.add(&ann)?;
    shop.submit(&NewOrder::of(ann.id, [SellLine::of(kale, "4".parse()?)]).into(), &owner, now)?;
    let sold = shop.submit(&NewSale::of([SellLine::of(kale, "2".parse()?)]).into(), &owner, now)?;
    println!("sold for {}", sold.sales.sales[0].value.total);

    // Only four are left: the refusal says so, and who holds the rest. Nothing has changed.
    match shop.submit(&NewSale::of([SellLine::of(kale, "7".parse()?)]).into(), &owner, now) {
        Ok(_) => return Err("seven of four were sold".into()),
        Err(refusal) => println!("refused: {}", shop.explain(&refusal)),
    }
    Ok(())
}
